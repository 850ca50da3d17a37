//! `PriceService`.

use hjm_ids::ArticleNumber;
use hjm_proto::catalogue::v1::{self as pb, price_service_server::PriceService};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{
        from_pb_date, from_pb_date_optional, from_pb_page_size, from_pb_text,
        from_pb_text_optional, from_pb_unit_price, to_pb_next_page,
    },
};
use jiff::civil::Date;
use tonic::{Request, Response, Status, async_trait};

use crate::{
    Deps, app,
    convert::{from_pb_customer_class, to_pb_price},
    store::{PriceFilter, PriceRow, PricesAfter, class_name},
};

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
        let class = member_unless_set(&mut violations, request.customer_class);
        let parsed = number.zip(price).zip(from.zip(class));
        let ((number, price), (valid_from, class)) = violations.finish(parsed)?;
        let price = PriceRow {
            class,
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
        let class = member_unless_set(&mut violations, request.customer_class);
        let ((number, on), class) = violations.finish(number.zip(on).zip(class))?;
        let on = on.map_or_else(|| self.clock.today(), Ok)?;
        Ok(Response::new(
            app::price::get_price(self, &caller, number, class, on).await?,
        ))
    }

    async fn list_prices(
        &self,
        request: Request<pb::ListPricesRequest>,
    ) -> Result<Response<pb::ListPricesResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let article =
            from_pb_text_optional(&mut violations, "article_number", &request.article_number);
        let class =
            from_pb_customer_class(&mut violations, "customer_class", request.customer_class);
        let on = from_pb_date_optional(&mut violations, "as_of", request.as_of.as_ref());
        let rows_max = from_pb_page_size(&mut violations, request.page_size);
        let token = price_token(&request.page_token).ok_or("is not a token of this list");
        let after = violations.take("page_token", token);
        let parsed = article.zip(class).zip(on).zip(rows_max.zip(after));
        let (((article, class), on), (rows_max, after)) = violations.finish(parsed)?;
        let class = Some(class).filter(|class| *class != pb::CustomerClass::Unspecified);
        let filter = PriceFilter { article, class, on };
        let found = app::price::list_prices(self, &caller, filter, after, rows_max).await?;
        let last = found.last().map(|(number, price)| {
            format!("{number} {} {}", class_name(price.class), price.valid_from)
        });
        Ok(Response::new(pb::ListPricesResponse {
            next_page_token: to_pb_next_page(found.len(), rows_max, last),
            prices: found
                .iter()
                .map(|(number, price)| to_pb_price(number, price))
                .collect(),
        }))
    }
}

fn member_unless_set(violations: &mut Violations, class: i32) -> Option<pb::CustomerClass> {
    Some(
        match from_pb_customer_class(violations, "customer_class", class)? {
            pb::CustomerClass::Unspecified => pb::CustomerClass::Member,
            class @ (pb::CustomerClass::Member
            | pb::CustomerClass::Other
            | pb::CustomerClass::PrivatePerson) => class,
        },
    )
}

fn price_token(token: &str) -> Option<PricesAfter> {
    if token.is_empty() {
        return Some((String::new(), String::new(), Date::constant(1, 1, 1)));
    }
    let mut parts = token.split(' ');
    let (number, class, from) = (parts.next()?, parts.next()?, parts.next()?);
    Some((number.to_owned(), class.to_owned(), from.parse().ok()?))
}
