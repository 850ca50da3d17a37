//! What is wrong with a document, and where.

use std::fmt;

/// One thing wrong with a policy document. A document is refused with all its faults at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault {
    /// Where: the line, then the path of table, row (counted from 1) and field, as in
    /// `line 12: fees.rule[2].amount`.
    pub place: String,
    /// What is wrong there and how to write it.
    pub message: String,
}

impl Fault {
    pub(crate) fn at(line: usize, path: &str, message: impl Into<String>) -> Self {
        let path = if path.is_empty() { "document" } else { path };
        Self {
            place: format!("line {line}: {path}"),
            message: message.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// The line of a byte offset, counted from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(offset)
        .filter(|&&byte| byte == b'\n')
        .count()
        + 1
}
