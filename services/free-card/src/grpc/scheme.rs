//! Schemes as they are in force.

use hjm_free_card::{Scheme, WindowLength, WindowMode};
use hjm_policy::PolicyDocument;
use hjm_proto::free_card::v1::{self as pb, scheme_service_server::SchemeService};
use hjm_service::{
    Violations, caller,
    convert::{from_pb_date, from_pb_date_optional, from_pb_words, to_pb_money},
};
use jiff::civil::Date;
use tonic::{Request, Response, Status, async_trait};

use super::SCHEME_ID_LENGTH_MAX;
use crate::{
    Deps,
    app::{self, Days},
    error::Error,
};

/// Bytes of a policy document at the most.
const POLICY_TEXT_MAX: usize = 256 * 1024;

fn to_pb_scheme(scheme: &Scheme, on: Date) -> pb::Scheme {
    let (window_months, window_days) = match scheme.window() {
        WindowLength::Months(months) => (u32::from(months), 0),
        WindowLength::Days(days) => (0, u32::from(days)),
    };
    let members = scheme.members();
    pb::Scheme {
        scheme_id: scheme.id().to_owned(),
        ceiling: scheme.ceiling(on).ok().map(to_pb_money),
        window_months,
        window_days,
        rolling: scheme.mode() == WindowMode::Rolling,
        preliminary_hours: scheme.preliminary_hours(),
        member_principal_ids: members
            .filter(|(_, validity)| validity.contains(on))
            .map(|(principal, _)| principal.to_string())
            .collect(),
        policy_id: scheme.policy().id.clone(),
        policy_version: scheme.policy().version,
        policy_hash: scheme.policy().hash.clone(),
        reads_scheme_ids: scheme
            .reads()
            .filter(|id| scheme.reads_when(id).any(|days| days.contains(on)))
            .map(str::to_owned)
            .collect(),
        areas_min: if scheme.is_composite() {
            scheme.areas_min().into()
        } else {
            0
        },
    }
}

/// A scheme of a text that is stored nowhere; every fault of it is named.
fn from_pb_policy_text(violations: &mut Violations, text: &str) -> Option<Scheme> {
    const FIELD: &str = "policy_text";
    if text.len() > POLICY_TEXT_MAX {
        violations.add(FIELD, format!("must be at most {POLICY_TEXT_MAX} bytes"));
        return None;
    }
    let parsed = PolicyDocument::parse(text).and_then(|document| Scheme::parse(&document));
    match parsed {
        Ok(scheme) => violations.take(FIELD, scheme.ok_or("must have a section free_card")),
        Err(faults) => {
            for fault in faults {
                violations.add(FIELD, fault);
            }
            None
        }
    }
}

#[async_trait]
impl SchemeService for Deps {
    async fn get_scheme(
        &self,
        request: Request<pb::GetSchemeRequest>,
    ) -> Result<Response<pb::GetSchemeResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let as_of = from_pb_date_optional(&mut violations, "as_of", asked.as_of.as_ref());
        let as_of = violations.finish(as_of)?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let on = as_of.map_or_else(|| self.clock.today(), Ok)?;
        let schemes = app::list_schemes(self, &caller, on).await?;
        let known = schemes.iter().find(|scheme| scheme.id() == asked.scheme_id);
        let scheme = known.ok_or(Error::SchemeUnknown)?;
        Ok(Response::new(pb::GetSchemeResponse {
            scheme: Some(to_pb_scheme(scheme, on)),
        }))
    }

    async fn list_schemes(
        &self,
        request: Request<pb::ListSchemesRequest>,
    ) -> Result<Response<pb::ListSchemesResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let as_of = from_pb_date_optional(&mut violations, "as_of", asked.as_of.as_ref());
        let as_of = violations.finish(as_of)?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let on = as_of.map_or_else(|| self.clock.today(), Ok)?;
        let schemes = app::list_schemes(self, &caller, on).await?;
        Ok(Response::new(pb::ListSchemesResponse {
            schemes: schemes
                .iter()
                .map(|scheme| to_pb_scheme(scheme, on))
                .collect(),
        }))
    }

    async fn simulate_scheme(
        &self,
        request: Request<pb::SimulateSchemeRequest>,
    ) -> Result<Response<pb::SimulateSchemeResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let (field, id) = ("scheme_id", &asked.scheme_id);
        let scheme_id = from_pb_words(&mut violations, field, id, SCHEME_ID_LENGTH_MAX);
        let other = from_pb_policy_text(&mut violations, &asked.policy_text);
        let from = from_pb_date(&mut violations, "from", asked.from.as_ref());
        let to = from_pb_date(&mut violations, "to", asked.to.as_ref());
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            violations.add("to", "must not be before from");
        }
        let parsed = scheme_id.zip(other).zip(from.zip(to));
        let ((scheme_id, other), (from, to)) = violations.finish(parsed)?;
        let days = Days { from, to };
        let now = self.clock.now()?;
        let simulated = app::simulate(self, &caller, scheme_id, other, days, now).await?;
        Ok(Response::new(simulated))
    }
}
