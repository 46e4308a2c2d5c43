//! Who is there: tenants with their numbers and endpoints in one operator's app, as the provision file has it.

use serde_json::{Value, json};

use super::APP_SECRET;
use super::receiver::{HANGING, HEALTHY, Receiver};

const APP: &str = "benchmark";
const TENANTS: usize = 10;
const NUMBERS_A_TENANT: usize = 5;
/// Nothing listens on it anywhere.
const REFUSING: &str = "http://127.0.0.1:1/hook";

/// Ten tenants with five numbers and one endpoint each; and their numbers.
pub(super) fn even(receiver: &Receiver) -> (Value, Vec<String>) {
    let tenants: Vec<Value> = (0..TENANTS)
        .map(|tenant| {
            let channels: Vec<Value> = (0..NUMBERS_A_TENANT).map(|n| channel(&number(tenant, n))).collect();
            let endpoint = json!({ "name": "main", "url": receiver.url(HEALTHY) });
            json!({ "name": format!("Tenant {tenant}"), "channels": channels, "endpoints": [endpoint] })
        })
        .collect();
    let numbers = (0..TENANTS).flat_map(|tenant| (0..NUMBERS_A_TENANT).map(move |n| number(tenant, n))).collect();
    (file(&tenants), numbers)
}

/// Adds a tenant whose endpoint refuses connections; returns its number.
pub(super) fn add_dead(file: &mut Value) -> Vec<String> {
    let number = number(TENANTS, 0);
    let endpoint = json!({ "name": "main", "url": REFUSING });
    let tenant = json!({ "name": "Dead", "channels": [channel(&number)], "endpoints": [endpoint] });
    file["tenants"].as_array_mut().expect("tenants are a list").push(tenant);
    vec![number]
}

/// Twenty endpoints, each for one number: ten of tenant A, nine of one tenant each, and B's. Of them all, four hang, two refuse
/// connections, and B's is one of those that are well.
pub(super) struct Noisy {
    pub(super) file: Value,
    pub(super) a: Vec<String>,
    pub(super) others: Vec<String>,
    pub(super) b: Vec<String>,
}

pub(super) fn noisy(receiver: &Receiver, of_b: &Receiver) -> Noisy {
    let hanging = receiver.url(HANGING);
    let healthy = receiver.url(HEALTHY);
    // The first two hang and the third refuses, with A as with the others.
    let url = |n: usize| match n {
        0 | 1 => hanging.as_str(),
        2 => REFUSING,
        _ => healthy.as_str(),
    };
    let endpoint = |n: usize, number: &str| json!({ "name": number, "url": url(n), "channels": [number] });
    let a: Vec<String> = (0..10).map(|n| number(20, n)).collect();
    let others: Vec<String> = (0..9).map(|n| number(21, n)).collect();
    let b = vec![number(22, 0)];
    let channels: Vec<Value> = a.iter().map(|number| channel(number)).collect();
    let endpoints: Vec<Value> = a.iter().enumerate().map(|(n, number)| endpoint(n, number)).collect();
    let mut tenants = vec![
        json!({ "name": "A", "channels": channels, "endpoints": endpoints }),
        json!({ "name": "B", "channels": [channel(&b[0])], "endpoints": [{ "name": "main", "url": of_b.url(HEALTHY) }] }),
    ];
    for (n, number) in others.iter().enumerate() {
        let name = format!("Other {n}");
        tenants.push(json!({ "name": name, "channels": [channel(number)], "endpoints": [endpoint(n, number)] }));
    }
    Noisy { file: file(&tenants), a, others, b }
}

fn file(tenants: &[Value]) -> Value {
    json!({ "apps": [{ "name": APP, "app_secret": APP_SECRET, "verify_token": "unused" }], "tenants": tenants })
}

fn channel(number: &str) -> Value {
    json!({ "app": format!("operator/{APP}"), "platform": "whatsapp", "external_id": number })
}

/// Meta's id of a tenant's n-th number.
fn number(tenant: usize, n: usize) -> String {
    format!("1090000{tenant:04}{n:04}")
}
