//! What holds for every timeline.

use hjm_prescription::{Delivery, Segment, Timeline, Transition};
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;

use crate::{customer, date, principal};

const TODAY: &str = "2025-12-31";

fn day(number: i32) -> Date {
    date("2025-01-01").checked_add(number.days()).unwrap()
}

fn opened(delivered: i32) -> Timeline {
    let delivery = Delivery {
        prescribed_on: day(0),
        delivered_on: day(delivered),
        customer_number: customer("2380"),
        principal: principal("2380"),
        died_on: None,
    };
    Timeline::deliver(&delivery, date(TODAY)).unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    Return(i32),
    CorrectReturn(i32),
    CorrectDelivery(i32),
    Transfer(usize, i32),
    Death(i32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..120).prop_map(Step::Return),
        (0..120).prop_map(Step::CorrectReturn),
        (0..120).prop_map(Step::CorrectDelivery),
        (0..3_usize, 0..120).prop_map(|(to, on)| Step::Transfer(to, on)),
        (0..120).prop_map(Step::Death),
    ];
    prop::collection::vec(step, 0..12)
}

fn take(timeline: &Timeline, step: &Step) -> Option<Transition> {
    let today = date(TODAY);
    let payers = ["2380", "2309", "1201"];
    match step {
        Step::Return(on) => timeline.register_return(day(*on), today).ok(),
        Step::CorrectReturn(on) => timeline.correct_return(day(*on), today).ok(),
        Step::CorrectDelivery(on) => timeline.correct_delivery(day(*on), day(0), today).ok(),
        Step::Transfer(to, on) => {
            let to = payers[*to];
            let transferred = timeline.transfer(&customer(to), &principal(to), day(*on), today);
            transferred.ok()
        }
        Step::Death(on) => Some(timeline.record_death(day(*on))),
    }
}

proptest! {
    #[test]
    fn what_always_holds_holds_after_any_steps(delivered in 0..60_i32, steps in steps()) {
        let mut timeline = opened(delivered);
        for step in &steps {
            if let Some(Transition::Next(next)) = take(&timeline, step) {
                prop_assert_eq!(next.version(), timeline.version() + 1);
                prop_assert_ne!(&next, &timeline);
                timeline = next;
            }
        }
        let again = Timeline::from_parts(
            timeline.version(),
            timeline.delivered_on(),
            timeline.returned_on(),
            timeline.segments().to_vec(),
            timeline.died_on(),
        );
        prop_assert_eq!(again, Some(timeline));
    }

    #[test]
    fn a_step_taken_again_changes_nothing(delivered in 0..60_i32, steps in steps()) {
        let mut timeline = opened(delivered);
        for step in &steps {
            if let Some(Transition::Next(next)) = take(&timeline, step) {
                prop_assert_eq!(take(&next, step), Some(Transition::Unchanged));
                timeline = next;
            }
        }
    }

    #[test]
    fn each_day_from_delivery_to_return_has_one_holder(
        delivered in 0..60_i32, steps in steps(), asked in 0..150_i32,
    ) {
        let mut timeline = opened(delivered);
        for step in &steps {
            if let Some(Transition::Next(next)) = take(&timeline, step) {
                timeline = next;
            }
        }
        let on = day(asked);
        let held = on >= timeline.delivered_on()
            && timeline.returned_on().is_none_or(|returned| on <= returned);
        prop_assert_eq!(timeline.holder_on(on).is_some(), held);
    }
}

#[test]
fn parts_that_break_what_always_holds_are_no_timeline() {
    let segment = |from: &str| Segment {
        customer_number: customer("2380"),
        principal: principal("2380"),
        from: date(from),
    };
    let delivered = date("2025-02-01");
    let made = |version, returned: Option<&str>, segments: &[&str]| {
        let segments = segments.iter().map(|from| segment(from)).collect();
        Timeline::from_parts(version, delivered, returned.map(date), segments, None)
    };
    assert!(made(1, None, &["2025-02-01", "2025-03-01"]).is_some());
    assert!(made(0, None, &["2025-02-01"]).is_none());
    assert!(made(1, None, &[]).is_none());
    assert!(made(1, None, &["2025-02-02"]).is_none());
    assert!(made(1, None, &["2025-02-01", "2025-02-01"]).is_none());
    assert!(made(1, Some("2025-01-31"), &["2025-02-01"]).is_none());
    assert!(made(1, Some("2025-02-20"), &["2025-02-01", "2025-03-01"]).is_none());
}
