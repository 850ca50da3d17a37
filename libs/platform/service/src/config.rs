//! The configuration that every service shares, from flags or environment.

use std::net::SocketAddr;

use hjm_ids::TenantId;

use crate::{Clock, crash::CrashAt, database::DatabaseArgs, telemetry::LogFormat};

/// Flags of `serve` that every service has.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeArgs {
    /// Address to listen on.
    #[arg(long, env = "HJM_LISTEN")]
    pub listen: SocketAddr,
    /// Tenants to serve, separated by commas.
    #[arg(long, env = "HJM_TENANTS", value_delimiter = ',', required = true)]
    pub tenants: Vec<TenantId>,
    /// Business time: 'system', or 'file:' and the path of a file with one instant (loopback).
    #[arg(long, env = "HJM_CLOCK", default_value = "system")]
    pub clock: Clock,
    /// Believe what callers say of themselves in the metadata entry hjm-caller (loopback only).
    #[arg(long, env = "HJM_INSECURE_CALLERS")]
    pub insecure_callers: bool,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// How logs are written.
    #[arg(long, env = "HJM_LOG", default_value = "text")]
    pub log: LogFormat,
    /// End the process at a named point, to prove that nothing is lost there.
    #[arg(long, hide = true)]
    pub crash_at: Option<CrashAt>,
}

impl ServeArgs {
    /// Refuses combinations that must not leave the machine.
    ///
    /// # Errors
    /// One line that says what to change.
    pub fn check(&self) -> Result<(), String> {
        if self.listen.ip().is_loopback() {
            return Ok(());
        }
        if self.insecure_callers {
            return Err("--insecure-callers is for loopback addresses only".to_owned());
        }
        if matches!(self.clock, Clock::File(_)) {
            return Err("--clock file:… is for loopback addresses only".to_owned());
        }
        Ok(())
    }
}
