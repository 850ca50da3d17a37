//! Prices and rent policies as they were known at an event, and lines computed with them.

use std::{collections::HashMap, sync::Arc};

use hjm_billing::{BillingError, Line, PriceStep, RentPolicy, Sale, rent_lines, sale_line};
use hjm_feed::Rules;
use hjm_ids::{ArticleNumber, Month, PrincipalId, TenantId};
use hjm_policy::{PolicyReference, PolicySet, Section};
use hjm_proto::common::v1::ChargeForm;
use hjm_service::{Failure, Refusal};
use sqlx::PgConnection;
use tokio::sync::Mutex;

use crate::{
    app::fee,
    convert::Loan,
    store::{self, KnownPolicy},
};

/// A line and what decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Desired {
    pub(crate) line: Line,
    pub(crate) policy: PolicyReference,
    pub(crate) rule: String,
}

/// A month that an owner's run has done, with how far catalogue had told then.
pub(crate) type Known = (Month, i64);

/// What catalogue has told of prices and policies.
#[derive(Debug)]
pub(crate) struct Tariff {
    prices: HashMap<ArticleNumber, Vec<(i64, PriceStep)>>,
    policies: Vec<KnownPolicy>,
    rents: Rules<RentPolicy>,
}

/// The tariff that a tenant's owners are computed with one after the other: read once for all of
/// them, and again when catalogue has told more.
#[derive(Debug, Default)]
pub(crate) struct Tariffs(Mutex<Option<(i64, Arc<Tariff>)>>);

impl Tariffs {
    /// What was told up to an event.
    pub(crate) async fn at(
        &self,
        tx: &mut PgConnection,
        tenant: &TenantId,
        through: i64,
    ) -> Result<Arc<Tariff>, Failure> {
        let mut newest = self.0.lock().await;
        if let Some((told, tariff)) = &*newest
            && *told == through
        {
            return Ok(Arc::clone(tariff));
        }
        let tariff = Arc::new(Tariff::read(tx, tenant, through).await?);
        *newest = Some((through, Arc::clone(&tariff)));
        Ok(tariff)
    }
}

impl Tariff {
    /// All that was told up to an event.
    pub(crate) async fn read(
        tx: &mut PgConnection,
        tenant: &TenantId,
        through: i64,
    ) -> Result<Self, Failure> {
        let mut prices: HashMap<ArticleNumber, Vec<(i64, PriceStep)>> = HashMap::new();
        for known in store::price_list(tx, tenant, through).await? {
            prices
                .entry(known.article)
                .or_default()
                .push((known.sequence, known.step));
        }
        let policies = store::policy_list(tx, tenant, through).await?;
        Ok(Self {
            prices,
            policies,
            rents: Rules::default(),
        })
    }

    /// An owner's lines of a loan for a month, by what was known when that month was closed: what
    /// was decided is not decided anew by a later price or policy. Where that did not suffice, by
    /// the first run after it that knew enough. `known` is in order of months, the newest last.
    ///
    /// # Errors
    /// [`Failure::Refused`] when not even the newest knows enough.
    pub(crate) fn lines(
        &self,
        loan: &Loan,
        owner: &PrincipalId,
        month: Month,
        known: &[Known],
    ) -> Result<Vec<Desired>, Failure> {
        if !loan
            .holding
            .segments
            .iter()
            .any(|segment| segment.principal == *owner)
        {
            return Ok(Vec::new());
        }
        match loan.form {
            // What must come back and was sold is charged as any sale; its return credits nothing.
            ChargeForm::Sale | ChargeForm::SaleWithReturn => return sale(loan, owner, month),
            ChargeForm::Rental | ChargeForm::Unspecified => (),
        }
        let mut refused = Failure::internal("no run has closed the month");
        for (_, through) in known.iter().filter(|(run, _)| *run >= month) {
            match self.rent(loan, month, *through) {
                Ok(lines) => {
                    let own = lines
                        .into_iter()
                        .filter(|desired| desired.line.principal == *owner);
                    return Ok(own.collect());
                }
                Err(failure) => refused = failure,
            }
        }
        Err(refused)
    }

    fn rent(&self, loan: &Loan, month: Month, through: i64) -> Result<Vec<Desired>, Failure> {
        let holding = &fee::rented(loan);
        let last = holding
            .returned_on
            .map_or(month.last(), |on| on.min(month.last()));
        if last < month.first() || holding.delivered_on > month.last() {
            return Ok(Vec::new());
        }
        let mut set = PolicySet::new();
        for known in self
            .policies
            .iter()
            .filter(|known| known.sequence <= through)
        {
            set.activate(known.document.clone(), known.active_from);
        }
        // One document bills a loan's month: the one in force on its last billable day. What
        // changes inside the document holds by day.
        let document = hjm_feed::policies::in_force(&set, Section::Rent, last)?;
        let rent = self.rents.of(document, RentPolicy::parse)?;
        let steps: Vec<PriceStep> = self
            .prices
            .get(&holding.article)
            .into_iter()
            .flatten()
            .filter(|(told, _)| *told <= through)
            .map(|(_, step)| *step)
            .collect();
        let lines = rent_lines(holding, &steps, &rent, month).map_err(|error| refused(&error))?;
        let desired = lines.into_iter().map(|line| Desired {
            rule: rent.explain(holding, &line).rule,
            policy: document.reference().clone(),
            line,
        });
        Ok(desired.collect())
    }
}

/// A sale is on the month of its delivery, by the fee rule that left it to the payer.
fn sale(loan: &Loan, owner: &PrincipalId, month: Month) -> Result<Vec<Desired>, Failure> {
    let holding = &loan.holding;
    let payer = loan.payer_on(holding.delivered_on);
    if Month::of(holding.delivered_on) != month || payer.principal != *owner {
        return Ok(Vec::new());
    }
    let sold = sale_line(&Sale {
        customer_number: payer.customer_number.clone(),
        principal: payer.principal.clone(),
        delivered_on: holding.delivered_on,
        amount: loan.unit_pays,
    });
    let decided = &loan.own_fee.explanation;
    let desired = sold.map_err(|error| refused(&error))?.map(|line| Desired {
        line,
        policy: PolicyReference {
            id: decided.policy_id.clone(),
            version: decided.policy_version,
            hash: decided.policy_hash.clone(),
        },
        rule: decided.rule.clone(),
    });
    Ok(desired.into_iter().collect())
}

fn refused(error: &BillingError) -> Failure {
    Failure::Refused(Refusal::new(error.reason(), "", error.to_string()))
}
