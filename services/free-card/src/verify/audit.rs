//! A second opinion on one account: sums and dates worked out here, not taken from the engine.

use std::fmt;

use hjm_free_card::{
    AccountState, AssessedFee, Card, CardStanding, EndRule, Limit, Outcome, Scheme, WindowLength,
    WindowMode,
};
use hjm_ids::AccountId;
use hjm_money::Money;
use hjm_service::verify::Finding;
use jiff::{ToSpan as _, civil::Date};

/// What has been looked at in the accounts so far.
#[derive(Debug, Default)]
pub(super) struct Audit {
    fees: u64,
    cards: u64,
    over_ceiling: Vec<String>,
    cards_wrong: Vec<String>,
    paid_under_card: Vec<String>,
}

impl Audit {
    /// What it comes to.
    pub(super) fn findings(self) -> [Finding; 3] {
        [
            Finding {
                invariant: "I11 fees of a period stay within the ceiling",
                checked: self.fees,
                breaches: self.over_ceiling,
            },
            Finding {
                invariant: "I12 a card exists if and only if the ceiling is reached",
                checked: self.fees.saturating_add(self.cards),
                breaches: self.cards_wrong,
            },
            Finding {
                invariant: "I13 nothing is to pay while a card is valid",
                checked: self.cards,
                breaches: self.paid_under_card,
            },
        ]
    }

    /// Looks at one account. Fees that were cancelled or do not count in the scheme stay outside.
    pub(super) fn look(&mut self, account: AccountId, scheme: &Scheme, state: &AccountState) {
        let book = Book {
            scheme,
            cards: &state.cards,
            fees: state.fees.iter().filter(|fee| counts(fee)).collect(),
        };
        for fee in &book.fees {
            self.fees = self.fees.saturating_add(1);
            let (Some(paid), Ok(limit)) = (book.paid_at(fee), scheme.limit(fee.on)) else {
                let text = format!("account {account}: no sum or limit on {}", fee.on);
                self.over_ceiling.push(text);
                continue;
            };
            if !fee.entitled.is_zero() && paid.is_over(limit) {
                let text = format!("account {account}: {paid} on {}, over the limit", fee.on);
                self.over_ceiling.push(text);
            }
            let covered = state.cards.iter().any(|card| card.covers(fee.on));
            if paid.reaches(limit) && !covered {
                let text = format!("account {account}: {paid} on {} and no card", fee.on);
                self.cards_wrong.push(text);
            }
        }
        for card in &state.cards {
            self.cards = self.cards.saturating_add(1);
            if let Some(fault) = book.fault_of(card) {
                self.cards_wrong.push(format!("account {account}: {fault}"));
            }
            let paid = book.paid_under(card, state);
            let told = paid.map(|on| format!("account {account}: a fee on {on} is not free"));
            self.paid_under_card.extend(told);
        }
    }
}

fn counts(fee: &AssessedFee) -> bool {
    match fee.outcome {
        Outcome::Full | Outcome::Share | Outcome::Cut | Outcome::Covered { .. } => true,
        Outcome::NotCounted | Outcome::KindNotCounted | Outcome::Exempt | Outcome::Cancelled => {
            false
        }
    }
}

/// What is entitled in a period.
struct Paid {
    sum: Money,
    times: usize,
}

impl Paid {
    fn of(period: &[&AssessedFee]) -> Option<Self> {
        let sum = Money::sum(period.iter().map(|fee| fee.entitled)).ok()?;
        let times = period.len();
        Some(Self { sum, times })
    }

    fn is_over(&self, limit: Limit) -> bool {
        match limit {
            Limit::Sum(ceiling) => self.sum > ceiling,
            Limit::Count(count) => self.times > usize::try_from(count).unwrap_or(usize::MAX),
            Limit::Open => false,
        }
    }

    fn reaches(&self, limit: Limit) -> bool {
        match limit {
            Limit::Sum(ceiling) => self.sum >= ceiling,
            Limit::Count(count) => self.times >= usize::try_from(count).unwrap_or(usize::MAX),
            Limit::Open => false,
        }
    }
}

impl fmt::Display for Paid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} in {} fees", self.sum, self.times)
    }
}

/// One account's counting fees in event order, and its cards.
struct Book<'a> {
    scheme: &'a Scheme,
    cards: &'a [Card],
    fees: Vec<&'a AssessedFee>,
}

impl Book<'_> {
    /// What is entitled in the period that a fee falls in, from its start through that fee.
    fn paid_at(&self, at: &AssessedFee) -> Option<Paid> {
        Paid::of(&self.period_of(at)?)
    }

    /// The fees of the period through `at`: after the last card that has ended, within the window.
    fn period_of(&self, at: &AssessedFee) -> Option<Vec<&AssessedFee>> {
        let ended = self.cards.iter().filter(|card| card.to < at.on);
        let ended = ended.map(|card| card.to).max();
        let since = self.fees.iter().copied().filter(|fee| {
            let in_order = fee.place <= at.place;
            in_order && !fee.entitled.is_zero() && ended.is_none_or(|ended| fee.on > ended)
        });
        let mut period: Vec<&AssessedFee> = Vec::new();
        for fee in since {
            match self.scheme.mode() {
                WindowMode::Rolling => {
                    if at.on <= self.last_day(fee.on)? {
                        period.push(fee);
                    }
                }
                WindowMode::Tumbling => {
                    if let Some(first) = period.first()
                        && fee.on > self.last_day(first.on)?
                    {
                        period.clear();
                    }
                    period.push(fee);
                }
            }
        }
        if self.scheme.mode() == WindowMode::Tumbling
            && let Some(first) = period.first()
            && at.on > self.last_day(first.on)?
        {
            period.clear();
        }
        Some(period)
    }

    /// A card is reached by its fees and ends with the window of the first of them; one that is
    /// kept or held longer than its fees give, and one without fees, is apart.
    fn fault_of(&self, card: &Card) -> Option<String> {
        match card.standing {
            CardStanding::Preliminary { .. } | CardStanding::Final if !card.flagged => {}
            CardStanding::Preliminary { .. }
            | CardStanding::Final
            | CardStanding::Retained
            | CardStanding::Imported
            | CardStanding::Registered => return None,
        }
        let from = card.from;
        let by = self
            .fees
            .iter()
            .find(|fee| Some(fee.fee) == card.completed_by);
        let Some(period) = by.and_then(|fee| self.period_of(fee)) else {
            return Some(format!("no fee completed the card from {from}"));
        };
        let paid = Paid::of(&period)?;
        let limit = self.scheme.limit(from).ok();
        if !limit.is_some_and(|limit| paid.reaches(limit)) {
            return Some(format!("a card from {from} on {paid}"));
        }
        let to = period.first().and_then(|fee| self.last_day(fee.on));
        (to != Some(card.to)).then(|| format!("the card from {from} ends on {}", card.to))
    }

    /// The dates of fees that are not free although the card was there before them.
    fn paid_under(&self, card: &Card, state: &AccountState) -> impl Iterator<Item = Date> {
        let by = card.completed_by.and_then(|fee| state.fee(fee));
        let since = by.map(|fee| fee.place);
        let under = self.fees.iter().filter(move |fee| {
            let later = since.map_or(fee.on >= card.from, |since| fee.place > since);
            later && fee.on <= card.to && !fee.entitled.is_zero()
        });
        under.map(|fee| fee.on)
    }

    /// The last day on which a fee of `on` counts: the day before the same day of the window's last
    /// month, or that day; of so many days the last. What has no such day in its month goes to the
    /// first of the next (D-3).
    fn last_day(&self, on: Date) -> Option<Date> {
        let anniversary = match self.scheme.window() {
            WindowLength::Days(days) => return on.checked_add((i32::from(days) - 1).days()).ok(),
            WindowLength::Months(months) => {
                let clamped = on.checked_add(i32::from(months).months()).ok()?;
                if clamped.day() == on.day() {
                    clamped
                } else {
                    clamped.tomorrow().ok()?
                }
            }
        };
        match self.scheme.end_rule() {
            EndRule::DayBefore => anniversary.yesterday().ok(),
            EndRule::AnniversaryInclusive => Some(anniversary),
        }
    }
}

#[cfg(test)]
mod tests {
    use hjm_free_card::{LogEntry, ProposedFee, register, replay};
    use hjm_ids::FeeId;
    use hjm_policy::PolicyDocument;
    use uuid::Uuid;

    use super::*;

    fn scheme() -> Scheme {
        let text = include_str!("../../../../policies/dalarna/free-card.toml");
        Scheme::parse(&PolicyDocument::parse(text).unwrap())
            .unwrap()
            .unwrap()
    }

    /// Seven fees of 250 from January to July 2024: five whole, one cut, a card, one free.
    fn state(scheme: &Scheme) -> AccountState {
        let mut log: Vec<LogEntry> = Vec::new();
        for month in 1..=7 {
            let fee = ProposedFee {
                fee: FeeId::new(Uuid::from_u64_pair(1, month)),
                on: format!("2024-{month:02}-10").parse().unwrap(),
                occurred_at: None,
                principal: "20".parse().unwrap(),
                kind: None,
                age: None,
                nominal: "250".parse().unwrap(),
            };
            let now = format!("{}T10:00:00Z", fee.on).parse().unwrap();
            log.extend(register(scheme, &log, &fee, now).unwrap().entries);
        }
        replay(scheme, &log).unwrap()
    }

    fn broken(tamper: impl FnOnce(&mut AccountState)) -> Vec<&'static str> {
        let scheme = scheme();
        let mut state = state(&scheme);
        tamper(&mut state);
        let mut audit = Audit::default();
        audit.look(AccountId::new(Uuid::nil()), &scheme, &state);
        let findings = audit.findings().into_iter();
        let broken = findings.filter(|finding| !finding.breaches.is_empty());
        broken.map(|finding| &finding.invariant[..3]).collect()
    }

    #[test]
    fn what_the_engine_says_holds() {
        assert_eq!(broken(|_| ()), [""; 0]);
    }

    #[test]
    fn i11_a_fee_that_was_not_cut_is_found() {
        assert_eq!(
            broken(|state| state.fees[5].entitled = state.fees[5].nominal),
            ["I11"]
        );
    }

    #[test]
    fn i12_a_card_that_is_missing_too_early_or_too_long_is_found() {
        assert_eq!(broken(|state| state.cards.clear()), ["I12"]);
        assert_eq!(
            broken(|state| state.cards[0].completed_by = Some(state.fees[4].fee)),
            ["I12", "I13"]
        );
        let longer = |state: &mut AccountState| {
            state.cards[0].to = state.cards[0].to.tomorrow().unwrap();
        };
        assert_eq!(broken(longer), ["I12"]);
    }

    #[test]
    fn i13_a_fee_that_is_paid_under_a_card_is_found() {
        let paid = |state: &mut AccountState| state.fees[6].entitled = state.fees[6].nominal;
        assert_eq!(broken(paid), ["I11", "I13"]);
    }
}
