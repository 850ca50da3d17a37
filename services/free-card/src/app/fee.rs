//! Registering, correcting and cancelling fees.

use hjm_proto::free_card::v1 as pb;
use hjm_service::{AccessNote, WriteKey, clock::civil_date};
use sqlx::PgConnection;

use super::{
    Changing, Core, Registering, Written,
    book::{Book, store_books},
};
use crate::{
    Deps,
    error::{Error, Part},
    events, store,
};

/// Registers a fee, charged as it is entitled now.
pub(crate) async fn register_fee(
    deps: &Deps,
    key: WriteKey,
    asked: Registering,
) -> Written<pb::RegisterFeeResponse> {
    deps.queues.register(key, asked).await
}

/// What a change came to.
struct Changed {
    book: Book,
    fee: pb::Fee,
    status: pb::AccountStatus,
    reassessed: Vec<pb::Fee>,
}

impl Changed {
    fn note(&self, by: &WriteKey, action: &'static str) -> AccessNote {
        let (subject, scheme) = (self.book.row.subject, &self.book.row.scheme_id);
        let version = i64::try_from(self.book.version()).unwrap_or(i64::MAX);
        AccessNote::new(&by.caller, action, subject, scheme, "").seen(version)
    }
}

/// Cancels a fee, wholly.
pub(crate) async fn cancel_fee(
    deps: &Deps,
    key: WriteKey,
    asked: Changing,
) -> Written<pb::CancelFeeResponse> {
    let (core, by) = (deps.core.clone(), key.clone());
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let changed = change_in(&core, tx, &by, &asked).await?;
            let note = changed.note(&by, "CancelFee");
            let event = pb::FeeCancelled {
                recipient_id: changed.book.row.subject.to_string(),
                fee: Some(changed.fee.clone()),
                status: Some(changed.status.clone()),
                reassessed: changed.reassessed,
            };
            let answer = pb::CancelFeeResponse {
                fee: Some(changed.fee),
                status: Some(changed.status),
                ..Default::default()
            };
            let event = events::fee_cancelled(changed.book.row.account, event);
            Ok((answer, vec![event], vec![note]))
        })
    });
    written.await
}

/// Gives a fee the date and amount it should have had.
pub(crate) async fn correct_fee(
    deps: &Deps,
    key: WriteKey,
    asked: Changing,
) -> Written<pb::CorrectFeeResponse> {
    let (core, by) = (deps.core.clone(), key.clone());
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let changed = change_in(&core, tx, &by, &asked).await?;
            let note = changed.note(&by, "CorrectFee");
            let event = pb::FeeCorrected {
                recipient_id: changed.book.row.subject.to_string(),
                fee: Some(changed.fee.clone()),
                status: Some(changed.status.clone()),
                reassessed: changed.reassessed,
            };
            let answer = pb::CorrectFeeResponse {
                fee: Some(changed.fee),
                status: Some(changed.status),
                ..Default::default()
            };
            let event = events::fee_corrected(changed.book.row.account, event);
            Ok((answer, vec![event], vec![note]))
        })
    });
    written.await
}

/// A fee is changed by the principal that registered it, or by the aid centre (R18); who has opted
/// out is not looked at.
async fn change_in(
    core: &Core,
    tx: &mut PgConnection,
    by: &WriteKey,
    asked: &Changing,
) -> Result<Changed, Error> {
    let tenant = &by.caller.tenant;
    let (row, registered_by) = store::account_hold_of_fee(tx, tenant, asked.fee).await?;
    let own = by.caller.scope().principal;
    if own.is_some_and(|own| own.as_str() != registered_by) {
        return Err(Error::FeeRegisteredElsewhere);
    }
    let scheme = core.scheme_in(tx, tenant, &row.scheme_id, by.now).await?;
    if let Some((on, _)) = asked.to {
        let today = civil_date(by.now);
        let future = hjm_free_card::Refusal::DateInFuture { on, today };
        if on > today {
            return Err(Error::Fee(Part::Change, future));
        }
    }
    let mut book = Book::open(row, false, scheme);
    let (fee, status, reassessed) = book.change(tx, tenant, asked, by.now).await?;
    store_books(tx, tenant, &[&book]).await?;
    Ok(Changed {
        book,
        fee,
        status,
        reassessed,
    })
}
