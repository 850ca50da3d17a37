//! Prices and policies, with the event of catalogue's feed that told them.

use hjm_billing::PriceStep;
use hjm_ids::{ArticleNumber, TenantId};
use hjm_money::UnitPrice;
use hjm_policy::PolicyDocument;
use hjm_proto::catalogue::v1 as catalogue;
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

use super::stored;

/// Keeps a price; the one before it ends where it begins. An overlap is refused by the table.
pub(crate) async fn price_set(
    connection: &mut PgConnection,
    tenant: &TenantId,
    article: &ArticleNumber,
    from: Date,
    price: UnitPrice,
    sequence: i64,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE billing.price SET valid_to = $3
          WHERE tenant_id = $1 AND article_number = $2 AND valid_to IS NULL AND valid_from < $3",
        tenant.as_str(),
        article.as_str(),
        from.to_sqlx() as _,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO billing.price
            (tenant_id, article_number, price, valid_from, valid_to, feed_sequence)
         VALUES ($1, $2, $3, $4, NULL, $5)",
        tenant.as_str(),
        article.as_str(),
        price.get(),
        from.to_sqlx() as _,
        sequence,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A price and the event that told it.
#[derive(Debug)]
pub(crate) struct KnownPrice {
    pub(crate) article: ArticleNumber,
    pub(crate) step: PriceStep,
    pub(crate) sequence: i64,
}

/// All prices told up to an event, by article and day.
pub(crate) async fn price_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    through: i64,
) -> Result<Vec<KnownPrice>, Failure> {
    let rows = sqlx::query!(
        "SELECT article_number, price, valid_from, feed_sequence FROM billing.price
          WHERE tenant_id = $1 AND feed_sequence <= $2 ORDER BY article_number, valid_from",
        tenant.as_str(),
        through
    )
    .fetch_all(connection)
    .await?;
    let known = rows.into_iter().map(|row| {
        let price = UnitPrice::new(row.price);
        let price = price.map_err(|_| Failure::internal("a stored price cannot be read"))?;
        Ok(KnownPrice {
            article: stored(&row.article_number)?,
            step: PriceStep {
                from: row.valid_from.to_jiff(),
                price,
            },
            sequence: row.feed_sequence,
        })
    });
    known.collect()
}

/// Notes by which event a policy became known.
pub(crate) async fn policy_known_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    policy: &catalogue::Policy,
    sequence: i64,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO billing.policy_known (tenant_id, policy_id, version, feed_sequence)
         VALUES ($1, $2, $3, $4)",
        tenant.as_str(),
        policy.policy_id,
        i64::from(policy.version),
        sequence
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A policy version with the day it is in force from and the event that told it.
#[derive(Debug)]
pub(crate) struct KnownPolicy {
    pub(crate) document: PolicyDocument,
    pub(crate) active_from: Date,
    pub(crate) sequence: i64,
}

/// All policies told up to an event.
pub(crate) async fn policy_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    through: i64,
) -> Result<Vec<KnownPolicy>, Failure> {
    let rows = sqlx::query!(
        "SELECT p.text, p.active_from, k.feed_sequence
           FROM billing.followed_policy p
           JOIN billing.policy_known k USING (tenant_id, policy_id, version)
          WHERE p.tenant_id = $1 AND k.feed_sequence <= $2
          ORDER BY k.feed_sequence",
        tenant.as_str(),
        through
    )
    .fetch_all(connection)
    .await?;
    let known = rows.into_iter().map(|row| {
        Ok(KnownPolicy {
            document: document(&row.text)?,
            active_from: row.active_from.to_jiff(),
            sequence: row.feed_sequence,
        })
    });
    known.collect()
}

/// One policy version.
pub(crate) async fn policy_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    policy_id: &str,
    version: u32,
) -> Result<PolicyDocument, Failure> {
    let text = sqlx::query_scalar!(
        "SELECT text FROM billing.followed_policy
          WHERE tenant_id = $1 AND policy_id = $2 AND version = $3",
        tenant.as_str(),
        policy_id,
        i64::from(version)
    )
    .fetch_optional(connection)
    .await?;
    document(&text.ok_or(Failure::NotFound("policy"))?)
}

fn document(text: &str) -> Result<PolicyDocument, Failure> {
    PolicyDocument::parse(text).map_err(|_| Failure::internal("a policy in force cannot be read"))
}

/// How far a feed has taken effect, in the transaction's own view.
pub(crate) async fn cursor_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    feed: &str,
) -> Result<i64, Failure> {
    let sequence = sqlx::query_scalar!(
        "SELECT sequence FROM billing.follower WHERE tenant_id = $1 AND feed = $2",
        tenant.as_str(),
        feed
    )
    .fetch_optional(connection)
    .await?;
    Ok(sequence.unwrap_or(0))
}
