//! What a value is told apart by where Meta gives it no id: the same whatever the order of its keys, the spaces between
//! them and the way its strings are escaped.

use sha2::{Digest, Sha256};

use super::{Elements, Value};

type Hash = [u8; 16];

fn hash(tag: u8, content: &[u8]) -> Hash {
    let digest = Sha256::new().chain_update([tag]).chain_update(content).finalize();
    let mut hash = [0; 16];
    hash.copy_from_slice(&digest[..16]);
    hash
}

impl Value<'_> {
    /// 128 bits that equal values have alike.
    #[must_use]
    pub fn fingerprint(self) -> [u8; 16] {
        let (first, after) = (self.node, self.span().after);
        let mut hashes = vec![Hash::default(); (after - first) as usize];
        // What is in a container stands after it, so backwards every container finds its contents done.
        for node in (first..after).rev() {
            let value = Value { document: self.document, node };
            let of = |inner: Value<'_>| hashes.get((inner.node - first) as usize).copied().unwrap_or_default();
            let found = match value.raw().as_bytes().first() {
                Some(b'{') => hash(b'{', &of_members(value, of).to_be_bytes()),
                Some(b'[') => hash(b'[', &Elements::within(value).flat_map(of).collect::<Vec<u8>>()),
                Some(b'"') => hash(b'"', value.text().unwrap_or_default().as_bytes()),
                _ => hash(b'0', value.raw().as_bytes()),
            };
            if let Some(place) = hashes.get_mut((node - first) as usize) {
                *place = found;
            }
        }
        hashes.first().copied().unwrap_or_default()
    }
}

/// A sum, since the order of members means nothing.
fn of_members(object: Value<'_>, of: impl Fn(Value<'_>) -> Hash) -> u128 {
    let mut inside = Elements::within(object);
    let mut sum = 0_u128;
    while let (Some(key), Some(value)) = (inside.next(), inside.next()) {
        let member = [of(key), of(value)].concat();
        sum = sum.wrapping_add(u128::from_be_bytes(hash(b':', &member)));
    }
    sum
}
