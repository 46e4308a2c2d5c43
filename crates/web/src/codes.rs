//! Random codes for people and machines to copy: lower-case base32, without the letters that look like digits.

use rand::Rng;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// `length` characters, five bits of chance each.
pub fn random(length: usize) -> String {
    let mut bytes = vec![0; length];
    rand::rng().fill_bytes(&mut bytes);
    bytes.into_iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

/// `length` decimal digits, the first of them not zero.
pub fn random_digits(length: usize) -> String {
    let mut bytes = vec![0; length];
    rand::rng().fill_bytes(&mut bytes);
    let digit = |(place, byte): (usize, u8)| char::from(if place == 0 { b'1' + byte % 9 } else { b'0' + byte % 10 });
    bytes.into_iter().enumerate().map(digit).collect()
}

/// A number to make a simulated message unique.
pub fn random_serial() -> u64 {
    // Small enough to stay exact wherever someone reads it as a floating-point number.
    rand::rng().next_u64() >> 16
}
