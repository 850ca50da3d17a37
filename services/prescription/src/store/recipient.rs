//! People, the digests they are found by, and their dated facts.

use hjm_catalogue::{HomeCare, Housing, PayerFacts};
use hjm_ids::{PrincipalId, RecipientId, TenantId};
use hjm_prescription::{Residence, residences};
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::stored;
use crate::{
    config::keys::{Digest, Sealed},
    error::Error,
};

/// A person, without any number.
#[derive(Debug, Clone)]
pub(crate) struct RecipientRow {
    pub(crate) recipient: RecipientId,
    pub(crate) born_on: Date,
    pub(crate) died_on: Option<Date>,
}

/// Facts of a person from a day on.
#[derive(Debug, Clone)]
pub(crate) struct FactsRow {
    pub(crate) valid_from: Date,
    pub(crate) home_care: Option<PrincipalId>,
    pub(crate) asylum_seeker: bool,
    pub(crate) registered_in: Option<PrincipalId>,
    pub(crate) housing: Option<Housing>,
    pub(crate) in_habilitation: Option<bool>,
    pub(crate) lss_rehabilitation: Option<bool>,
}

impl FactsRow {
    /// Adds what is recorded to the facts that a payer is found on.
    pub(crate) fn tell(self, facts: &mut PayerFacts) {
        facts.home_care = Some(self.home_care.map_or(HomeCare::NotEnrolled, HomeCare::Of));
        facts.asylum_seeker = Some(self.asylum_seeker);
        facts.registered_in = self.registered_in;
        facts.housing = self.housing;
        facts.in_habilitation = self.in_habilitation;
        facts.lss_rehabilitation = self.lss_rehabilitation;
    }
}

/// How a person lives, as it is stored.
const fn housing_name(housing: Housing) -> &'static str {
    match housing {
        Housing::Ordinary => "ORDINARY",
        Housing::Special => "SPECIAL",
    }
}

fn stored_housing(name: &str) -> Result<Housing, Failure> {
    [Housing::Ordinary, Housing::Special]
        .into_iter()
        .find(|housing| housing_name(*housing) == name)
        .ok_or_else(|| Failure::internal("a stored housing cannot be read"))
}

struct StoredRecipient {
    recipient_id: Uuid,
    born_on: jiff_sqlx::Date,
    died_on: Option<jiff_sqlx::Date>,
}

impl From<StoredRecipient> for RecipientRow {
    fn from(row: StoredRecipient) -> Self {
        Self {
            recipient: RecipientId::new(row.recipient_id),
            born_on: row.born_on.to_jiff(),
            died_on: row.died_on.map(jiff_sqlx::Date::to_jiff),
        }
    }
}

/// Whoever registers the same number waits here, whichever of the keys it writes with.
pub(crate) async fn identity_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
    digests: &[Digest],
) -> Result<(), Failure> {
    let mut digests: Vec<&Digest> = digests.iter().collect();
    digests.sort_by(|one, other| one.key_id.cmp(&other.key_id));
    for digest in digests {
        sqlx::query!(
            "SELECT pg_advisory_xact_lock(
                hashtextextended('identity ' || $1 || ' ' || encode($2::bytea, 'hex'), 0))",
            tenant.as_str(),
            digest.digest
        )
        .fetch_one(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The person that a number is known to be, by any of its digests.
pub(crate) async fn identity_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    digests: &[Digest],
) -> Result<Option<RecipientId>, Failure> {
    let keys: Vec<String> = digests.iter().map(|digest| digest.key_id.clone()).collect();
    let values: Vec<Vec<u8>> = digests.iter().map(|digest| digest.digest.clone()).collect();
    let found = sqlx::query_scalar!(
        "SELECT recipient_id FROM prescription.identity_alias
          WHERE tenant_id = $1
            AND (key_id, digest) IN (SELECT * FROM unnest($2::text[], $3::bytea[])) LIMIT 1",
        tenant.as_str(),
        &keys,
        &values
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(RecipientId::new))
}

/// Adds a person.
pub(crate) async fn recipient_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
    born_on: Date,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO prescription.recipient (tenant_id, recipient_id, born_on)
         VALUES ($1, $2, $3)",
        tenant.as_str(),
        recipient.uuid(),
        born_on.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps a person's sealed number.
pub(crate) async fn identity_seal(
    connection: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
    sealed: &Sealed,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO prescription.identity_sealed
            (tenant_id, recipient_id, key_id, nonce, ciphertext) VALUES ($1, $2, $3, $4, $5)",
        tenant.as_str(),
        recipient.uuid(),
        sealed.key_id,
        sealed.nonce,
        sealed.ciphertext
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes a person findable by a digest.
pub(crate) async fn identity_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
    digest: &Digest,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO prescription.identity_alias (tenant_id, key_id, digest, recipient_id)
         VALUES ($1, $2, $3, $4)",
        tenant.as_str(),
        digest.key_id,
        digest.digest,
        recipient.uuid()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// One person.
pub(crate) async fn recipient_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
) -> Result<RecipientRow, Failure> {
    let row = sqlx::query_as!(
        StoredRecipient,
        r#"SELECT recipient_id, born_on, died_on AS "died_on: jiff_sqlx::Date"
             FROM prescription.recipient WHERE tenant_id = $1 AND recipient_id = $2"#,
        tenant.as_str(),
        recipient.uuid()
    )
    .fetch_optional(connection)
    .await?;
    row.map(Into::into).ok_or(Failure::NotFound("recipient"))
}

/// One person, whose death nobody records until the transaction ends.
pub(crate) async fn recipient_hold(
    connection: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
) -> Result<RecipientRow, Failure> {
    let row = sqlx::query_as!(
        StoredRecipient,
        r#"SELECT recipient_id, born_on, died_on AS "died_on: jiff_sqlx::Date"
             FROM prescription.recipient WHERE tenant_id = $1 AND recipient_id = $2 FOR SHARE"#,
        tenant.as_str(),
        recipient.uuid()
    )
    .fetch_optional(connection)
    .await?;
    row.map(Into::into).ok_or(Failure::NotFound("recipient"))
}

/// One person, to be changed.
pub(crate) async fn recipient_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
) -> Result<RecipientRow, Failure> {
    let row = sqlx::query_as!(
        StoredRecipient,
        r#"SELECT recipient_id, born_on, died_on AS "died_on: jiff_sqlx::Date"
             FROM prescription.recipient
            WHERE tenant_id = $1 AND recipient_id = $2 FOR NO KEY UPDATE"#,
        tenant.as_str(),
        recipient.uuid()
    )
    .fetch_optional(connection)
    .await?;
    row.map(Into::into).ok_or(Failure::NotFound("recipient"))
}

/// Notes the day of a death.
pub(crate) async fn recipient_died(
    connection: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
    died_on: Date,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE prescription.recipient SET died_on = $3
          WHERE tenant_id = $1 AND recipient_id = $2",
        tenant.as_str(),
        recipient.uuid(),
        died_on.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The facts of a day, if any apply.
pub(crate) async fn facts_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
    on: Date,
) -> Result<Option<FactsRow>, Failure> {
    let row = sqlx::query!(
        "SELECT valid_from, home_care_principal_id, asylum_seeker, registered_in_principal_id,
                housing, in_habilitation, lss_rehabilitation
           FROM prescription.recipient_facts
          WHERE tenant_id = $1 AND recipient_id = $2
            AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)",
        tenant.as_str(),
        recipient.uuid(),
        on.to_sqlx() as _,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(FactsRow {
        valid_from: row.valid_from.to_jiff(),
        home_care: row
            .home_care_principal_id
            .as_deref()
            .map(stored)
            .transpose()?,
        asylum_seeker: row.asylum_seeker,
        registered_in: row
            .registered_in_principal_id
            .as_deref()
            .map(stored)
            .transpose()?,
        housing: row.housing.as_deref().map(stored_housing).transpose()?,
        in_habilitation: row.in_habilitation,
        lss_rehabilitation: row.lss_rehabilitation,
    }))
}

/// Where a person is registered from a day on, as far as it is known.
pub(crate) async fn residence_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
    since: Date,
) -> Result<Vec<Residence>, Failure> {
    let rows = sqlx::query!(
        "SELECT valid_from, registered_in_principal_id FROM prescription.recipient_facts
          WHERE tenant_id = $1 AND recipient_id = $2 AND (valid_to IS NULL OR valid_to > $3)",
        tenant.as_str(),
        recipient.uuid(),
        since.to_sqlx() as _,
    )
    .fetch_all(connection)
    .await?;
    let known = rows.into_iter().map(|row| {
        let municipality = row.registered_in_principal_id.as_deref();
        Ok::<_, Failure>(Residence {
            from: row.valid_from.to_jiff(),
            municipality: municipality.map(stored).transpose()?,
        })
    });
    Ok(residences(known.collect::<Result<Vec<_>, _>>()?))
}

/// Ends the open facts the day before new ones and adds those. The person's row is locked.
pub(crate) async fn facts_set(
    connection: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
    facts: &FactsRow,
) -> Result<(), Error> {
    let newest = sqlx::query_scalar!(
        r#"SELECT max(valid_from) AS "newest: jiff_sqlx::Date" FROM prescription.recipient_facts
            WHERE tenant_id = $1 AND recipient_id = $2"#,
        tenant.as_str(),
        recipient.uuid()
    )
    .fetch_one(&mut *connection)
    .await?
    .map(jiff_sqlx::Date::to_jiff);
    if let Some(newest) = newest.filter(|newest| *newest >= facts.valid_from) {
        return Err(Error::FactsNotAfter(newest));
    }
    sqlx::query!(
        "UPDATE prescription.recipient_facts SET valid_to = $3
          WHERE tenant_id = $1 AND recipient_id = $2 AND valid_to IS NULL",
        tenant.as_str(),
        recipient.uuid(),
        facts.valid_from.to_sqlx() as _,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO prescription.recipient_facts
            (tenant_id, recipient_id, valid_from, home_care_principal_id, asylum_seeker,
             registered_in_principal_id, housing, in_habilitation, lss_rehabilitation)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.as_str(),
        recipient.uuid(),
        facts.valid_from.to_sqlx() as _,
        facts.home_care.as_ref().map(PrincipalId::as_str),
        facts.asylum_seeker,
        facts.registered_in.as_ref().map(PrincipalId::as_str),
        facts.housing.map(housing_name),
        facts.in_habilitation,
        facts.lss_rehabilitation
    )
    .execute(connection)
    .await?;
    Ok(())
}
