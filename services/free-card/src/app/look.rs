//! Looking at a person: what fees would cost, where it stands and why. Every look is logged.

use std::{collections::HashMap, sync::Arc};

use hjm_free_card::{
    AccountState, ProposedFee, Refusal, Scheme, Shown, Status, Subject, explain, shown, status_on,
};
use hjm_ids::FeeId;
use hjm_money::Money;
use hjm_proto::free_card::v1 as pb;
use hjm_service::{
    Failure, Violations,
    clock::civil_date,
    convert::{to_pb_explanation, to_pb_money},
};
use jiff::{Timestamp, civil::Date};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Core, Drafted, Holder, Looking, batch::check, circle::Circle, fee::check_principal};
use crate::{
    Deps,
    convert::{
        to_pb_coming_ceiling, to_pb_counted_fee, to_pb_fee, to_pb_fee_answer, to_pb_receipt,
        to_pb_status,
    },
    error::{Error, Part},
    store,
};

pub(super) fn outside() -> Error {
    Error::Fee(Part::Account, Refusal::OptedOut)
}

/// An account as somebody looks at it.
pub(super) struct View {
    pub(super) scheme: Arc<Scheme>,
    pub(super) circle: Circle,
    pub(super) state: AccountState,
    pub(super) subject: Subject,
    /// The days on which a card covers the scheme's fees.
    pub(super) days: Vec<(Date, Date)>,
}

impl View {
    pub(super) fn version(&self) -> u64 {
        self.circle.version()
    }

    /// Where the person stands on a day, as it is known at an instant.
    pub(super) fn status(&self, on: Date, at: Timestamp) -> Result<pb::AccountStatus, Error> {
        let status = self.status_on(on, at)?;
        Ok(to_pb_status(&self.scheme, on, &status, self.version()))
    }

    /// Of who has died before the day, the card has expired (D-23).
    pub(super) fn status_on(&self, on: Date, at: Timestamp) -> Result<Status, Error> {
        let status = status_on(&self.scheme, &self.state, on, at);
        let status = status.map_err(Part::Account.refused())?;
        match shown(status, self.subject.person, on) {
            Shown::Status(status) => Ok(*status),
            Shown::OptedOut => Err(outside()),
        }
    }
}

/// Nothing of a person who stays outside is shown.
pub(super) async fn view_in(
    core: &Core,
    tx: &mut PgConnection,
    looking: &Looking,
    holder: &Holder,
) -> Result<View, Error> {
    let (tenant, scheme_id) = (&looking.caller.tenant, &holder.scheme_id);
    let together = core.together_in(tx, tenant, scheme_id, looking.now).await?;
    let known = looking.known_at;
    let circle = Circle::read(tx, tenant, together, holder.recipient, known).await?;
    view_of(circle, scheme_id)
}

fn view_of(circle: Circle, scheme_id: &str) -> Result<View, Error> {
    circle.shows()?;
    let mut states = circle.states().map_err(Part::Account.refused())?;
    let scheme = circle
        .together
        .scheme(scheme_id)
        .ok_or(Error::SchemeUnknown)?;
    Ok(View {
        scheme: Arc::clone(scheme),
        days: circle.together.days(&states, scheme_id),
        state: states.remove(scheme_id).unwrap_or_default(),
        subject: circle.subject,
        circle,
    })
}

pub(super) async fn view(deps: &Deps, looking: &Looking, holder: &Holder) -> Result<View, Error> {
    let (core, by, asked) = (deps.core.clone(), looking.clone(), holder.clone());
    let found = deps.core.look(looking, |tx| {
        Box::pin(async move {
            let view = unless_outside(view_in(&core, tx, &by, &asked).await)?;
            let note = by.note(asked.recipient, &asked.scheme_id);
            let version = view.as_ref().map_or(0, View::version);
            let seen = i64::try_from(version).unwrap_or(i64::MAX);
            Ok((view, vec![note.seen(seen)]))
        })
    });
    found.await?.ok_or_else(outside)
}

/// Asking after a person who stays outside is an access too: it is refused once that is stored.
pub(super) fn unless_outside<T>(looked: Result<T, Error>) -> Result<Option<T>, Error> {
    match looked {
        Ok(found) => Ok(Some(found)),
        Err(Error::Fee(_, Refusal::OptedOut)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What fees would cost, in the order given.
pub(crate) async fn quote_fees(
    deps: &Deps,
    looking: Looking,
    holder: Holder,
    drafts: Vec<Drafted>,
) -> Result<pb::QuoteFeesResponse, Error> {
    let now = looking.now;
    for (at, draft) in drafts.iter().enumerate() {
        check_principal(&looking.caller, &draft.fee, Part::Fees(at))?;
    }
    let view = view(deps, &looking, &holder).await?;
    for (at, draft) in drafts.iter().enumerate() {
        check(draft, view.subject.person, now, Part::Fees(at))?;
    }
    let on_receipt: Vec<bool> = drafts.iter().map(|draft| draft.receipt.is_some()).collect();
    let fees: Vec<_> = drafts.into_iter().map(|draft| draft.fee).collect();
    let quote = |fees: &[ProposedFee]| view.circle.quote(&holder.scheme_id, fees, now);
    let mut quotes = quote(&fees).map_err(|error| {
        // The first of them that is refused: those before it are not.
        let refused = |at: &usize| fees.get(..=*at).is_some_and(|some| quote(some).is_err());
        let at = (0..fees.len()).find(refused).unwrap_or_default();
        Error::Engine(Part::Fees(at), error)
    })?;
    // A receipt counts as any fee does; only nothing is to pay for it.
    for (quote, on_receipt) in quotes.iter_mut().zip(on_receipt) {
        quote.fee.paid_elsewhere = on_receipt;
    }
    let stored = |fee| fees.iter().all(|draft| draft.fee != fee);
    let answer = |quote: &hjm_free_card::Quote| pb::FeeAnswer {
        coming: quote.coming_limit.map(to_pb_coming_ceiling),
        ..to_pb_fee_answer(
            &view.scheme,
            &quote.fee,
            &quote.status,
            view.version(),
            stored,
        )
    };
    Ok(pb::QuoteFeesResponse {
        answers: quotes.iter().map(answer).collect(),
        account_version: view.version(),
    })
}

/// Where a person stands on a day; today when none is given.
pub(crate) async fn get_status(
    deps: &Deps,
    looking: Looking,
    holder: Holder,
    as_of: Option<Date>,
) -> Result<pb::GetStatusResponse, Error> {
    let on = as_of.unwrap_or_else(|| civil_date(looking.at()));
    let view = view(deps, &looking, &holder).await?;
    Ok(pb::GetStatusResponse {
        status: Some(view.status(on, looking.at())?),
    })
}

/// Where a person stands in every scheme in force.
pub(crate) async fn get_statuses(
    deps: &Deps,
    looking: Looking,
    recipient: hjm_ids::RecipientId,
    as_of: Option<Date>,
) -> Result<pb::GetStatusesResponse, Error> {
    let on = as_of.unwrap_or_else(|| civil_date(looking.at()));
    let (core, by) = (deps.core.clone(), looking.clone());
    let found = deps.core.look(&looking, |tx| {
        Box::pin(async move {
            let policies = core.policies.of(tx, &by.caller.tenant).await?;
            let mut views = Vec::new();
            for scheme in core.schemes_on(&policies, civil_date(by.now))? {
                let scheme_id = scheme.id().to_owned();
                let holder = Holder {
                    scheme_id,
                    recipient,
                };
                views.push(unless_outside(view_in(&core, tx, &by, &holder).await)?);
            }
            let views: Option<Vec<View>> = views.into_iter().collect();
            Ok((views, vec![by.note(recipient, "")]))
        })
    });
    let views = found.await?.ok_or_else(outside)?;
    let statuses = views
        .iter()
        .map(|view| view.status(on, looking.at()))
        .collect::<Result<Vec<_>, _>>()?;
    let base = views.iter().zip(&statuses);
    let base = base.filter(|(view, _)| !view.scheme.is_composite());
    let paid = base.filter_map(|(_, status)| {
        let paid = status.accumulated.as_ref()?;
        Money::from_units_nanos(paid.units, paid.nanos).ok()
    });
    let paid = Money::sum(paid).map_err(|error| Failure::Internal(error.into()))?;
    Ok(pb::GetStatusesResponse {
        statuses,
        accumulated: Some(to_pb_money(paid)),
    })
}

/// Which fees built the card of a day.
pub(crate) async fn explain_card(
    deps: &Deps,
    looking: Looking,
    holder: Holder,
    as_of: Option<Date>,
) -> Result<pb::ExplainCardResponse, Error> {
    let on = as_of.unwrap_or_else(|| civil_date(looking.at()));
    let view = view(deps, &looking, &holder).await?;
    let status = view.status_on(on, looking.at())?;
    let completed = status.card.as_ref().and_then(|card| card.completed_by);
    let completed = completed.and_then(|fee| view.state.fee(fee));
    let explanation = completed.map(|fee| to_pb_explanation(&explain(&view.scheme, fee)));
    Ok(pb::ExplainCardResponse {
        counted: status
            .fees
            .iter()
            .map(|fee| to_pb_counted_fee(fee, true))
            .collect(),
        status: Some(to_pb_status(&view.scheme, on, &status, view.version())),
        explanation,
    })
}

async fn view_with_receipts(
    deps: &Deps,
    looking: &Looking,
    holder: &Holder,
) -> Result<(View, HashMap<FeeId, store::Receipt>), Error> {
    let (core, by, asked) = (deps.core.clone(), looking.clone(), holder.clone());
    let found = deps.core.look(looking, |tx| {
        Box::pin(async move {
            let Some(view) = unless_outside(view_in(&core, tx, &by, &asked).await)? else {
                return Ok((None, vec![by.note(asked.recipient, &asked.scheme_id)]));
            };
            let accounts = view.circle.accounts.values();
            let accounts: Vec<Uuid> = accounts.map(|own| own.row.account.uuid()).collect();
            let receipts = store::receipt_list(tx, &by.caller.tenant, &accounts).await?;
            let seen = i64::try_from(view.version()).unwrap_or(i64::MAX);
            // The fees of all who share are shown.
            let persons = view.circle.persons.iter();
            let notes = persons.map(|one| by.note(*one, &asked.scheme_id).seen(seen));
            let notes = notes.collect();
            Ok((Some((view, receipts)), notes))
        })
    });
    found.await?.ok_or_else(outside)
}

/// A page of a person's fees after one, in the order that decides, with its last fee's token.
pub(crate) async fn list_fees(
    deps: &Deps,
    looking: Looking,
    holder: Holder,
    after: Option<FeeId>,
    rows_max: i64,
) -> Result<(Vec<pb::Fee>, Option<String>), Error> {
    let (view, receipts) = view_with_receipts(deps, &looking, &holder).await?;
    let rows_max = usize::try_from(rows_max).map_err(|error| Failure::Internal(error.into()))?;
    let fees = &view.state.fees;
    let first = match after {
        None => 0,
        Some(after) => {
            let place = fees.iter().position(|fee| fee.fee == after);
            let text = "is not a token of this list";
            1 + place.ok_or_else(|| Violations::one("page_token", text))?
        }
    };
    let page: Vec<_> = fees.iter().skip(first).take(rows_max).collect();
    let caller = looking.caller.scope().principal;
    let shown = page.iter().map(|fee| {
        let principal = &fee.principal;
        // In a pool each child has choices of its own.
        let subject = view.circle.subject_of(fee.fee);
        let shown = subject.shows_principal(caller.as_ref(), principal);
        let at = view.circle.registered_at(fee.fee);
        let entered = caller.as_ref().is_none_or(|caller| caller == principal);
        let receipt = receipts.get(&fee.fee).filter(|_| shown && entered);
        pb::Fee {
            receipt: receipt.map(to_pb_receipt),
            ..to_pb_fee(fee, at, shown.then_some(principal))
        }
    });
    let last = page.last().map(|fee| fee.fee.to_string());
    Ok((shown.collect(), last))
}
