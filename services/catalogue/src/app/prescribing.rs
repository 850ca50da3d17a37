//! Whether somebody may prescribe a product, by the directives in force.

use hjm_catalogue::{Directives, PrescribingDecision, PrescribingFacts};
use hjm_feed::policies::in_force;
use hjm_policy::Section;
use hjm_service::Caller;

use crate::{Deps, error::Error};

/// Decides by the directives in force on the day of the facts.
pub(crate) async fn check_prescribing(
    deps: &Deps,
    caller: &Caller,
    facts: &PrescribingFacts,
) -> Result<PrescribingDecision, Error> {
    let (tenant, policies) = (caller.tenant.clone(), deps.policies.clone());
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move { policies.of(tx, &tenant).await })
    });
    let policies = read.await?;
    let document = in_force(&policies, Section::Directives, facts.on)?;
    let directives = deps.directives.of(document, Directives::parse)?;
    Ok(directives.check(facts))
}
