//! All charges as one list: lines, posted own fees, and own fees that are due.

use hjm_billing::quantity;
use hjm_ids::{CustomerNumber, LoanId, Month, RecipientId, TenantId};
use hjm_money::{Money, UnitPrice};
use hjm_proto::billing::v1::{ChargeKind, ChargeState};
use hjm_service::{Database, Failure};
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::count;

/// A charge, or the credit of one, as it is told.
#[derive(Debug, Clone)]
pub(crate) struct ChargeRow {
    pub(crate) id: Uuid,
    pub(crate) kind: ChargeKind,
    pub(crate) state: ChargeState,
    pub(crate) customer_number: String,
    pub(crate) loan: LoanId,
    pub(crate) recipient: Uuid,
    pub(crate) article: String,
    pub(crate) from: Date,
    pub(crate) to: Date,
    pub(crate) days: u32,
    /// How many times the unit price; 0 without one.
    pub(crate) quantity: u32,
    pub(crate) unit_price: Option<UnitPrice>,
    /// None while it is not decided.
    pub(crate) nominal: Option<Money>,
    pub(crate) amount: Option<Money>,
    pub(crate) deceased: bool,
    pub(crate) credits: Option<Uuid>,
    pub(crate) posting_month: Option<Month>,
    pub(crate) reason: String,
    /// Why it is not posted; empty for no reason.
    pub(crate) waits_for: String,
}

/// Which charges; nothing means all.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChargeFilter {
    pub(crate) recipient: Option<RecipientId>,
    pub(crate) loan: Option<LoanId>,
    pub(crate) customer_number: Option<CustomerNumber>,
    pub(crate) month: Option<Month>,
    pub(crate) state: Option<ChargeState>,
}

struct StoredCharge {
    charge_id: Uuid,
    kind: String,
    state: String,
    customer_number: String,
    loan_id: Uuid,
    recipient_id: Uuid,
    article_number: String,
    from_on: jiff_sqlx::Date,
    to_on: jiff_sqlx::Date,
    days: i64,
    unit_price: Option<Decimal>,
    nominal_ore: Option<i64>,
    amount_ore: Option<i64>,
    deceased: bool,
    credits_charge_id: Option<Uuid>,
    posting_month: Option<jiff_sqlx::Date>,
    reason: String,
    waits_for: Option<String>,
}

impl TryFrom<StoredCharge> for ChargeRow {
    type Error = Failure;

    fn try_from(row: StoredCharge) -> Result<Self, Failure> {
        let wrong = || Failure::internal("a stored charge cannot be read");
        let kind = ChargeKind::from_str_name(&format!("CHARGE_KIND_{}", row.kind));
        let state = ChargeState::from_str_name(&format!("CHARGE_STATE_{}", row.state));
        let unit_price = row.unit_price.map(UnitPrice::new).transpose();
        let unit_price = unit_price.map_err(|_| wrong())?;
        let (days, nominal) = (count(row.days)?, row.nominal_ore.map(Money::from_ore));
        let priced = unit_price.zip(nominal);
        let quantity = priced.map(|(price, nominal)| quantity(price, days, nominal));
        Ok(Self {
            id: row.charge_id,
            kind: kind.ok_or_else(wrong)?,
            state: state.ok_or_else(wrong)?,
            customer_number: row.customer_number,
            loan: LoanId::new(row.loan_id),
            recipient: row.recipient_id,
            article: row.article_number,
            from: row.from_on.to_jiff(),
            to: row.to_on.to_jiff(),
            days,
            quantity: quantity.transpose().map_err(|_| wrong())?.unwrap_or(0),
            unit_price,
            nominal,
            amount: row.amount_ore.map(Money::from_ore),
            deceased: row.deceased,
            credits: row.credits_charge_id,
            posting_month: row.posting_month.map(|month| Month::of(month.to_jiff())),
            reason: row.reason,
            waits_for: row.waits_for.unwrap_or_default(),
        })
    }
}

/// Charges after one, by day and id.
pub(crate) async fn charge_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    filter: &ChargeFilter,
    after: (Date, Uuid),
    rows_max: i64,
) -> Result<Vec<ChargeRow>, Failure> {
    Database::plan_each(connection).await?;
    sqlx::query_as!(
        StoredCharge,
        r#"SELECT charge_id AS "charge_id!", kind AS "kind!", state AS "state!",
                  customer_number AS "customer_number!", loan_id AS "loan_id!",
                  recipient_id AS "recipient_id!", article_number AS "article_number!",
                  from_on AS "from_on!: jiff_sqlx::Date", to_on AS "to_on!: jiff_sqlx::Date",
                  days AS "days!", unit_price, nominal_ore, amount_ore,
                  deceased AS "deceased!", credits_charge_id,
                  posting_month AS "posting_month: jiff_sqlx::Date", reason AS "reason!", waits_for
             FROM billing.charge
            WHERE tenant_id = $1
              AND ($2::uuid IS NULL OR recipient_id = $2)
              AND ($3::uuid IS NULL OR loan_id = $3)
              AND ($4::text IS NULL OR customer_number = $4)
              AND ($5::date IS NULL OR posting_month = $5)
              AND (from_on, charge_id) > ($6, $7)
              AND ($9::text IS NULL OR state = $9)
            ORDER BY from_on, charge_id LIMIT $8"#,
        tenant.as_str(),
        filter.recipient.map(RecipientId::uuid),
        filter.loan.map(LoanId::uuid),
        filter.customer_number.as_ref().map(CustomerNumber::as_str),
        filter.month.map(|month| month.first().to_sqlx()) as _,
        after.0.to_sqlx() as _,
        after.1,
        rows_max,
        filter
            .state
            .map(|state| state.as_str_name().trim_start_matches("CHARGE_STATE_"))
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// One charge.
pub(crate) async fn charge_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    charge: Uuid,
) -> Result<ChargeRow, Failure> {
    sqlx::query_as!(
        StoredCharge,
        r#"SELECT charge_id AS "charge_id!", kind AS "kind!", state AS "state!",
                  customer_number AS "customer_number!", loan_id AS "loan_id!",
                  recipient_id AS "recipient_id!", article_number AS "article_number!",
                  from_on AS "from_on!: jiff_sqlx::Date", to_on AS "to_on!: jiff_sqlx::Date",
                  days AS "days!", unit_price, nominal_ore, amount_ore,
                  deceased AS "deceased!", credits_charge_id,
                  posting_month AS "posting_month: jiff_sqlx::Date", reason AS "reason!", waits_for
             FROM billing.charge WHERE tenant_id = $1 AND charge_id = $2"#,
        tenant.as_str(),
        charge
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::NotFound("charge"))?
    .try_into()
}

/// Where in a statement a line stands: what the number pays first, then own fees, by day and id.
pub(crate) type StatementPlace = (bool, Date, Uuid);

/// What a customer number's statement of a month lists, after a place.
pub(crate) async fn charge_of_statement_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &CustomerNumber,
    month: Month,
    after: StatementPlace,
    rows_max: i64,
) -> Result<Vec<ChargeRow>, Failure> {
    sqlx::query_as!(
        StoredCharge,
        r#"SELECT charge_id AS "charge_id!", kind AS "kind!", state AS "state!",
                  customer_number AS "customer_number!", loan_id AS "loan_id!",
                  recipient_id AS "recipient_id!", article_number AS "article_number!",
                  from_on AS "from_on!: jiff_sqlx::Date", to_on AS "to_on!: jiff_sqlx::Date",
                  days AS "days!", unit_price, nominal_ore, amount_ore,
                  deceased AS "deceased!", credits_charge_id,
                  posting_month AS "posting_month: jiff_sqlx::Date", reason AS "reason!", waits_for
             FROM billing.charge
            WHERE tenant_id = $1 AND customer_number = $2 AND posting_month = $3
              AND (kind = 'OWN_FEE', from_on, charge_id) > ($4, $5, $6)
            ORDER BY kind = 'OWN_FEE', from_on, charge_id LIMIT $7"#,
        tenant.as_str(),
        number.as_str(),
        month.first().to_sqlx() as _,
        after.0,
        after.1.to_sqlx() as _,
        after.2,
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}
