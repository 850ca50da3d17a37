//! How a scheme is written in a policy document.

use hjm_policy::{Fault, PolicyDocument, Row, Section, SectionReader, SectionSchema};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::ceiling::Ceiling;
use crate::scheme::{
    Areas, DatedLimit, EventDate, Exempt, ExternalCards, Member, NotCounted, OnCancelFinal,
    Preliminary, Reads, Scheme, Settled, Tier, Window,
};
use crate::window::WindowLength;

/// The longest window: ten years.
const WINDOW_MONTHS_MAX: u16 = 120;
/// The longest window in days: as long.
const WINDOW_DAYS_MAX: u16 = 3660;
/// The longest preliminary time: a leap year.
const PRELIMINARY_HOURS_MAX: u32 = 24 * 366;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    id: String,
}

impl Scheme {
    /// What the section is written in, for editors.
    pub fn schema() -> SectionSchema {
        SectionSchema::new()
            .settings::<Settings>()
            .rows::<Window>("window")
            .rows::<EventDate>("event_date")
            .rows::<Preliminary>("preliminary")
            .rows::<OnCancelFinal>("on_cancel_final")
            .rows::<Settled>("settlement")
            .rows::<ExternalCards>("external_cards")
            .rows::<Areas>("areas")
            .rows::<Tier>("tier")
            .rows::<Ceiling>("ceiling")
            .rows::<NotCounted>("not_counted")
            .rows::<Exempt>("exempt")
            .rows::<Reads>("reads")
            .rows::<Member>("member")
    }

    /// Reads the section `free_card`; none when the document has none.
    ///
    /// Every table but the first is a row with `valid_from`, `source` and, where it ends,
    /// `valid_to`. Of `window`, `event_date`, `preliminary` and `on_cancel_final` there is exactly
    /// one row, of `settlement`, `external_cards` and `areas` at most one; of the others as many
    /// as there are, and two of them never decide the same day. Gaps between ceilings are allowed
    /// and refuse the fees of those days.
    ///
    /// ```toml
    /// [free_card]
    /// id = "example-devices"
    /// source = "board"
    ///
    /// [[free_card.window]]
    /// months = 12                     # 1 to 120; or days = 30, 1 to 3660
    /// mode = "ROLLING"                # or TUMBLING
    /// end_rule = "DAY_BEFORE"         # or ANNIVERSARY_INCLUSIVE
    /// valid_from = 2023-01-01
    /// source = "board"
    ///
    /// [[free_card.event_date]]
    /// basis = "PRESCRIBED_ON"         # or DELIVERED_ON
    /// valid_from = 2023-01-01
    /// source = "board"
    ///
    /// [[free_card.preliminary]]
    /// hours = 48                      # 0 to 8784
    /// valid_from = 2023-01-01
    /// source = "board"
    ///
    /// [[free_card.on_cancel_final]]
    /// action = "RETAIN"               # or RECALCULATE
    /// valid_from = 2023-01-01
    /// source = "board"
    ///
    /// [[free_card.ceiling]]
    /// amount = "1300.00"
    /// valid_from = 2023-01-01
    /// valid_to = 2024-01-01           # exclusive
    /// source = "board §2"
    ///
    /// [[free_card.ceiling]]            # or an index: factor times base amount, rounded down
    /// base_amount = "57300.00"
    /// factor = "0.025"
    /// floor_to = "50.00"
    /// valid_from = 2024-01-01
    /// source = "board §2"
    ///
    /// [[free_card.ceiling]]            # or a number of fees
    /// count = 10
    /// valid_from = 2025-01-01
    /// source = "board §2"
    ///
    /// [[free_card.tier]]               # of the price through this sum of the window this much
    /// up_to = "3000.00"               # left out of the last tier
    /// share_percent = 100
    /// valid_from = 2023-01-01
    /// source = "board §2"
    ///
    /// [[free_card.settlement]]
    /// mode = "AT_DESK"                # or REFUND_ON_APPLICATION
    /// valid_from = 2023-01-01
    /// source = "board §2"
    ///
    /// [[free_card.external_cards]]
    /// accept = false                  # whether another principal's card covers here
    /// valid_from = 2023-01-01
    /// source = "board §2"
    ///
    /// [[free_card.not_counted]]
    /// kind = "orthopaedic-shoes"      # paid in full, before and under a card
    /// valid_from = 2023-01-01
    /// source = "board §2"
    ///
    /// [[free_card.exempt]]
    /// under = 18                      # pays nothing, and nothing counts
    /// valid_from = 2023-01-01
    /// source = "board §2"
    ///
    /// [[free_card.reads]]              # of a composite: the base schemes it reads
    /// scheme = "example-care"
    /// valid_from = 2023-01-01
    /// source = "board §4"
    ///
    /// [[free_card.areas]]              # of a composite: in how many something must be paid
    /// at_least = 2
    /// valid_from = 2023-01-01
    /// source = "board §4"
    ///
    /// [[free_card.member]]
    /// principal = "20"
    /// valid_from = 2023-01-01
    /// source = "board §3"
    /// ```
    ///
    /// # Errors
    /// Every fault, each with its place.
    pub fn parse(document: &PolicyDocument) -> Result<Option<Self>, Vec<Fault>> {
        let Some(mut reader) = document.read(Section::FreeCard) else {
            return Ok(None);
        };
        let window = only::<Window>(&mut reader, "window");
        let length = window
            .as_ref()
            .and_then(|window| length(window, &mut reader));
        let event_date = only::<EventDate>(&mut reader, "event_date");
        let preliminary = only::<Preliminary>(&mut reader, "preliminary");
        let on_cancel_final = only::<OnCancelFinal>(&mut reader, "on_cancel_final");
        let settlement = at_most::<Settled>(&mut reader, "settlement");
        let external_cards = at_most::<ExternalCards>(&mut reader, "external_cards");
        let areas = at_most::<Areas>(&mut reader, "areas");
        let mut tiers = reader.rows::<Tier>("tier");
        tiers.sort_by_key(|row| (row.value.up_to.is_none(), row.value.up_to));
        let limits = limits(&mut reader, &tiers);
        let not_counted = reader.rows::<NotCounted>("not_counted");
        let exempt = reader.rows::<Exempt>("exempt");
        let reads = reader.rows::<Reads>("reads");
        let members = reader.rows::<Member>("member");
        let settings = reader.settings::<Settings>();
        if members.is_empty() {
            reader.section_fault("has no readable row [[free_card.member]]");
        }
        reader.refuse_overlaps(&members, |one, other| one.principal == other.principal);
        reader.one_a_day(&tiers, |one, other| one.up_to == other.up_to);
        let (
            Some(settings),
            Some((window, length)),
            Some(event_date),
            Some(preliminary),
            Some(on_cancel_final),
        ) = (
            settings,
            window.zip(length),
            event_date,
            preliminary,
            on_cancel_final,
        )
        else {
            return Err(told(reader));
        };
        let scheme = Self {
            policy: document.reference().clone(),
            id: settings.value.id.clone(),
            valid_to: document.valid_to(),
            source: settings.source.clone(),
            length,
            window,
            event_date,
            preliminary,
            on_cancel_final,
            settlement,
            external_cards,
            limits: limits.iter().map(|(_, limit)| limit.clone()).collect(),
            tiers,
            not_counted,
            exempt,
            reads,
            areas,
            members,
        };
        scheme.check(&settings, &limits, &mut reader);
        reader.finish().map(|()| Some(scheme))
    }

    fn check(
        &self,
        settings: &Row<Settings>,
        limits: &[(Row<Ceiling>, DatedLimit)],
        reader: &mut SectionReader<'_>,
    ) {
        if self.id.trim().is_empty() {
            reader.fault(settings.fault("id", "is empty"));
        }
        if self.preliminary_hours() > PRELIMINARY_HOURS_MAX {
            let message = format!("a preliminary time is 0 to {PRELIMINARY_HOURS_MAX} hours");
            reader.fault(self.preliminary.fault("hours", message));
        }
        for (row, _) in limits {
            self.check_covered(row, reader);
        }
        for tier in &self.tiers {
            if tier.value.share_percent > 100 {
                reader.fault(tier.fault("share_percent", "a share is 0 to 100 percent"));
            }
            self.check_covered(tier, reader);
        }
        if let Some(areas) = &self.areas
            && (areas.value.at_least == 0 || usize::from(areas.value.at_least) > self.reads.len())
        {
            let message = "a composite asks for 1 area or more, and for no more than it reads";
            reader.fault(areas.fault("at_least", message));
        }
    }

    /// A ceiling decides nothing on a day for which the scheme says nothing else.
    fn check_covered<T>(&self, ceiling: &Row<T>, reader: &mut SectionReader<'_>) {
        let days = ceiling.validity;
        let others = [
            ("window", self.window.validity),
            ("event_date", self.event_date.validity),
            ("preliminary", self.preliminary.validity),
            ("on_cancel_final", self.on_cancel_final.validity),
        ];
        for (key, other) in others {
            let ends = match (days.valid_to, other.valid_to) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some(end), Some(other_end)) => end > other_end,
            };
            if days.valid_from < other.valid_from || ends {
                let message = format!("holds on days when free_card.{key} does not");
                reader.fault(ceiling.fault("valid_from", message));
            }
        }
    }
}

/// The limits with the rows they were read from; a limit that is wrong is told and left out.
fn limits(reader: &mut SectionReader<'_>, tiers: &[Row<Tier>]) -> Vec<(Row<Ceiling>, DatedLimit)> {
    let rows = reader.rows::<Ceiling>("ceiling");
    if rows.is_empty() && tiers.is_empty() {
        reader.section_fault("has no readable row [[free_card.ceiling]]");
    }
    reader.one_a_day(&rows, |_, _| true);
    let mut limits = Vec::with_capacity(rows.len());
    for row in rows {
        match row.value.limit() {
            Ok(limit) => {
                let dated = DatedLimit {
                    limit,
                    validity: row.validity,
                    source: row.source.clone(),
                };
                limits.push((row, dated));
            }
            Err((field, message)) => reader.fault(row.fault(field, message)),
        }
    }
    limits
}

/// How long the window is, or a fault.
fn length(window: &Row<Window>, reader: &mut SectionReader<'_>) -> Option<WindowLength> {
    let (field, message) = match (window.value.months, window.value.days) {
        (Some(months), None) if (1..=WINDOW_MONTHS_MAX).contains(&months) => {
            return Some(WindowLength::Months(months));
        }
        (None, Some(days)) if (1..=WINDOW_DAYS_MAX).contains(&days) => {
            return Some(WindowLength::Days(days));
        }
        (Some(_), None) => (
            "months",
            format!("a window is 1 to {WINDOW_MONTHS_MAX} months"),
        ),
        (None, Some(_)) => ("days", format!("a window is 1 to {WINDOW_DAYS_MAX} days")),
        (Some(_), Some(_)) | (None, None) => {
            ("months", "a window is either months or days".to_owned())
        }
    };
    reader.fault(window.fault(field, message));
    None
}

/// The row of a table that may be left out; a fault where there are several.
fn at_most<T: DeserializeOwned>(reader: &mut SectionReader<'_>, key: &str) -> Option<Row<T>> {
    let mut rows = reader.rows::<T>(key);
    if rows.len() > 1 {
        let count = rows.len();
        let message = format!("has {count} rows [[free_card.{key}]]; one at most is needed");
        reader.section_fault(message);
    }
    rows.pop()
}

/// The only row of a table, or a fault.
fn only<T: DeserializeOwned>(reader: &mut SectionReader<'_>, key: &str) -> Option<Row<T>> {
    let mut rows = reader.rows::<T>(key);
    if rows.len() != 1 {
        let count = rows.len();
        reader.section_fault(format!(
            "has {count} readable rows [[free_card.{key}]]; exactly one is needed"
        ));
        return None;
    }
    rows.pop()
}

/// The faults of a reading that cannot succeed any more.
fn told(reader: SectionReader<'_>) -> Vec<Fault> {
    reader.finish().err().unwrap_or_default()
}
