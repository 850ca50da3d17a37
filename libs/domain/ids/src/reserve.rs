//! Reserve numbers: what care gives a person who has no personal number, or not yet. Each function
//! checks one register's structure and answers the day of birth where the number tells it.

use jiff::civil::Date;

use crate::luhn;
use crate::person::{IdentityError, date, number};

/// Letters of the national series: without I, O, Q, V and W.
const NATIONAL_LETTERS: &[u8] = b"ABCDEFGHJKLMNPRSTUXYZ";

/// `XXYYMMDDNNGC`: XX the century of birth plus a multiple of three (22 or 25 for 19, 23 or 26 for
/// 20), or 00 when the date is unknown, then month 20-99 and day 40-59; NN two letters; G a digit
/// for a known sex, else a letter; C a check digit, whose rule is not public: only its form.
pub(crate) fn national(characters: &[u8; 12]) -> Result<Option<Date>, IdentityError> {
    let letter = |byte: &u8| NATIONAL_LETTERS.contains(byte);
    digits(&characters[..8])?;
    digits(&characters[11..])?;
    if !characters[8..10].iter().all(letter)
        || !(characters[10].is_ascii_digit() || letter(&characters[10]))
    {
        return Err(IdentityError::Character);
    }
    let (shifted, year) = (number(&characters[..2]), number(&characters[2..4]));
    let (month, day) = (number(&characters[4..6]), number(&characters[6..8]));
    match (shifted, shifted % 3) {
        (0, _) if month >= 20 && (40..=59).contains(&day) => Ok(None),
        (22.., 1) => date(1900 + year, month, day).map(Some),
        (22.., 2) => date(2000 + year, month, day).map(Some),
        (_, _) => Err(IdentityError::Date),
    }
}

/// `99yyyyNNNNNC`: a year, a serial, Luhn over positions 5 to 12.
pub(crate) fn stockholm(characters: &[u8; 12]) -> Result<Option<Date>, IdentityError> {
    digits(characters)?;
    if &characters[..2] != b"99" {
        return Err(IdentityError::Character);
    }
    date(number(&characters[2..6]), 1, 1)?;
    check_digit(luhn::values(&characters[4..]))?;
    Ok(None)
}

/// `yyyymmddGggC`: G and gg tell the sex (M odd and K even 06-79, X 80-89), Luhn with K, M, X
/// counted as 5, 7, 8.
pub(crate) fn vgr(characters: &[u8; 12]) -> Result<Date, IdentityError> {
    digits(&characters[..8])?;
    digits(&characters[9..])?;
    let born_on = date_of(characters)?;
    let serial = number(&characters[9..11]);
    let (value, fits) = match characters[8] {
        b'K' => (5, (6..80).contains(&serial) && serial.is_multiple_of(2)),
        b'M' => (7, (6..80).contains(&serial) && !serial.is_multiple_of(2)),
        b'X' => (8, (80..90).contains(&serial)),
        _ => return Err(IdentityError::Character),
    };
    if !fits {
        return Err(IdentityError::Serial);
    }
    let mut counted = *characters;
    counted[8] = b'0' + value;
    check_digit(luhn::values(&counted[2..]))?;
    Ok(born_on)
}

/// `yyyymmddABNC`: A is S, B one of F, U, X, P, L, N a digit, C a letter but V (1-9 in test); no
/// check digit.
pub(crate) fn varmland(characters: &[u8; 12]) -> Result<Date, IdentityError> {
    digits(&characters[..8])?;
    let last = characters[11];
    let fits = characters[8] == b'S'
        && b"FUXPL".contains(&characters[9])
        && characters[10].is_ascii_digit()
        && ((last.is_ascii_uppercase() && last != b'V') || matches!(last, b'1'..=b'9'));
    if !fits {
        return Err(IdentityError::Character);
    }
    date_of(characters)
}

/// `yyyymmxxNNNC`: a month of birth, xx 32-59 in the place of the day, Luhn over the last ten.
pub(crate) fn clnk(characters: &[u8; 12]) -> Result<Option<Date>, IdentityError> {
    digits(characters)?;
    date(number(&characters[..4]), number(&characters[4..6]), 1)?;
    if !(32..=59).contains(&number(&characters[6..8])) {
        return Err(IdentityError::Date);
    }
    check_digit(luhn::values(&characters[2..]))?;
    Ok(None)
}

fn digits(part: &[u8]) -> Result<(), IdentityError> {
    if part.iter().all(u8::is_ascii_digit) {
        Ok(())
    } else {
        Err(IdentityError::Character)
    }
}

fn date_of(characters: &[u8; 12]) -> Result<Date, IdentityError> {
    let (year, month) = (number(&characters[..4]), number(&characters[4..6]));
    date(year, month, number(&characters[6..8]))
}

fn check_digit(counted: impl DoubleEndedIterator<Item = u8>) -> Result<(), IdentityError> {
    if luhn::holds(counted) {
        Ok(())
    } else {
        Err(IdentityError::CheckDigit)
    }
}
