//! Prescriptions: quoted, made, read.

use hjm_ids::{LineId, PrescriptionId};
use hjm_proto::prescription::v1 as pb;
use hjm_service::{Caller, Failure, WriteKey, clock::civil_date, convert::to_pb_date};
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Done, Written, decide, distinct, prescribing};
use crate::{
    Deps,
    convert::Draft,
    error::Error,
    events,
    store::prescription::{self, LineRow, PrescriptionRow},
};

/// What a prescription would cost, who would pay, and what the prescribing directives say. Refused
/// as the prescription would be, but for what directives say.
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
            prescribing::refuse(&decided.lines)?;
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
