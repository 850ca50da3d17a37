//! How rent is counted.

use hjm_billing::{RentEnd, RentStart, RentTerms, RentUnit};
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{
    Violations,
    convert::{from_pb_date, to_pb_explanation},
};

use crate::app::decision::Question;

pub(crate) fn from_pb_rent_question(
    violations: &mut Violations,
    question: &pb::RentQuestion,
) -> Option<Question> {
    from_pb_date(violations, "question.on", question.on.as_ref()).map(Question::Rent)
}

pub(crate) fn to_pb_rent(terms: &RentTerms) -> pb::RentTerms {
    let unit = match terms.unit {
        RentUnit::Day => pb::RentUnit::Day,
        RentUnit::CalendarMonth => pb::RentUnit::CalendarMonth,
        RentUnit::Started30Days => pb::RentUnit::Started30Days,
    };
    let start = match terms.start {
        RentStart::Delivery => pb::RentStart::Delivery,
        RentStart::StoreRegistration => pb::RentStart::StoreRegistration,
    };
    let end = match terms.end {
        RentEnd::ReturnRegistered => pb::RentEnd::ReturnRegistered,
        RentEnd::ArrivalMinusDays => pb::RentEnd::ArrivalMinusDays,
        RentEnd::PickupPlusDays => pb::RentEnd::PickupPlusDays,
        RentEnd::PickupPlusWorkingDays => pb::RentEnd::PickupPlusWorkingDays,
    };
    pb::RentTerms {
        unit: unit.into(),
        start: start.into(),
        late_after_hours: terms.late_after_hours.map_or(0, u32::from),
        end: end.into(),
        end_days: terms.end_days.map_or(0, u32::from),
        explanation: Some(to_pb_explanation(&terms.explanation)),
    }
}
