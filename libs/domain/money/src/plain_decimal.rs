//! The one spelling of a decimal number in text: digits and at most one point.

use crate::MoneyError;

/// A number taken apart: `-12.5` is negative, whole `12`, part `5`.
pub(crate) struct PlainDecimal<'a> {
    pub(crate) negative: bool,
    pub(crate) whole: &'a str,
    pub(crate) part: Option<&'a str>,
}

impl<'a> PlainDecimal<'a> {
    /// Reads `600`, `600.00` or `-102.85`; no `+`, space, thousands mark, exponent or bare point.
    pub(crate) fn read(text: &'a str) -> Result<Self, MoneyError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = match digits.split_once('.') {
            Some((whole, part)) => (whole, Some(part)),
            None => (digits, None),
        };
        let plain = |run: &str| !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_digit());
        if plain(whole) && part.is_none_or(plain) {
            Ok(Self {
                negative,
                whole,
                part,
            })
        } else {
            Err(MoneyError::Malformed)
        }
    }
}
