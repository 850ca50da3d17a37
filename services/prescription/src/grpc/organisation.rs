//! `OrganisationService`.

use hjm_proto::prescription::v1::{self as pb, organisation_service_server::OrganisationService};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{from_pb_page_size, from_pb_text, to_pb_next_page},
};
use tonic::{Request, Response, Status, async_trait};

use crate::{
    Deps,
    app::organisation as app,
    convert::{from_pb_principal, from_pb_unit, to_pb_principal, to_pb_unit},
};

#[async_trait]
impl OrganisationService for Deps {
    async fn create_principal(
        &self,
        request: Request<pb::CreatePrincipalRequest>,
    ) -> Result<Response<pb::CreatePrincipalResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let principal = from_pb_principal(&mut violations, request.principal.as_ref());
        let principal = violations.finish(principal)?;
        Ok(app::create_principal(self, key, principal)
            .await?
            .into_response())
    }

    async fn list_principals(
        &self,
        request: Request<pb::ListPrincipalsRequest>,
    ) -> Result<Response<pb::ListPrincipalsResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let rows_max = from_pb_page_size(&mut violations, request.page_size);
        let rows_max = violations.finish(rows_max)?;
        let found = app::list_principals(self, &caller, request.page_token, rows_max).await?;
        let last = found.last().map(|row| row.principal.to_string());
        Ok(Response::new(pb::ListPrincipalsResponse {
            next_page_token: to_pb_next_page(found.len(), rows_max, last),
            principals: found.iter().map(to_pb_principal).collect(),
        }))
    }

    async fn create_customer_unit(
        &self,
        request: Request<pb::CreateCustomerUnitRequest>,
    ) -> Result<Response<pb::CreateCustomerUnitResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let unit = from_pb_unit(&mut violations, request.unit.as_ref());
        let unit = violations.finish(unit)?;
        Ok(app::create_unit(self, key, unit).await?.into_response())
    }

    async fn get_customer_unit(
        &self,
        request: Request<pb::GetCustomerUnitRequest>,
    ) -> Result<Response<pb::GetCustomerUnitResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let number = from_pb_text(&mut violations, "customer_number", &request.customer_number);
        let number = violations.finish(number)?;
        let unit = Some(to_pb_unit(&app::get_unit(self, &caller, number).await?));
        Ok(Response::new(pb::GetCustomerUnitResponse { unit }))
    }

    async fn list_customer_units(
        &self,
        request: Request<pb::ListCustomerUnitsRequest>,
    ) -> Result<Response<pb::ListCustomerUnitsResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let rows_max = from_pb_page_size(&mut violations, request.page_size);
        let rows_max = violations.finish(rows_max)?;
        let found = app::list_units(self, &caller, request.page_token, rows_max).await?;
        let last = found.last().map(|row| row.customer_number.to_string());
        Ok(Response::new(pb::ListCustomerUnitsResponse {
            next_page_token: to_pb_next_page(found.len(), rows_max, last),
            units: found.iter().map(to_pb_unit).collect(),
        }))
    }
}
