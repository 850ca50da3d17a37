//! Codes that people read and type, each with one strict spelling.

use std::fmt;
use std::str::FromStr;

use crate::IdError;

macro_rules! text_ids {
    ($($(#[doc = $doc:literal])+ $name:ident = $what:literal, $least:literal..=$most:literal of
        $allowed:expr, $expected:literal;)+) => {$(
        $(#[doc = $doc])+
        ///
        #[doc = concat!("Written as ", $expected, "; upper and lower case differ.")]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text as it was read.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let allowed: fn(u8) -> bool = $allowed;
                if ($least..=$most).contains(&text.len()) && text.bytes().all(allowed) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError::new($what, $expected))
                }
            }
        }
    )+};
}

fn lower_digit_hyphen(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn alphanumeric_hyphen(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

text_ids! {
    /// A county collaboration that shares one set of books (decisions 1).
    TenantId = "a tenant id", 2..=40 of lower_digit_hyphen,
        "2 to 40 characters a-z, 0-9 and -";
    /// A principal (huvudman) inside a tenant: a region, a municipality, a provider.
    PrincipalId = "a principal id", 2..=40 of lower_digit_hyphen,
        "2 to 40 characters a-z, 0-9 and -";
    /// The customer number (kundnummer) of a unit: it decides where an invoice goes
    /// (source 003 §6.3).
    CustomerNumber = "a customer number", 1..=12 of alphanumeric,
        "1 to 12 letters and digits";
    /// The number of an article in the catalogue.
    ArticleNumber = "an article number", 1..=20 of alphanumeric_hyphen,
        "1 to 20 letters, digits and -";
    /// The number a device unit is marked with (individnummer, source 003 §7.11).
    UnitNumber = "a unit number", 1..=30 of alphanumeric_hyphen,
        "1 to 30 letters, digits and -";
    /// The id a client gives a write, so that sending it again changes nothing.
    RequestId = "a request id", 16..=64 of visible,
        "16 to 64 visible ASCII characters";
}
