//! Articles of a file, batch by batch: decided in memory, stored by a handful of statements.

use hjm_proto::catalogue::v1 as pb;
use hjm_service::{Caller, Database, Failure, Violations};

use super::shelf::{Outcome, Shelf};
use crate::{
    Deps,
    convert::{from_pb_article, to_pb_article},
    events,
    store::ArticleRow,
};

/// A file being imported.
#[derive(Debug)]
pub(crate) struct Import {
    deps: Deps,
    caller: Caller,
    /// In a dry run: all that was decided so far, since nothing of it is stored.
    trial: Option<Shelf>,
}

/// An item that was read, or what is wrong with it.
type Read = Result<ArticleRow, Vec<pb::ImportFault>>;

impl Import {
    /// Begins a file.
    pub(crate) fn new(deps: Deps, caller: Caller, dry_run: bool) -> Self {
        Self {
            deps,
            caller,
            trial: dry_run.then(Shelf::default),
        }
    }

    /// Decides a batch, and stores it unless the run is dry. All of it holds, or a failure ends
    /// the stream and nothing of it does.
    ///
    /// # Errors
    /// [`Failure`]; what is refused by a rule is in the answer.
    pub(crate) async fn batch(
        &mut self,
        items: Vec<pb::ImportArticlesRequest>,
    ) -> Result<pb::ImportArticlesResponse, Failure> {
        let read: Vec<Read> = items.iter().map(read).collect();
        let rows: Vec<ArticleRow> = read.iter().flatten().cloned().collect();
        let tenant = &self.caller.tenant;
        let database = self.deps.producer.database();
        let mut tx = database.begin(&self.caller.scope()).await?;
        Database::plan_each(&mut tx).await?;
        if let Some(decided) = &mut self.trial {
            decided.extend(&mut tx, tenant, &rows).await?;
            let items = decide(decided, items, read)?;
            return Ok(pb::ImportArticlesResponse {
                items,
                position: String::new(),
            });
        }
        let mut known = Shelf::load(&mut tx, tenant, &rows).await?;
        let items = decide(&mut known, items, read)?;
        let added = known.store(&mut tx, tenant).await?;
        let told: Vec<_> = added
            .iter()
            .map(|row| events::article_changed(to_pb_article(row)))
            .collect();
        let producer = &self.deps.producer;
        let now = self.deps.clock.now()?;
        let position = producer.append(&mut tx, tenant, now, &told).await?;
        tx.commit().await?;
        producer.tell_head(tenant, position.sequence);
        Ok(pb::ImportArticlesResponse {
            items,
            position: position.to_wire(),
        })
    }
}

fn read(item: &pb::ImportArticlesRequest) -> Read {
    let mut violations = Violations::default();
    let article = from_pb_article(&mut violations, item.article.as_ref());
    match violations.finish(article) {
        Ok(article) => Ok(article),
        Err(Failure::Invalid(violations)) => Err(violations
            .faults()
            .map(|(field, text)| pb::ImportFault {
                reason: "MALFORMED".to_owned(),
                field: field.to_owned(),
                text: text.to_owned(),
            })
            .collect()),
        Err(_) => Err(Vec::new()),
    }
}

fn decide(
    shelf: &mut Shelf,
    items: Vec<pb::ImportArticlesRequest>,
    read: Vec<Read>,
) -> Result<Vec<pb::ImportedArticle>, Failure> {
    let decided = items.into_iter().zip(read).map(|(item, read)| {
        let decided = match read {
            Ok(row) => shelf.import(row),
            Err(faults) => return Ok(refused(item, faults)),
        };
        match decided {
            Ok((outcome, version)) => Ok(pb::ImportedArticle {
                line: item.line,
                article_number: number_of(item),
                outcome: to_pb_outcome(outcome).into(),
                version,
                faults: Vec::new(),
            }),
            Err(error) => {
                let Some((reason, field)) = error.reason_and_field() else {
                    return Err(error.into_failure());
                };
                let fault = pb::ImportFault {
                    reason: reason.to_owned(),
                    field: field.to_owned(),
                    text: error.to_string(),
                };
                Ok(refused(item, vec![fault]))
            }
        }
    });
    decided.collect()
}

fn refused(item: pb::ImportArticlesRequest, faults: Vec<pb::ImportFault>) -> pb::ImportedArticle {
    pb::ImportedArticle {
        line: item.line,
        article_number: number_of(item),
        outcome: pb::ImportOutcome::Refused.into(),
        version: 0,
        faults,
    }
}

fn number_of(item: pb::ImportArticlesRequest) -> String {
    item.article.unwrap_or_default().article_number
}

fn to_pb_outcome(outcome: Outcome) -> pb::ImportOutcome {
    match outcome {
        Outcome::Created => pb::ImportOutcome::Created,
        Outcome::Changed => pb::ImportOutcome::Changed,
        Outcome::Unchanged => pb::ImportOutcome::Unchanged,
    }
}
