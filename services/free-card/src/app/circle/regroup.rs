//! What follows when it changes who shares with whom.

use std::{collections::BTreeSet, sync::Arc};

use hjm_free_card::{RegisteredCard, Scheme, kept_cards, status_on};
use hjm_ids::{RecipientId, TenantId};
use hjm_proto::free_card::v1 as pb;
use hjm_service::clock::civil_date;
use jiff::{Timestamp, civil::Date};
use sqlx::PgConnection;

use super::{Circle, Held, Sharing, States, Together, held::reassessed, keys};
use crate::{
    app::Holder,
    error::{Error, Part},
    store,
};

/// Circles of before, all of them held, and nobody else changes who shares.
pub(in crate::app) struct Regrouping {
    /// Of each set of schemes.
    before: Vec<(Together, Vec<Held>)>,
    /// The instant of the change: later than every entry of theirs.
    pub(in crate::app) now: Timestamp,
}

/// What a change of who shares came to.
pub(in crate::app) struct Regrouped {
    /// Each circle there now is, with where its schemes stand.
    pub(in crate::app) circles: Vec<(Circle, States)>,
    pub(in crate::app) reassessed: Vec<pb::Fee>,
}

impl Regrouping {
    /// Holds the accounts of persons, and of all who share with them, in these schemes. Waits until
    /// nobody else changes who shares.
    pub(in crate::app) async fn begin(
        tx: &mut PgConnection,
        tenant: &TenantId,
        schemes: &[Arc<Scheme>],
        persons: &[RecipientId],
        now: Timestamp,
    ) -> Result<Self, Error> {
        store::sharing_hold(tx, tenant, true).await?;
        let all = Together::all(schemes);
        let (mut ids, mut subjects) = (Vec::new(), Vec::new());
        for together in &all {
            let mut sharing = BTreeSet::new();
            for person in persons {
                let with = Sharing::read(tx, tenant, together, *person, None).await?;
                sharing.extend(with.persons);
            }
            let (more, with) = keys(together, &sharing);
            ids.extend(more);
            subjects.extend(with);
        }
        // All at once, so that they are held in ascending order.
        store::account_hold(tx, tenant, &ids, &subjects).await?;
        let mut before = Vec::new();
        for together in all {
            let mut circles = circles_of(tx, tenant, &together, persons, now).await?;
            for held in &mut circles {
                held.fix_due().map_err(Part::Account.refused())?;
                held.store_log(tx, tenant, &[]).await?;
            }
            before.push((together, circles));
        }
        let latest = before
            .iter()
            .flat_map(|(_, circles)| circles)
            .map(|held| held.now);
        let now = latest.max().unwrap_or(now);
        Ok(Self { before, now })
    }

    /// The first day of the period that runs for a person now, in the only scheme at hand.
    pub(in crate::app) fn period_start(&self, person: RecipientId) -> Option<Date> {
        let mut circles = self.before.iter().flat_map(|(_, circles)| circles);
        let held = circles.find(|held| held.circle.persons.contains(&person))?;
        let scheme = held.circle.together.base.first()?;
        let state = held.before.get(scheme.id())?;
        let status = status_on(scheme, state, civil_date(self.now), self.now);
        status.ok()?.period_start
    }

    /// Draws everything anew, now that who shares has changed. Whose circle was split keeps the
    /// final cards of it, where `keep` says on what they stand (D-18).
    pub(in crate::app) async fn finish(
        self,
        tx: &mut PgConnection,
        tenant: &TenantId,
        keep: Option<&str>,
    ) -> Result<Regrouped, Error> {
        let mut all = Regrouped {
            circles: Vec::new(),
            reassessed: Vec::new(),
        };
        for (together, before) in &self.before {
            let persons = before.iter().flat_map(|held| &held.circle.persons);
            let persons: Vec<RecipientId> = persons.copied().collect();
            let mut after = circles_of(tx, tenant, together, &persons, self.now).await?;
            if let Some(evidence) = keep {
                for held in before {
                    keep_cards(held, &mut after, evidence)?;
                }
            }
            let before: Vec<States> = before.iter().map(|held| held.before.clone()).collect();
            for held in after {
                let states = held.circle.states().map_err(Part::Account.refused())?;
                held.store(tx, tenant, &states).await?;
                let told = reassessed(&before, &states, &held.circle, None);
                all.reassessed.extend(told);
                all.circles.push((held.circle, states));
            }
        }
        Ok(all)
    }
}

/// The circles that persons are in, each once.
async fn circles_of(
    tx: &mut PgConnection,
    tenant: &TenantId,
    together: &Together,
    persons: &[RecipientId],
    now: Timestamp,
) -> Result<Vec<Held>, Error> {
    let mut circles: Vec<Held> = Vec::new();
    for person in persons {
        if !circles
            .iter()
            .any(|held| held.circle.persons.contains(person))
        {
            let together = together.clone();
            circles.push(Held::open_under(tx, tenant, together, *person, now).await?);
        }
    }
    Ok(circles)
}

/// Everybody of a circle that was split takes along the cards that are final.
fn keep_cards(before: &Held, after: &mut [Held], evidence: &str) -> Result<(), Error> {
    let Circle {
        together, persons, ..
    } = &before.circle;
    let ([scheme], None) = (&together.base[..], &together.composite) else {
        return Ok(());
    };
    if after
        .iter()
        .any(|held| held.circle.persons.is_superset(persons))
    {
        return Ok(());
    }
    let refused = Part::Account.refused();
    let log = before.circle.log_of(scheme).map_err(&refused)?;
    let now = before.now;
    let cards = kept_cards(scheme, &log, now).map_err(&refused)?;
    for held in after {
        let at = held.now.max(now);
        let own = held.circle.persons.intersection(persons);
        for person in own.copied().collect::<Vec<_>>() {
            let holder = Holder {
                scheme_id: scheme.id().to_owned(),
                recipient: person,
            };
            for card in &cards {
                held.keep(&holder, RegisteredCard { at, ..*card }, evidence);
            }
        }
    }
    Ok(())
}
