//! `PriceService`.

use hjm_ids::ArticleNumber;
use hjm_proto::catalogue::v1::{self as pb, price_service_server::PriceService};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{from_pb_date, from_pb_date_optional, from_pb_text, from_pb_unit_price},
};
use tonic::{Request, Response, Status, async_trait};

use crate::{Deps, app, store::PriceRow};

#[async_trait]
impl PriceService for Deps {
    async fn set_price(
        &self,
        request: Request<pb::SetPriceRequest>,
    ) -> Result<Response<pb::SetPriceResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let number: Option<ArticleNumber> =
            from_pb_text(&mut violations, "article_number", &request.article_number);
        let price = from_pb_unit_price(&mut violations, "price", request.price.as_ref());
        let from = from_pb_date(&mut violations, "valid_from", request.valid_from.as_ref());
        let ((number, price), valid_from) = violations.finish(number.zip(price).zip(from))?;
        let price = PriceRow {
            price,
            valid_from,
            valid_to: None,
        };
        Ok(app::price::set_price(self, key, number, price)
            .await?
            .into_response())
    }

    async fn get_price(
        &self,
        request: Request<pb::GetPriceRequest>,
    ) -> Result<Response<pb::GetPriceResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let number = from_pb_text(&mut violations, "article_number", &request.article_number);
        let on = from_pb_date_optional(&mut violations, "as_of", request.as_of.as_ref());
        let (number, on) = violations.finish(number.zip(on))?;
        let on = on.map_or_else(|| self.clock.today(), Ok)?;
        Ok(Response::new(
            app::price::get_price(self, &caller, number, on).await?,
        ))
    }
}
