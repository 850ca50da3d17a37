//! The whole timeline of one loan and its transitions.

use hjm_ids::{CustomerNumber, PrincipalId};
use jiff::civil::Date;

use crate::Refusal;

/// Who pays, from a day until the next segment's day or the return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The customer number the invoice goes to.
    pub customer_number: CustomerNumber,
    /// The principal that owns the customer number.
    pub principal: PrincipalId,
    /// The first day that is this payer's.
    pub from: Date,
}

/// What opens a loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The date of the prescription it fulfils.
    pub prescribed_on: Date,
    /// The day the device was handed out.
    pub delivered_on: Date,
    /// The customer number of the prescription.
    pub customer_number: CustomerNumber,
    /// The principal that owns it.
    pub principal: PrincipalId,
    /// The recipient's date of death, when it is known already.
    pub died_on: Option<Date>,
}

/// One version of a loan: everything that is known of it, whole.
///
/// Always holds: `version` counts from 1 and grows by one a change; there is at least one segment,
/// the first starts on the day of delivery, each later one after the one before; a return is
/// neither before the delivery nor before the last segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    version: u32,
    delivered_on: Date,
    returned_on: Option<Date>,
    segments: Vec<Segment>,
    died_on: Option<Date>,
}

/// What a transition came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Transition {
    /// The next version.
    Next(Timeline),
    /// The timeline says so already: no new version, nothing to tell.
    Unchanged,
}

impl Timeline {
    /// The first version, by a delivery.
    ///
    /// # Errors
    /// [`Refusal::DeliveredInFuture`], [`Refusal::DeliveredBeforePrescription`]: all that apply.
    pub fn deliver(delivery: &Delivery, today: Date) -> Result<Self, Vec<Refusal>> {
        let on = delivery.delivered_on;
        let refusals = delivery_refusals(on, delivery.prescribed_on, today);
        if !refusals.is_empty() {
            return Err(refusals);
        }
        Ok(Self {
            version: 1,
            delivered_on: on,
            returned_on: None,
            segments: vec![Segment {
                customer_number: delivery.customer_number.clone(),
                principal: delivery.principal.clone(),
                from: on,
            }],
            died_on: delivery.died_on,
        })
    }

    /// The timeline that was stored as these parts; none when they break what always holds.
    pub fn from_parts(
        version: u32,
        delivered_on: Date,
        returned_on: Option<Date>,
        segments: Vec<Segment>,
        died_on: Option<Date>,
    ) -> Option<Self> {
        let starts_with_delivery = segments.first().map(|first| first.from) == Some(delivered_on);
        let ascending = segments.is_sorted_by(|one, next| one.from < next.from);
        let last = segments.last().map(|last| last.from);
        let ends_after = returned_on.is_none_or(|returned| last <= Some(returned));
        let whole = version > 0 && starts_with_delivery && ascending && ends_after;
        whole.then_some(Self {
            version,
            delivered_on,
            returned_on,
            segments,
            died_on,
        })
    }

    /// The device came back on `on`; its payer pays through that day.
    ///
    /// # Errors
    /// [`Refusal::AlreadyReturned`] when another date is registered; else as
    /// [`Timeline::correct_return`].
    pub fn register_return(&self, on: Date, today: Date) -> Result<Transition, Refusal> {
        match self.returned_on {
            Some(returned_on) if returned_on != on => Err(Refusal::AlreadyReturned { returned_on }),
            Some(_) => Ok(Transition::Unchanged),
            None => self.with_return(on, today),
        }
    }

    /// Another payer takes over with effect from `effective_on`, a day that is the new payer's
    /// already (Q3): on the day of delivery or of an earlier transfer, nothing of that one is
    /// left. Handing it to who has it that day changes nothing.
    ///
    /// # Errors
    /// [`Refusal::TransferredInFuture`], [`Refusal::TransferredBeforeDelivery`],
    /// [`Refusal::TransferredAfterReturn`], [`Refusal::TransferredSince`].
    pub fn transfer(
        &self,
        to: &CustomerNumber,
        principal: &PrincipalId,
        effective_on: Date,
        today: Date,
    ) -> Result<Transition, Refusal> {
        let on = effective_on;
        let last = self.last_segment();
        let same = last.customer_number == *to && last.principal == *principal;
        if same && last.from <= on && self.returned_on.is_none_or(|returned| on <= returned) {
            return Ok(Transition::Unchanged);
        }
        if on > today {
            return Err(Refusal::TransferredInFuture { on, today });
        }
        if on < self.delivered_on {
            return Err(Refusal::TransferredBeforeDelivery {
                on,
                delivered_on: self.delivered_on,
            });
        }
        if let Some(returned_on) = self.returned_on.filter(|returned| on > *returned) {
            return Err(Refusal::TransferredAfterReturn { on, returned_on });
        }
        if on < last.from {
            return Err(Refusal::TransferredSince {
                on,
                transferred_on: last.from,
            });
        }
        Ok(self.next(|timeline| {
            timeline.segments.retain(|segment| segment.from != on);
            timeline.segments.push(Segment {
                customer_number: to.clone(),
                principal: principal.clone(),
                from: on,
            });
        }))
    }

    /// The recipient died on `on`. It ends nothing: rent runs until the return is registered
    /// (source 003 §7.2), later days are marked. Another date than the known one replaces it.
    pub fn record_death(&self, on: Date) -> Transition {
        if self.died_on == Some(on) {
            return Transition::Unchanged;
        }
        self.next(|timeline| timeline.died_on = Some(on))
    }

    /// The delivery was on `on` instead (decisions 14).
    ///
    /// # Errors
    /// [`Refusal::DeliveredInFuture`], [`Refusal::DeliveredBeforePrescription`],
    /// [`Refusal::DeliveredAfterReturn`], [`Refusal::DeliveredAfterTransfer`]: all that apply.
    pub fn correct_delivery(
        &self,
        on: Date,
        prescribed_on: Date,
        today: Date,
    ) -> Result<Transition, Vec<Refusal>> {
        if on == self.delivered_on {
            return Ok(Transition::Unchanged);
        }
        let mut refusals = delivery_refusals(on, prescribed_on, today);
        if let Some(returned_on) = self.returned_on.filter(|returned| on > *returned) {
            refusals.push(Refusal::DeliveredAfterReturn { on, returned_on });
        }
        let transferred_on = self.segments.get(1).map(|segment| segment.from);
        if let Some(transferred_on) = transferred_on.filter(|transfer| on >= *transfer) {
            refusals.push(Refusal::DeliveredAfterTransfer { on, transferred_on });
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        Ok(self.next(|timeline| {
            timeline.delivered_on = on;
            if let Some(first) = timeline.segments.first_mut() {
                first.from = on;
            }
        }))
    }

    /// What is told beside the timeline changed: a version in which nothing of its own differs.
    #[must_use]
    pub fn retold(&self) -> Self {
        Self {
            version: self.version.saturating_add(1),
            ..self.clone()
        }
    }

    /// The registered return was on `on` instead (decisions 14).
    ///
    /// # Errors
    /// [`Refusal::NotReturned`], [`Refusal::ReturnedInFuture`],
    /// [`Refusal::ReturnedBeforeDelivery`], [`Refusal::ReturnedBeforeTransfer`].
    pub fn correct_return(&self, on: Date, today: Date) -> Result<Transition, Refusal> {
        match self.returned_on {
            None => Err(Refusal::NotReturned),
            Some(returned_on) if returned_on == on => Ok(Transition::Unchanged),
            Some(_) => self.with_return(on, today),
        }
    }

    /// Who pays for the day; nobody before the delivery and after the return.
    pub fn holder_on(&self, date: Date) -> Option<&Segment> {
        if self.returned_on.is_some_and(|returned| date > returned) {
            return None;
        }
        self.segments.iter().rfind(|segment| segment.from <= date)
    }

    /// Counts from 1, one more for every change.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The day of delivery.
    pub const fn delivered_on(&self) -> Date {
        self.delivered_on
    }

    /// The day of return, once it is registered.
    pub const fn returned_on(&self) -> Option<Date> {
        self.returned_on
    }

    /// Who pays when, in order; never empty.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The recipient's date of death, once it is known.
    pub const fn died_on(&self) -> Option<Date> {
        self.died_on
    }

    fn with_return(&self, on: Date, today: Date) -> Result<Transition, Refusal> {
        if on > today {
            return Err(Refusal::ReturnedInFuture { on, today });
        }
        if on < self.delivered_on {
            return Err(Refusal::ReturnedBeforeDelivery {
                on,
                delivered_on: self.delivered_on,
            });
        }
        let transferred_on = self.last_segment().from;
        if on < transferred_on {
            return Err(Refusal::ReturnedBeforeTransfer { on, transferred_on });
        }
        Ok(self.next(|timeline| timeline.returned_on = Some(on)))
    }

    fn last_segment(&self) -> &Segment {
        self.segments.last().expect("at least one segment")
    }

    fn next(&self, change: impl FnOnce(&mut Self)) -> Transition {
        let mut next = self.clone();
        next.version = self.version.saturating_add(1);
        change(&mut next);
        Transition::Next(next)
    }
}

fn delivery_refusals(on: Date, prescribed_on: Date, today: Date) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if on > today {
        refusals.push(Refusal::DeliveredInFuture { on, today });
    }
    if on < prescribed_on {
        refusals.push(Refusal::DeliveredBeforePrescription { on, prescribed_on });
    }
    refusals
}
