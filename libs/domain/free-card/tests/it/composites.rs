//! Composites and the schemes they read: W31, W32, cards without fees and joined logs.

use hjm_free_card::{
    CardReason, EngineError, Joint, JointWrite, LogEntry, ProposedFee, RegisteredCard, Scheme,
    StatusKind, quote_joint, register, replay_joint, status_on, unite_joint, write_joint,
};
use hjm_money::Money;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::support::{
    date, document, fee_called, money, morning, principal, proposed, shipped, shipped_text,
};

/// Uppsala's three protections and the coordinated card over them.
struct Uppsala {
    coordinated: Scheme,
    schemes: [Scheme; 3],
    logs: [Vec<LogEntry>; 3],
    coordinated_log: Vec<LogEntry>,
}

const AREAS: [&str; 3] = ["care", "travel", "devices"];

impl Uppsala {
    fn new() -> Self {
        let scheme = |name: &str| shipped("uppsala", &format!("free-card-{name}"));
        Self {
            coordinated: scheme("coordinated"),
            schemes: AREAS.map(scheme),
            logs: [const { Vec::new() }; 3],
            coordinated_log: Vec::new(),
        }
    }

    /// The logs in the schemes, and last in the composite.
    fn logs(&self) -> Vec<Vec<LogEntry>> {
        [self.logs.to_vec(), vec![self.coordinated_log.clone()]].concat()
    }

    fn joint(&self) -> Joint<'_> {
        let logs = self.logs.iter().map(Vec::as_slice);
        Joint {
            composite: &self.coordinated,
            composite_log: &self.coordinated_log,
            members: self.schemes.iter().zip(logs).collect(),
        }
    }

    fn write(
        &mut self,
        scheme_id: &str,
        write: &JointWrite,
        at: Timestamp,
    ) -> Result<(), EngineError> {
        let done = write_joint(&self.joint(), scheme_id, write, at)?;
        self.append(done.entries);
        Ok(())
    }

    fn fee(&mut self, area: &str, name: &str, on: &str, sek: &str) -> Money {
        let fee = ProposedFee {
            principal: principal("03"),
            ..proposed(fee_called(name), date(on), money(sek))
        };
        let (id, now) = (format!("uppsala-{area}"), morning(fee.on));
        let asked = [(id.clone(), fee.clone())];
        let quoted = quote_joint(&self.joint(), &asked, now).unwrap()[0]
            .fee
            .charged;
        let write = JointWrite::Register(fee.clone());
        let done = write_joint(&self.joint(), &id, &write, now).unwrap();
        self.append(done.entries);
        let place = AREAS.iter().position(|other| *other == area).unwrap();
        let state = replay_joint(&self.joint()).unwrap();
        assert_eq!(state, done.state, "the same logs, the same state");
        let charged = state.members[place].fee(fee.fee).unwrap().charged;
        assert_eq!(quoted, charged);
        charged
    }

    fn append(&mut self, entries: Vec<(String, LogEntry)>) {
        for (scheme, entry) in entries {
            match AREAS
                .iter()
                .position(|area| scheme == format!("uppsala-{area}"))
            {
                Some(place) => self.logs[place].push(entry),
                None => self.coordinated_log.push(entry),
            }
        }
    }

    fn coordinated_on(&self, on: &str) -> (StatusKind, Money, Option<(Date, Date)>) {
        let state = replay_joint(&self.joint()).unwrap();
        let on = date(on);
        let status = status_on(&self.coordinated, &state.composite, on, morning(on)).unwrap();
        let days = status.card.as_ref().map(|card| (card.from, card.to));
        (status.kind, status.accumulated, days)
    }
}

fn w31() -> Uppsala {
    w31_in(Uppsala::new())
}

fn w31_in(mut uppsala: Uppsala) -> Uppsala {
    assert_eq!(
        uppsala.fee("care", "A", "2022-01-10", "1150"),
        money("1150")
    );
    assert_eq!(
        uppsala.fee("travel", "B", "2022-02-01", "700"),
        money("700")
    );
    assert_eq!(
        uppsala.fee("travel", "C", "2022-04-01", "750"),
        money("750")
    );
    uppsala
}

#[test]
fn fc_w31_fees_of_two_areas_give_the_coordinated_card() {
    let mut uppsala = w31();
    assert_eq!(
        uppsala.fee("devices", "D", "2022-04-02", "300"),
        Money::ZERO
    );
    let days = Some((date("2022-04-01"), date("2023-01-09")));
    let (kind, sum, card) = uppsala.coordinated_on("2022-04-02");
    assert_eq!(
        (kind, sum, card),
        (StatusKind::Preliminary, money("2600"), days)
    );
    let state = replay_joint(&uppsala.joint()).unwrap();
    let base = &state.members[0].cards[0];
    assert_eq!(
        (base.from, base.to),
        (date("2022-01-10"), date("2023-01-09"))
    );
    assert!(
        state.members[1].cards.is_empty(),
        "travel has paid 1 450 of 1 500"
    );
    // Coverage is the union: the day after, all three begin anew.
    assert_eq!(
        uppsala.fee("devices", "E", "2023-01-09", "300"),
        Money::ZERO
    );
    assert_eq!(
        uppsala.fee("devices", "F", "2023-01-10", "300"),
        money("300")
    );
}

#[test]
fn fc_w31_the_fee_that_reaches_the_coordinated_ceiling_is_cut() {
    let mut uppsala = Uppsala::new();
    uppsala.fee("care", "A", "2022-01-10", "1150");
    uppsala.fee("travel", "B", "2022-02-01", "1400");
    assert_eq!(
        uppsala.fee("devices", "C", "2022-03-01", "300"),
        money("50")
    );
    assert_eq!(uppsala.coordinated_on("2022-03-01").1, money("2600"));
}

#[test]
fn fc_w31_a_final_coordinated_card_is_written_in_the_composite_alone() {
    let mut uppsala = w31();
    uppsala.fee("devices", "D", "2022-05-01", "300");
    let [LogEntry::CardFixed(fixed)] = uppsala.coordinated_log[..] else {
        panic!("one card became final: {:?}", uppsala.coordinated_log);
    };
    assert_eq!(
        (fixed.from, fixed.to),
        (date("2022-04-01"), date("2023-01-09"))
    );
    let cancel = JointWrite::Cancel(fee_called("B"));
    let at = morning(date("2022-05-02"));
    let done = write_joint(&uppsala.joint(), "uppsala-travel", &cancel, at).unwrap();
    uppsala.append(done.entries);
    let (kind, sum, card) = uppsala.coordinated_on("2022-05-02");
    assert_eq!((kind, sum), (StatusKind::Retained, money("1900")));
    assert!(card.is_some(), "a final card is retained (D-8)");
}

#[test]
fn fc_w32_one_area_alone_gives_no_coordinated_card() {
    let mut uppsala = Uppsala::new();
    assert_eq!(
        uppsala.fee("travel", "A", "2022-01-10", "1500"),
        money("1500")
    );
    assert_eq!(
        uppsala.fee("devices", "B", "2022-02-10", "300"),
        money("300")
    );
    let (kind, sum, card) = uppsala.coordinated_on("2022-02-10");
    assert_eq!(
        (kind, sum, card),
        (StatusKind::BelowLimit, money("1800"), None)
    );
}

#[test]
fn fc_d13_a_composite_reads_and_takes_no_fee() {
    let uppsala = w31();
    let fee = proposed(fee_called("X"), date("2022-05-01"), money("10"));
    let error = register(&uppsala.coordinated, &[], &fee, morning(fee.on)).unwrap_err();
    assert_eq!(error.reason(), "COMPOSITE_READS_ONLY");
    let write = JointWrite::Register(fee);
    let error = write_joint(&uppsala.joint(), "dalarna-devices", &write, Timestamp::MAX);
    assert_eq!(error.unwrap_err().reason(), "SCHEME_NOT_READ");
}

/// A fee that the coordinated card covers, and would give travel its own card if it did not.
fn covered() -> Uppsala {
    let mut uppsala = w31();
    assert_eq!(uppsala.fee("travel", "D", "2022-05-01", "100"), Money::ZERO);
    uppsala
}

fn medical(from: &str, to: &str) -> RegisteredCard {
    RegisteredCard {
        from: date(from),
        to: date(to),
        reason: CardReason::Medical,
        at: morning(date("2022-06-01")),
    }
}

#[test]
fn a_card_without_fees_makes_no_other_card_in_a_scheme_that_a_composite_reads() {
    let mut uppsala = covered();
    for (from, to, expected) in [
        ("2023-03-01", "2023-03-31", None),
        ("2023-03-31", "2023-04-30", Some("CARD_EXISTS")),
        (
            "2023-05-02",
            "2023-05-01",
            Some("CARD_ENDS_BEFORE_IT_BEGINS"),
        ),
    ] {
        let card = medical(from, to);
        let write = JointWrite::Card {
            card,
            extend_existing: false,
        };
        match uppsala.write("uppsala-travel", &write, card.at) {
            Ok(()) => assert_eq!(expected, None, "{from}"),
            Err(error) => assert_eq!(Some(error.reason()), expected, "{from}"),
        }
    }
    let state = replay_joint(&uppsala.joint()).unwrap();
    let days = state.members[1].cards.iter().map(|card| card.from);
    assert_eq!(days.collect::<Vec<_>>(), [date("2023-03-01")]);
    let fixed = |entry: &LogEntry| matches!(entry, LogEntry::CardFixed(_));
    assert!(!uppsala.logs[1].iter().any(fixed), "travel has no card");
    assert_eq!(uppsala.fee("travel", "E", "2023-01-15", "200"), money("50"));
}

#[test]
fn joined_logs_give_no_card_that_the_composite_did_not_let_be() {
    let uppsala = covered();
    let at = morning(date("2022-06-01"));
    let schemes: Vec<_> = uppsala.schemes.iter().collect();
    let (logs, nobodys) = (uppsala.logs(), vec![Vec::new(); 4]);
    let united = unite_joint(&uppsala.coordinated, &schemes, &[logs, nobodys], at).unwrap();
    let [care, travel, devices, coordinated] = &united[..] else {
        panic!("a log of each: {united:?}");
    };
    let fixed = |log: &[LogEntry]| {
        let fixed = |entry: &&LogEntry| matches!(entry, LogEntry::CardFixed(_));
        log.iter().filter(fixed).count()
    };
    let all = [care, travel, devices, coordinated].map(|log| fixed(log));
    assert_eq!(all, [1, 0, 0, 1], "care's and the coordinated card");
}

/// Uppsala, whose coordinated card is written otherwise in one place.
fn coordinated_with(written: &str, otherwise: &str) -> Uppsala {
    let text = shipped_text("uppsala", "free-card-coordinated");
    assert_eq!(text.matches(written).count(), 1, "{written}");
    let text = text.replace(written, otherwise);
    Uppsala {
        coordinated: Scheme::parse(&document(&text)).unwrap().unwrap(),
        ..Uppsala::new()
    }
}

#[test]
fn a_composite_reads_a_scheme_on_the_days_it_says() {
    let row = "scheme = \"uppsala-devices\"\nvalid_from = ";
    let uppsala = coordinated_with(
        &format!("{row}2022-01-01"),
        &format!(
            "{row}2022-05-01\nvalid_to = 2022-05-15\nsource = \"inquiry §5.1\"\n\n\
             [[free_card.reads]]\n{row}2022-05-15\nvalid_to = 2022-06-01"
        ),
    );
    let reads: Vec<&str> = uppsala.coordinated.reads().collect();
    assert_eq!(reads, AREAS.map(|area| format!("uppsala-{area}")));
    let mut uppsala = w31_in(uppsala);
    for (name, on, entitled) in [
        ("D", "2022-04-30", "300"),
        ("E", "2022-05-01", "0"),
        ("F", "2022-05-31", "0"),
        ("G", "2022-06-01", "300"),
    ] {
        assert_eq!(
            uppsala.fee("devices", name, on, "300"),
            money(entitled),
            "{on}"
        );
    }
    let state = replay_joint(&uppsala.joint()).unwrap();
    let told = state.composite.fees.iter().map(|fee| fee.fee);
    let read = ["A", "B", "C"].map(fee_called);
    assert_eq!(told.collect::<Vec<_>>(), read, "what it does not read");
    let (_, sum, _) = uppsala.coordinated_on("2022-06-01");
    assert_eq!(sum, money("2600"), "what it does not read is not counted");
}

#[test]
fn fc_d27_a_fee_that_a_composite_reads_without_a_ceiling_is_refused() {
    let ceiling = "amount = \"2600.00\"\nvalid_from = 2022-01-01\n";
    let until = format!("{ceiling}valid_to = 2022-05-01\n");
    let mut uppsala = w31_in(coordinated_with(ceiling, &until));
    assert_eq!(
        uppsala.fee("devices", "D", "2022-04-30", "300"),
        Money::ZERO
    );
    let fee = |by: &str| ProposedFee {
        principal: principal(by),
        ..proposed(fee_called("E"), date("2022-05-01"), money("300"))
    };
    let mut write = |by: &str| {
        let write = JointWrite::Register(fee(by));
        uppsala.write("uppsala-devices", &write, morning(date("2022-05-01")))
    };
    assert_eq!(write("03").unwrap_err().reason(), "CEILING_MISSING");
    assert_eq!(write("20"), Ok(()), "another's fee counts nowhere");
}
