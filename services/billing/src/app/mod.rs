//! Billing's use cases, and the two tasks of a tenant: own fees, and the closing of months.

pub(crate) mod accrual;
pub(crate) mod charge;
pub(crate) mod closing;
pub(crate) mod credit;
pub(crate) mod fee;
pub(crate) mod fees;
pub(crate) mod run;
pub(crate) mod statement;

use std::time::Duration;

use tokio::{sync::watch, time};

/// How long a wait goes on without looking: what another process did is found by looking.
const LOOK: Duration = Duration::from_millis(50);

/// Returns when something may have happened.
async fn look_again(wake: &mut watch::Receiver<()>, pause: Duration) {
    // A wake-up for nothing does no harm; without anybody to wake, time passes.
    if let Ok(Err(_)) = time::timeout(pause, wake.changed()).await {
        time::sleep(pause).await;
    }
}
