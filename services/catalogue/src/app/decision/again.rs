//! A kept decision, run again on its facts by the versions that decided it.

use hjm_ids::{DecisionId, TenantId};
use hjm_policy::PolicySet;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{Caller, Failure, Violations, convert::to_pb_timestamp};
use prost::Message as _;
use sqlx::PgConnection;

use super::{decide::Rulebook, known::parse};
use crate::{
    Deps,
    convert::from_pb_question,
    error::Error,
    store::{self, DecisionRow},
};

/// A kept decision and what its versions answer now.
pub(crate) async fn explain(
    deps: &Deps,
    caller: &Caller,
    id: DecisionId,
) -> Result<pb::ExplainResponse, Error> {
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move {
            let row = store::decision_find(tx, &tenant, id).await?;
            run_again(tx, &tenant, &Rulebook::default(), row).await
        })
    });
    Ok(read.await?)
}

/// Whether a kept decision comes out the same.
pub(crate) async fn runs_again(
    tx: &mut PgConnection,
    tenant: &TenantId,
    row: DecisionRow,
) -> Result<bool, Failure> {
    let again = run_again(tx, tenant, &Rulebook::default(), row).await?;
    Ok(again.agrees)
}

async fn run_again(
    tx: &mut PgConnection,
    tenant: &TenantId,
    rules: &Rulebook,
    row: DecisionRow,
) -> Result<pb::ExplainResponse, Failure> {
    let odd = |_| Failure::internal("a kept decision cannot be read");
    let told = pb::Question::decode(row.question.as_slice()).map_err(odd)?;
    let answer = pb::Answer::decode(row.answer.as_slice()).map_err(odd)?;
    let by = pb::Decision::decode(row.policies.as_slice()).map_err(odd)?;
    let mut violations = Violations::default();
    let question = from_pb_question(&mut violations, &told);
    let question = violations
        .finish(question)
        .map_err(|_| Failure::internal("a kept question cannot be read"))?;
    let mut set = PolicySet::new();
    for used in &by.policies {
        let stored = store::policy_find(tx, tenant, &used.policy_id, used.version).await?;
        let document = parse(&stored.text)?;
        let from = document.valid_from();
        set.activate(document, from);
    }
    let again = pb::Answer {
        answer: rules.decide(&set, &question)?.ok(),
    };
    let agrees = again == answer;
    Ok(pb::ExplainResponse {
        decision: Some(pb::Decision {
            decision_id: row.id.to_string(),
            decided_at: Some(to_pb_timestamp(row.decided_at)),
            question: Some(told),
            answer: Some(answer),
            policies: by.policies,
        }),
        again: Some(again),
        agrees,
    })
}
