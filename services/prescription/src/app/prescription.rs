//! Prescriptions: quoted, made, delivered, read.

use hjm_ids::{LineId, LoanId, PrescriptionId, UnitNumber};
use hjm_prescription::{Delivery, Timeline};
use hjm_proto::{common::v1::ChargeForm, prescription::v1 as pb};
use hjm_service::{Caller, Failure, WriteKey, clock::civil_date, convert::to_pb_date};
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Done, Written, decide, distinct};
use crate::{
    Deps,
    convert::{Draft, with_timeline},
    error::Error,
    events,
    store::{
        self, device, loan,
        loan::LoanRow,
        prescription::{self, LineRow, PrescriptionRow, form_name},
        recipient,
    },
};

/// What a prescription would cost and who would pay. Refused as the prescription would be.
pub(crate) async fn quote(
    deps: &Deps,
    caller: &Caller,
    draft: Draft,
    today: Date,
) -> Result<Vec<pb::LineDecision>, Error> {
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let articles = decide::articles(deps, &tenant, &draft, today).await?;
    let deciding = deps.clone();
    let read = deps.producer.database().read(&scope, move |tx| {
        Box::pin(
            async move { decide::draft(tx, &deciding, &tenant, &draft, &articles, today).await },
        )
    });
    Ok(read
        .await?
        .lines
        .into_iter()
        .map(|line| line.decision)
        .collect())
}

/// Prescribes: what is decided here is stored with each line and never decided again.
pub(crate) async fn prescribe(
    deps: &Deps,
    key: WriteKey,
    draft: Draft,
) -> Written<pb::PrescribeResponse> {
    let today = civil_date(key.now);
    let articles = decide::articles(deps, &key.caller.tenant, &draft, today).await?;
    let (noted, deciding) = (key.clone(), deps.clone());
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            let tenant = &noted.caller.tenant;
            let decided = decide::draft(tx, &deciding, tenant, &draft, &articles, today).await?;
            store_prescription(tx, &noted, &draft, decided).await
        })
    });
    written.await
}

async fn store_prescription(
    tx: &mut PgConnection,
    key: &WriteKey,
    draft: &Draft,
    decided: decide::Decided,
) -> Done<pb::PrescribeResponse> {
    let (tenant, by) = (&key.caller.tenant, &key.caller.user);
    let payer = decided.unit.principal;
    let row = PrescriptionRow {
        prescription: PrescriptionId::new(Uuid::now_v7()),
        recipient: draft.recipient,
        customer_number: decided.unit.customer_number,
        parties: distinct(
            [payer.clone()]
                .into_iter()
                .chain(key.caller.principal.clone()),
        ),
        principal: payer,
        prescribed_on: draft.prescribed_on,
    };
    prescription::prescription_insert(tx, tenant, &row, by, key.now).await?;
    let mut lines = Vec::with_capacity(decided.lines.len());
    for (number, line) in (1..).zip(decided.lines) {
        let line = LineRow {
            line: LineId::new(Uuid::now_v7()),
            article: line.article,
            charge_form: line.charge_form,
            decision: line.decision,
            basis: line.basis,
            sale: line.sale,
            loan: None,
        };
        prescription::line_insert(tx, tenant, &row, number, &line).await?;
        lines.push(line);
    }
    let told = to_pb_prescription(&row, &lines);
    let events = vec![events::prescribed(told.clone())];
    Ok((
        pb::PrescribeResponse {
            prescription: Some(told),
            ..Default::default()
        },
        events,
    ))
}

fn to_pb_prescription(row: &PrescriptionRow, lines: &[LineRow]) -> pb::Prescription {
    pb::Prescription {
        prescription_id: row.prescription.to_string(),
        recipient_id: row.recipient.to_string(),
        customer_number: row.customer_number.to_string(),
        prescribed_on: Some(to_pb_date(row.prescribed_on)),
        lines: lines
            .iter()
            .map(|line| pb::PrescriptionLine {
                line_id: line.line.to_string(),
                decision: Some(line.decision.clone()),
                occasion: line.basis.occasion,
                loan_id: line.loan.map_or(String::new(), |loan| loan.to_string()),
            })
            .collect(),
    }
}

/// One prescription with its lines.
pub(crate) async fn get(
    deps: &Deps,
    caller: &Caller,
    id: PrescriptionId,
) -> Result<pb::Prescription, Failure> {
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let read = deps.producer.database().read(&scope, move |tx| {
        Box::pin(async move {
            let row = prescription::prescription_find(tx, &tenant, id).await?;
            let lines = prescription::line_list(tx, &tenant, id).await?;
            Ok(to_pb_prescription(&row, &lines))
        })
    });
    read.await
}

/// Registers that a line was delivered: a rental as a marked unit, a sale as nothing to return.
pub(crate) async fn deliver(
    deps: &Deps,
    key: WriteKey,
    line: LineId,
    unit: Option<UnitNumber>,
    delivered_on: Date,
) -> Written<pb::DeliverResponse> {
    let noted = key.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move { deliver_in(tx, &noted, line, unit.as_ref(), delivered_on).await })
    });
    written.await
}

async fn deliver_in(
    tx: &mut PgConnection,
    key: &WriteKey,
    id: LineId,
    unit: Option<&UnitNumber>,
    delivered_on: Date,
) -> Done<pb::DeliverResponse> {
    let tenant = &key.caller.tenant;
    let of = prescription::prescription_of_line(tx, tenant, id).await?;
    let prescribed = prescription::prescription_find(tx, tenant, of).await?;
    let person = recipient::recipient_hold(tx, tenant, prescribed.recipient).await?;
    let lines = prescription::line_list(tx, tenant, of).await?;
    let line = lines
        .into_iter()
        .find(|line| line.line == id)
        .ok_or(Failure::NotFound("prescription line"))?;
    if line.loan.is_some() {
        return Err(Error::AlreadyDelivered);
    }
    let delivery = Delivery {
        prescribed_on: prescribed.prescribed_on,
        delivered_on,
        customer_number: prescribed.customer_number.clone(),
        principal: prescribed.principal.clone(),
        died_on: person.died_on,
    };
    let timeline = Timeline::deliver(&delivery, civil_date(key.now))
        .map_err(|rules| Error::first(rules, None))?;
    check_unit(tx, key, &line, unit).await?;
    let loan = LoanId::new(Uuid::now_v7());
    let row = LoanRow {
        loan,
        told: opened(loan, &prescribed, &line, unit, &timeline),
        timeline,
        parties: prescribed.parties,
        customer_numbers: vec![prescribed.customer_number],
    };
    let ids = (id.uuid(), prescribed.recipient, unit);
    loan::loan_insert(tx, tenant, &row, form_name(line.charge_form), ids).await?;
    loan::loan_version_insert(tx, tenant, &row, &key.caller.user, key.now).await?;
    let told = vec![events::loan_changed(row.told.clone())];
    Ok((
        pb::DeliverResponse {
            loan: Some(row.told),
            ..Default::default()
        },
        told,
    ))
}

/// What comes back needs a unit of its article that is in store; a sale for good has none.
async fn check_unit(
    tx: &mut PgConnection,
    key: &WriteKey,
    line: &LineRow,
    unit: Option<&UnitNumber>,
) -> Result<(), Error> {
    let unit = match (line.charge_form, unit) {
        (ChargeForm::Rental | ChargeForm::SaleWithReturn, None) => {
            return Err(Error::UnitRequired);
        }
        (ChargeForm::Rental | ChargeForm::SaleWithReturn, Some(unit)) => unit,
        (ChargeForm::Sale, None) => return Ok(()),
        (ChargeForm::Sale, Some(_)) => return Err(Error::SaleHasNoUnit),
        (ChargeForm::Unspecified, _) => return Err(Failure::internal("a line is odd").into()),
    };
    // Out or not is nobody's secret; on whose loan is not told.
    store::scope_widen(tx).await?;
    let device = device::device_find(tx, &key.caller.tenant, unit).await?;
    let device = device.ok_or(Error::UnitUnknown)?;
    if device.article != line.article {
        return Err(Error::UnitOfOtherArticle(device.article));
    }
    if device.loan.is_some() {
        Err(Error::UnitOut)
    } else {
        Ok(())
    }
}

/// The loan's first version as it is told.
fn opened(
    loan: LoanId,
    prescribed: &PrescriptionRow,
    line: &LineRow,
    unit: Option<&UnitNumber>,
    timeline: &Timeline,
) -> pb::LoanTimeline {
    let told = pb::LoanTimeline {
        loan_id: loan.to_string(),
        line_id: line.line.to_string(),
        recipient_id: prescribed.recipient.to_string(),
        article_number: line.article.to_string(),
        unit_number: unit.map_or(String::new(), ToString::to_string),
        charge_form: line.charge_form.into(),
        prescribed_on: Some(to_pb_date(prescribed.prescribed_on)),
        sale: line.sale.clone(),
        own_fee: line.decision.own_fee.clone(),
        fee_basis: Some(line.basis.clone()),
        payer: line.decision.payer.clone(),
        ..Default::default()
    };
    with_timeline(&told, timeline)
}
