//! What another text of a scheme would have cost.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use hjm_free_card::{AccountState, EngineError, FeeEvent, LogEntry, Scheme};
use hjm_ids::{FeeId, RecipientId, TenantId};
use hjm_money::{Money, MoneyError};
use hjm_proto::free_card::v1 as pb;
use hjm_service::{Caller, Failure, convert::to_pb_money};
use jiff::{Timestamp, civil::Date};
use sqlx::PgConnection;
use uuid::Uuid;

use super::circle::{Circle, Together, identities};
use crate::{
    Deps,
    error::{Error, Part},
    store,
};

/// Accounts that are read at a time.
const PAGE: i64 = 500;
/// Persons under which nothing is told of them (D-39).
const FEW: u64 = 5;

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

/// Persons who are decided together.
struct Household {
    /// Their logs in each scheme, the composite's last: the fees of all of them as they now stand,
    /// and the cards without fees.
    logs: Vec<Vec<LogEntry>>,
    owners: BTreeMap<FeeId, RecipientId>,
    /// Each with the first of its identities, which stands for the person.
    persons: BTreeMap<RecipientId, RecipientId>,
}

/// What the registered fees of a period would have cost under another text. Reads no person's
/// account for anybody to see: sums and counts of five persons or more, so it is no access to a
/// person.
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
            let together = core.together_in(tx, &tenant, &scheme_id, now).await?;
            let then = together.with(&scheme_id, &Arc::new(other));
            run(tx, &tenant, &scheme_id, [&together, &then], days).await
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
    scheme_id: &str,
    texts: [&Together; 2],
    days: Days,
) -> Result<[Cost; 2], Error> {
    let (mut costs, mut after) = ([Cost::default(); 2], Uuid::nil());
    let mut seen = BTreeSet::new();
    let place = texts[0].ids().iter().position(|id| id == scheme_id);
    let place = place.ok_or(Error::SchemeUnknown)?;
    loop {
        let page = store::account_list(tx, tenant, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(costs);
        };
        after = last.account.uuid();
        let own = page.iter().filter(|row| row.scheme_id == scheme_id);
        let persons: BTreeSet<RecipientId> = own.map(|row| row.subject).collect();
        for circle in circles(tx, tenant, texts[0], &persons, &mut seen).await? {
            let household = Household::of(tx, tenant, &circle, days.to).await?;
            for (cost, text) in costs.iter_mut().zip(texts) {
                let state = household.drawn(text, place);
                let state = state.map_err(Part::Account.refused())?;
                add(cost, &household, &state, days)?;
            }
        }
    }
}

/// The circles that persons are in, each once; nothing of who stays outside is looked at (D-21).
async fn circles(
    tx: &mut PgConnection,
    tenant: &TenantId,
    together: &Together,
    persons: &BTreeSet<RecipientId>,
    seen: &mut BTreeSet<RecipientId>,
) -> Result<Vec<Circle>, Error> {
    let ids: Vec<Uuid> = persons.iter().map(|person| person.uuid()).collect();
    let known = store::subject_list(tx, tenant, &ids).await?;
    let sharing = |person: &RecipientId| known.get(person).is_some_and(|known| known.has_shared);
    let all = persons.iter().copied();
    let (shared, mut alone): (BTreeSet<_>, BTreeSet<_>) = all.partition(sharing);
    alone.retain(|person| {
        let known = known.get(person);
        known.is_none_or(|known| !known.subject.person.opted_out)
    });
    let mut circles = Circle::read_alone(tx, tenant, together, alone).await?;
    for person in shared {
        if seen.contains(&person) {
            continue;
        }
        let circle = Circle::read(tx, tenant, together.clone(), person, None).await?;
        seen.extend(&circle.persons);
        if circle.shows().is_ok() {
            circles.push(circle);
        }
    }
    Ok(circles)
}

impl Household {
    async fn of(
        tx: &mut PgConnection,
        tenant: &TenantId,
        circle: &Circle,
        to: Date,
    ) -> Result<Self, Error> {
        let mut persons = BTreeMap::new();
        for person in &circle.persons {
            let mut first = None;
            if circle.persons.len() > 1 {
                first = identities(tx, tenant, *person).await?.pop_first();
            }
            persons.insert(*person, first.unwrap_or(*person));
        }
        let (mut logs, mut owners) = (Vec::new(), BTreeMap::new());
        for id in circle.together.ids() {
            let mut log = Vec::new();
            let own = circle.accounts.iter();
            for (holder, own) in own.filter(|(holder, _)| holder.scheme_id == id) {
                let fees = fees_through(&own.log, to);
                owners.extend(fees.iter().map(|fee| (fee.fee, holder.recipient)));
                log.extend(fees.into_iter().map(LogEntry::Fee));
                let card = |entry: &&LogEntry| matches!(entry, LogEntry::CardRegistered(_));
                log.extend(own.log.iter().filter(card).cloned());
            }
            logs.push(log);
        }
        Ok(Self {
            logs,
            owners,
            persons,
        })
    }

    /// Where a scheme stands with the fees in event order, as if each were registered on its day.
    fn drawn(&self, text: &Together, place: usize) -> Result<AccountState, EngineError> {
        let lost = || EngineError::SchemeNotRead {
            scheme: text.ids().swap_remove(place),
        };
        let mut states = text.replay(&self.logs)?.into_iter();
        states.nth(place).ok_or_else(lost)
    }

    fn persons<'a>(&self, of: impl Iterator<Item = &'a RecipientId>) -> u64 {
        let persons: BTreeSet<_> = of.filter_map(|one| self.persons.get(one)).collect();
        u64::try_from(persons.len()).unwrap_or(u64::MAX)
    }
}

fn add(
    cost: &mut Cost,
    household: &Household,
    state: &AccountState,
    days: Days,
) -> Result<(), Failure> {
    let within = || state.fees.iter().filter(|fee| days.from <= fee.on);
    let sum = |total: Money, amounts: Vec<Money>| -> Result<Money, MoneyError> {
        Money::sum(amounts.into_iter().chain([total]))
    };
    let inner = |error: MoneyError| Failure::Internal(error.into());
    let nominal = within().map(|fee| fee.nominal).collect();
    let entitled = within().map(|fee| fee.entitled).collect();
    cost.nominal = sum(cost.nominal, nominal).map_err(inner)?;
    cost.entitled = sum(cost.entitled, entitled).map_err(inner)?;
    let paying = within().filter_map(|fee| household.owners.get(&fee.fee));
    cost.persons = cost.persons.saturating_add(household.persons(paying));
    // A card without fees is reached by nobody.
    let mut cards = state.cards.iter().filter(|card| card.limit.is_some());
    if cards.any(|card| days.from <= card.from && card.from <= days.to) {
        let all = household.persons(household.persons.keys());
        cost.reaching = cost.reaching.saturating_add(all);
    }
    Ok(())
}

/// The fees as they are now, through a day.
fn fees_through(log: &[LogEntry], to: Date) -> Vec<FeeEvent> {
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
    fees.into_values().filter(|fee| fee.on <= to).collect()
}

/// Of a few persons neither sums nor counts are told: they would be those persons' own.
fn to_pb_cost(cost: Cost) -> Result<pb::SimulatedCost, Error> {
    if cost.persons < FEW {
        return Ok(pb::SimulatedCost {
            few: true,
            few_persons: true,
            ..Default::default()
        });
    }
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
        few_persons: false,
    })
}
