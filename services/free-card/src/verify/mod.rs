//! Free-card's own invariants, looked through in the serving role.

mod audit;
mod kept;

use std::{collections::HashMap, sync::Arc};

use hjm_feed::{PolicyShelf, Rules};
use hjm_free_card::{AccountState, LogEntry, Scheme, replay};
use hjm_ids::TenantId;
use hjm_money::Money;
use hjm_policy::PolicySet;
use hjm_service::{Database, Failure, Scope, access, clock::civil_date, verify::Finding};
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    SCHEMA,
    app::{Circle, Together, schemes_with},
    error::Error,
    store::{self, AccountRow, Owed, StandingRow},
};
use audit::Audit;
use kept::Kept;

const ACCOUNTS_PAGE: i64 = 500;

/// Looks through one tenant's books, each account with its scheme as it was in force when the newest
/// entry was stored, or last before:
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
    let mut schemes = Schemes {
        policies: PolicyShelf::default().of(&mut tx, tenant).await?,
        newest: civil_date(newest.unwrap_or_default()),
        rules: Rules::default(),
        known: HashMap::new(),
    };
    findings.extend(audit_accounts(&mut tx, tenant, &mut schemes).await?);
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

/// The schemes that accounts are looked at with.
struct Schemes {
    policies: Arc<PolicySet>,
    /// The day of the newest entry.
    newest: Date,
    rules: Rules<Scheme>,
    /// By id, each with those it was last in force beside.
    known: HashMap<String, Vec<Arc<Scheme>>>,
}

impl Schemes {
    fn beside(&mut self, scheme_id: &str) -> Result<Vec<Arc<Scheme>>, Failure> {
        if let Some(known) = self.known.get(scheme_id) {
            return Ok(known.clone());
        }
        let schemes = schemes_with(&self.rules, &self.policies, scheme_id, self.newest);
        let schemes = schemes.map_err(|error| Failure::internal(error.to_string()))?;
        self.known.insert(scheme_id.to_owned(), schemes.clone());
        Ok(schemes)
    }

    /// Whether a text has been corrected since an account was drawn: its next writer draws it anew.
    fn is_corrected(&self, together: &Together, standing: &StandingRow) -> bool {
        let (texts, policies) = (standing.texts.as_str(), &self.policies);
        !texts.is_empty() && !together.stands(texts, policies, &self.rules, self.newest)
    }
}

async fn audit_accounts(
    tx: &mut PgConnection,
    tenant: &TenantId,
    schemes: &mut Schemes,
) -> Result<Vec<Finding>, Failure> {
    let mut books = Books::default();
    let mut after = Uuid::nil();
    loop {
        let page = store::account_list(tx, tenant, after, ACCOUNTS_PAGE).await?;
        let Some(last) = page.last().map(|row| row.account.uuid()) else {
            let Books { audit, kept } = books;
            let findings = audit.findings().into_iter();
            return Ok(findings.chain(kept.findings()).collect());
        };
        let ids: Vec<Uuid> = page.iter().map(|row| row.account.uuid()).collect();
        let subjects: Vec<Uuid> = page.iter().map(|row| row.subject.uuid()).collect();
        let mut logs = store::log_list(tx, tenant, &ids).await?;
        let mut owed = store::owed_list(tx, tenant, &ids).await?;
        let known = store::subject_list(tx, tenant, &subjects).await?;
        let standings = store::standing_list(tx, tenant, after, ACCOUNTS_PAGE).await?;
        for (row, standing) in page.iter().zip(&standings) {
            let beside = schemes.beside(&row.scheme_id)?;
            let Some(together) = Together::of(&beside, &row.scheme_id) else {
                continue;
            };
            if schemes.is_corrected(&together, standing) {
                continue;
            }
            let shared = known
                .get(&row.subject)
                .is_some_and(|known| known.has_shared);
            if shared || together.has_composite() {
                books
                    .look_shared(tx, tenant, row, standing, together)
                    .await?;
                continue;
            }
            let scheme = beside.iter().find(|scheme| scheme.id() == row.scheme_id);
            let Some(scheme) = scheme else { continue };
            let log = logs.remove(&row.account).unwrap_or_default();
            let owed = owed.remove(&row.account).unwrap_or_default();
            let state = books.look(row, standing, scheme, &log)?;
            books.kept.owed(&state, &owed)?;
        }
        after = last;
    }
}

/// What was found in the accounts so far.
#[derive(Debug, Default)]
struct Books {
    audit: Audit,
    kept: Kept,
}

impl Books {
    /// One account of one person.
    fn look(
        &mut self,
        row: &AccountRow,
        standing: &StandingRow,
        scheme: &Scheme,
        log: &[LogEntry],
    ) -> Result<AccountState, Failure> {
        let state = replay(scheme, log).map_err(|error| Failure::Internal(error.into()))?;
        self.audit.look(row.account, scheme, &state);
        let days = state.cards.iter().map(|card| (card.from, card.to));
        let days: Vec<_> = days.collect();
        self.kept.look(standing, scheme, log, &days, false);
        Ok(state)
    }

    /// One of several accounts that are decided together. What they share is looked at once, with
    /// the first of them.
    async fn look_shared(
        &mut self,
        tx: &mut PgConnection,
        tenant: &TenantId,
        row: &AccountRow,
        standing: &StandingRow,
        together: Together,
    ) -> Result<(), Failure> {
        let inner = |error: Error| Failure::internal(error.to_string());
        let circle = Circle::read(tx, tenant, together, row.subject, None).await;
        let found = circle.and_then(|circle| circle.drawn(&row.scheme_id));
        let Some(drawn) = found.map_err(inner)? else {
            return Ok(());
        };
        let own = drawn
            .accounts
            .iter()
            .find(|(account, _)| *account == row.account);
        let log = own.map(|(_, log)| log.as_slice()).unwrap_or_default();
        let alone = drawn.is_alone;
        self.kept
            .look(standing, &drawn.scheme, log, &drawn.days, !alone);
        let first = drawn.accounts.iter().map(|(account, _)| *account).min();
        if first == Some(row.account) {
            self.audit.look(row.account, &drawn.scheme, &drawn.state);
            if !drawn.scheme.is_composite() {
                let ids: Vec<Uuid> = drawn.accounts.iter().map(|(one, _)| one.uuid()).collect();
                let owed = store::owed_list(tx, tenant, &ids).await?;
                let owed = Owed::together(owed.values());
                self.kept.owed(&drawn.state, &owed)?;
            }
        }
        Ok(())
    }
}
