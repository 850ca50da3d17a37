//! What others call an article: numbers by kind and issuer, with their check digits.

use std::str::FromStr;

const GTIN_DIGITS: usize = 14;
const ISSUER_LENGTH_MAX: usize = 60;
const NUMBER_LENGTH_MAX: usize = 60;
/// `+`, the labeler's four, a product's one to eighteen, the unit of measure, the check character.
const HIBC_LENGTH: std::ops::RangeInclusive<usize> = 8..=25;
/// Facility and product codes of ISBT 128, sixteen characters after `=/`.
const ISBT_CHARACTERS: usize = 16;
/// The characters of HIBC in the order of their values.
const HIBC_VALUES: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";

/// What kind of number an identifier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    /// Somebody else's article number.
    ArticleNumber,
    /// Global Trade Item Number.
    Gtin,
    /// Device identifier of UDI (MDR annex VI, part C).
    UdiDi,
}

impl IdentifierKind {
    /// Its name in the books.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ArticleNumber => "ARTICLE_NUMBER",
            Self::Gtin => "GTIN",
            Self::UdiDi => "UDI_DI",
        }
    }
}

impl FromStr for IdentifierKind {
    type Err = IdentifierFault;

    fn from_str(name: &str) -> Result<Self, IdentifierFault> {
        [Self::ArticleNumber, Self::Gtin, Self::UdiDi]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or(IdentifierFault::Kind)
    }
}

/// Why a text is no identifier of its kind. It never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierFault {
    /// No such kind.
    #[error("is no kind of identifier")]
    Kind,
    /// The issuer is not one of the kind's.
    #[error("must be issued by {0}")]
    Issuer(&'static str),
    /// Another length or other characters than the kind's.
    #[error("must be {0}")]
    Form(&'static str),
    /// The last character is not the one that the others give.
    #[error("has a wrong check digit")]
    CheckDigit,
}

/// A well-formed identifier whose check digit holds, where its kind has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    kind: IdentifierKind,
    issuer: String,
    value: String,
}

impl Identifier {
    /// Reads an identifier. An empty issuer of a GTIN is GS1.
    ///
    /// Of HIBCC a whole code, from its `+` on, has its check character verified; without the `+`,
    /// and of ICCBBA, only the form is.
    ///
    /// # Errors
    /// [`IdentifierFault`].
    pub fn parse(kind: IdentifierKind, issuer: &str, value: &str) -> Result<Self, IdentifierFault> {
        let issuer = match kind {
            IdentifierKind::ArticleNumber => {
                article_number(issuer, value)?;
                issuer
            }
            IdentifierKind::Gtin => {
                if !matches!(issuer, "" | "GS1") {
                    return Err(IdentifierFault::Issuer("GS1"));
                }
                gtin(value, &[8, 12, 13, GTIN_DIGITS], "8, 12, 13 or 14 digits")?;
                "GS1"
            }
            IdentifierKind::UdiDi => {
                match issuer {
                    "GS1" => gtin(value, &[GTIN_DIGITS], "14 digits")?,
                    "HIBCC" => hibc(value)?,
                    "ICCBBA" => isbt(value)?,
                    _ => return Err(IdentifierFault::Issuer("GS1, HIBCC or ICCBBA")),
                }
                issuer
            }
        };
        Ok(Self {
            kind,
            issuer: issuer.to_owned(),
            value: value.to_owned(),
        })
    }

    /// What kind of number it is.
    pub const fn kind(&self) -> IdentifierKind {
        self.kind
    }

    /// Who issued it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The number as it was read.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What two spellings of one identifier have in common: digits of GS1 filled up to fourteen.
    pub fn key(&self) -> String {
        identifier_key(&self.value)
    }
}

/// The key by which an identifier is looked up, whatever its kind: what looks like a GTIN is filled
/// up with zeros to fourteen digits, which leaves its check digit as it is.
pub fn identifier_key(value: &str) -> String {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    if digits && matches!(value.len(), 8 | 12 | 13) {
        format!("{value:0>GTIN_DIGITS$}")
    } else {
        value.to_owned()
    }
}

fn article_number(issuer: &str, value: &str) -> Result<(), IdentifierFault> {
    let words = |text: &str, most: usize| {
        let length = text.chars().count();
        (1..=most).contains(&length) && !text.chars().any(char::is_control)
    };
    if !words(issuer, ISSUER_LENGTH_MAX) {
        return Err(IdentifierFault::Issuer(
            "somebody named in 1 to 60 characters",
        ));
    }
    if words(value, NUMBER_LENGTH_MAX) {
        Ok(())
    } else {
        Err(IdentifierFault::Form("1 to 60 characters"))
    }
}

/// Weights 3 and 1 from the right, a multiple of ten with the check digit (GS1 General
/// Specifications, section 7.9).
fn gtin(value: &str, lengths: &[usize], form: &'static str) -> Result<(), IdentifierFault> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !lengths.contains(&value.len()) {
        return Err(IdentifierFault::Form(form));
    }
    let weighted = value.bytes().rev().enumerate().map(|(place, byte)| {
        let weight = if place % 2 == 0 { 1 } else { 3 };
        u32::from(byte - b'0') * weight
    });
    if weighted.sum::<u32>().is_multiple_of(10) {
        Ok(())
    } else {
        Err(IdentifierFault::CheckDigit)
    }
}

/// The primary data of ANSI/HIBC 2: the sum of the characters' values, modulo 43, is the last one's.
fn hibc(value: &str) -> Result<(), IdentifierFault> {
    const FORM: IdentifierFault = IdentifierFault::Form(
        "a labeler's letter and three characters, a product's 1 to 18, a unit's digit",
    );
    let body = value.strip_prefix('+').unwrap_or(value);
    let whole = body.len() < value.len();
    let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let (data, check) = if whole {
        let split = body.char_indices().next_back().ok_or(FORM)?;
        (&body[..split.0], Some(split.1))
    } else {
        (body, None)
    };
    let unit = data
        .bytes()
        .next_back()
        .is_some_and(|byte| byte.is_ascii_digit());
    let labeler = data
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_uppercase());
    let length = data.len() + 2;
    if !HIBC_LENGTH.contains(&length) || !labeler || !unit || !data.bytes().all(upper) {
        return Err(FORM);
    }
    let Some(check) = check else { return Ok(()) };
    let sum: usize = format!("+{data}")
        .chars()
        .filter_map(|character| HIBC_VALUES.find(character))
        .sum();
    if HIBC_VALUES.find(check) == Some(sum % HIBC_VALUES.len()) {
        Ok(())
    } else {
        Err(IdentifierFault::CheckDigit)
    }
}

fn isbt(value: &str) -> Result<(), IdentifierFault> {
    let data = value.strip_prefix("=/").unwrap_or(value);
    let upper = data
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if upper && data.len() == ISBT_CHARACTERS {
        Ok(())
    } else {
        Err(IdentifierFault::Form(
            "16 capital letters and digits after =/",
        ))
    }
}
