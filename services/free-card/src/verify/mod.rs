//! Free-card's own invariants, looked through in the serving role.

mod audit;
mod kept;

use hjm_feed::PolicyShelf;
use hjm_free_card::{Scheme, replay};
use hjm_ids::TenantId;
use hjm_money::Money;
use hjm_policy::{PolicySet, Section};
use hjm_service::{Database, Failure, Scope, access, clock::civil_date, verify::Finding};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{SCHEMA, store};
use audit::Audit;
use kept::Kept;

const ACCOUNTS_PAGE: i64 = 500;

/// Looks through one tenant's books, with the scheme in force when the newest entry was stored:
///
/// - I11: entitled fees of one period never exceed the ceiling on the date of the last counted one
///   (decisions 34),
/// - I12: a card exists where and only where the ceiling is reached, with the days the scheme says,
/// - I13: nothing is to pay while a card is valid,
/// - I25: each registered, corrected or cancelled fee and registered card has one event,
/// - I8: what is kept beside the logs, and the claims, are what replay gives,
/// - I26: an account's log is numbered without gaps,
/// - I28: a charging system's key has one fee,
/// - I35: the access log is as it was written.
///
/// # Errors
/// When the database is away or a log cannot be replayed.
pub async fn verify(database_url: &str, tenant: &TenantId) -> Result<Vec<Finding>, Failure> {
    let database = Database::connect(database_url.parse()?, SCHEMA).await?;
    let mut tx = database.begin(&Scope::whole(tenant.clone())).await?;
    let (newest, stored, told) = store::fee_counts(&mut tx, tenant).await?;
    let mut findings = Vec::new();
    let mut schemes = Vec::new();
    if let Some(newest) = newest {
        let policies = PolicyShelf::default().of(&mut tx, tenant).await?;
        schemes = schemes_on(&policies, civil_date(newest))?;
    }
    findings.extend(audit_accounts(&mut tx, tenant, &schemes).await?);
    let (batches, broken) = access::verify(&mut tx, tenant).await?;
    findings.push(Finding {
        invariant: "I35 the access log is as it was written",
        checked: batches,
        breaches: broken,
    });
    let gaps = store::sequence_gaps(&mut tx, tenant).await?;
    let (references, shared) = store::references_shared(&mut tx, tenant).await?;
    tx.commit().await?;
    let differ = (stored != told).then(|| format!("{stored} stored, {told} told"));
    let gap = |(account, entries, last)| format!("account {account}: {entries} up to {last}");
    let one_fee = |reference| format!("{reference} has more than one fee");
    findings.extend([
        Finding {
            invariant: "I25 each registered or changed fee has one event",
            checked: stored.unsigned_abs(),
            breaches: differ.into_iter().collect(),
        },
        Finding {
            invariant: "I26 an account's log is numbered without gaps",
            checked: stored.unsigned_abs(),
            breaches: gaps.into_iter().map(gap).collect(),
        },
        Finding {
            invariant: "I28 one external reference, one fee",
            checked: references.unsigned_abs(),
            breaches: shared.into_iter().map(one_fee).collect(),
        },
    ]);
    Ok(findings)
}

/// What was charged for each fee that is not cancelled, by the charging system's key in order of
/// it, so that the sum can be held against the charging system's own books (I29).
///
/// # Errors
/// When the database is away.
pub async fn charged_total(
    database_url: &str,
    tenant: &TenantId,
) -> Result<Vec<(String, Money)>, Failure> {
    let database = Database::connect(database_url.parse()?, SCHEMA).await?;
    let mut tx = database.begin(&Scope::whole(tenant.clone())).await?;
    let charged = store::charged_list(&mut tx, tenant).await?;
    tx.commit().await?;
    Ok(charged)
}

fn schemes_on(policies: &PolicySet, on: jiff::civil::Date) -> Result<Vec<Scheme>, Failure> {
    let documents = policies.all_in_force(Section::FreeCard, on);
    let schemes = documents.into_iter().map(Scheme::parse);
    let lost = || Failure::internal(format!("no scheme is in force on {on}"));
    let schemes: Vec<Scheme> = schemes.filter_map(Result::ok).flatten().collect();
    if schemes.is_empty() {
        return Err(lost());
    }
    Ok(schemes)
}

async fn audit_accounts(
    tx: &mut PgConnection,
    tenant: &TenantId,
    schemes: &[Scheme],
) -> Result<Vec<Finding>, Failure> {
    let (mut audit, mut kept) = (Audit::default(), Kept::default());
    let mut after = Uuid::nil();
    loop {
        let page = store::account_list(tx, tenant, after, ACCOUNTS_PAGE).await?;
        let Some(last) = page.last().map(|row| row.account.uuid()) else {
            return Ok(audit
                .findings()
                .into_iter()
                .chain(kept.findings())
                .collect());
        };
        let ids: Vec<Uuid> = page.iter().map(|row| row.account.uuid()).collect();
        let mut logs = store::log_list(tx, tenant, &ids).await?;
        let mut claims = store::claim_list_of_accounts(tx, tenant, &ids).await?;
        let standings = store::standing_list(tx, tenant, after, ACCOUNTS_PAGE).await?;
        for (row, standing) in page.iter().zip(&standings) {
            let scheme = schemes.iter().find(|scheme| scheme.id() == row.scheme_id);
            let Some(scheme) = scheme else { continue };
            let log = logs.remove(&row.account).unwrap_or_default();
            let state = replay(scheme, &log).map_err(|error| Failure::Internal(error.into()))?;
            audit.look(row.account, scheme, &state);
            let claims = claims.remove(&row.account).unwrap_or_default();
            kept.look(standing, scheme, &log, &state, &claims)?;
        }
        after = last;
    }
}
