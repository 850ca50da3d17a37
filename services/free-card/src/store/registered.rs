//! Fees under their charging systems' keys.

use std::collections::HashMap;

use hjm_ids::{AccountId, FeeId, TenantId};
use hjm_money::Money;
use hjm_service::Failure;
use jiff::civil::Date;
use sqlx::PgConnection;

/// A fee as it was registered under the charging system's key.
#[derive(Debug, Clone)]
pub(crate) struct RegisteredRow {
    pub(crate) account: AccountId,
    /// Of a fee that is not stored yet; else it is looked for where it matters.
    pub(crate) scheme_id: Option<String>,
    pub(crate) fee: FeeId,
    pub(crate) on: Date,
    pub(crate) nominal: Money,
    pub(crate) principal_id: String,
    pub(crate) answer: Vec<u8>,
    pub(crate) cancelled: bool,
}

/// The fees there are under charging systems' keys.
pub(crate) async fn registered_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    references: &[String],
) -> Result<HashMap<String, RegisteredRow>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT e.external_reference AS "external_reference!", account_id,
                  event_on AS "event_on!: jiff_sqlx::Date",
                  nominal_ore AS "nominal_ore!", principal_id AS "principal_id!",
                  answer AS "answer!", fee_id AS "fee_id!",
                  EXISTS (SELECT FROM free_card.account_event c
                           WHERE c.tenant_id = e.tenant_id AND c.fee_id = e.fee_id
                             AND c.kind = 'CANCEL') AS "cancelled!"
             FROM unnest($2::text[]) asked (reference),
                  LATERAL (SELECT * FROM free_card.account_event
                            WHERE tenant_id = $1 AND external_reference = asked.reference
                           OFFSET 0) e"#,
        tenant.as_str(),
        references
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let registered = RegisteredRow {
            account: AccountId::new(row.account_id),
            scheme_id: None,
            fee: FeeId::new(row.fee_id),
            on: row.event_on.to_jiff(),
            nominal: Money::from_ore(row.nominal_ore),
            principal_id: row.principal_id,
            answer: row.answer,
            cancelled: row.cancelled,
        };
        (row.external_reference, registered)
    });
    Ok(rows.collect())
}
