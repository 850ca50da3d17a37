//! Claiming months, and looking at runs.

use hjm_ids::Month;
use hjm_proto::billing::v1::{RunState, StartRunResponse};
use hjm_service::{Answered, Caller, Failure, WriteKey, clock::civil_date};
use jiff::civil::Date;

use crate::{
    Deps, Ring,
    app::{LOOK, look_again},
    convert::to_pb_run,
    error::Error,
    events,
    store::{self, RunRow},
};

/// Claims a month that is over and next in order. The same month again answers the run there is.
/// A task does the rest.
pub(crate) async fn start_run(
    deps: &Deps,
    key: WriteKey,
    month: Month,
) -> Result<Answered<StartRunResponse>, Error> {
    let (tenant, now) = (key.caller.tenant.clone(), key.now);
    let of = tenant.clone();
    let today = civil_date(now);
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            store::run_claim_lock(tx, &tenant).await?;
            if let Some(run) = store::run_find(tx, &tenant, month).await? {
                return Ok((answer(&run), vec![]));
            }
            if month.last() >= today {
                return Err(Error::MonthNotOver(month));
            }
            let next = store::run_newest(tx, &tenant).await?.map(Month::next);
            if let Some(next) = next.filter(|next| *next != month) {
                return Err(Error::MonthOrder { next });
            }
            store::run_insert(tx, &tenant, month, now).await?;
            let run = store::run_find(tx, &tenant, month).await?;
            let run = run.ok_or_else(|| Failure::internal("a claimed month is not there"))?;
            Ok((answer(&run), vec![events::run_started(to_pb_run(&run))]))
        })
    });
    let written = written.await?;
    deps.wake.ring(&of, Ring::Runs);
    deps.wake.ring(&of, Ring::Fees);
    Ok(written)
}

fn answer(run: &RunRow) -> StartRunResponse {
    StartRunResponse {
        run: Some(to_pb_run(run)),
        ..Default::default()
    }
}

/// A month's run; with `wait`, once it is closed. The caller's deadline bounds the wait.
pub(crate) async fn get_run(
    deps: &Deps,
    caller: &Caller,
    month: Month,
    wait: bool,
) -> Result<RunRow, Error> {
    let mut wake = deps.wake.listen(&caller.tenant, Ring::Outcome);
    loop {
        wake.borrow_and_update();
        let tenant = caller.tenant.clone();
        let read = deps.read(caller.scope(), |tx| {
            Box::pin(async move { store::run_find(tx, &tenant, month).await })
        });
        let run = read.await?.ok_or(Failure::NotFound("run"))?;
        if !wait || run.state == RunState::Closed {
            return Ok(run);
        }
        look_again(&mut wake, LOOK).await;
    }
}

/// Runs by month, a page.
pub(crate) async fn list_runs(
    deps: &Deps,
    caller: &Caller,
    after: Date,
    rows_max: i64,
) -> Result<Vec<RunRow>, Error> {
    let tenant = caller.tenant.clone();
    let read = deps.read(caller.scope(), |tx| {
        Box::pin(async move { store::run_list(tx, &tenant, after, rows_max).await })
    });
    Ok(read.await?)
}
