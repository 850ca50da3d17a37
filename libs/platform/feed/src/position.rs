//! Where an event stands: opaque to callers, a feed and a sequence to us.

use std::{fmt, str::FromStr};

/// A position in a feed of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The feed's service.
    pub feed: String,
    /// The event's number in it; 0 stands before the first.
    pub sequence: i64,
}

impl Position {
    /// The position of an event.
    pub fn new(feed: &str, sequence: i64) -> Self {
        Self {
            feed: feed.to_owned(),
            sequence,
        }
    }

    /// As it goes on the wire; empty before the first event.
    pub fn to_wire(&self) -> String {
        if self.sequence == 0 {
            String::new()
        } else {
            self.to_string()
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:x}", self.feed, self.sequence)
    }
}

impl FromStr for Position {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const TEXT: &str = "must be a position that a service answered";
        let (feed, sequence) = text.split_once('.').ok_or(TEXT)?;
        let known = !feed.is_empty() && feed.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        let sequence = i64::from_str_radix(sequence, 16).map_err(|_| TEXT)?;
        if known && sequence > 0 {
            Ok(Self {
                feed: feed.to_owned(),
                sequence,
            })
        } else {
            Err(TEXT)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back_and_anything_else_is_refused() {
        let position = Position::new("free-card", 255);
        assert_eq!(position.to_wire().parse(), Ok(position));
        assert_eq!(Position::new("billing", 0).to_wire(), "");
        for wrong in [
            "",
            "billing",
            "billing.",
            ".1",
            "billing.0",
            "billing.-1",
            "Billing.1",
            "billing.g",
        ] {
            assert!(wrong.parse::<Position>().is_err(), "{wrong}");
        }
    }
}
