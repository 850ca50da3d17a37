//! What billing tells: own fees as they are posted or credited, months claimed and closed.

use hjm_feed::NewEvent;
use hjm_proto::billing::v1::{
    BillingEvent, Charge, MonthClosed, OwnFeePosted, Run, RunStarted, billing_event::Event,
};
use prost::Message as _;

/// A charge is the first version of its fee, the credit of it the second.
pub(crate) fn own_fee_posted(charge: Charge) -> NewEvent {
    let first = match charge.credits_charge_id.as_str() {
        "" => &charge.charge_id,
        credited => credited,
    };
    let aggregate = format!("own fee {first}");
    event_of(
        "OwnFeePosted",
        aggregate,
        Event::OwnFeePosted(OwnFeePosted {
            charge: Some(charge),
        }),
    )
}

pub(crate) fn run_started(run: Run) -> NewEvent {
    let aggregate = format!("run {}", run.month);
    event_of(
        "RunStarted",
        aggregate,
        Event::RunStarted(RunStarted { run: Some(run) }),
    )
}

pub(crate) fn month_closed(run: Run) -> NewEvent {
    let aggregate = format!("run {}", run.month);
    event_of(
        "MonthClosed",
        aggregate,
        Event::MonthClosed(MonthClosed { run: Some(run) }),
    )
}

fn event_of(kind: &'static str, aggregate_id: String, event: Event) -> NewEvent {
    let payload = BillingEvent { event: Some(event) }.encode_to_vec();
    NewEvent {
        kind,
        aggregate_id,
        payload,
    }
}
