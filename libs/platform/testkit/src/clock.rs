//! A clock that stands still until a test moves it.

use std::{fs, path::PathBuf};

use hjm_service::Clock;
use jiff::{civil::Date, tz::TimeZone};
use tempfile::TempDir;

/// A clock file in a folder of its own.
#[derive(Debug)]
pub struct ClockFile {
    folder: TempDir,
}

impl ClockFile {
    /// A clock that shows noon in Sweden on a day.
    ///
    /// # Panics
    /// When no file can be written.
    pub fn at(day: Date) -> Self {
        let clock = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        clock.set(day);
        clock
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// The clock as services read it.
    pub fn clock(&self) -> Clock {
        Clock::File(self.path())
    }

    /// Moves it to noon in Sweden on a day.
    ///
    /// # Panics
    /// When the file cannot be replaced.
    pub fn set(&self, day: Date) {
        let zone = TimeZone::get("Europe/Stockholm").expect("a bundled zone");
        let noon = day
            .at(12, 0, 0, 0)
            .to_zoned(zone)
            .expect("noon exists")
            .timestamp();
        let next = self.folder.path().join("next");
        fs::write(&next, noon.to_string()).expect("a written file");
        fs::rename(&next, self.path()).expect("a replaced file");
    }
}
