//! What `hjm` says on the terminal.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the terminal's module"
)]

use std::fmt::Display;

use hjm_money::Money;

use crate::{desk::Addresses, story::Figure};

/// An error, on standard error.
pub(crate) fn error(error: &dyn Display) {
    eprintln!("hjm: {error}");
}

/// A line.
pub(crate) fn line(text: impl Display) {
    println!("{text}");
}

/// A heading with an empty line before it.
pub(crate) fn heading(text: impl Display) {
    println!("\n{text}");
    println!("{}", "─".repeat(text.to_string().chars().count()));
}

/// Where the services listen.
pub(crate) fn addresses(addresses: &Addresses) {
    println!("catalogue     {}", addresses.catalogue);
    println!("prescription  {}", addresses.prescription);
    println!("billing       {}", addresses.billing);
    println!("free-card     {}", addresses.free_card);
    println!("callers are believed (--insecure-callers): for this machine only");
}

/// The figures of a story, a row each.
pub(crate) fn figures(figures: &[Figure]) {
    for figure in figures {
        let amount = kronor(figure.amount);
        println!(
            "  {:<9} {:<30} {amount:>12}  {}",
            figure.who, figure.what, figure.why
        );
    }
}

/// A row of an owners' table.
pub(crate) fn row(cells: [&str; 7]) {
    let [tenant, owner, name, rent, sales, fees, lines] = cells;
    println!("  {tenant:<20} {owner:<5} {name:<28} {rent:>14} {sales:>12} {fees:>12} {lines:>7}");
}

/// An amount with a space between thousands: `12 345.60`.
pub(crate) fn kronor(amount: Money) -> String {
    let text = amount.to_string();
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", &*text), |digits| ("-", digits));
    let (whole, ore) = digits.split_once('.').unwrap_or((digits, "00"));
    let groups: Vec<&str> = whole
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    format!("{sign}{}.{ore}", groups.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (ore, text) in [
            (0, "0.00"),
            (123, "1.23"),
            (-10_285, "-102.85"),
            (123_456_789, "1 234 567.89"),
        ] {
            assert_eq!(kronor(Money::from_ore(ore)), text);
        }
    }
}
