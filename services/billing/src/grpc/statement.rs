//! Statements.

use hjm_ids::{CustomerNumber, Month, PrincipalId};
use hjm_proto::billing::v1::{self as pb, statement_service_server::StatementService};
use hjm_service::{
    Failure, Violations, caller,
    convert::{from_pb_page_size, from_pb_text, from_pb_text_optional, to_pb_next_page},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait};

use crate::{Deps, app, convert::to_pb_statement};

fn from_pb_key(number: &str, month: &str) -> Result<(CustomerNumber, Month), Failure> {
    let mut violations = Violations::default();
    let number = from_pb_text(&mut violations, "customer_number", number);
    let month = from_pb_text(&mut violations, "month", month);
    violations.finish(number.zip(month))
}

#[async_trait]
impl StatementService for Deps {
    async fn get_statement(
        &self,
        request: Request<pb::GetStatementRequest>,
    ) -> Result<Response<pb::GetStatementResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let (number, month) = from_pb_key(&request.customer_number, &request.month)?;
        let found = app::statement::get_statement(self, &caller, number, month).await?;
        let statement = Some(to_pb_statement(&found)?);
        Ok(Response::new(pb::GetStatementResponse { statement }))
    }

    async fn list_statements(
        &self,
        request: Request<pb::ListStatementsRequest>,
    ) -> Result<Response<pb::ListStatementsResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let owner: Option<Option<PrincipalId>> =
            from_pb_text_optional(&mut violations, "principal_id", &request.principal_id);
        let month: Option<Month> = from_pb_text(&mut violations, "month", &request.month);
        let rows_max = from_pb_page_size(&mut violations, request.page_size);
        let after: Option<Option<CustomerNumber>> =
            from_pb_text_optional(&mut violations, "page_token", &request.page_token);
        let parsed = owner.zip(month).zip(rows_max).zip(after);
        let (((owner, month), rows_max), after) = violations.finish(parsed)?;
        let after = after.map_or(String::new(), |after| after.to_string());
        let listed = app::statement::list_statements(self, &caller, month, owner, after, rows_max);
        let found = listed.await?;
        let last = found
            .last()
            .map(|statement| statement.customer_number.clone());
        let statements: Result<Vec<pb::Statement>, Failure> =
            found.iter().map(to_pb_statement).collect();
        Ok(Response::new(pb::ListStatementsResponse {
            next_page_token: to_pb_next_page(found.len(), rows_max, last),
            statements: statements?,
        }))
    }

    type StreamStatementLinesStream =
        ReceiverStream<Result<pb::StreamStatementLinesResponse, Status>>;

    async fn stream_statement_lines(
        &self,
        request: Request<pb::StreamStatementLinesRequest>,
    ) -> Result<Response<Self::StreamStatementLinesStream>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let (number, month) = from_pb_key(&request.customer_number, &request.month)?;
        Ok(Response::new(
            app::statement::stream_lines(self, caller, number, month).await?,
        ))
    }
}
