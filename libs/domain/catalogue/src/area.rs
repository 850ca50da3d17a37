//! Which part of the classification a rule covers, and how specific it is.

use hjm_ids::IsoCode;

/// ISO codes a rule hangs on; without any, it covers every code.
pub(crate) type Area = [IsoCode];

/// Digits of the longest code of the area that holds `iso`; zero for an area without codes; none
/// when the area does not hold it.
pub(crate) fn specificity(area: &Area, iso: &IsoCode) -> Option<usize> {
    if area.is_empty() {
        return Some(0);
    }
    area.iter()
        .filter(|code| iso.is_within(code))
        .map(IsoCode::digits)
        .max()
}

/// Whether some code is held by both areas with the same specificity: only then could two rules
/// be equally specific.
pub(crate) fn meet(left: &Area, right: &Area) -> bool {
    (left.is_empty() && right.is_empty()) || left.iter().any(|code| right.contains(code))
}
