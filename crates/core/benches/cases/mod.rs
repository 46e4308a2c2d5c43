//! The cases: of each kind one body, from bytes to the events' JSON; and of one kind batches of growing size, whose time an
//! item should not grow.

use chrono::{DateTime, TimeDelta, Utc};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use socialhook_core::conversation::Memory;
use socialhook_core::event::Channel;
use socialhook_core::id::{ChannelId, TenantId};
use socialhook_core::meta::{self, Webhook};
use socialhook_core::normalise::{Context, normalise};
use socialhook_core::sample::{self, Sample, Stage};
use uuid::Uuid;

const NOON: DateTime<Utc> = DateTime::from_timestamp(1_795_435_200, 0).expect("a time");
const NUMBER: &str = "109000000000001";

/// From the bytes to the events; how many there were. What is known of customers is in memory, as it is on a busy service.
fn run(body: &[u8], channel: &Channel, memory: &mut Memory) -> usize {
    let document = meta::document(body).expect("JSON");
    let webhook = Webhook::of(&document).expect("Meta's shape");
    let context = Context {
        tenant_id: channel.tenant_id,
        channel: Some(channel),
        received_at: NOON,
        oldest: NOON - TimeDelta::days(29),
        test: false,
        signature_verified: true,
    };
    webhook.parts().iter().map(|part| normalise(part, &context, |peer| memory.settle(peer)).len()).sum()
}

fn channel(sample: &Sample) -> Channel {
    Channel {
        tenant_id: TenantId(Uuid::from_u128(1)),
        channel_id: ChannelId(Uuid::from_u128(2)),
        platform: sample.platform,
        external_id: NUMBER.to_owned(),
        address: Some("+442079460123".to_owned()),
        name: "Acme support".to_owned(),
    }
}

fn body(sample: &Sample) -> String {
    sample.body(&Stage { external_id: NUMBER, address: Some("+442079460123"), at: NOON, serial: 7 })
}

#[divan::bench(args = sample::all().iter().map(|sample| sample.name))]
fn kind(bencher: Bencher, name: &str) {
    let sample = sample::find(name).expect("a sample");
    let (body, channel) = (body(sample), channel(sample));
    let mut memory = Memory::default();
    bencher.counter(BytesCount::of_str(&body)).bench_local(|| run(body.as_bytes(), &channel, &mut memory));
}

#[divan::bench(args = [1, 10, 100, 1000])]
fn texts(bencher: Bencher, items: usize) {
    let sample = sample::find("whatsapp-text").expect("a sample");
    let whole = body(sample);
    let (before, rest) = whole.split_once("\"messages\":[").expect("a text");
    let (item, after) = rest.rsplit_once("]}}]}").expect("a text");
    let many: Vec<String> = (0..items).map(|number| item.replacen("wamid.", &format!("wamid.{number}"), 1)).collect();
    let batch = format!("{before}\"messages\":[{}]}}}}]}}{after}", many.join(","));
    let channel = channel(sample);
    let mut memory = Memory::default();
    assert_eq!(run(batch.as_bytes(), &channel, &mut memory), items);
    bencher.counter(ItemsCount::new(items)).bench_local(|| run(batch.as_bytes(), &channel, &mut memory));
}
