//! Named points where a test may end the process at once, as a power cut would.

use std::{
    process,
    str::FromStr,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// `NAME` or `NAME:N`: the Nth time the point is passed.
#[derive(Debug, Clone)]
pub struct CrashAt {
    name: String,
    passes: u32,
}

impl FromStr for CrashAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, passes) = text.split_once(':').unwrap_or((text, "1"));
        let passes = passes
            .parse()
            .map_err(|_| "must be NAME or NAME:N".to_owned())?;
        Ok(Self {
            name: name.to_owned(),
            passes,
        })
    }
}

static ARMED: OnceLock<(CrashAt, AtomicU32)> = OnceLock::new();

/// Arms the one point of this process.
pub fn arm(at: CrashAt) {
    ARMED.get_or_init(|| (at, AtomicU32::new(0)));
}

/// Ends the process with code 137 if this point is armed and its turn has come.
pub fn point(name: &str) {
    if let Some((at, passed)) = ARMED.get()
        && at.name == name
        && passed.fetch_add(1, Ordering::SeqCst) + 1 == at.passes
    {
        process::exit(137);
    }
}
