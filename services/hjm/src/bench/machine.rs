//! What the machine says: how fast it flushes, and what CPU time and memory processes take.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
    time::Instant,
};

/// Milliseconds in a tick of `/proc`, which counts hundredths of a second everywhere.
const TICK_MS: u64 = 10;
const FLUSHES: usize = 50;
const FLUSH_BYTES: usize = 8192;

/// The median time of `fdatasync` after 8 KiB were written, in microseconds.
///
/// # Errors
/// When the folder cannot be written to.
pub(crate) fn flush_us(folder: &Path) -> io::Result<u64> {
    let path = folder.join("flush-probe");
    let mut file = File::create(&path)?;
    let mut times = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        let began = Instant::now();
        file.write_all(&[7; FLUSH_BYTES])?;
        file.sync_data()?;
        times.push(micros(began));
    }
    fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times.get(FLUSHES / 2).copied().unwrap_or_default())
}

/// Microseconds since an instant.
pub(crate) fn micros(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// A process by its place in `/proc/<pid>/stat`.
struct Stat {
    parent: u32,
    own_ticks: u64,
    reaped_ticks: u64,
}

impl Stat {
    fn read(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may hold anything; what follows its closing bracket is numbers.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |at: usize| -> Option<u64> { fields.get(at)?.parse().ok() };
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own_ticks: ticks(11)? + ticks(12)?,
            reaped_ticks: ticks(13)? + ticks(14)?,
        })
    }
}

/// CPU milliseconds of a process.
pub(crate) fn cpu_ms(pid: u32) -> u64 {
    Stat::read(pid).map_or(0, |stat| stat.own_ticks * TICK_MS)
}

/// CPU milliseconds of a process and its children, those that have ended included.
pub(crate) fn cpu_ms_of_family(pid: u32) -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let children = pids
        .filter_map(Stat::read)
        .filter(|stat| stat.parent == pid);
    let living: u64 = children.map(|stat| stat.own_ticks).sum();
    let own = Stat::read(pid).map_or(0, |stat| stat.own_ticks + stat.reaped_ticks);
    (own + living) * TICK_MS
}

/// A size of `/proc/<pid>/status` in KiB: `VmRSS` now, `VmHWM` at the most.
pub(crate) fn memory_kib(pid: u32, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let size = line.and_then(|rest| rest.split_whitespace().next());
    size.and_then(|size| size.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_a_parent_whose_child_it_is() {
        let own = std::process::id();
        assert!(memory_kib(own, "VmRSS") > 0);
        assert!(memory_kib(own, "VmHWM") >= memory_kib(own, "VmRSS") / 2);
        assert_eq!(memory_kib(own, "VmNothing"), 0);
        let stat = Stat::read(own).unwrap();
        assert!(Stat::read(stat.parent).is_some());
        assert!(cpu_ms_of_family(own) >= cpu_ms(own));
    }
}
