//! `DeviceService`.

use hjm_ids::{ArticleNumber, UnitNumber};
use hjm_proto::prescription::v1::{self as pb, device_service_server::DeviceService};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{from_pb_date, from_pb_text},
};
use tonic::{Request, Response, Status, async_trait};

use crate::{
    Deps,
    app::device as app,
    convert::{from_pb_unit_numbers, to_pb_device},
};

#[async_trait]
impl DeviceService for Deps {
    async fn register_device(
        &self,
        request: Request<pb::RegisterDeviceRequest>,
    ) -> Result<Response<pb::RegisterDeviceResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let article: Option<ArticleNumber> =
            from_pb_text(&mut violations, "article_number", &request.article_number);
        let units = from_pb_unit_numbers(&mut violations, &request.unit_numbers);
        let (article, units) = violations.finish(article.zip(units))?;
        Ok(app::register(self, key, article, units)
            .await?
            .into_response())
    }

    async fn get_device(
        &self,
        request: Request<pb::GetDeviceRequest>,
    ) -> Result<Response<pb::GetDeviceResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let unit = from_pb_text(&mut violations, "unit_number", &request.unit_number);
        let unit = violations.finish(unit)?;
        let device = Some(to_pb_device(&app::get(self, &caller, unit).await?));
        Ok(Response::new(pb::GetDeviceResponse { device }))
    }

    async fn receive_return(
        &self,
        request: Request<pb::ReceiveReturnRequest>,
    ) -> Result<Response<pb::ReceiveReturnResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let unit: Option<UnitNumber> =
            from_pb_text(&mut violations, "unit_number", &request.unit_number);
        let on = from_pb_date(&mut violations, "returned_on", request.returned_on.as_ref());
        let (unit, returned_on) = violations.finish(unit.zip(on))?;
        Ok(app::receive_return(self, key, unit, returned_on)
            .await?
            .into_response())
    }
}
