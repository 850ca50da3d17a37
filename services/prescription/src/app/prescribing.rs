//! What the prescribing directives in force say of a draft. Where a county has none, nothing more
//! is asked of who prescribes.

use std::sync::Arc;

use hjm_catalogue::{Directives, Occasion, PrescribingFacts, kept_beside};
use hjm_ids::{IsoCode, LoanId, TenantId};
use hjm_policy::{PolicySet, Section};
use hjm_proto::prescription::v1 as pb;
use hjm_service::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use super::decide::DecidedLine;
use crate::{
    Deps,
    convert::{Article, Draft, DraftLine, to_pb_check},
    error::{Error, Objection},
    store::loan::{self, LoanFilter},
};

/// As many loans of one person as are looked at.
const KEPT_MAX: i64 = 1000;

/// The directives of a day, and what the person keeps on it.
#[derive(Debug)]
pub(crate) struct Directing {
    rules: Arc<Directives>,
    kept: Vec<IsoCode>,
}

impl Directing {
    /// Reads the directives in force, if there are some, and what the person keeps: in a widened
    /// scope, for it counts whoever pays for it.
    pub(crate) async fn on(
        tx: &mut PgConnection,
        deps: &Deps,
        tenant: &TenantId,
        policies: &PolicySet,
        draft: &Draft,
    ) -> Result<Option<Self>, Error> {
        let on = draft.prescribed_on;
        let Some(document) = policies.in_force(Section::Directives, on) else {
            return Ok(None);
        };
        let rules = deps.directives.of(document, Directives::parse)?;
        let filter = LoanFilter {
            recipient: Some(draft.recipient),
            customer_number: None,
            as_of: Some(on),
        };
        let first = LoanId::new(Uuid::nil());
        let loans = loan::loan_list(tx, tenant, &filter, first, KEPT_MAX).await?;
        let out = loans.into_iter().filter(|row| {
            let returned_on = row.timeline.returned_on();
            returned_on.is_none_or(|returned_on| returned_on > on)
        });
        let kept = out.map(|row| {
            let code = row.told.fee_basis.map(|basis| basis.iso_code.parse());
            code.and_then(Result::ok)
                .ok_or_else(|| Failure::internal(format!("loan {} cannot be read", row.loan)))
        });
        let kept = kept.collect::<Result<_, _>>()?;
        Ok(Some(Self { rules, kept }))
    }

    /// What they say of a draft's next line; it is kept beside the lines after it.
    pub(crate) fn check(
        &mut self,
        draft: &Draft,
        (at, line): (usize, &DraftLine),
        article: &Article,
        occasion: Occasion,
    ) -> pb::PrescribingCheck {
        let (who, grounds) = (&draft.prescriber, &line.grounds);
        let replaces = occasion == Occasion::Replacement;
        let kept = kept_beside(&self.kept, &article.iso, replaces);
        let facts = PrescribingFacts {
            profession: who.profession.clone(),
            unit_kind: who.unit_kind.clone(),
            right_granted: who.right_granted,
            trainings: who.trainings.clone(),
            referred_by: who.referred_by.clone(),
            price: article.sale_price.or(grounds.value),
            // The catalogue is the county's range.
            in_range: Some(true),
            special_decisions: grounds.special_decisions.clone(),
            held: Some(kept.clone()),
            duplicate_justified: grounds.duplicate_justified,
            answers: grounds.answers.clone(),
            ..PrescribingFacts::new(article.iso.clone(), draft.prescribed_on)
        };
        self.kept = kept;
        self.kept.push(article.iso.clone());
        to_pb_check(&self.rules.check(&facts), at)
    }
}

/// Refuses what directives speak against, with every reason of every line.
pub(crate) fn refuse(lines: &[DecidedLine]) -> Result<(), Error> {
    let mut objections = Vec::new();
    for line in lines {
        let check = line.decision.prescribing.iter();
        objections.extend(check.flat_map(|check| &check.reasons).map(|reason| {
            let text = reason.explanation.as_ref().map_or("", |why| &why.text);
            Objection {
                field: reason.field.clone(),
                code: reason.code.clone(),
                text: format!("{}: {text} (article {})", reason.code, line.article),
            }
        }));
    }
    if objections.is_empty() {
        Ok(())
    } else {
        Err(Error::PrescribingRefused(objections))
    }
}
