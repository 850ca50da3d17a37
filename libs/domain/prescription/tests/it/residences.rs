use hjm_prescription::{Delivery, Residence, Timeline, residences};

use crate::{customer, date, principal};

fn at(from: &str, municipality: &str) -> Residence {
    Residence {
        from: date(from),
        municipality: (!municipality.is_empty()).then(|| principal(municipality)),
    }
}

#[test]
fn residences_are_told_once_in_order_from_the_first_that_is_known() {
    let (first, second) = (at("2025-02-01", "2380"), at("2025-05-01", "2309"));
    let unknown = at("2025-06-01", "");
    for (facts, told) in [
        (vec![], vec![]),
        (vec![at("2025-01-01", "")], vec![]),
        (
            vec![at("2025-01-01", ""), first.clone()],
            vec![first.clone()],
        ),
        // Another fact changed, not this one.
        (
            vec![first.clone(), at("2025-03-01", "2380"), second.clone()],
            vec![first.clone(), second.clone()],
        ),
        (
            vec![second.clone(), first.clone()],
            vec![first.clone(), second],
        ),
        (
            vec![first.clone(), unknown.clone(), at("2025-07-01", "")],
            vec![first.clone(), unknown.clone()],
        ),
        (
            vec![first.clone(), unknown.clone(), at("2025-07-01", "2380")],
            vec![first, unknown, at("2025-07-01", "2380")],
        ),
    ] {
        assert_eq!(residences(facts), told);
    }
}

#[test]
fn timeline_that_is_told_again_differs_in_its_version_only() {
    let day = date("2025-03-10");
    let delivery = Delivery {
        prescribed_on: day,
        delivered_on: day,
        customer_number: customer("2380"),
        principal: principal("2380"),
        died_on: None,
    };
    let timeline = Timeline::deliver(&delivery, day).unwrap();
    let again = timeline.retold();
    assert_eq!(again.version(), 2);
    let segments = timeline.segments().to_vec();
    assert_eq!(
        Timeline::from_parts(2, day, None, segments, None),
        Some(again)
    );
}
