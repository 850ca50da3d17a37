//! Schemes as they are in force.

use std::sync::Arc;

use hjm_free_card::Scheme;
use hjm_service::Caller;
use jiff::civil::Date;

use crate::{Deps, error::Error};

/// Every scheme in force on a day, in order of id.
pub(crate) async fn list_schemes(
    deps: &Deps,
    caller: &Caller,
    on: Date,
) -> Result<Vec<Arc<Scheme>>, Error> {
    let (core, tenant) = (deps.core.clone(), caller.tenant.clone());
    let (database, scope) = (deps.core.producer.database(), caller.scope());
    let read = database.read(&scope, |tx| {
        Box::pin(async move {
            let policies = core.policies.of(tx, &tenant).await?;
            core.schemes_on(&policies, on)
        })
    });
    read.await
}
