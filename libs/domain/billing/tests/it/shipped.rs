//! The rent policies that are shipped.

use hjm_billing::{RentPolicy, rent_lines};
use hjm_policy::PolicyDocument;

use crate::support::{date, holding, prices, shown};

const SHIPPED: [&str; 2] = [
    include_str!("../../../../../policies/jamtland-harjedalen/rent.toml"),
    include_str!("../../../../../policies/dalarna/rent.toml"),
];

#[test]
fn q1_q2_both_counties_count_days_from_delivery_to_the_registered_return() {
    for text in SHIPPED {
        let document = PolicyDocument::parse(text).unwrap();
        let policy = RentPolicy::parse(&document).unwrap().unwrap();
        let returned_on = Some(date("2025-03-20"));
        let loan = holding(
            date("2025-03-10"),
            returned_on,
            None,
            "2380 from 2025-03-10",
        );
        let month = "2025-03".parse().unwrap();
        let lines = rent_lines(&loan, &prices("1.80 from 2025-01-01"), &policy, month).unwrap();
        assert_eq!(
            shown(&lines),
            "2025-03-10 to 2025-03-20: 11 days 19.80 on 2380"
        );
        let told = policy.explain(&lines[0]);
        assert_eq!(told.policy_id, document.id());
        assert!(!told.source.is_empty());
    }
}
