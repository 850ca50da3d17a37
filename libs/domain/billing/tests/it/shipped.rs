//! The rent and loss policies that are shipped.

use std::path::Path;

use hjm_billing::{LossPolicy, RentPolicy, rent_lines, rent_window};
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
        let told = policy.explain(&loan, &lines[0]);
        assert_eq!(told.policy_id, document.id());
        assert!(!told.source.is_empty());
    }
}

#[test]
fn every_shipped_rent_and_loss_policy_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
    let (mut rents, mut losses) = (Vec::new(), Vec::new());
    for county in std::fs::read_dir(folder).unwrap() {
        let county = county.unwrap().path();
        let name = county.file_name().unwrap().to_str().unwrap().to_owned();
        if let Ok(text) = std::fs::read_to_string(county.join("rent.toml")) {
            let document = PolicyDocument::parse(&text).unwrap();
            RentPolicy::parse(&document).unwrap().unwrap();
            rents.push(name.clone());
        }
        if let Ok(text) = std::fs::read_to_string(county.join("loss.toml")) {
            let document = PolicyDocument::parse(&text).unwrap();
            LossPolicy::parse(&document).unwrap().unwrap();
            losses.push(name);
        }
    }
    for county in [
        "norrbotten",
        "vastra-gotaland",
        "sormland",
        "medelpunkten",
        "dalarna",
    ] {
        assert!(
            rents.iter().any(|name| name == county),
            "{county} has a rent policy"
        );
    }
    for county in [
        "norrbotten",
        "vastra-gotaland",
        "uppsala",
        "medelpunkten",
        "vasterbotten",
    ] {
        assert!(
            losses.iter().any(|name| name == county),
            "{county} has a loss policy"
        );
    }
}

#[test]
fn counties_end_rent_as_their_pages_say() {
    let ends = [
        ("norrbotten", "2025-04-17"),
        ("vastra-gotaland", "2025-04-15"),
        ("sormland", "2025-04-11"),
        ("medelpunkten", "2025-04-16"),
    ];
    for (county, expected) in ends {
        let path = format!("../../../policies/{county}/rent.toml");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let document = PolicyDocument::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        let policy = RentPolicy::parse(&document).unwrap().unwrap();
        let returned_on = Some(date("2025-04-17"));
        let payer = "2380 from 2025-03-10";
        let mut loan = holding(date("2025-03-10"), returned_on, None, payer);
        loan.handout = Some(hjm_billing::Handout::Delivered);
        loan.pickup_ordered_on = Some(date("2025-04-10"));
        loan.arrived_on = Some(date("2025-04-16"));
        let window = rent_window(&loan, &policy).unwrap();
        assert_eq!(window.last, Some(date(expected)), "{county}");
    }
}
