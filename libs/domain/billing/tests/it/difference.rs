//! What a correction posts.

use hjm_billing::{Difference, Line, PostedLine, difference, rent_lines};
use hjm_ids::ChargeId;
use hjm_money::Money;

use crate::support::{date, holding, policy, prices, shown};

fn charge(number: u64) -> ChargeId {
    ChargeId::new(uuid::Uuid::from_u64_pair(3, number))
}

fn posted(lines: Vec<Line>) -> Vec<PostedLine> {
    let numbered = (1..).zip(lines);
    numbered
        .map(|(number, line)| PostedLine {
            id: charge(number),
            line,
        })
        .collect()
}

/// The rent of story F's bed in a month, returned on a day.
fn bed(returned_on: &str, month: &str) -> Vec<Line> {
    let (delivered, died) = (date("2025-02-03"), date("2025-03-10"));
    let payers = "1201 from 2025-02-03";
    let holding = holding(delivered, Some(date(returned_on)), Some(died), payers);
    let month = month.parse().unwrap();
    rent_lines(&holding, &prices("9.35 from 2025-01-01"), &policy(), month).unwrap()
}

#[test]
fn rent_r16_the_return_is_corrected_after_march_was_closed() {
    let march = posted(bed("2025-04-02", "2025-03"));
    let Difference { reverse, post } = difference(&march, &bed("2025-03-20", "2025-03"));
    assert_eq!(
        reverse,
        [charge(2)],
        "the days to 10 March stay as they are"
    );
    assert_eq!(
        shown(&post),
        "2025-03-11 to 2025-03-20: 10 days 93.50 on 1201 deceased"
    );
    let credited = march[1].line.amount.checked_neg().unwrap();
    let net = credited.checked_add(post[0].amount).unwrap();
    assert_eq!(
        net,
        "-102.85".parse::<Money>().unwrap(),
        "21 to 31 March, 11 days"
    );
    assert!(bed("2025-03-20", "2025-04").is_empty(), "no rent for April");
}

#[test]
fn nothing_is_posted_when_the_books_are_right() {
    let march = posted(bed("2025-04-02", "2025-03"));
    assert!(difference(&march, &bed("2025-04-02", "2025-03")).is_empty());
}

#[test]
fn equal_lines_match_one_to_one() {
    let line = bed("2025-04-02", "2025-04").remove(0);
    let twice = posted(vec![line.clone(), line.clone()]);
    let once = difference(&twice, std::slice::from_ref(&line));
    assert_eq!((once.reverse, once.post.len()), (vec![charge(2)], 0));
    let more = difference(&twice[..1], &[line.clone(), line.clone()]);
    assert_eq!((more.reverse.len(), more.post), (0, vec![line]));
}

#[test]
fn all_is_credited_when_nothing_is_due() {
    let march = posted(bed("2025-04-02", "2025-03"));
    let Difference { reverse, post } = difference(&march, &[]);
    assert_eq!(reverse, [charge(1), charge(2)]);
    assert!(post.is_empty());
}
