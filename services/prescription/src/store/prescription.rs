//! Prescriptions and their lines.

use hjm_catalogue::PrescribedDevice;
use hjm_ids::{ArticleNumber, CustomerNumber, LineId, LoanId, PrescriptionId, PrincipalId};
use hjm_ids::{RecipientId, TenantId};
use hjm_proto::{common::v1::ChargeForm, prescription::v1 as pb};
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use prost::Message;
use sqlx::PgConnection;

use super::{stored, stored_all, texts};
use crate::convert::occasion;

const FORM_PREFIX: &str = "CHARGE_FORM_";

/// A prescription without its lines.
#[derive(Debug, Clone)]
pub(crate) struct PrescriptionRow {
    pub(crate) prescription: PrescriptionId,
    pub(crate) recipient: RecipientId,
    pub(crate) customer_number: CustomerNumber,
    pub(crate) principal: PrincipalId,
    pub(crate) prescribed_on: Date,
    pub(crate) parties: Vec<PrincipalId>,
}

/// A line with what was decided of it.
#[derive(Debug, Clone)]
pub(crate) struct LineRow {
    pub(crate) line: LineId,
    pub(crate) article: ArticleNumber,
    pub(crate) charge_form: ChargeForm,
    pub(crate) decision: pb::LineDecision,
    pub(crate) basis: pb::FeeBasis,
    pub(crate) sale: Option<pb::Sale>,
    /// The loan it became.
    pub(crate) loan: Option<LoanId>,
}

/// Whether it is charged once, as a sale.
pub(crate) fn is_sold(form: ChargeForm) -> bool {
    matches!(form, ChargeForm::Sale | ChargeForm::SaleWithReturn)
}

/// Whether it is a marked unit that must be returned.
pub(crate) fn comes_back(form: ChargeForm) -> bool {
    matches!(form, ChargeForm::Rental | ChargeForm::SaleWithReturn)
}

/// The charge form as it is stored: `RENTAL`, `SALE` or `SALE_WITH_RETURN`.
pub(crate) fn form_name(form: ChargeForm) -> &'static str {
    form.as_str_name().trim_start_matches(FORM_PREFIX)
}

/// A stored message.
fn message<M: Message + Default>(bytes: &[u8]) -> Result<M, Failure> {
    M::decode(bytes).map_err(|error| Failure::Internal(error.into()))
}

/// Adds a prescription.
pub(crate) async fn prescription_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    row: &PrescriptionRow,
    by: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO prescription.prescription
            (tenant_id, prescription_id, recipient_id, customer_number, principal_id,
             prescribed_on, parties, prescribed_by, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.as_str(),
        row.prescription.uuid(),
        row.recipient.uuid(),
        row.customer_number.as_str(),
        row.principal.as_str(),
        row.prescribed_on.to_sqlx() as _,
        &texts(&row.parties),
        by,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds a line of it, `number` from 1.
pub(crate) async fn line_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    prescription: &PrescriptionRow,
    number: i16,
    line: &LineRow,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO prescription.prescription_line
            (tenant_id, line_id, prescription_id, number, article_number, charge_form,
             decision, fee_basis, sale, parties)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.as_str(),
        line.line.uuid(),
        prescription.prescription.uuid(),
        number,
        line.article.as_str(),
        form_name(line.charge_form),
        line.decision.encode_to_vec(),
        line.basis.encode_to_vec(),
        line.sale.as_ref().map(Message::encode_to_vec),
        &texts(&prescription.parties)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// One prescription.
pub(crate) async fn prescription_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    prescription: PrescriptionId,
) -> Result<PrescriptionRow, Failure> {
    let row = sqlx::query!(
        "SELECT recipient_id, customer_number, principal_id, prescribed_on, parties
           FROM prescription.prescription WHERE tenant_id = $1 AND prescription_id = $2",
        tenant.as_str(),
        prescription.uuid()
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::NotFound("prescription"))?;
    Ok(PrescriptionRow {
        prescription,
        recipient: RecipientId::new(row.recipient_id),
        customer_number: stored(&row.customer_number)?,
        principal: stored(&row.principal_id)?,
        prescribed_on: row.prescribed_on.to_jiff(),
        parties: stored_all(&row.parties)?,
    })
}

/// The prescription that a line is on.
pub(crate) async fn prescription_of_line(
    connection: &mut PgConnection,
    tenant: &TenantId,
    line: LineId,
) -> Result<PrescriptionId, Failure> {
    let found = sqlx::query_scalar!(
        "SELECT prescription_id FROM prescription.prescription_line
          WHERE tenant_id = $1 AND line_id = $2",
        tenant.as_str(),
        line.uuid()
    )
    .fetch_optional(connection)
    .await?;
    found
        .map(PrescriptionId::new)
        .ok_or(Failure::NotFound("prescription line"))
}

/// The lines of a prescription, in the order they were prescribed.
pub(crate) async fn line_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    prescription: PrescriptionId,
) -> Result<Vec<LineRow>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT n.line_id, n.article_number, n.charge_form, n.decision, n.fee_basis, n.sale,
                  l.loan_id AS "loan_id?"
             FROM prescription.prescription_line n
             LEFT JOIN prescription.loan l
               ON l.tenant_id = n.tenant_id AND l.line_id = n.line_id
            WHERE n.tenant_id = $1 AND n.prescription_id = $2 ORDER BY n.number"#,
        tenant.as_str(),
        prescription.uuid()
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let form = ChargeForm::from_str_name(&format!("{FORM_PREFIX}{}", row.charge_form));
            Ok(LineRow {
                line: LineId::new(row.line_id),
                article: stored(&row.article_number)?,
                charge_form: form.ok_or_else(|| Failure::internal("a line cannot be read"))?,
                decision: message(&row.decision)?,
                basis: message(&row.fee_basis)?,
                sale: row.sale.as_deref().map(message).transpose()?,
                loan: row.loan_id.map(LoanId::new),
            })
        })
        .collect()
}

/// What a person was prescribed until a day, that day too.
pub(crate) async fn prescribed_until(
    connection: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
    until: Date,
) -> Result<Vec<PrescribedDevice>, Failure> {
    let rows = sqlx::query!(
        "SELECT p.prescribed_on, n.fee_basis
           FROM prescription.prescription p,
                LATERAL (SELECT fee_basis FROM prescription.prescription_line
                          WHERE tenant_id = p.tenant_id AND prescription_id = p.prescription_id
                         OFFSET 0) n
          WHERE p.tenant_id = $1 AND p.recipient_id = $2 AND p.prescribed_on <= $3",
        tenant.as_str(),
        recipient.uuid(),
        until.to_sqlx() as _,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let basis: pb::FeeBasis = message(&row.fee_basis)?;
            let occasion = occasion(basis.occasion());
            Ok(PrescribedDevice {
                on: row.prescribed_on.to_jiff(),
                iso: stored(&basis.iso_code)?,
                occasion: occasion.ok_or_else(|| Failure::internal("a line cannot be read"))?,
                table: Some(basis.fee_table).filter(|table| !table.is_empty()),
            })
        })
        .collect()
}
