//! Posted rent and sale lines. Rows are only added.

use hjm_billing::{Line, LineKind};
use hjm_ids::{ArticleNumber, ChargeId, LoanId, Month, PrincipalId, RecipientId, TenantId};
use hjm_money::{Money, UnitPrice};
use hjm_policy::PolicyReference;
use hjm_service::Failure;
use jiff_sqlx::ToSqlx as _;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{count, stored};

/// A line with what it is of and what decided it.
#[derive(Debug, Clone)]
pub(crate) struct LineRow {
    pub(crate) id: ChargeId,
    pub(crate) loan: LoanId,
    pub(crate) loan_version: u32,
    pub(crate) recipient: RecipientId,
    pub(crate) article: ArticleNumber,
    pub(crate) line: Line,
    pub(crate) credits: Option<ChargeId>,
    pub(crate) policy: PolicyReference,
    pub(crate) rule: String,
}

/// Posts lines in a month, and notes which lines the credits among them credit.
pub(crate) async fn line_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
    rows: &[LineRow],
) -> Result<(), Failure> {
    let texts = |text: fn(&LineRow) -> &str| rows.iter().map(text).collect::<Vec<&str>>();
    let ids = |id: fn(&LineRow) -> Uuid| rows.iter().map(id).collect::<Vec<Uuid>>();
    let numbers = |number: fn(&LineRow) -> i64| rows.iter().map(number).collect::<Vec<i64>>();
    let from: Vec<jiff_sqlx::Date> = rows.iter().map(|row| row.line.from.to_sqlx()).collect();
    let to: Vec<jiff_sqlx::Date> = rows.iter().map(|row| row.line.to.to_sqlx()).collect();
    let prices: Vec<Decimal> = rows.iter().map(|row| row.line.unit_price.get()).collect();
    let deceased: Vec<bool> = rows.iter().map(|row| row.line.deceased).collect();
    let credits: Vec<Option<Uuid>> = rows
        .iter()
        .map(|row| row.credits.map(ChargeId::uuid))
        .collect();
    sqlx::query!(
        "INSERT INTO billing.charge_line
            (tenant_id, posting_month, line_id, owner_principal, customer_number, recipient_id,
             loan_id, loan_version, kind, article_number, from_on, to_on, days, unit_price,
             amount_ore, deceased, credits_line_id, policy_id, policy_version, policy_hash, rule_id)
         SELECT $1, $2, new.*
           FROM unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::bigint[],
                       $9::text[], $10::text[], $11::date[], $12::date[], $13::bigint[],
                       $14::numeric[], $15::bigint[], $16::bool[], $17::uuid[], $18::text[],
                       $19::bigint[], $20::text[], $21::text[]) new",
        tenant.as_str(),
        month.first().to_sqlx() as _,
        &ids(|row| row.id.uuid()),
        &texts(|row| row.line.principal.as_str()) as _,
        &texts(|row| row.line.customer_number.as_str()) as _,
        &ids(|row| row.recipient.uuid()),
        &ids(|row| row.loan.uuid()),
        &numbers(|row| i64::from(row.loan_version)),
        &texts(|row| kind_text(row.line.kind)) as _,
        &texts(|row| row.article.as_str()) as _,
        &from as _,
        &to as _,
        &numbers(|row| i64::from(row.line.days)),
        &prices,
        &numbers(|row| row.line.amount.ore()),
        &deceased,
        &credits as _,
        &texts(|row| row.policy.id.as_str()) as _,
        &numbers(|row| i64::from(row.policy.version)),
        &texts(|row| row.policy.hash.as_str()) as _,
        &texts(|row| row.rule.as_str()) as _,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO billing.line_credit (tenant_id, line_id, credit_line_id, owner_principal)
         SELECT $1, new.credited, new.line, new.owner
           FROM unnest($2::uuid[], $3::uuid[], $4::text[]) new (line, credited, owner)
          WHERE new.credited IS NOT NULL",
        tenant.as_str(),
        &ids(|row| row.id.uuid()),
        &credits as _,
        &texts(|row| row.line.principal.as_str()) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn kind_text(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Rent => "RENT",
        LineKind::Sale => "SALE",
    }
}

struct StoredLine {
    line_id: Uuid,
    owner_principal: String,
    customer_number: String,
    recipient_id: Uuid,
    loan_id: Uuid,
    loan_version: i64,
    kind: String,
    article_number: String,
    from_on: jiff_sqlx::Date,
    to_on: jiff_sqlx::Date,
    days: i64,
    unit_price: Decimal,
    amount_ore: i64,
    deceased: bool,
    credits_line_id: Option<Uuid>,
    policy_id: String,
    policy_version: i64,
    policy_hash: String,
    rule_id: String,
}

impl TryFrom<StoredLine> for LineRow {
    type Error = Failure;

    fn try_from(row: StoredLine) -> Result<Self, Failure> {
        let price = UnitPrice::new(row.unit_price);
        let kind = if row.kind == "SALE" {
            LineKind::Sale
        } else {
            LineKind::Rent
        };
        Ok(Self {
            id: ChargeId::new(row.line_id),
            loan: LoanId::new(row.loan_id),
            loan_version: count(row.loan_version)?,
            recipient: RecipientId::new(row.recipient_id),
            article: stored(&row.article_number)?,
            line: Line {
                kind,
                customer_number: stored(&row.customer_number)?,
                principal: stored(&row.owner_principal)?,
                from: row.from_on.to_jiff(),
                to: row.to_on.to_jiff(),
                days: count(row.days)?,
                unit_price: price
                    .map_err(|_| Failure::internal("a stored price cannot be read"))?,
                amount: Money::from_ore(row.amount_ore),
                deceased: row.deceased,
            },
            credits: row.credits_line_id.map(ChargeId::new),
            policy: PolicyReference {
                id: row.policy_id,
                version: count(row.policy_version)?,
                hash: row.policy_hash,
            },
            rule: row.rule_id,
        })
    }
}

/// One line.
pub(crate) async fn line_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    line: Uuid,
) -> Result<Option<LineRow>, Failure> {
    sqlx::query_as!(
        StoredLine,
        "SELECT line_id, owner_principal, customer_number, recipient_id, loan_id, loan_version,
                kind, article_number, from_on, to_on, days, unit_price, amount_ore, deceased,
                credits_line_id, policy_id, policy_version, policy_hash, rule_id
           FROM billing.charge_line WHERE tenant_id = $1 AND line_id = $2",
        tenant.as_str(),
        line
    )
    .fetch_optional(connection)
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// Lines of loans that stand: neither credits nor credited. Of one owner, or of all.
pub(crate) async fn line_standing_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    owner: Option<&PrincipalId>,
    loans: &[Uuid],
) -> Result<Vec<LineRow>, Failure> {
    sqlx::query_as!(
        StoredLine,
        "SELECT l.line_id, l.owner_principal, l.customer_number, l.recipient_id, l.loan_id,
                l.loan_version, l.kind, l.article_number, l.from_on, l.to_on, l.days, l.unit_price,
                l.amount_ore, l.deceased, l.credits_line_id, l.policy_id, l.policy_version,
                l.policy_hash, l.rule_id
           FROM billing.charge_line l
          WHERE l.tenant_id = $1 AND l.loan_id = ANY ($3) AND l.credits_line_id IS NULL
            AND ($2::text IS NULL OR l.owner_principal = $2)
            AND NOT EXISTS (SELECT FROM billing.line_credit k
                             WHERE k.tenant_id = $1 AND k.line_id = l.line_id)
          ORDER BY l.loan_id, l.from_on, l.line_id",
        tenant.as_str(),
        owner.map(PrincipalId::as_str),
        loans
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// How many credit lines there are, and those that are not the exact opposite of a line that
/// names them as its only credit.
pub(crate) async fn line_credit_faults(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(u64, Vec<String>), Failure> {
    let rows = sqlx::query!(
        r#"SELECT c.line_id,
                  (o.line_id IS NOT NULL AND k.line_id IS NOT NULL AND o.credits_line_id IS NULL
                   AND o.amount_ore = -c.amount_ore AND o.posting_month <= c.posting_month
                   AND (o.customer_number, o.loan_id, o.kind, o.from_on, o.to_on, o.days,
                        o.unit_price, o.deceased)
                       = (c.customer_number, c.loan_id, c.kind, c.from_on, c.to_on, c.days,
                          c.unit_price, c.deceased)) AS "right!"
             FROM billing.charge_line c
             LEFT JOIN billing.charge_line o
                    ON o.tenant_id = c.tenant_id AND o.line_id = c.credits_line_id
             LEFT JOIN billing.line_credit k
                    ON k.tenant_id = c.tenant_id AND k.line_id = c.credits_line_id
                   AND k.credit_line_id = c.line_id
            WHERE c.tenant_id = $1 AND c.credits_line_id IS NOT NULL"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    let checked = rows.len() as u64;
    let wrong = rows.into_iter().filter(|row| !row.right);
    let text = |line| format!("credit line {line} is not the opposite of the line it names");
    Ok((checked, wrong.map(|row| text(row.line_id)).collect()))
}
