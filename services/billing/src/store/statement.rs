//! Statements of closed months.

use hjm_ids::{CustomerNumber, Month, PrincipalId, TenantId};
use hjm_money::Money;
use hjm_service::Failure;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

use super::count;

/// What a customer number is charged in a month.
#[derive(Debug, Clone)]
pub(crate) struct StatementRow {
    pub(crate) customer_number: String,
    pub(crate) owner: String,
    pub(crate) month: Month,
    pub(crate) rent: Money,
    pub(crate) sales: Money,
    pub(crate) own_fees: Money,
    pub(crate) lines: u32,
}

struct StoredStatement {
    customer_number: String,
    owner_principal: String,
    month: jiff_sqlx::Date,
    rent_ore: i64,
    sales_ore: i64,
    own_fees_ore: i64,
    lines: i64,
}

impl TryFrom<StoredStatement> for StatementRow {
    type Error = Failure;

    fn try_from(row: StoredStatement) -> Result<Self, Failure> {
        Ok(Self {
            customer_number: row.customer_number,
            owner: row.owner_principal,
            month: Month::of(row.month.to_jiff()),
            rent: Money::from_ore(row.rent_ore),
            sales: Money::from_ore(row.sales_ore),
            own_fees: Money::from_ore(row.own_fees_ore),
            lines: count(row.lines)?,
        })
    }
}

/// Posts an owner's statements of a month: one for every customer number with a line or a fee.
pub(crate) async fn statement_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
    owner: &PrincipalId,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO billing.statement (tenant_id, month, customer_number, owner_principal,
                                        rent_ore, sales_ore, own_fees_ore, lines)
         SELECT $1, $2, number, $3, sum(rent)::bigint, sum(sale)::bigint, sum(fee)::bigint, count(*)
           FROM (SELECT customer_number AS number,
                        CASE kind WHEN 'RENT' THEN amount_ore ELSE 0 END AS rent,
                        CASE kind WHEN 'SALE' THEN amount_ore ELSE 0 END AS sale, 0 AS fee
                   FROM billing.charge_line
                  WHERE tenant_id = $1 AND posting_month = $2 AND owner_principal = $3
                 UNION ALL
                 SELECT customer_number, 0, 0, amount_ore FROM billing.own_fee_stated
                  WHERE tenant_id = $1 AND posting_month = $2 AND owner_principal = $3) posted
          GROUP BY number",
        tenant.as_str(),
        month.first().to_sqlx() as _,
        owner.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Statements of a closed month after a customer number, of one owner or of all.
pub(crate) async fn statement_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
    owner: Option<&PrincipalId>,
    after: &str,
    rows_max: i64,
) -> Result<Vec<StatementRow>, Failure> {
    sqlx::query_as!(
        StoredStatement,
        "SELECT s.customer_number, s.owner_principal, s.month, s.rent_ore, s.sales_ore,
                s.own_fees_ore, s.lines
           FROM billing.statement s JOIN billing.run r USING (tenant_id, month)
          WHERE s.tenant_id = $1 AND s.month = $2 AND r.state = 'CLOSED'
            AND ($3::text IS NULL OR s.owner_principal = $3) AND s.customer_number > $4
          ORDER BY s.customer_number LIMIT $5",
        tenant.as_str(),
        month.first().to_sqlx() as _,
        owner.map(PrincipalId::as_str),
        after,
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// One statement of a closed month.
pub(crate) async fn statement_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
    number: &CustomerNumber,
) -> Result<StatementRow, Failure> {
    sqlx::query_as!(
        StoredStatement,
        "SELECT s.customer_number, s.owner_principal, s.month, s.rent_ore, s.sales_ore,
                s.own_fees_ore, s.lines
           FROM billing.statement s JOIN billing.run r USING (tenant_id, month)
          WHERE s.tenant_id = $1 AND s.month = $2 AND r.state = 'CLOSED'
            AND s.customer_number = $3",
        tenant.as_str(),
        month.first().to_sqlx() as _,
        number.as_str()
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::NotFound("statement"))?
    .try_into()
}

/// How many statements there are, and those that are not the sum of what is posted.
pub(crate) async fn statement_faults(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(u64, Vec<String>), Failure> {
    let rows = sqlx::query!(
        r#"WITH posted AS (
               SELECT l.posting_month AS month, l.customer_number,
                      CASE l.kind WHEN 'RENT' THEN l.amount_ore ELSE 0 END AS rent,
                      CASE l.kind WHEN 'SALE' THEN l.amount_ore ELSE 0 END AS sale, 0 AS fee
                 FROM billing.charge_line l WHERE l.tenant_id = $1
               UNION ALL
               SELECT posting_month, customer_number, 0, 0, amount_ore
                 FROM billing.own_fee_stated WHERE tenant_id = $1),
           total AS (
               SELECT p.month, p.customer_number, sum(p.rent) AS rent, sum(p.sale) AS sale,
                      sum(p.fee) AS fee, count(*) AS lines
                 FROM posted p JOIN billing.run r ON r.tenant_id = $1 AND r.month = p.month
                WHERE r.state = 'CLOSED' GROUP BY p.month, p.customer_number),
           stated AS (
               SELECT s.* FROM billing.statement s JOIN billing.run r USING (tenant_id, month)
                WHERE s.tenant_id = $1 AND r.state = 'CLOSED')
           SELECT coalesce(t.month, s.month) AS "month!: jiff_sqlx::Date",
                  coalesce(t.customer_number, s.customer_number) AS "number!",
                  ((t.rent, t.sale, t.fee, t.lines)
                   IS NOT DISTINCT FROM (s.rent_ore, s.sales_ore, s.own_fees_ore, s.lines))
                  AS "right!"
             FROM total t FULL JOIN stated s USING (month, customer_number)"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    let checked = rows.len() as u64;
    let wrong = rows.into_iter().filter(|row| !row.right);
    let text = |month: jiff_sqlx::Date, number| {
        let month = Month::of(month.to_jiff());
        format!("the statement of {number} for {month} is not the sum of what is posted")
    };
    Ok((
        checked,
        wrong.map(|row| text(row.month, row.number)).collect(),
    ))
}
