//! Why a signature does not fit: the body is changed back in every way that things between Meta and a check are known to change it,
//! until one form fits. HMAC makes that a proof: a form that fits is what was signed.
//!
//! What must hold: no signature that was not given comes out of here, only whether the given one fits. Otherwise whoever may ask could
//! have anything signed. The work is bounded ([`WORK_MAX`]), whatever is asked.

mod header;
mod layout;
mod variants;

use subtle::ConstantTimeEq;

pub use header::Fault;
pub use variants::Step;

use crate::signature::Key;

/// Bytes of a body that is looked at.
pub const BODY_MAX: usize = 128 << 10;
/// Bytes hashed for one diagnosis: less than a second of one core.
pub const WORK_MAX: usize = 128 << 20;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub body: &'a [u8],
    /// The header's value; empty if there was none.
    pub header: &'a [u8],
    /// Secrets that would be right.
    pub own: &'a [Key],
    /// Others that it may have been signed with by mistake.
    pub others: &'a [Key],
}

/// A secret that fits: its place in [`Case::own`] or [`Case::others`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    Own(usize),
    Other(usize),
}

/// What the body looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Empty,
    /// Complete JSON.
    Whole,
    /// JSON that ends in the middle.
    CutOff,
    /// Neither, from this line and column on.
    NotJson {
        line: usize,
        column: usize,
    },
    NotUtf8 {
        at: usize,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// There is no signature to compare with.
    NoSignature,
    /// The signature fits once these steps are done to the body; without steps, as it is.
    Fits { fit: Fit, steps: Vec<Step> },
    /// It fits no form of the body that was tried with any secret.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// What is wrong with the header's form, whatever its number says.
    pub fault: Option<Fault>,
    pub shape: Shape,
    pub finding: Finding,
    /// Forms of the body that were tried, the first included.
    pub forms: usize,
}

/// Finds out.
#[must_use]
pub fn diagnose(case: &Case<'_>) -> Diagnosis {
    let (given, fault) = header::read(case.header);
    let body = &case.body[..case.body.len().min(BODY_MAX)];
    let mut search = Search { case, given: given.unwrap_or_default(), forms: 0, work_left: WORK_MAX };
    let finding = match given {
        None => Finding::NoSignature,
        Some(_) => variants::search(body, &mut |steps, form| search.fit(steps, form)).unwrap_or(Finding::Nothing),
    };
    Diagnosis { fault, shape: shape(body), finding, forms: search.forms }
}

struct Search<'a> {
    case: &'a Case<'a>,
    given: [u8; 32],
    forms: usize,
    work_left: usize,
}

impl Search<'_> {
    /// What this form of the body comes to; none: go on.
    fn fit(&mut self, steps: &[Step], form: &[u8]) -> Option<Finding> {
        self.forms += 1;
        let own = self.case.own.iter().enumerate().map(|(place, key)| (Fit::Own(place), key));
        let others = self.case.others.iter().enumerate().map(|(place, key)| (Fit::Other(place), key));
        for (fit, key) in own.chain(others) {
            let Some(left) = self.work_left.checked_sub(form.len() + 1) else { return Some(Finding::Nothing) };
            self.work_left = left;
            if bool::from(key.mac(form).ct_eq(&self.given)) {
                return Some(Finding::Fits { fit, steps: steps.to_vec() });
            }
        }
        None
    }
}

fn shape(body: &[u8]) -> Shape {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        // The last character is incomplete.
        Err(error) if error.error_len().is_none() => return Shape::CutOff,
        Err(error) => return Shape::NotUtf8 { at: error.valid_up_to() },
    };
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Shape::Empty;
    }
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Shape::Whole,
        Err(error) if error.is_eof() => Shape::CutOff,
        Err(error) => Shape::NotJson { line: error.line(), column: error.column() },
    }
}

#[cfg(test)]
mod tests;
