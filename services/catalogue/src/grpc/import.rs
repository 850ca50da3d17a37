//! `ImportArticles` of `ArticleService`.

use hjm_proto::catalogue::v1 as pb;
use hjm_service::{Caller, Failure, Violations, caller};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::{Deps, app::import::Import};

const BATCH_ITEMS_MAX: usize = 1000;
const STREAM_ITEMS_MAX: usize = 200_000;
/// Answers that wait for a client that reads slowly; no more is imported meanwhile.
const ANSWERS_MAX: usize = 4;

type Answer = Result<pb::ImportArticlesResponse, Status>;
pub(super) type Answers = ReceiverStream<Answer>;

pub(super) fn import_articles(
    deps: &Deps,
    request: Request<Streaming<pb::ImportArticlesRequest>>,
) -> Result<Response<Answers>, Status> {
    let caller = caller(&request)?;
    let items = request.into_inner();
    let deps = deps.clone();
    let (answer, answers) = mpsc::channel(ANSWERS_MAX);
    tokio::spawn(async move {
        if let Err(status) = import_all(deps, caller, items, &answer).await {
            // Whoever has gone does not hear it.
            let _ = answer.send(Err(status)).await;
        }
    });
    Ok(Response::new(ReceiverStream::new(answers)))
}

async fn import_all(
    deps: Deps,
    caller: Caller,
    mut items: Streaming<pb::ImportArticlesRequest>,
    answer: &mpsc::Sender<Answer>,
) -> Result<(), Status> {
    let mut import: Option<Import> = None;
    let mut read = 0;
    loop {
        let batch = tokio::select! {
            batch = next_batch(&mut items) => batch?,
            () = deps.drain.begun() => {
                return Err(Failure::Unavailable("the service is stopping".to_owned()).into());
            }
        };
        let Some(first) = batch.first() else {
            return Ok(());
        };
        read += batch.len();
        if read > STREAM_ITEMS_MAX {
            let text = format!("must be at most {STREAM_ITEMS_MAX} in a stream");
            return Err(Violations::one("article", text).into());
        }
        let dry_run = first.dry_run;
        let import =
            import.get_or_insert_with(|| Import::new(deps.clone(), caller.clone(), dry_run));
        let told = import.batch(batch).await?;
        if answer.send(Ok(told)).await.is_err() {
            return Ok(());
        }
    }
}

async fn next_batch(
    items: &mut Streaming<pb::ImportArticlesRequest>,
) -> Result<Vec<pb::ImportArticlesRequest>, Status> {
    let mut batch = Vec::with_capacity(BATCH_ITEMS_MAX);
    while batch.len() < BATCH_ITEMS_MAX
        && let Some(item) = items.message().await?
    {
        batch.push(item);
    }
    Ok(batch)
}
