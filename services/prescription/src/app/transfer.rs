//! Transfers of loans to another payer: offered, then answered once, item by item.

use std::collections::BTreeMap;

use hjm_feed::{NewEvent, Source as _};
use hjm_ids::{CustomerNumber, IsoCode, LoanId, TransferId};
use hjm_prescription::Transition;
use hjm_proto::prescription::v1 as pb;
use hjm_service::{
    Caller, Failure, Violations, WriteKey, client,
    clock::civil_date,
    convert::{from_pb_date_optional, to_pb_date, to_pb_explanation},
};
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Done, Written, decide::Paying, distinct, loan::next_version};
use crate::{
    Deps, SCHEMA,
    convert::{from_pb_circumstances, from_pb_need},
    error::Error,
    events,
    store::{
        self,
        loan::{self, LoanRow},
        organisation::{self, UnitRow},
        prescription::is_sold,
        transfer::{self, TransferRow},
    },
};

const TO: &str = "to_customer_number";
const ANSWERS: &str = "answers";

/// What is offered to whom from when.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) loans: Vec<LoanId>,
    pub(crate) to: CustomerNumber,
    pub(crate) effective_on: Date,
}

/// Offers loans of one customer number to another. Refused where the transfer itself would be.
pub(crate) async fn offer(
    deps: &Deps,
    key: WriteKey,
    offer: Offer,
) -> Written<pb::OfferTransferResponse> {
    let noted = key.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move { offer_in(tx, &noted, &offer).await })
    });
    written.await
}

async fn offer_in(
    tx: &mut PgConnection,
    key: &WriteKey,
    offer: &Offer,
) -> Done<pb::OfferTransferResponse> {
    let tenant = &key.caller.tenant;
    let unit = organisation::unit_find(tx, tenant, &offer.to).await?;
    let unit = unit.ok_or(Error::CustomerNumberUnknown { field: TO })?;
    let mut holders = Vec::new();
    for id in &offer.loans {
        let row = loan::loan_find(tx, tenant, *id).await?;
        refuse_offer(&row, &unit, offer.effective_on, civil_date(key.now))?;
        holders.extend(row.timeline.segments().last().cloned());
    }
    let numbers = distinct(holders.iter().map(|holder| &holder.customer_number));
    if numbers.len() > 1 {
        return Err(Error::LoansOnDifferentNumbers);
    }
    if numbers.contains(&&offer.to) {
        return Err(Error::SameCustomerNumber);
    }
    let from = holders.iter().map(|holder| holder.principal.clone());
    let row = TransferRow {
        transfer: TransferId::new(Uuid::now_v7()),
        to: offer.to.clone(),
        effective_on: offer.effective_on,
        loans: offer.loans.clone(),
        parties: distinct(
            from.chain([unit.principal])
                .chain(key.caller.principal.clone()),
        ),
        answered: false,
    };
    transfer::transfer_insert(tx, tenant, &row, &key.caller.user, key.now).await?;
    let told = events::transfer_offered(pb::TransferOffered {
        transfer_id: row.transfer.to_string(),
        loan_ids: row.loans.iter().map(ToString::to_string).collect(),
        to_customer_number: row.to.to_string(),
        effective_on: Some(to_pb_date(row.effective_on)),
    });
    let transfer_id = row.transfer.to_string();
    Ok((
        pb::OfferTransferResponse {
            transfer_id,
            ..Default::default()
        },
        vec![told],
    ))
}

fn refuse_offer(row: &LoanRow, to: &UnitRow, on: Date, today: Date) -> Result<(), Error> {
    // A sale is paid for, also of what comes back.
    if is_sold(row.told.charge_form()) {
        return Err(Error::NothingToTransfer);
    }
    row.timeline
        .transfer(&to.customer_number, &to.principal, on, today)
        .map(drop)
        .map_err(Error::rule)
}

/// Answers an offer: each accepted loan moves from the effective day on, whose payer is resolved
/// anew on the recipient's facts of that day.
pub(crate) async fn answer(
    deps: &Deps,
    key: WriteKey,
    id: TransferId,
    answers: Vec<(LoanId, bool)>,
) -> Written<pb::AnswerTransferResponse> {
    let tenant = key.caller.tenant.clone();
    let head = deps
        .catalogue
        .head(&Caller::service(tenant.clone(), SCHEMA))
        .await;
    let head = head.map_err(|status| client::failure("catalogue", &status))?;
    deps.followers.wait(&tenant, &head).await?;
    let (noted, deciding) = (key.clone(), deps.clone());
    let answers = answers.into_iter().collect();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move { answer_in(tx, &deciding, &noted, id, &answers).await })
    });
    written.await
}

async fn answer_in(
    tx: &mut PgConnection,
    deps: &Deps,
    key: &WriteKey,
    id: TransferId,
    answers: &BTreeMap<LoanId, bool>,
) -> Done<pb::AnswerTransferResponse> {
    let (tenant, by) = (&key.caller.tenant, &key.caller.user);
    let row = transfer::transfer_lock(tx, tenant, id).await?;
    let unit = organisation::unit_find(tx, tenant, &row.to).await?;
    let unit = unit.ok_or_else(|| Failure::internal("an offer's customer number is gone"))?;
    if key
        .caller
        .scope()
        .principal
        .is_some_and(|principal| principal != unit.principal)
    {
        return Err(Error::NotAsked);
    }
    if row.answered {
        return Err(Error::AlreadyAnswered);
    }
    if row.loans.len() != answers.len() || !row.loans.iter().all(|id| answers.contains_key(id)) {
        return Err(Error::AnswersIncomplete);
    }
    transfer::transfer_answered(tx, tenant, id, key.now).await?;
    // The loans are not yet the asked principal's to see.
    store::scope_widen(tx).await?;
    let (mut accepted, mut told) = (Vec::new(), Vec::new());
    for (id, accept) in answers {
        transfer::answer_insert(tx, tenant, &row, (*id, *accept), by).await?;
        if *accept {
            let (loan, event) = accept_loan(tx, deps, key, &row, &unit, *id).await?;
            accepted.push(loan);
            told.extend(event);
        }
    }
    Ok((
        pb::AnswerTransferResponse {
            accepted,
            ..Default::default()
        },
        told,
    ))
}

async fn accept_loan(
    tx: &mut PgConnection,
    deps: &Deps,
    key: &WriteKey,
    offered: &TransferRow,
    to: &UnitRow,
    id: LoanId,
) -> Result<(pb::LoanTimeline, Option<NewEvent>), Error> {
    let tenant = &key.caller.tenant;
    loan::loan_lock(tx, tenant, id).await?;
    let mut row = loan::loan_find(tx, tenant, id).await?;
    let on = offered.effective_on;
    let transition = row
        .timeline
        .transfer(&to.customer_number, &to.principal, on, civil_date(key.now))
        .map_err(|rule| Error::Rule {
            rule,
            field: ANSWERS,
        })?;
    let unreadable = || Failure::internal(format!("loan {id} cannot be read"));
    let recipient = row.told.recipient_id.parse().map_err(|_| unreadable())?;
    let article = row.told.article_number.parse().map_err(|_| unreadable())?;
    let basis = row.told.fee_basis.as_ref().ok_or_else(unreadable)?;
    let iso: IsoCode = basis.iso_code.parse().map_err(|_| unreadable())?;
    let mut read = Violations::default();
    let born_on = from_pb_date_optional(&mut read, "born_on", basis.born_on.as_ref());
    let need = from_pb_need(
        &mut read,
        ("purpose", row.told.purpose),
        ("expected_duration", row.told.expected_duration),
    );
    let circumstances = from_pb_circumstances(
        &mut read,
        ("place_of_care", row.told.place_of_care),
        ("category", row.told.category),
        row.told.speech_therapist,
    );
    let told = born_on.zip(need.zip(circumstances));
    let (born_on, said) = read.finish(told).map_err(|_| unreadable())?;
    let who = (recipient, born_on);
    let paying = Paying::on(tx, deps, tenant, who, &to.principal, on).await?;
    let payer = paying.resolve(article, &iso, said, ANSWERS)?;
    match transition {
        Transition::Unchanged => Ok((row.told, None)),
        Transition::Next(timeline) => {
            row.told.payer = Some(to_pb_explanation(&payer.decision.explanation));
            let (row, event) = next_version(tx, key, row, timeline, "").await?;
            Ok((row.told, Some(event)))
        }
    }
}
