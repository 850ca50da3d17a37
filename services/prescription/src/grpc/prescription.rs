//! `PrescriptionService`.

use hjm_ids::LineId;
use hjm_proto::prescription::v1::{self as pb, prescription_service_server::PrescriptionService};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{from_pb_date, from_pb_text, from_pb_text_optional},
};
use tonic::{Request, Response, Status, async_trait};

use crate::{Deps, app::prescription as app, convert::from_pb_draft};

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
        let line: Option<LineId> = from_pb_text(&mut violations, "line_id", &request.line_id);
        let unit = from_pb_text_optional(&mut violations, "unit_number", &request.unit_number);
        let on = from_pb_date(
            &mut violations,
            "delivered_on",
            request.delivered_on.as_ref(),
        );
        let ((line, unit), delivered_on) = violations.finish(line.zip(unit).zip(on))?;
        Ok(app::deliver(self, key, line, unit, delivered_on)
            .await?
            .into_response())
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
