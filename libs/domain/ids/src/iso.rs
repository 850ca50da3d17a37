//! Codes of ISO 9999, the classification of assistive products.

use std::fmt;
use std::str::FromStr;

use crate::IdError;

/// A code of ISO 9999: class (2 digits), subclass (4), division (6), or a national level below the
/// division (8). A rule may hang on any level, and the longest code that holds an article wins
/// (catalogue 1.1). Only the form is checked: which codes exist depends on the edition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IsoCode(String);

impl IsoCode {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Number of digits: the longer, the more specific.
    pub fn digits(&self) -> usize {
        self.0.len()
    }

    /// The code right above: 122306 of 12230601; none above a class.
    pub fn parent(&self) -> Option<Self> {
        let digits = self.0.len().checked_sub(2).filter(|digits| *digits > 0)?;
        self.0.get(..digits).map(|above| Self(above.to_owned()))
    }

    /// Whether this code is `area` or lies under it: 12230601 is within 1223, and within itself.
    pub fn is_within(&self, area: &Self) -> bool {
        self.0.starts_with(&area.0)
    }
}

impl fmt::Display for IsoCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for IsoCode {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if matches!(text.len(), 2 | 4 | 6 | 8) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new("an ISO 9999 code", "2, 4, 6 or 8 digits"))
        }
    }
}
