//! Identity numbers of persons. A value of this type cannot be printed: it has neither `Debug` nor
//! `Display`, and no error repeats what was read (architecture decision 11).

use jiff::civil::Date;

use crate::{luhn, reserve};

/// Which register a number comes from: numbers of different registers are never compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityKind {
    /// Personal number (personnummer): date of birth, serial, check digit.
    Personal,
    /// Coordination number (samordningsnummer): as a personal number with 60 added to the day.
    Coordination,
    /// National reserve number (NRID).
    ReserveNational,
    /// Reserve number of Region Stockholm.
    ReserveStockholm,
    /// Reserve number of Västra Götaland.
    ReserveVgr,
    /// Reserve number of Värmland.
    ReserveVarmland,
    /// Reserve number of Inera's CLNK series.
    ReserveClnk,
}

impl IdentityKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Personal,
        Self::Coordination,
        Self::ReserveNational,
        Self::ReserveStockholm,
        Self::ReserveVgr,
        Self::ReserveVarmland,
        Self::ReserveClnk,
    ];

    /// The object identifier of the register, half of the (type, value) pair that is digested.
    pub const fn oid(self) -> &'static str {
        match self {
            Self::Personal => "1.2.752.129.2.1.3.1",
            Self::Coordination => "1.2.752.129.2.1.3.3",
            Self::ReserveNational => "1.2.752.74.9.1",
            Self::ReserveStockholm => "1.2.752.97.3.1.3",
            Self::ReserveVgr => "1.2.752.113.11.0.2.1.1.1",
            Self::ReserveVarmland => "1.2.752.74.9.2",
            Self::ReserveClnk => "1.2.752.129.2.1.3.2",
        }
    }
}

/// Why a number was refused. No text repeats any part of the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not twelve characters: century, no separator.
    #[error("an identity number has 12 characters, with century and without - or +")]
    Length,
    /// A character that has no place there: anything but digits, or, in a reserve number, a letter
    /// outside its series.
    #[error("the identity number has a character that this kind of number cannot have there")]
    Character,
    /// The date part is no day of the calendar, or of a century that is not accepted.
    #[error("the date in the identity number does not exist")]
    Date,
    /// A coordination number's day is not 61 to 91 (a personal number's day plus 60). Numbers with
    /// an unknown day or month are refused too.
    #[error("a coordination number has the day of birth plus 60: 61 to 91")]
    CoordinationDay,
    /// Serial number 000 is never given out.
    #[error("the serial number 000 is not given out")]
    Serial,
    /// The check digit does not agree with the rest.
    #[error("the check digit of the identity number is wrong")]
    CheckDigit,
}

/// A person's identity number that has passed every check of its register: the pair of kind and
/// twelve characters. Two are equal when both halves are.
///
/// ```compile_fail,E0277
/// fn printed(identity: &hjm_ids::PersonIdentity) -> String {
///     format!("{identity:?}")
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[expect(
    missing_debug_implementations,
    reason = "a person's number must not reach a log"
)]
pub struct PersonIdentity {
    kind: IdentityKind,
    characters: String,
    born_on: Option<Date>,
}

impl PersonIdentity {
    /// Reads a number of this kind: exactly twelve characters, capital letters, no separator.
    ///
    /// Personal and coordination numbers: a century 18 to 21, a day that exists, a serial other
    /// than 000, Luhn over the last ten digits. Reserve numbers: the structure of their register
    /// and its check digit; the national one's check digit is not verified, as its rule is not
    /// public.
    ///
    /// # Errors
    /// [`IdentityError`], which never repeats the number.
    pub fn parse(kind: IdentityKind, text: &str) -> Result<Self, IdentityError> {
        let characters: &[u8; 12] = text
            .as_bytes()
            .try_into()
            .map_err(|_| IdentityError::Length)?;
        let born_on = match kind {
            IdentityKind::Personal => Some(civil_number(characters, 0)?),
            IdentityKind::Coordination => Some(civil_number(characters, 60)?),
            IdentityKind::ReserveNational => reserve::national(characters)?,
            IdentityKind::ReserveStockholm => reserve::stockholm(characters)?,
            IdentityKind::ReserveVgr => Some(reserve::vgr(characters)?),
            IdentityKind::ReserveVarmland => Some(reserve::varmland(characters)?),
            IdentityKind::ReserveClnk => reserve::clnk(characters)?,
        };
        Ok(Self {
            kind,
            characters: text.to_owned(),
            born_on,
        })
    }

    /// Which register the number comes from.
    pub const fn kind(&self) -> IdentityKind {
        self.kind
    }

    /// The twelve characters, for encryption and digest only.
    pub fn expose(&self) -> &str {
        &self.characters
    }

    /// The day of birth that the number tells; none where it does not tell one.
    pub const fn born_on(&self) -> Option<Date> {
        self.born_on
    }
}

/// A personal number, or a coordination number when 60 is added to the day.
fn civil_number(characters: &[u8; 12], day_offset: u8) -> Result<Date, IdentityError> {
    if !characters.iter().all(u8::is_ascii_digit) {
        return Err(IdentityError::Character);
    }
    let day = number(&characters[6..8]);
    if day_offset > 0 && !(61..=91).contains(&day) {
        return Err(IdentityError::CoordinationDay);
    }
    let born_on = date(
        number(&characters[0..4]),
        number(&characters[4..6]),
        day.checked_sub(u16::from(day_offset))
            .ok_or(IdentityError::CoordinationDay)?,
    )?;
    if &characters[8..11] == b"000" {
        return Err(IdentityError::Serial);
    }
    if !luhn::holds(luhn::values(&characters[2..])) {
        return Err(IdentityError::CheckDigit);
    }
    Ok(born_on)
}

/// The value of up to four ASCII digits.
pub(crate) fn number(digits: &[u8]) -> u16 {
    digits
        .iter()
        .fold(0, |value, digit| value * 10 + u16::from(digit - b'0'))
}

/// A day of the calendar in the years 1800 to 2199.
pub(crate) fn date(year: u16, month: u16, day: u16) -> Result<Date, IdentityError> {
    if !(1800..2200).contains(&year) {
        return Err(IdentityError::Date);
    }
    let part = |value: u16| i8::try_from(value).map_err(|_| IdentityError::Date);
    let year = i16::try_from(year).map_err(|_| IdentityError::Date)?;
    Date::new(year, part(month)?, part(day)?).map_err(|_| IdentityError::Date)
}
