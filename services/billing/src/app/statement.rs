//! Reading statements of closed months, and their lines as a stream.

use hjm_ids::{CustomerNumber, Month, PrincipalId};
use hjm_proto::billing::v1::{ChargeKind, StreamStatementLinesResponse};
use hjm_service::{Caller, Failure};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use uuid::Uuid;

use crate::{
    Deps,
    convert::{FIRST_DAY, to_pb_charge},
    error::Error,
    store::{self, ChargeRow, StatementPlace, StatementRow},
};

/// Lines that are read at once.
const PAGE: i64 = 500;
/// Lines that wait for a slow reader.
const WAITING_MAX: usize = 64;

type Lines = ReceiverStream<Result<StreamStatementLinesResponse, Status>>;

/// One customer number's statement of a month.
pub(crate) async fn get_statement(
    deps: &Deps,
    caller: &Caller,
    number: CustomerNumber,
    month: Month,
) -> Result<StatementRow, Error> {
    let tenant = caller.tenant.clone();
    let read = deps.read(caller.scope(), |tx| {
        Box::pin(async move { store::statement_find(tx, &tenant, month, &number).await })
    });
    Ok(read.await?)
}

/// Statements of a month, a page.
pub(crate) async fn list_statements(
    deps: &Deps,
    caller: &Caller,
    month: Month,
    owner: Option<PrincipalId>,
    after: String,
    rows_max: i64,
) -> Result<Vec<StatementRow>, Error> {
    let tenant = caller.tenant.clone();
    let read = deps.read(caller.scope(), |tx| {
        Box::pin(async move {
            store::statement_list(tx, &tenant, month, owner.as_ref(), &after, rows_max).await
        })
    });
    Ok(read.await?)
}

/// The lines of a statement that is there: what the number pays, then own fees, each by date.
pub(crate) async fn stream_lines(
    deps: &Deps,
    caller: Caller,
    number: CustomerNumber,
    month: Month,
) -> Result<Lines, Error> {
    get_statement(deps, &caller, number.clone(), month).await?;
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let deps = deps.clone();
    tokio::spawn(async move {
        let drain = deps.drain.clone();
        tokio::select! {
            () = sender.closed() => {}
            () = drain.begun() => {
                let _ = sender.send(Err(Failure::Unavailable("draining".into()).into())).await;
            }
            ended = pump(&deps, &caller, &number, month, &sender) => {
                if let Err(failure) = ended {
                    let _ = sender.send(Err(failure.into())).await;
                }
            }
        }
    });
    Ok(ReceiverStream::new(receiver))
}

async fn pump(
    deps: &Deps,
    caller: &Caller,
    number: &CustomerNumber,
    month: Month,
    sender: &mpsc::Sender<Result<StreamStatementLinesResponse, Status>>,
) -> Result<(), Failure> {
    let mut after: StatementPlace = (false, FIRST_DAY, Uuid::nil());
    loop {
        let (tenant, number) = (caller.tenant.clone(), number.clone());
        let read = deps.read(caller.scope(), |tx| {
            Box::pin(async move {
                store::charge_of_statement_list(tx, &tenant, &number, month, after, PAGE).await
            })
        });
        let page: Vec<ChargeRow> = read.await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = (last.kind == ChargeKind::OwnFee, last.from, last.id);
        for row in page {
            let line = StreamStatementLinesResponse {
                line: Some(to_pb_charge(&row)),
            };
            if sender.send(Ok(line)).await.is_err() {
                return Ok(());
            }
        }
    }
}
