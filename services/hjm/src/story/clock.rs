//! The clock that stories move.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hjm_service::Clock;
use jiff::{civil::Date, tz::TimeZone};

use super::StoryError;

/// A clock file that stories move forward.
#[derive(Debug, Clone)]
pub struct ClockFile(PathBuf);

impl ClockFile {
    /// A clock file at a path; shows nothing until it is moved.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The clock as services read it.
    pub fn clock(&self) -> Clock {
        Clock::File(self.0.clone())
    }

    /// Moves it to noon in Sweden on a day.
    ///
    /// # Errors
    /// When the file cannot be replaced.
    pub fn set(&self, day: Date) -> Result<(), StoryError> {
        let zone = TimeZone::get("Europe/Stockholm").map_err(std::io::Error::other)?;
        let noon = day
            .at(12, 0, 0, 0)
            .to_zoned(zone)
            .map_err(std::io::Error::other)?;
        let next = self.0.with_extension("next");
        fs::write(&next, noon.timestamp().to_string())?;
        Ok(fs::rename(&next, &self.0)?)
    }
}
