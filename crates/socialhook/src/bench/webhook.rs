//! The webhooks that the benchmark sends: a customer's text to one of the numbers, as Meta writes it, with an id that tells the
//! receiver which event of which run it was.

use super::ledger::ID_PREFIX;

/// Customers' numbers begin here; each run has its own, so that no customer is known from an earlier one.
const FIRST_CUSTOMER: u64 = 447_000_000_000;
/// More events than a run has.
const CUSTOMERS_A_RUN: u64 = 10_000_000;
/// Spreads the customers over the numbers: coprime to every sensible count.
const STRIDE: u64 = 7_919;

#[derive(Debug, Clone)]
pub(super) struct Webhooks {
    /// Meta's ids of the business's numbers that are written to, in turn.
    numbers: Vec<String>,
    /// How many customers write; None: each message is from another.
    senders: Option<u64>,
}

impl Webhooks {
    pub(super) fn new(numbers: Vec<String>, senders: Option<u64>) -> Self {
        Self { numbers, senders }
    }

    /// The body of a run's n-th event; `now` in seconds since the epoch.
    pub(super) fn body(&self, run: u32, n: usize, now: i64) -> String {
        let number = &self.numbers[n % self.numbers.len()];
        let n = n as u64;
        let customer = match self.senders {
            Some(senders) => n * STRIDE % senders.max(1),
            None => u64::from(run) * CUSTOMERS_A_RUN + n,
        };
        let customer = FIRST_CUSTOMER + customer;
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"104857600123456","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"447700900123","phone_number_id":"{number}"}},"contacts":[{{"profile":{{"name":"Ada Example"}},"wa_id":"{customer}"}}],"messages":[{{"from":"{customer}","id":"{ID_PREFIX}{run:06}{n:010}","timestamp":"{now}","type":"text","text":{{"body":"Good morning! Could you tell me when order {n} will be here?"}}}}]}},"field":"messages"}}]}}]}}"#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_new_unless_told_otherwise() {
        let customer = |webhooks: &Webhooks, run, n| {
            let body: serde_json::Value = serde_json::from_str(&webhooks.body(run, n, 0)).unwrap();
            body["entry"][0]["changes"][0]["value"]["messages"][0]["from"].as_str().unwrap().to_owned()
        };
        let new = Webhooks::new(vec!["1".to_owned()], None);
        assert_ne!(customer(&new, 1, 0), customer(&new, 1, 1));
        assert_ne!(customer(&new, 1, 0), customer(&new, 2, 0));
        let two = Webhooks::new(vec!["1".to_owned()], Some(2));
        assert_eq!(customer(&two, 1, 0), customer(&two, 2, 2));
    }
}
