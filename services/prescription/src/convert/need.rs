//! What a prescription is for, and for how long.

use hjm_catalogue::{Duration, Purpose};
use hjm_proto::catalogue::v1 as pb;
use hjm_service::Violations;

/// What something is needed for and how long, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Need {
    pub(crate) purpose: Option<Purpose>,
    pub(crate) duration: Option<Duration>,
}

/// A need of which each part may be unknown.
pub(crate) fn from_pb_need(
    violations: &mut Violations,
    (purpose_field, purpose): (&str, i32),
    (duration_field, duration): (&str, i32),
) -> Option<Need> {
    let purpose = violations.need(purpose_field, pb::Purpose::try_from(purpose).ok());
    let duration = violations.need(duration_field, pb::Duration::try_from(duration).ok());
    let purpose = match purpose? {
        pb::Purpose::Unspecified => None,
        pb::Purpose::DailyLiving => Some(Purpose::DailyLiving),
        pb::Purpose::CareAndTreatment => Some(Purpose::CareAndTreatment),
    };
    let duration = match duration? {
        pb::Duration::Unspecified => None,
        pb::Duration::Temporary => Some(Duration::Temporary),
        pb::Duration::Lasting => Some(Duration::Lasting),
    };
    Some(Need { purpose, duration })
}

pub(crate) fn to_pb_need(need: Need) -> (pb::Purpose, pb::Duration) {
    let purpose = match need.purpose {
        None => pb::Purpose::Unspecified,
        Some(Purpose::DailyLiving) => pb::Purpose::DailyLiving,
        Some(Purpose::CareAndTreatment) => pb::Purpose::CareAndTreatment,
    };
    let duration = match need.duration {
        None => pb::Duration::Unspecified,
        Some(Duration::Temporary) => pb::Duration::Temporary,
        Some(Duration::Lasting) => pb::Duration::Lasting,
    };
    (purpose, duration)
}
