//! One clock for business time. Read once a request or batch and passed down.

use std::{fs, path::PathBuf, str::FromStr};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::Failure;

/// Where business time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A file that holds one instant, replaced by rename; for demonstrations and tests.
    File(PathBuf),
}

impl FromStr for Clock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "system" => Ok(Self::System),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err("must be 'system' or 'file:PATH'".to_owned()),
        }
    }
}

impl Clock {
    /// The instant it shows, to the microsecond: what is stored is read back as the same instant.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the clock file cannot be read or holds no instant.
    pub fn now(&self) -> Result<Timestamp, Failure> {
        match self {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place that reads the clock"
            )]
            Self::System => {
                let now = Timestamp::now();
                Ok(Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now))
            }
            Self::File(path) => {
                let text = fs::read_to_string(path)
                    .map_err(|_| Failure::Unavailable("the clock file cannot be read".into()))?;
                text.trim()
                    .parse()
                    .map_err(|_| Failure::Unavailable("the clock file holds no instant".into()))
            }
        }
    }

    /// Today in Sweden.
    ///
    /// # Errors
    /// As [`Clock::now`].
    pub fn today(&self) -> Result<Date, Failure> {
        self.now().map(civil_date)
    }
}

/// The civil date of an instant in Europe/Stockholm (D-31).
///
/// # Panics
/// Never: the zone is bundled.
pub fn civil_date(instant: Timestamp) -> Date {
    let stockholm = TimeZone::get("Europe/Stockholm").expect("the zone database is bundled");
    instant.to_zoned(stockholm).date()
}
