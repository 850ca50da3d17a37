//! What a person decides.

use hjm_free_card::SubjectEvent;
use hjm_proto::{
    free_card::v1::{self as pb, subject_service_server::SubjectService},
    write::WriteRequest,
};
use hjm_service::{Violations, WriteKey, caller, convert::from_pb_text};
use tonic::{Request, Response, Status, async_trait};

use crate::{Deps, app};

impl Deps {
    async fn change_subject<R: WriteRequest>(
        &self,
        request: Request<R>,
        recipient_id: &str,
        event: SubjectEvent,
        action: &'static str,
    ) -> Result<Response<R::Response>, Status> {
        let caller = caller(&request)?;
        let key = WriteKey::new(caller, request.get_ref(), self.clock.now()?)?;
        let mut violations = Violations::default();
        let subject = from_pb_text(&mut violations, "recipient_id", recipient_id);
        let subject = violations.finish(subject)?;
        let changed = app::change_subject(self, key, subject, event, action).await?;
        Ok(changed.into_response())
    }
}

#[async_trait]
impl SubjectService for Deps {
    async fn opt_out(
        &self,
        request: Request<pb::OptOutRequest>,
    ) -> Result<Response<pb::OptOutResponse>, Status> {
        let recipient = request.get_ref().recipient_id.clone();
        self.change_subject(request, &recipient, SubjectEvent::OptedOut, "OptOut")
            .await
    }

    async fn opt_in(
        &self,
        request: Request<pb::OptInRequest>,
    ) -> Result<Response<pb::OptInResponse>, Status> {
        let recipient = request.get_ref().recipient_id.clone();
        self.change_subject(request, &recipient, SubjectEvent::OptedIn, "OptIn")
            .await
    }

    async fn set_read_consent(
        &self,
        request: Request<pb::SetReadConsentRequest>,
    ) -> Result<Response<pb::SetReadConsentResponse>, Status> {
        let recipient = request.get_ref().recipient_id.clone();
        let event = if request.get_ref().consent {
            SubjectEvent::ConsentGiven
        } else {
            SubjectEvent::ConsentWithdrawn
        };
        self.change_subject(request, &recipient, event, "SetReadConsent")
            .await
    }
}
