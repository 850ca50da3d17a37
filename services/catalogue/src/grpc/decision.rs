//! `DecisionService`.

use hjm_proto::catalogue::v1::{self as pb, decision_service_server::DecisionService};
use hjm_service::{Violations, caller};
use tonic::{Request, Response, Status, async_trait};

use crate::{
    Deps,
    app::prescribing,
    convert::{from_pb_prescribing, to_pb_prescribing},
};

#[async_trait]
impl DecisionService for Deps {
    async fn check_prescribing(
        &self,
        request: Request<pb::CheckPrescribingRequest>,
    ) -> Result<Response<pb::CheckPrescribingResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let facts = from_pb_prescribing(&mut violations, &asked, self.clock.today()?);
        let facts = violations.finish(facts)?;
        let decision = prescribing::check_prescribing(self, &caller, &facts).await?;
        Ok(Response::new(to_pb_prescribing(&decision)))
    }
}
