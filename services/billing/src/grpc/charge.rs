//! Charges.

use hjm_ids::ChargeId;
use hjm_proto::billing::v1::{self as pb, charge_service_server::ChargeService};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{from_pb_page_size, from_pb_text, from_pb_words, to_pb_next_page},
};
use tonic::{Request, Response, Status, async_trait};

use crate::{
    Deps, app,
    convert::{from_pb_charge_token, from_pb_filter, to_pb_charge, to_pb_charge_token},
};

const REASON_LENGTH_MAX: usize = 500;

#[async_trait]
impl ChargeService for Deps {
    async fn list_charges(
        &self,
        request: Request<pb::ListChargesRequest>,
    ) -> Result<Response<pb::ListChargesResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filter = from_pb_filter(&mut violations, &request);
        let after = from_pb_charge_token(&mut violations, &request.page_token);
        let rows_max = from_pb_page_size(&mut violations, request.page_size);
        let ((filter, after), rows_max) = violations.finish(filter.zip(after).zip(rows_max))?;
        app::charge::wait(self, &caller.tenant, &request.not_before).await?;
        let found = app::charge::list_charges(self, &caller, filter, after, rows_max).await?;
        Ok(Response::new(pb::ListChargesResponse {
            next_page_token: to_pb_next_page(
                found.len(),
                rows_max,
                found.last().map(to_pb_charge_token),
            ),
            charges: found.iter().map(to_pb_charge).collect(),
        }))
    }

    async fn explain_charge(
        &self,
        request: Request<pb::ExplainChargeRequest>,
    ) -> Result<Response<pb::ExplainChargeResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let charge: Option<ChargeId> =
            from_pb_text(&mut violations, "charge_id", &request.charge_id);
        let charge = violations.finish(charge)?;
        Ok(Response::new(
            app::charge::explain_charge(self, &caller, charge.uuid()).await?,
        ))
    }

    async fn credit_charge(
        &self,
        request: Request<pb::CreditChargeRequest>,
    ) -> Result<Response<pb::CreditChargeResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let charge = from_pb_text(&mut violations, "charge_id", &request.charge_id);
        let reason = from_pb_words(
            &mut violations,
            "reason",
            &request.reason,
            REASON_LENGTH_MAX,
        );
        let (charge, reason) = violations.finish(charge.zip(reason))?;
        Ok(app::credit::credit_charge(self, key, charge, reason)
            .await?
            .into_response())
    }
}
