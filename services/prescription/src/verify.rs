//! What must hold of prescription's books, looked for by itself, in the serving role.

use hjm_ids::{LoanId, TenantId};
use hjm_proto::prescription::v1::{LoanTimeline, PrescriptionEvent, prescription_event::Event};
use hjm_service::{Database, Failure, Scope, verify::Finding};
use prost::Message as _;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    SCHEMA,
    convert::from_pb_timeline,
    events::LOAN_CHANGED,
    store::{
        prescription::form_name,
        verify::{self as store, Counted, CurrentLoan, ToldLoan},
    },
};

/// Rows read at a time.
const PAGE: i64 = 500;

/// Looks through a tenant's books, one finding an invariant.
///
/// - I26: the versions of each loan go 1, 2, 3 … without a gap.
/// - I41: no unit is out on two loans at once.
/// - I45: no facts of a person overlap.
/// - I43: each loan's row says what its newest version says.
/// - I25: each version is told by one event, and each event tells a version as it was stored.
///
/// # Errors
/// [`Failure::Unavailable`] when the database is away.
pub async fn verify(database_url: &str, tenant: &TenantId) -> Result<Vec<Finding>, Failure> {
    let database = Database::connect(database_url.parse()?, SCHEMA).await?;
    let mut tx = database.begin(&Scope::whole(tenant.clone())).await?;
    let found = [
        (
            "I26 loan versions have no gap",
            store::version_gaps(&mut tx, tenant).await?,
        ),
        (
            "I41 a unit is out on one loan",
            store::units_held_twice(&mut tx, tenant).await?,
        ),
        (
            "I45 facts never overlap",
            store::facts_overlaps(&mut tx, tenant).await?,
        ),
        (
            "I43 a loan is its newest version",
            current(&mut tx, tenant).await?,
        ),
        (
            "I25 a loan is told as it is stored",
            told(&mut tx, tenant).await?,
        ),
    ];
    tx.commit().await?;
    let finding = |(invariant, (checked, breaches))| Finding {
        invariant,
        checked,
        breaches,
    };
    Ok(found.into_iter().map(finding).collect())
}

async fn current(tx: &mut PgConnection, tenant: &TenantId) -> Result<Counted, Failure> {
    let (mut checked, mut breaches) = (0, Vec::new());
    let mut after = LoanId::new(Uuid::nil());
    loop {
        let page = store::current_loans(tx, tenant, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok((checked, breaches));
        };
        after = last.loan;
        for row in page {
            checked += 1;
            if !says_its_newest(&row) {
                breaches.push(format!("loan {} is not as its newest version", row.loan));
            }
        }
    }
}

fn says_its_newest(row: &CurrentLoan) -> bool {
    let newest = row
        .newest
        .as_deref()
        .and_then(|bytes| LoanTimeline::decode(bytes).ok());
    let Some(told) = newest else { return false };
    let Ok(timeline) = from_pb_timeline(&told) else {
        return false;
    };
    let within = |all: &[String], one: &str| all.iter().any(|known| known == one);
    told.loan_id == row.loan.to_string()
        && i64::from(told.version) == i64::from(row.version)
        && told.line_id == row.line.to_string()
        && told.recipient_id == row.recipient.to_string()
        && form_name(told.charge_form()) == row.charge_form
        && told.article_number == row.article
        && told.unit_number == row.unit.clone().unwrap_or_default()
        && timeline.delivered_on() == row.delivered_on
        && timeline.returned_on() == row.returned_on
        && timeline.died_on() == row.died_on
        && timeline.segments().iter().all(|segment| {
            within(&row.customer_numbers, segment.customer_number.as_str())
                && within(&row.parties, segment.principal.as_str())
        })
}

async fn told(tx: &mut PgConnection, tenant: &TenantId) -> Result<Counted, Failure> {
    let mut breaches = store::untold_versions(tx, tenant, LOAN_CHANGED).await?;
    let (mut checked, mut after) = (0, 0);
    loop {
        let page = store::told_loans(tx, tenant, LOAN_CHANGED, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok((checked, breaches));
        };
        after = last.sequence;
        for row in page {
            checked += 1;
            if !tells_what_is_stored(&row) {
                breaches.push(format!(
                    "event {} tells another loan than is stored",
                    row.sequence
                ));
            }
        }
    }
}

fn tells_what_is_stored(row: &ToldLoan) -> bool {
    let Ok(event) = PrescriptionEvent::decode(row.payload.as_slice()) else {
        return false;
    };
    let Some(Event::LoanChanged(changed)) = event.event else {
        return false;
    };
    let stored = row
        .stored
        .as_deref()
        .and_then(|bytes| LoanTimeline::decode(bytes).ok());
    changed.loan.is_some() && changed.loan == stored
}
