//! The catalogue's SQL.

use hjm_catalogue::ProductGroup;
use hjm_ids::{ArticleNumber, IsoCode, TenantId};
use hjm_money::UnitPrice;
use hjm_proto::{catalogue::v1::ArticleKind, common::v1::ChargeForm};
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use crate::error::Error;

/// An article.
#[derive(Debug, Clone)]
pub(crate) struct ArticleRow {
    pub(crate) article_number: ArticleNumber,
    pub(crate) name: String,
    pub(crate) iso_code: IsoCode,
    pub(crate) kind: ArticleKind,
    pub(crate) charge_form: ChargeForm,
    pub(crate) product_group: ProductGroup,
    pub(crate) valid_from: Date,
}

/// A price in force from a day until another.
#[derive(Debug, Clone)]
pub(crate) struct PriceRow {
    pub(crate) price: UnitPrice,
    pub(crate) valid_from: Date,
    pub(crate) valid_to: Option<Date>,
}

/// A stored policy version with its activation, if it has one.
#[derive(Debug, Clone)]
pub(crate) struct PolicyRow {
    pub(crate) policy_id: String,
    pub(crate) version: u32,
    pub(crate) title: String,
    pub(crate) hash: String,
    pub(crate) sections: Vec<String>,
    pub(crate) text: String,
    pub(crate) imported_by: String,
    pub(crate) active_from: Option<Date>,
    pub(crate) activated_by: Option<String>,
}

struct StoredArticle {
    article_number: String,
    name: String,
    iso_code: String,
    kind: String,
    charge_form: String,
    product_group: i16,
    valid_from: jiff_sqlx::Date,
}

impl TryFrom<StoredArticle> for ArticleRow {
    type Error = Failure;

    fn try_from(row: StoredArticle) -> Result<Self, Failure> {
        let wrong = || Failure::internal("a stored article cannot be read");
        let kind = ArticleKind::from_str_name(&format!("ARTICLE_KIND_{}", row.kind));
        let form = ChargeForm::from_str_name(&format!("CHARGE_FORM_{}", row.charge_form));
        let group = u8::try_from(row.product_group)
            .ok()
            .and_then(ProductGroup::from_number);
        Ok(Self {
            article_number: row.article_number.parse().map_err(|_| wrong())?,
            name: row.name,
            iso_code: row.iso_code.parse().map_err(|_| wrong())?,
            kind: kind.ok_or_else(wrong)?,
            charge_form: form.ok_or_else(wrong)?,
            product_group: group.ok_or_else(wrong)?,
            valid_from: row.valid_from.to_jiff(),
        })
    }
}

/// Adds an article; refused when its number is taken.
pub(crate) async fn article_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    article: &ArticleRow,
) -> Result<(), Error> {
    let inserted = sqlx::query!(
        "INSERT INTO catalogue.article (tenant_id, article_number, name, iso_code, kind,
                                        charge_form, product_group, valid_from)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenant_id, article_number) DO NOTHING",
        tenant.as_str(),
        article.article_number.as_str(),
        article.name,
        article.iso_code.as_str(),
        article
            .kind
            .as_str_name()
            .trim_start_matches("ARTICLE_KIND_"),
        article
            .charge_form
            .as_str_name()
            .trim_start_matches("CHARGE_FORM_"),
        i16::from(article.product_group.number()),
        article.valid_from.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    if inserted.rows_affected() == 0 {
        Err(Error::ArticleExists)
    } else {
        Ok(())
    }
}

/// An article that can be prescribed on a day.
pub(crate) async fn article_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &ArticleNumber,
    on: Date,
) -> Result<ArticleRow, Failure> {
    sqlx::query_as!(
        StoredArticle,
        "SELECT article_number, name, iso_code, kind, charge_form, product_group, valid_from
           FROM catalogue.article
          WHERE tenant_id = $1 AND article_number = $2 AND valid_from <= $3",
        tenant.as_str(),
        number.as_str(),
        on.to_sqlx() as _,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::NotFound("article"))?
    .try_into()
}

/// Articles after a number, in order of number.
pub(crate) async fn article_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    after: &str,
    rows_max: i64,
) -> Result<Vec<ArticleRow>, Failure> {
    sqlx::query_as!(
        StoredArticle,
        "SELECT article_number, name, iso_code, kind, charge_form, product_group, valid_from
           FROM catalogue.article
          WHERE tenant_id = $1 AND article_number > $2
          ORDER BY article_number LIMIT $3",
        tenant.as_str(),
        after,
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// Ends the open price the day before a new one and adds that; refused when one begins later.
pub(crate) async fn price_set(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &ArticleNumber,
    price: &PriceRow,
) -> Result<(), Error> {
    let newest = sqlx::query_scalar!(
        "SELECT valid_from FROM catalogue.price
          WHERE tenant_id = $1 AND article_number = $2 ORDER BY valid_from DESC LIMIT 1 FOR UPDATE",
        tenant.as_str(),
        number.as_str()
    )
    .fetch_optional(&mut *connection)
    .await?
    .map(jiff_sqlx::Date::to_jiff);
    if let Some(newest) = newest.filter(|newest| *newest >= price.valid_from) {
        return Err(Error::PriceNotAfter(newest));
    }
    sqlx::query!(
        "UPDATE catalogue.price SET valid_to = $3
          WHERE tenant_id = $1 AND article_number = $2 AND valid_to IS NULL",
        tenant.as_str(),
        number.as_str(),
        price.valid_from.to_sqlx() as _,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO catalogue.price (tenant_id, article_number, price, valid_from)
         VALUES ($1, $2, $3, $4)",
        tenant.as_str(),
        number.as_str(),
        price.price.get(),
        price.valid_from.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The price in force on a day, if there is one.
pub(crate) async fn price_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &ArticleNumber,
    on: Date,
) -> Result<Option<PriceRow>, Failure> {
    let row = sqlx::query!(
        r#"SELECT price, valid_from, valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.price
            WHERE tenant_id = $1 AND article_number = $2
              AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)"#,
        tenant.as_str(),
        number.as_str(),
        on.to_sqlx() as _,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(PriceRow {
        price: unit_price(row.price)?,
        valid_from: row.valid_from.to_jiff(),
        valid_to: row.valid_to.map(jiff_sqlx::Date::to_jiff),
    }))
}

fn unit_price(price: Decimal) -> Result<UnitPrice, Failure> {
    UnitPrice::new(price).map_err(|_| Failure::internal("a stored price cannot be read"))
}

/// Stores a version; the same text again changes nothing.
pub(crate) async fn policy_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    policy: &PolicyRow,
    now: Timestamp,
) -> Result<(), Error> {
    let inserted = sqlx::query!(
        "INSERT INTO catalogue.policy (tenant_id, policy_id, version, title, hash, sections, text,
                                       imported_by, imported_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (tenant_id, policy_id, version) DO NOTHING",
        tenant.as_str(),
        policy.policy_id,
        i64::from(policy.version),
        policy.title,
        policy.hash,
        &policy.sections,
        policy.text,
        policy.imported_by,
        now.to_sqlx() as _,
    )
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() == 1 {
        return Ok(());
    }
    let stored = policy_find(connection, tenant, &policy.policy_id, policy.version).await?;
    if stored.hash == policy.hash {
        Ok(())
    } else {
        Err(Error::PolicyVersionExists)
    }
}

struct StoredPolicy {
    policy_id: String,
    version: i64,
    title: String,
    hash: String,
    sections: Vec<String>,
    text: String,
    imported_by: String,
    active_from: Option<jiff_sqlx::Date>,
    activated_by: Option<String>,
}

impl TryFrom<StoredPolicy> for PolicyRow {
    type Error = Failure;

    fn try_from(row: StoredPolicy) -> Result<Self, Failure> {
        let version = u32::try_from(row.version);
        Ok(Self {
            policy_id: row.policy_id,
            version: version.map_err(|_| Failure::internal("a stored version is too large"))?,
            title: row.title,
            hash: row.hash,
            sections: row.sections,
            text: row.text,
            imported_by: row.imported_by,
            active_from: row.active_from.map(jiff_sqlx::Date::to_jiff),
            activated_by: row.activated_by,
        })
    }
}

/// One version.
pub(crate) async fn policy_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    policy_id: &str,
    version: u32,
) -> Result<PolicyRow, Failure> {
    sqlx::query_as!(
        StoredPolicy,
        r#"SELECT p.policy_id, p.version, p.title, p.hash, p.sections, p.text, p.imported_by,
                  a.active_from AS "active_from?: jiff_sqlx::Date",
                  a.activated_by AS "activated_by?"
             FROM catalogue.policy p
             LEFT JOIN catalogue.policy_activation a USING (tenant_id, policy_id, version)
            WHERE p.tenant_id = $1 AND p.policy_id = $2 AND p.version = $3"#,
        tenant.as_str(),
        policy_id,
        i64::from(version)
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::NotFound("policy"))?
    .try_into()
}

/// Versions after one, by document and version.
pub(crate) async fn policy_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    after: (&str, u32),
    rows_max: i64,
) -> Result<Vec<PolicyRow>, Failure> {
    sqlx::query_as!(
        StoredPolicy,
        r#"SELECT p.policy_id, p.version, p.title, p.hash, p.sections, '' AS "text!",
                  p.imported_by, a.active_from AS "active_from?: jiff_sqlx::Date",
                  a.activated_by AS "activated_by?"
             FROM catalogue.policy p
             LEFT JOIN catalogue.policy_activation a USING (tenant_id, policy_id, version)
            WHERE p.tenant_id = $1 AND (p.policy_id, p.version) > ($2, $3)
            ORDER BY p.policy_id, p.version LIMIT $4"#,
        tenant.as_str(),
        after.0,
        i64::from(after.1),
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// One activation at a time in a tenant: what follows reads what is in force.
pub(crate) async fn activation_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(), Failure> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('catalogue activation ' || $1, 0))",
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// From when the newest version of a document is in force, if one is.
pub(crate) async fn activation_newest(
    connection: &mut PgConnection,
    tenant: &TenantId,
    policy_id: &str,
) -> Result<Option<Date>, Failure> {
    let newest = sqlx::query_scalar!(
        r#"SELECT max(active_from) AS "newest: jiff_sqlx::Date" FROM catalogue.policy_activation
            WHERE tenant_id = $1 AND policy_id = $2"#,
        tenant.as_str(),
        policy_id
    )
    .fetch_one(connection)
    .await?;
    Ok(newest.map(jiff_sqlx::Date::to_jiff))
}

/// Another document in force that decides one of the sections, if there is one.
pub(crate) async fn section_holder_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    policy_id: &str,
    sections: &[String],
) -> Result<Option<(String, String)>, Failure> {
    let row = sqlx::query!(
        r#"SELECT p.policy_id, section AS "section!"
             FROM catalogue.policy p
             JOIN catalogue.policy_activation USING (tenant_id, policy_id, version),
                  unnest(p.sections) section
            WHERE p.tenant_id = $1 AND p.policy_id <> $2 AND section = ANY ($3)
            ORDER BY section, p.policy_id LIMIT 1"#,
        tenant.as_str(),
        policy_id,
        sections
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.section, row.policy_id)))
}

/// Puts a version in force.
pub(crate) async fn activation_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    policy: &PolicyRow,
    active_from: Date,
    activated_by: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO catalogue.policy_activation
            (tenant_id, policy_id, version, active_from, activated_by, activated_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        tenant.as_str(),
        policy.policy_id,
        i64::from(policy.version),
        active_from.to_sqlx() as _,
        activated_by,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
