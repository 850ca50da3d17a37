//! Marked device units.

use hjm_ids::UnitNumber;
use hjm_proto::prescription::v1 as pb;
use hjm_service::Violations;

use super::from_pb_each;
use crate::store::device::DeviceRow;

const UNITS_MAX: usize = 500;

/// Unit numbers to register: 1 to 500, each once.
pub(crate) fn from_pb_unit_numbers(
    violations: &mut Violations,
    numbers: &[String],
) -> Option<Vec<UnitNumber>> {
    from_pb_each(violations, "unit_numbers", numbers, UNITS_MAX)
}

pub(crate) fn to_pb_device(row: &DeviceRow) -> pb::Device {
    pb::Device {
        unit_number: row.unit.to_string(),
        article_number: row.article.to_string(),
        loan_id: row.loan.map_or(String::new(), |loan| loan.to_string()),
    }
}
