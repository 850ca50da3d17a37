//! Organisation numbers: public, so they may be shown.

use std::fmt;
use std::str::FromStr;

use crate::{IdError, luhn};

/// A Swedish organisation number of a legal entity: ten digits, Luhn, the third digit 2 or more
/// (so that it can be no personal number). 2120 begins a municipality's, 2321 a region's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganisationNumber(String);

impl OrganisationNumber {
    /// The ten digits, without hyphen.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Ten digits, without hyphen.
impl fmt::Display for OrganisationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Reads `2120000142`, `212000-0142`, and either with a leading `16`, which is dropped.
impl FromStr for OrganisationNumber {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        read(text).map(Self).ok_or(IdError::new(
            "an organisation number",
            "ten digits with the right check digit, the third 2 or more",
        ))
    }
}

fn read(text: &str) -> Option<String> {
    if !text.is_ascii() {
        return None;
    }
    let text = if text.len() >= 12 {
        text.strip_prefix("16")?
    } else {
        text
    };
    let digits = match text.split_once('-') {
        Some((first, last)) if first.len() == 6 => format!("{first}{last}"),
        Some(_) => return None,
        None => text.to_owned(),
    };
    let bytes = digits.as_bytes();
    let valid = bytes.len() == 10
        && bytes.iter().all(u8::is_ascii_digit)
        && bytes[2] >= b'2'
        && luhn::holds(luhn::values(bytes));
    valid.then_some(digits)
}
