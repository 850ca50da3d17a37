//! Dalarna, 2024: one person, seven devices, one common free card of region and municipalities.

use hjm_ids::Month;
use hjm_money::Money;
use hjm_proto::{billing::v1 as b, common::v1::Occasion, free_card::v1 as f};
use hjm_service::convert::to_pb_date;
use jiff::civil::{Date, date};

use super::{
    Figure, StoryError, Teller, Telling,
    books::amount,
    county::{County, DALARNA},
};

/// A test person of the Tax Agency, 45 years old through the story.
const PERSON: &str = "197808012392";
const SCHEME: &str = "dalarna-devices";

/// What is prescribed on the 10th of January to July: by the region's units and by Borlänge.
const DEVICES: [(&str, &str, &str); 7] = [
    ("12001", "2001", "DA-0001"),
    ("12201", "2081", "DA-0002"),
    ("18101", "2081", "DA-0003"),
    ("22061", "2002", "DA-0004"),
    ("04031", "2003", "DA-0005"),
    ("22271", "2081", "DA-0006"),
    ("12301", "2001", "DA-0007"),
];

/// What came of the story.
#[derive(Debug)]
pub struct Outcome {
    /// What the person paid each month, and why.
    pub figures: Vec<Figure>,
    /// The card in the end.
    pub status: f::AccountStatus,
    /// Every fee as free-card lists it in the end.
    pub fees: Vec<f::Fee>,
    /// Asking again with the same request ids gave the same answers and the same charges.
    pub repeats_alike: bool,
}

/// Plays the story from January to the close of July 2024.
///
/// # Errors
/// A service's refusal.
pub async fn play(teller: &Teller, telling: Telling) -> Result<Outcome, StoryError> {
    teller.day(date(2024, 1, 2))?;
    DALARNA.set_up(teller).await?;
    for (article, _, unit) in DEVICES {
        County::stock(teller, article, &[unit.to_owned()]).await?;
    }
    let person = teller.person(PERSON, None, DALARNA.from).await?;
    let mut figures = Vec::new();
    let mut repeats_alike = true;
    for (month, device) in (1_i8..).zip(DEVICES) {
        let on = date(2024, month, 10);
        repeats_alike &= hand_out(teller, &person, device, on).await?;
        figures.push(newest_fee(teller, &person, on).await?);
        if telling == Telling::Second && month == 6 {
            teller.day(date(2024, 6, 11))?;
            figures.push(credit_february(teller, &person).await?);
        }
        teller.day(Month::of(on).next().first())?;
        teller.close(Month::of(on)).await?;
    }
    let last = date(2024, 7, 10);
    let status = teller.desk.get_status(f::GetStatusRequest {
        recipient_id: person.clone(),
        scheme_id: SCHEME.to_owned(),
        as_of: Some(to_pb_date(last)),
        ..Default::default()
    });
    let status = status
        .await
        .map_err(StoryError::call("ask for the status"))?;
    let fees = teller.desk.list_fees(f::ListFeesRequest {
        recipient_id: person,
        scheme_id: SCHEME.to_owned(),
        ..Default::default()
    });
    let fees = fees.await.map_err(StoryError::call("list fees"))?.fees;
    let status = status.status.ok_or(StoryError::Missing("a status"))?;
    Ok(Outcome {
        figures,
        status,
        fees,
        repeats_alike,
    })
}

/// Prescribes and delivers, then asks both again; answers whether that changed nothing.
async fn hand_out(
    teller: &Teller,
    person: &str,
    (article, customer, unit): (&str, &str, &str),
    on: Date,
) -> Result<bool, StoryError> {
    teller.day(on)?;
    let lines = [(article, Occasion::First)];
    let prescribe = teller.prescription(person, customer, on, &lines, false);
    let prescription = teller.prescribe(prescribe.clone()).await?;
    let line = prescription
        .lines
        .first()
        .ok_or(StoryError::Missing("a line"))?;
    let deliver = teller.delivery(&line.line_id, unit, on);
    let loan = teller.deliver(deliver.clone()).await?;
    let charged = teller.own_fees(person).await?;
    let same = teller.prescribe(prescribe).await? == prescription
        && teller.deliver(deliver).await? == loan
        && teller.own_fees(person).await? == charged;
    Ok(same)
}

async fn newest_fee(teller: &Teller, person: &str, on: Date) -> Result<Figure, StoryError> {
    let charges = teller.own_fees(person).await?;
    let charge = charges
        .iter()
        .find(|charge| charge.from == Some(to_pb_date(on)));
    let charge = charge.ok_or(StoryError::Missing("the charge of the day"))?;
    let request = b::ExplainChargeRequest {
        charge_id: charge.charge_id.clone(),
    };
    let explained = teller.desk.explain_charge(request).await;
    let explained = explained.map_err(StoryError::call("explain a charge"))?;
    let ceiling = explained
        .ceiling
        .ok_or(StoryError::Missing("free-card's explanation"))?;
    Ok(Figure {
        who: "45 years",
        what: format!("{on}"),
        amount: amount(charge.amount.as_ref())?,
        why: format!("{} [{}]", ceiling.text, ceiling.source),
    })
}

async fn credit_february(teller: &Teller, person: &str) -> Result<Figure, StoryError> {
    let february = Some(to_pb_date(date(2024, 2, 10)));
    let charges = teller.own_fees(person).await?;
    let charge = charges.iter().find(|charge| charge.from == february);
    let charge = charge.ok_or(StoryError::Missing("February's charge"))?;
    let answer = teller.desk.credit_charge(b::CreditChargeRequest {
        request_id: teller.request_id(),
        charge_id: charge.charge_id.clone(),
        reason: "prescribed by mistake".to_owned(),
    });
    let answer = answer.await.map_err(StoryError::call("credit a charge"))?;
    let credit = answer.credit.ok_or(StoryError::Missing("a credit"))?;
    Ok(Figure {
        who: "45 years",
        what: "2024-06-11 credit of February".to_owned(),
        amount: amount(credit.amount.as_ref())?,
        why: "cancelled in free-card while the card is preliminary".to_owned(),
    })
}

/// What was charged too little, in all: listed, never collected.
///
/// # Errors
/// When a fee lacks its amount.
pub fn undercharged(fees: &[f::Fee]) -> Result<Money, StoryError> {
    let all: Result<Vec<Money>, StoryError> = fees
        .iter()
        .map(|fee| amount(fee.undercharge.as_ref()))
        .collect();
    Money::sum(all?).map_err(|_| StoryError::Missing("a sum that fits"))
}
