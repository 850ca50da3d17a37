//! What must always hold in the catalogue's books.

use hjm_catalogue::EditionCode;
use hjm_ids::TenantId;
use hjm_policy::PolicyDocument;
use hjm_service::{Database, Failure, Scope, verify::Finding};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{SCHEMA, app::decision::runs_again, store};

const PAGE: i64 = 1000;

/// Looks through a tenant's articles, prices, policies and classification, in the serving role.
///
/// # Errors
/// [`Failure::Unavailable`] when the database is away.
pub async fn verify(database_url: &str, tenant: &TenantId) -> Result<Vec<Finding>, Failure> {
    let database = Database::connect(database_url.parse()?, SCHEMA).await?;
    let mut tx = database.begin(&Scope::whole(tenant.clone())).await?;
    let policies = store::policy_texts(&mut tx, tenant).await?;
    let (prices, gaps) = store::price_gaps(&mut tx, tenant).await?;
    let (versions, apart) = store::article_gaps(&mut tx, tenant).await?;
    let (decisions, differing) = decisions_run_again(&mut tx, tenant).await?;
    let codes = store::iso_code_versions(&mut tx, tenant).await?;
    let classification = store::classification_read(&mut tx, tenant).await?;
    tx.commit().await?;
    let rootless = codes.iter().filter(|row| {
        let parent = row.key.code.parent().map(|code| EditionCode {
            edition: row.key.edition,
            code,
        });
        parent.is_some_and(|parent| !classification.knows(&parent, row.validity.valid_from))
    });
    let changed = policies.iter().filter(|(_, hash, text)| {
        PolicyDocument::parse(text).map_or(true, |document| document.hash() != hash)
    });
    Ok(vec![
        Finding {
            invariant: "I7 a stored policy's text is what its hash says",
            checked: policies.len() as u64,
            breaches: changed
                .map(|(name, _, _)| format!("{name} was changed"))
                .collect(),
        },
        Finding {
            invariant: "I45 an article's prices follow each other without gap or overlap",
            checked: prices,
            breaches: gaps,
        },
        Finding {
            invariant: "I47 an article's versions are numbered and follow each other without gap",
            checked: versions,
            breaches: apart,
        },
        Finding {
            invariant: "I46 a kept decision comes out the same when its versions decide again",
            checked: decisions,
            breaches: differing,
        },
        Finding {
            invariant: "a code of the classification lies under one that is there on its first day",
            checked: codes.len() as u64,
            breaches: rootless
                .map(|row| format!("{} of {}", row.key.code, row.key.edition.year()))
                .collect(),
        },
    ])
}

async fn decisions_run_again(
    tx: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(u64, Vec<String>), Failure> {
    let (mut checked, mut differing, mut after) = (0, Vec::new(), Uuid::nil());
    loop {
        let rows = store::decision_list(tx, tenant, after, PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok((checked, differing));
        };
        after = last.id.uuid();
        for row in rows {
            let id = row.id;
            checked += 1;
            if !runs_again(tx, tenant, row).await? {
                differing.push(format!("the decision {id} comes out otherwise"));
            }
        }
    }
}
