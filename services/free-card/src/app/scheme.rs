//! Schemes as they are in force, and what another one would have cost.

use std::{collections::BTreeMap, sync::Arc};

use hjm_free_card::{FeeEvent, LogEntry, ProposedFee, Scheme, register, replay};
use hjm_ids::{FeeId, TenantId};
use hjm_money::{Money, MoneyError};
use hjm_proto::free_card::v1 as pb;
use hjm_service::{Caller, Failure, convert::to_pb_money};
use jiff::{Timestamp, civil::Date};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Deps,
    error::{Error, Part},
    store,
};

/// Accounts that are read at a time, and persons under which a count is not told.
const PAGE: i64 = 500;
const FEW: u64 = 5;

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

/// What fees come to under a text.
#[derive(Debug, Default, Clone, Copy)]
struct Cost {
    nominal: Money,
    entitled: Money,
    persons: u64,
    reaching: u64,
}

/// A period of days, both in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Days {
    pub(crate) from: Date,
    pub(crate) to: Date,
}

/// What the registered fees of a period would have cost under another text. Reads no person's
/// account for anybody to see: sums and counts only, so it is no access to a person.
pub(crate) async fn simulate(
    deps: &Deps,
    caller: &Caller,
    scheme_id: String,
    other: Scheme,
    days: Days,
    now: Timestamp,
) -> Result<pb::SimulateSchemeResponse, Error> {
    let (core, tenant) = (deps.core.clone(), caller.tenant.clone());
    let (database, scope) = (deps.core.producer.database(), caller.scope());
    let read = database.read(&scope, |tx| {
        Box::pin(async move {
            let scheme = core.scheme_in(tx, &tenant, &scheme_id, now).await?;
            let costs = run(tx, &tenant, [&scheme, &other], days).await?;
            Ok::<_, Error>(costs)
        })
    });
    let [present, then] = read.await?;
    Ok(pb::SimulateSchemeResponse {
        now: Some(to_pb_cost(present)?),
        then: Some(to_pb_cost(then)?),
    })
}

async fn run(
    tx: &mut PgConnection,
    tenant: &TenantId,
    schemes: [&Scheme; 2],
    days: Days,
) -> Result<[Cost; 2], Error> {
    let (mut costs, mut after) = ([Cost::default(); 2], Uuid::nil());
    loop {
        let page = store::account_list(tx, tenant, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(costs);
        };
        after = last.account.uuid();
        let own = page.iter().filter(|row| row.scheme_id == schemes[0].id());
        let accounts: Vec<Uuid> = own.map(|row| row.account.uuid()).collect();
        for log in store::log_list(tx, tenant, &accounts).await?.into_values() {
            for (cost, scheme) in costs.iter_mut().zip(schemes) {
                add(cost, scheme, &log, days)?;
            }
        }
    }
}

/// The fees that were not cancelled, registered anew in their order as if each were on its day.
fn add(cost: &mut Cost, scheme: &Scheme, log: &[LogEntry], days: Days) -> Result<(), Error> {
    let mut anew: Vec<LogEntry> = Vec::new();
    for fee in fees_through(log, days.to) {
        let at = fee.on.to_zoned(jiff::tz::TimeZone::UTC);
        let at = at.map_err(|error| Failure::Internal(error.into()))?;
        let done = register(scheme, &anew, &fee, at.timestamp());
        anew.extend(done.map_err(Part::Account.refused())?.entries);
    }
    let state = replay(scheme, &anew).map_err(Part::Account.refused())?;
    let within = || state.fees.iter().filter(|fee| days.from <= fee.on);
    let sum = |total: Money, amounts: Vec<Money>| -> Result<Money, MoneyError> {
        Money::sum(amounts.into_iter().chain([total]))
    };
    let inner = |error: MoneyError| Failure::Internal(error.into());
    let nominal = within().map(|fee| fee.nominal).collect();
    let entitled = within().map(|fee| fee.entitled).collect();
    cost.nominal = sum(cost.nominal, nominal).map_err(inner)?;
    cost.entitled = sum(cost.entitled, entitled).map_err(inner)?;
    let mut cards = state.cards.iter().map(|card| card.from);
    let reaches = cards.any(|from| days.from <= from && from <= days.to);
    cost.persons = cost.persons.saturating_add(u64::from(within().count() > 0));
    cost.reaching = cost.reaching.saturating_add(u64::from(reaches));
    Ok(())
}

/// The fees as they are now, through a day, in event order.
fn fees_through(log: &[LogEntry], to: Date) -> Vec<ProposedFee> {
    let mut fees: BTreeMap<FeeId, FeeEvent> = BTreeMap::new();
    for entry in log {
        match entry {
            LogEntry::Fee(fee) => {
                fees.insert(fee.fee, fee.clone());
            }
            LogEntry::Correct(correction) => {
                if let Some(fee) = fees.get_mut(&correction.fee) {
                    (fee.on, fee.nominal) = (correction.on, correction.nominal);
                    (fee.occurred_at, fee.age) = (correction.occurred_at, correction.age);
                }
            }
            LogEntry::Cancel { fee, .. } => {
                fees.remove(fee);
            }
            LogEntry::CardFixed(_)
            | LogEntry::CardReleased(_)
            | LogEntry::CardRegistered(_)
            | LogEntry::Joined { .. } => {}
        }
    }
    let mut fees: Vec<FeeEvent> = fees.into_values().filter(|fee| fee.on <= to).collect();
    fees.sort_by_key(FeeEvent::place);
    let proposed = fees.into_iter().map(|fee| ProposedFee {
        fee: fee.fee,
        on: fee.on,
        occurred_at: fee.occurred_at,
        principal: fee.principal,
        kind: fee.kind,
        age: fee.age,
        nominal: fee.nominal,
    });
    proposed.collect()
}

/// A few are not told apart from none: who they are could be guessed.
fn to_pb_cost(cost: Cost) -> Result<pb::SimulatedCost, Error> {
    let forgone = cost.nominal.checked_sub(cost.entitled);
    let forgone = forgone.map_err(|error| Failure::Internal(error.into()))?;
    let few = cost.reaching < FEW;
    Ok(pb::SimulatedCost {
        nominal: Some(to_pb_money(cost.nominal)),
        entitled: Some(to_pb_money(cost.entitled)),
        forgone: Some(to_pb_money(forgone)),
        persons: cost.persons,
        persons_reaching: if few { 0 } else { cost.reaching },
        few,
    })
}
