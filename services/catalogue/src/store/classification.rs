//! The classification: codes of every edition, and the mappings between editions.

use hjm_catalogue::{
    Classification, EditionCode, IsoEdition, IsoEntry, IsoLine, IsoMapping, IsoTitles,
};
use hjm_ids::{IsoCode, TenantId};
use hjm_policy::Validity;
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

/// A code of an edition, in one of its versions.
#[derive(Debug, Clone)]
pub(crate) struct IsoCodeRow {
    pub(crate) key: EditionCode,
    pub(crate) titles: IsoTitles,
    pub(crate) validity: Validity,
}

struct StoredCode {
    edition: i16,
    code: String,
    title_sv: String,
    title_en: String,
    valid_from: jiff_sqlx::Date,
    valid_to: Option<jiff_sqlx::Date>,
}

impl TryFrom<StoredCode> for IsoCodeRow {
    type Error = Failure;

    fn try_from(row: StoredCode) -> Result<Self, Failure> {
        Ok(Self {
            key: edition_code(row.edition, &row.code)?,
            titles: IsoTitles {
                sv: row.title_sv,
                en: row.title_en,
            },
            validity: validity(row.valid_from, row.valid_to),
        })
    }
}

fn edition_code(year: i16, code: &str) -> Result<EditionCode, Failure> {
    let edition = u16::try_from(year).ok().and_then(IsoEdition::of_year);
    let read = edition.zip(code.parse().ok());
    let (edition, code) = read.ok_or_else(|| Failure::internal("a stored code cannot be read"))?;
    Ok(EditionCode { edition, code })
}

fn validity(from: jiff_sqlx::Date, to: Option<jiff_sqlx::Date>) -> Validity {
    Validity {
        valid_from: from.to_jiff(),
        valid_to: to.map(jiff_sqlx::Date::to_jiff),
    }
}

fn year(edition: IsoEdition) -> i16 {
    edition.year().cast_signed()
}

/// The versions that hold on a day of those codes that an edition has, in order.
pub(crate) async fn iso_code_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    edition: IsoEdition,
    codes: &[IsoCode],
    on: Date,
) -> Result<Vec<IsoCodeRow>, Failure> {
    let codes: Vec<&str> = codes.iter().map(IsoCode::as_str).collect();
    sqlx::query_as!(
        StoredCode,
        r#"SELECT edition, code, title_sv, title_en, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.iso_code
            WHERE tenant_id = $1 AND edition = $2 AND code = ANY ($3)
              AND valid_from <= $4 AND (valid_to IS NULL OR valid_to > $4)
            ORDER BY code"#,
        tenant.as_str(),
        year(edition),
        &codes as _,
        on.to_sqlx() as _,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// Which codes of an edition are listed.
#[derive(Debug, Clone)]
pub(crate) struct IsoCodeFilter {
    pub(crate) edition: IsoEdition,
    /// Codes that begin with these digits.
    pub(crate) under: String,
    /// Codes of so many digits; all without.
    pub(crate) digits: Option<i32>,
    pub(crate) on: Date,
    /// Codes after this one.
    pub(crate) after: String,
}

/// Codes of an edition, in order.
pub(crate) async fn iso_code_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    filter: &IsoCodeFilter,
    rows_max: i64,
) -> Result<Vec<IsoCodeRow>, Failure> {
    sqlx::query_as!(
        StoredCode,
        r#"SELECT edition, code, title_sv, title_en, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.iso_code
            WHERE tenant_id = $1 AND edition = $2 AND starts_with(code, $3)
              AND ($4::int IS NULL OR length(code) = $4)
              AND valid_from <= $5 AND (valid_to IS NULL OR valid_to > $5)
              AND code > $6
            ORDER BY code LIMIT $7"#,
        tenant.as_str(),
        year(filter.edition),
        filter.under,
        filter.digits,
        filter.on.to_sqlx() as _,
        filter.after,
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// All mappings that hold on a day, with both their codes, and that hang together with a code.
pub(crate) async fn iso_mapping_around(
    connection: &mut PgConnection,
    tenant: &TenantId,
    code: &EditionCode,
    on: Date,
) -> Result<Vec<IsoMapping>, Failure> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE reached (edition, code) AS (
               SELECT $2::smallint, $3::text
               UNION
               SELECT e.edition, e.code
                 FROM reached r CROSS JOIN LATERAL (
                      SELECT m.to_edition, m.to_code
                        FROM catalogue.iso_mapping m
                       WHERE m.tenant_id = $1 AND m.edition = r.edition AND m.code = r.code
                         AND m.valid_from <= $4 AND (m.valid_to IS NULL OR m.valid_to > $4)
                       UNION ALL
                      SELECT m.edition, m.code
                        FROM catalogue.iso_mapping m
                       WHERE m.tenant_id = $1 AND m.to_edition = r.edition AND m.to_code = r.code
                         AND m.valid_from <= $4 AND (m.valid_to IS NULL OR m.valid_to > $4)
                      ) e (edition, code)
                WHERE EXISTS (
                      SELECT FROM catalogue.iso_code k
                       WHERE k.tenant_id = $1 AND k.edition = e.edition AND k.code = e.code
                         AND k.valid_from <= $4 AND (k.valid_to IS NULL OR k.valid_to > $4))
           )
           SELECT m.edition, m.code, m.to_edition, m.to_code
             FROM reached r
             JOIN catalogue.iso_mapping m ON m.edition = r.edition AND m.code = r.code
             JOIN reached t ON t.edition = m.to_edition AND t.code = m.to_code
            WHERE m.tenant_id = $1
              AND m.valid_from <= $4 AND (m.valid_to IS NULL OR m.valid_to > $4)
            ORDER BY 1, 2, 3, 4"#,
        tenant.as_str(),
        year(code.edition),
        code.code.as_str(),
        on.to_sqlx() as _,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(IsoMapping {
                from: edition_code(row.edition, &row.code)?,
                to: edition_code(row.to_edition, &row.to_code)?,
            })
        })
        .collect()
}

/// One list at a time in a tenant: taking one in reads all that is stored.
pub(crate) async fn classification_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(), Failure> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('catalogue classification ' || $1, 0))",
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Everything that is stored, every version.
pub(crate) async fn classification_read(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Classification, Failure> {
    let mut classification = Classification::default();
    for row in iso_code_versions(connection, tenant).await? {
        classification.insert(IsoLine {
            entry: IsoEntry::Code(row.key, row.titles),
            validity: row.validity,
        });
    }
    let rows = sqlx::query!(
        r#"SELECT edition, code, to_edition, to_code, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.iso_mapping WHERE tenant_id = $1"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let mapping = IsoMapping {
            from: edition_code(row.edition, &row.code)?,
            to: edition_code(row.to_edition, &row.to_code)?,
        };
        classification.insert(IsoLine {
            entry: IsoEntry::Mapping(mapping),
            validity: validity(row.valid_from, row.valid_to),
        });
    }
    Ok(classification)
}

/// Every version of every code, in order.
pub(crate) async fn iso_code_versions(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Vec<IsoCodeRow>, Failure> {
    sqlx::query_as!(
        StoredCode,
        r#"SELECT edition, code, title_sv, title_en, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.iso_code WHERE tenant_id = $1
            ORDER BY edition, code, valid_from"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// Stores what lines of a list say, in the place of what was stored from the same first day.
pub(crate) async fn classification_put(
    connection: &mut PgConnection,
    tenant: &TenantId,
    lines: &[IsoLine],
) -> Result<(), Failure> {
    let mut codes = Vec::new();
    let mut mappings = Vec::new();
    for line in lines {
        match &line.entry {
            IsoEntry::Code(code, titles) => codes.push((code, titles, line.validity)),
            IsoEntry::Mapping(mapping) => mappings.push((mapping, line.validity)),
        }
    }
    iso_code_put(&mut *connection, tenant, &codes).await?;
    iso_mapping_put(connection, tenant, &mappings).await
}

async fn iso_code_put(
    connection: &mut PgConnection,
    tenant: &TenantId,
    rows: &[(&EditionCode, &IsoTitles, Validity)],
) -> Result<(), Failure> {
    let editions: Vec<i16> = rows.iter().map(|(key, _, _)| year(key.edition)).collect();
    let codes: Vec<&str> = rows.iter().map(|(key, _, _)| key.code.as_str()).collect();
    let sv: Vec<&str> = rows.iter().map(|(_, titles, _)| &*titles.sv).collect();
    let en: Vec<&str> = rows.iter().map(|(_, titles, _)| &*titles.en).collect();
    let (from, to) = days(rows.iter().map(|(_, _, validity)| validity));
    sqlx::query!(
        "INSERT INTO catalogue.iso_code
            (tenant_id, edition, code, title_sv, title_en, valid_from, valid_to)
         SELECT $1, new.* FROM unnest($2::smallint[], $3::text[], $4::text[], $5::text[],
                                      $6::date[], $7::date[]) new
         ON CONFLICT (tenant_id, edition, code, valid_from) DO UPDATE
            SET title_sv = excluded.title_sv, title_en = excluded.title_en,
                valid_to = excluded.valid_to",
        tenant.as_str(),
        &editions,
        &codes as _,
        &sv as _,
        &en as _,
        &from as _,
        &to as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn iso_mapping_put(
    connection: &mut PgConnection,
    tenant: &TenantId,
    rows: &[(&IsoMapping, Validity)],
) -> Result<(), Failure> {
    let (from_editions, from_codes) = ends(rows.iter().map(|(mapping, _)| &mapping.from));
    let (to_editions, to_codes) = ends(rows.iter().map(|(mapping, _)| &mapping.to));
    let (from, to) = days(rows.iter().map(|(_, validity)| validity));
    sqlx::query!(
        "INSERT INTO catalogue.iso_mapping
            (tenant_id, edition, code, to_edition, to_code, valid_from, valid_to)
         SELECT $1, new.* FROM unnest($2::smallint[], $3::text[], $4::smallint[], $5::text[],
                                      $6::date[], $7::date[]) new
         ON CONFLICT (tenant_id, edition, code, to_edition, to_code, valid_from) DO UPDATE
            SET valid_to = excluded.valid_to",
        tenant.as_str(),
        &from_editions,
        &from_codes as _,
        &to_editions,
        &to_codes as _,
        &from as _,
        &to as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn ends<'row>(codes: impl Iterator<Item = &'row EditionCode>) -> (Vec<i16>, Vec<&'row str>) {
    codes
        .map(|code| (year(code.edition), code.code.as_str()))
        .unzip()
}

fn days<'row>(
    validities: impl Iterator<Item = &'row Validity>,
) -> (Vec<jiff_sqlx::Date>, Vec<Option<jiff_sqlx::Date>>) {
    validities
        .map(|validity| {
            let to = validity.valid_to.map(jiff_sqlx::ToSqlx::to_sqlx);
            (validity.valid_from.to_sqlx(), to)
        })
        .unzip()
}
