//! `PrescriptionService`.

use hjm_proto::prescription::v1::{self as pb, prescription_service_server::PrescriptionService};
use hjm_service::{Violations, WriteKey, caller, convert::from_pb_text};
use tonic::{Request, Response, Status, async_trait};

use crate::{
    Deps,
    app::{delivery, prescription as app},
    convert::{from_pb_draft, from_pb_handed},
};

#[async_trait]
impl PrescriptionService for Deps {
    async fn quote_prescription(
        &self,
        request: Request<pb::QuotePrescriptionRequest>,
    ) -> Result<Response<pb::QuotePrescriptionResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let draft = from_pb_draft(&mut violations, request.draft.as_ref());
        let draft = violations.finish(draft)?;
        let decisions = app::quote(self, &caller, draft, self.clock.today()?).await?;
        Ok(Response::new(pb::QuotePrescriptionResponse { decisions }))
    }

    async fn prescribe(
        &self,
        request: Request<pb::PrescribeRequest>,
    ) -> Result<Response<pb::PrescribeResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let draft = from_pb_draft(&mut violations, request.draft.as_ref());
        let draft = violations.finish(draft)?;
        Ok(app::prescribe(self, key, draft).await?.into_response())
    }

    async fn deliver(
        &self,
        request: Request<pb::DeliverRequest>,
    ) -> Result<Response<pb::DeliverResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let handed = from_pb_handed(&mut violations, &request);
        let handed = violations.finish(handed)?;
        Ok(delivery::deliver(self, key, handed).await?.into_response())
    }

    async fn get_prescription(
        &self,
        request: Request<pb::GetPrescriptionRequest>,
    ) -> Result<Response<pb::GetPrescriptionResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let id = from_pb_text(&mut violations, "prescription_id", &request.prescription_id);
        let id = violations.finish(id)?;
        let prescription = Some(app::get(self, &caller, id).await?);
        Ok(Response::new(pb::GetPrescriptionResponse { prescription }))
    }
}
