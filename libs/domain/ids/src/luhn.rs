//! The check digit of Swedish identity and organisation numbers.

/// Whether the digits, the last one being the check digit, satisfy Luhn's rule: from the right
/// every second digit doubled, digit sums added, a multiple of ten.
pub(crate) fn holds(digits: impl DoubleEndedIterator<Item = u8>) -> bool {
    let sum: u32 = digits
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit) * if place % 2 == 0 { 1 } else { 2 };
            value / 10 + value % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The values of ASCII digits.
pub(crate) fn values(text: &[u8]) -> impl DoubleEndedIterator<Item = u8> {
    text.iter().map(|byte| byte - b'0')
}
