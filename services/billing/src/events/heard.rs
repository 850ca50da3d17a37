//! What billing does with what it hears. Everything here runs inside the transaction that moves
//! the cursor, calls no other service and posts no money.

use hjm_feed::{Followed, policies::policy_keep};
use hjm_ids::{ArticleNumber, TenantId};
use hjm_proto::{
    catalogue::v1::{self as catalogue, CatalogueEvent, catalogue_event},
    prescription::v1::{self as prescription, PrescriptionEvent, prescription_event},
};
use hjm_service::{
    Failure, TxFuture, Violations,
    convert::{from_pb_date, from_pb_text, from_pb_unit_price},
};
use sqlx::PgConnection;

use crate::{
    app::fee,
    convert::{from_pb_loan, from_pb_unit},
    store,
};

/// Prices and policies.
pub(crate) fn on_catalogue(
    connection: &mut PgConnection,
    followed: Followed<CatalogueEvent>,
) -> TxFuture<'_, (), Failure> {
    use catalogue_event::Event;
    Box::pin(async move {
        let Followed {
            tenant,
            sequence,
            event,
            ..
        } = followed;
        match event.event {
            Some(Event::PriceChanged(changed)) => {
                price_changed(connection, &tenant, sequence, changed.price.as_ref()).await
            }
            Some(Event::PolicyActivated(activated)) => {
                let policy = activated.policy.ok_or_else(|| incomplete("policy"))?;
                policy_keep(connection, &tenant, &policy).await?;
                store::policy_known_insert(connection, &tenant, &policy, sequence).await
            }
            // Articles come with the loans; an imported policy decides nothing yet.
            Some(
                Event::ArticleChanged(_) | Event::PolicyImported(_) | Event::RelationChanged(_),
            )
            | None => Ok(()),
        }
    })
}

async fn price_changed(
    connection: &mut PgConnection,
    tenant: &TenantId,
    sequence: i64,
    price: Option<&catalogue::Price>,
) -> Result<(), Failure> {
    let mut violations = Violations::default();
    let price = price.ok_or_else(|| incomplete("price"))?;
    match price.customer_class() {
        catalogue::CustomerClass::Member | catalogue::CustomerClass::Unspecified => (),
        // Only principals of the county have customer numbers: nobody is billed by these lists.
        catalogue::CustomerClass::Other | catalogue::CustomerClass::PrivatePerson => return Ok(()),
    }
    let article: Option<ArticleNumber> = from_pb_text(
        &mut violations,
        "price.article_number",
        &price.article_number,
    );
    let from = from_pb_date(
        &mut violations,
        "price.valid_from",
        price.valid_from.as_ref(),
    );
    let price = from_pb_unit_price(&mut violations, "price.price", price.price.as_ref());
    let ((article, from), price) = violations.finish(article.zip(from).zip(price))?;
    store::price_set(connection, tenant, &article, from, price, sequence).await
}

/// Customer numbers and loans.
pub(crate) fn on_prescription(
    connection: &mut PgConnection,
    followed: Followed<PrescriptionEvent>,
) -> TxFuture<'_, (), Failure> {
    use prescription_event::Event;
    Box::pin(async move {
        let Followed {
            tenant,
            sequence,
            event,
            ..
        } = followed;
        match event.event {
            Some(Event::CustomerUnitChanged(changed)) => {
                let mut violations = Violations::default();
                let unit = from_pb_unit(&mut violations, changed.unit.as_ref());
                let (number, owner) = violations.finish(unit)?;
                store::customer_unit_insert(connection, &tenant, &number, &owner, sequence).await
            }
            Some(Event::LoanChanged(changed)) => {
                let loan = changed.loan.ok_or_else(|| incomplete("loan"))?;
                loan_changed(connection, &tenant, sequence, &loan).await
            }
            // A death that matters comes with its loans; a principal that pays, with its unit.
            Some(
                Event::PrincipalChanged(_)
                | Event::RecipientRegistered(_)
                | Event::RecipientFactsChanged(_)
                | Event::RecipientDied(_)
                | Event::DevicesRegistered(_)
                | Event::Prescribed(_)
                | Event::TransferOffered(_),
            )
            | None => Ok(()),
        }
    })
}

/// Keeps the version whole; the first one makes the own fee due; every one says anew when the next
/// period of a recurring fee begins.
async fn loan_changed(
    connection: &mut PgConnection,
    tenant: &TenantId,
    sequence: i64,
    timeline: &prescription::LoanTimeline,
) -> Result<(), Failure> {
    let loan = from_pb_loan(timeline)?;
    store::loan_version_insert(connection, tenant, &loan, timeline, sequence).await?;
    store::customer_number_check(connection, tenant, &loan.holding.segments).await?;
    if loan.version == 1
        && let Some(due) = fee::first(tenant, &loan, sequence)
    {
        store::fee_due_insert(connection, tenant, &due).await?;
    }
    if fee::recurs(&loan) {
        let line = fee::counted_line(tenant, &loan);
        let known = store::fee_periods(connection, tenant, line, loan.own_fee.kind).await?;
        let next_on = fee::next_period(&loan, &known).map(|accrual| accrual.on);
        store::accrual_plan(connection, tenant, loan.holding.loan, next_on).await?;
        // After the plan: who decides periods of the version before has ended.
        store::fee_undecided_forget(connection, tenant, loan.holding.loan).await?;
    }
    Ok(())
}

fn incomplete(field: &'static str) -> Failure {
    Violations::one(field, "must be given")
}
