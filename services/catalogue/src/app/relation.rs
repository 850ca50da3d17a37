//! What articles have to do with each other: said, ended, listed.

use std::collections::{BTreeSet, HashMap};

use hjm_catalogue::{ArticleAct, TrialLimits, substitution_chain};
use hjm_ids::{ArticleNumber, TenantId};
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{Caller, Failure, WriteKey};
use jiff::civil::Date;
use sqlx::PgConnection;

use super::Written;
use crate::{
    Deps,
    convert::{stored_trial, to_pb_article, to_pb_relation},
    error::Error,
    events,
    store::{self, ArticleRow, RelatedRow, RelationRow},
};

/// The longest chain of substitutes.
const CHAIN_LENGTH_MAX: usize = 100;
const LINKS_MAX: i64 = 1000;
const FIRST_DAY: Date = Date::constant(1, 1, 1);

/// Says that two articles belong together.
pub(crate) async fn relate_articles(
    deps: &Deps,
    key: WriteKey,
    relation: RelationRow,
) -> Written<pb::RelateArticlesResponse> {
    let tenant = key.caller.tenant.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            store::article_lock(tx, &tenant).await?;
            for article in [&relation.article, &relation.other] {
                store::article_find(tx, &tenant, article, relation.valid_from).await?;
            }
            refuse_overlap(tx, &tenant, &relation).await?;
            if relation.kind == pb::RelationKind::ReplacedBy {
                refuse_chain(tx, &tenant, &relation).await?;
            }
            store::relation_insert(tx, &tenant, &relation).await?;
            let relation = to_pb_relation(&relation);
            let events = vec![events::relation_changed(relation.clone())];
            Ok((
                pb::RelateArticlesResponse {
                    relation: Some(relation),
                    ..Default::default()
                },
                events,
            ))
        })
    });
    written.await
}

/// A relation is open at its end: whatever holds on its first day or later is in its way.
async fn refuse_overlap(
    tx: &mut PgConnection,
    tenant: &TenantId,
    new: &RelationRow,
) -> Result<(), Error> {
    let known = store::relation_since(tx, tenant, new.kind, &new.article, new.valid_from).await?;
    if known.iter().any(|known| known.other == new.other) {
        return Err(Error::RelationExists);
    }
    match known.into_iter().next() {
        Some(known) if new.kind == pb::RelationKind::ReplacedBy => {
            Err(Error::ReplacedAlready(known.other))
        }
        _ => Ok(()),
    }
}

/// A chain ends, and no article is in it twice.
async fn refuse_chain(
    tx: &mut PgConnection,
    tenant: &TenantId,
    new: &RelationRow,
) -> Result<(), Error> {
    let mut numbers = BTreeSet::from([new.article.clone(), new.other.clone()]);
    for (article, closes) in [(&new.article, &new.other), (&new.other, &new.article)] {
        let from = new.valid_from;
        let links = store::chain_links(tx, tenant, article, from, true, LINKS_MAX).await?;
        let joined = links
            .iter()
            .any(|(old, new)| old == closes || new == closes);
        if joined {
            return Err(Error::ChainCircle);
        }
        numbers.extend(links.into_iter().flat_map(|(old, new)| [old, new]));
    }
    if numbers.len() > CHAIN_LENGTH_MAX {
        return Err(Error::ChainTooLong(CHAIN_LENGTH_MAX));
    }
    Ok(())
}

/// Ends an open relation.
pub(crate) async fn end_relation(
    deps: &Deps,
    key: WriteKey,
    ended: RelationRow,
) -> Written<pb::EndRelationResponse> {
    let tenant = key.caller.tenant.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            store::article_lock(tx, &tenant).await?;
            let (kind, article) = (ended.kind, &ended.article);
            let known = store::relation_since(tx, &tenant, kind, article, FIRST_DAY).await?;
            let open = known
                .into_iter()
                .find(|known| known.other == ended.other && known.valid_to.is_none());
            let open = open.ok_or(Failure::NotFound("relation"))?;
            if ended.valid_to.is_none_or(|to| to <= open.valid_from) {
                return Err(Error::RelationEnd(open.valid_from));
            }
            let relation = RelationRow {
                valid_from: open.valid_from,
                ..ended
            };
            store::relation_end(tx, &tenant, &relation).await?;
            let relation = to_pb_relation(&relation);
            let events = vec![events::relation_changed(relation.clone())];
            Ok((
                pb::EndRelationResponse {
                    relation: Some(relation),
                    ..Default::default()
                },
                events,
            ))
        })
    });
    written.await
}

/// Where a page of related articles begins: after a kind, a direction and a number.
pub(crate) type RelatedAfter = (String, bool, String);

/// What an article goes with on a day, a page.
pub(crate) async fn list_accessories(
    deps: &Deps,
    caller: &Caller,
    article: ArticleNumber,
    on: Date,
    after: RelatedAfter,
    rows_max: i64,
) -> Result<Vec<(RelatedRow, ArticleRow)>, Error> {
    let tenant = caller.tenant.clone();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move {
            store::article_find(tx, &tenant, &article, on).await?;
            let related = store::related_list(tx, &tenant, &article, on, &after, rows_max).await?;
            let numbers = related.iter().map(|row| row.article.to_string()).collect();
            let mut articles = on_day(tx, &tenant, numbers, on).await?;
            let paired = related.into_iter().filter_map(|row| {
                let article = articles.remove(&row.article)?;
                Some((row, article))
            });
            Ok::<_, Failure>(paired.collect())
        })
    });
    Ok(read.await?)
}

/// The chain that an article is in on a day, oldest first.
pub(crate) async fn list_substitutes(
    deps: &Deps,
    caller: &Caller,
    article: ArticleNumber,
    on: Date,
) -> Result<Vec<pb::Substitute>, Error> {
    let tenant = caller.tenant.clone();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move {
            store::article_find(tx, &tenant, &article, on).await?;
            let links = store::chain_links(tx, &tenant, &article, on, false, LINKS_MAX).await?;
            let chain = substitution_chain(&store::successors(links), &article);
            let numbers = chain.iter().map(ToString::to_string).collect();
            let mut articles = on_day(tx, &tenant, numbers, on).await?;
            let rows = chain.iter().filter_map(|number| articles.remove(number));
            let substitutes = rows.map(|row| substitute(&row, on));
            Ok::<_, Failure>(substitutes.collect())
        })
    });
    Ok(read.await?)
}

fn substitute(row: &ArticleRow, on: Date) -> pb::Substitute {
    let trial: Option<TrialLimits> = stored_trial(&row.details);
    let allowed = row.state.check(ArticleAct::Deliver, on, trial, None);
    pb::Substitute {
        article: Some(to_pb_article(row)),
        deliverable: allowed.is_ok(),
    }
}

async fn on_day(
    tx: &mut PgConnection,
    tenant: &TenantId,
    numbers: Vec<String>,
    on: Date,
) -> Result<HashMap<ArticleNumber, ArticleRow>, Failure> {
    let rows = store::article_versions(tx, tenant, &numbers).await?;
    let in_force = rows
        .into_iter()
        .filter(|row| row.valid_from <= on && row.valid_to.is_none_or(|to| to > on));
    Ok(in_force
        .map(|row| (row.article_number.clone(), row))
        .collect())
}
