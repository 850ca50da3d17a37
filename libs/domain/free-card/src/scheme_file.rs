//! How a scheme is written in a policy document.

use hjm_policy::{Fault, PolicyDocument, Row, Section, SectionReader};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::scheme::{Ceiling, EventDate, Member, OnCancelFinal, Preliminary, Scheme, Window};

/// The longest window: ten years.
const WINDOW_MONTHS_MAX: u16 = 120;
/// The longest preliminary time: a leap year.
const PRELIMINARY_HOURS_MAX: u32 = 24 * 366;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    id: String,
}

impl Scheme {
    /// Reads the section `free_card`; none when the document has none.
    ///
    /// Every table but the first is a row with `valid_from`, `source` and, where it ends,
    /// `valid_to`. Of `window`, `event_date`, `preliminary` and `on_cancel_final` there is exactly
    /// one row; of `ceiling` and `member` as many as there are, and two of them never decide the
    /// same day. Gaps between ceilings are allowed and refuse the fees of those days.
    ///
    /// ```toml
    /// [free_card]
    /// id = "example-devices"
    /// source = "board"
    ///
    /// [[free_card.window]]
    /// months = 12                     # 1 to 120
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
        let event_date = only::<EventDate>(&mut reader, "event_date");
        let preliminary = only::<Preliminary>(&mut reader, "preliminary");
        let on_cancel_final = only::<OnCancelFinal>(&mut reader, "on_cancel_final");
        let ceilings = reader.rows::<Ceiling>("ceiling");
        let members = reader.rows::<Member>("member");
        let settings = reader.settings::<Settings>();
        if ceilings.is_empty() {
            reader.section_fault("has no readable row [[free_card.ceiling]]");
        }
        if members.is_empty() {
            reader.section_fault("has no readable row [[free_card.member]]");
        }
        reader.refuse_overlaps(&ceilings, |_, _| true);
        reader.refuse_overlaps(&members, |one, other| one.principal == other.principal);
        let (
            Some(settings),
            Some(window),
            Some(event_date),
            Some(preliminary),
            Some(on_cancel_final),
        ) = (settings, window, event_date, preliminary, on_cancel_final)
        else {
            return Err(told(reader));
        };
        let scheme = Self {
            policy: document.reference().clone(),
            id: settings.value.id.clone(),
            source: settings.source.clone(),
            window,
            event_date,
            preliminary,
            on_cancel_final,
            ceilings,
            members,
        };
        scheme.check(&settings, &mut reader);
        reader.finish().map(|()| Some(scheme))
    }

    fn check(&self, settings: &Row<Settings>, reader: &mut SectionReader<'_>) {
        if self.id.trim().is_empty() {
            reader.fault(settings.fault("id", "is empty"));
        }
        if !(1..=WINDOW_MONTHS_MAX).contains(&self.window_months()) {
            let message = format!("a window is 1 to {WINDOW_MONTHS_MAX} months");
            reader.fault(self.window.fault("months", message));
        }
        if self.preliminary_hours() > PRELIMINARY_HOURS_MAX {
            let message = format!("a preliminary time is 0 to {PRELIMINARY_HOURS_MAX} hours");
            reader.fault(self.preliminary.fault("hours", message));
        }
        for ceiling in &self.ceilings {
            if ceiling.value.amount.is_negative() || ceiling.value.amount.is_zero() {
                reader.fault(ceiling.fault("amount", "a ceiling is above zero"));
            }
            self.check_covered(ceiling, reader);
        }
    }

    /// A ceiling decides nothing on a day for which the scheme says nothing else.
    fn check_covered(&self, ceiling: &Row<Ceiling>, reader: &mut SectionReader<'_>) {
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
