//! Runs.

use hjm_ids::Month;
use hjm_proto::billing::v1::{self as pb, run_service_server::RunService};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{from_pb_page_size, from_pb_text, to_pb_next_page},
};
use tonic::{Request, Response, Status, async_trait};

use crate::{
    Deps, app,
    convert::{from_pb_month_token, to_pb_run},
};

#[async_trait]
impl RunService for Deps {
    async fn start_run(
        &self,
        request: Request<pb::StartRunRequest>,
    ) -> Result<Response<pb::StartRunResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let month: Option<Month> = from_pb_text(&mut violations, "month", &request.month);
        let month = violations.finish(month)?;
        self.followers
            .wait(&key.caller.tenant, &request.not_before)
            .await?;
        Ok(app::run::start_run(self, key, month).await?.into_response())
    }

    async fn get_run(
        &self,
        request: Request<pb::GetRunRequest>,
    ) -> Result<Response<pb::GetRunResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let month: Option<Month> = from_pb_text(&mut violations, "month", &request.month);
        let month = violations.finish(month)?;
        let run = app::run::get_run(self, &caller, month, request.wait).await?;
        Ok(Response::new(pb::GetRunResponse {
            run: Some(to_pb_run(&run)),
        }))
    }

    async fn list_runs(
        &self,
        request: Request<pb::ListRunsRequest>,
    ) -> Result<Response<pb::ListRunsResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let after = from_pb_month_token(&mut violations, &request.page_token);
        let rows_max = from_pb_page_size(&mut violations, request.page_size);
        let (after, rows_max) = violations.finish(after.zip(rows_max))?;
        let found = app::run::list_runs(self, &caller, after, rows_max).await?;
        let last = found.last().map(|run| run.month.to_string());
        Ok(Response::new(pb::ListRunsResponse {
            next_page_token: to_pb_next_page(found.len(), rows_max, last),
            runs: found.iter().map(to_pb_run).collect(),
        }))
    }
}
