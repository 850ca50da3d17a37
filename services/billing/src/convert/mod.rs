//! Wire types to billing's own and back.

mod loan;

pub(crate) use loan::{Loan, OwnFee, from_pb_loan};

use hjm_feed::Position;
use hjm_ids::{LoanId, Month, RecipientId};
use hjm_money::{Money, UnitPrice};
use hjm_proto::{billing::v1 as pb, prescription};
use hjm_service::{
    Failure, Violations,
    convert::{
        from_pb_text, from_pb_text_optional, to_pb_date, to_pb_money, to_pb_timestamp,
        to_pb_unit_price,
    },
};
use jiff::civil::Date;
use uuid::Uuid;

use crate::store::{ChargeFilter, ChargeRow, RunRow, StatementRow};

/// Before any day of the books, and a day that the database knows.
pub(crate) const FIRST_DAY: Date = Date::constant(1, 1, 1);

/// The feed that loans are followed in.
pub(crate) const PRESCRIPTION: &str = "prescription";

/// Which charges are asked for.
pub(crate) fn from_pb_filter(
    violations: &mut Violations,
    request: &pb::ListChargesRequest,
) -> Option<ChargeFilter> {
    let recipient =
        from_pb_text_optional::<RecipientId>(violations, "recipient_id", &request.recipient_id);
    let loan = from_pb_text_optional::<LoanId>(violations, "loan_id", &request.loan_id);
    let customer_number =
        from_pb_text_optional(violations, "customer_number", &request.customer_number);
    let month = from_pb_text_optional(violations, "month", &request.month);
    let state = violations.need("state", pb::ChargeState::try_from(request.state).ok());
    Some(ChargeFilter {
        recipient: recipient?,
        loan: loan?,
        customer_number: customer_number?,
        month: month?,
        state: state.map(|state| match state {
            pb::ChargeState::Unspecified => None,
            pb::ChargeState::Due
            | pb::ChargeState::Posted
            | pb::ChargeState::Credited
            | pb::ChargeState::Undecided => Some(state),
        })?,
    })
}

/// Where the page before ended: a day and a charge.
pub(crate) fn from_pb_charge_token(
    violations: &mut Violations,
    token: &str,
) -> Option<(Date, Uuid)> {
    if token.is_empty() {
        return Some((FIRST_DAY, Uuid::nil()));
    }
    let parsed = token
        .split_once(' ')
        .and_then(|(on, id)| Some((on.parse().ok()?, id.parse().ok()?)))
        .ok_or("is not a token of this list");
    violations.take("page_token", parsed)
}

/// The token of the page after this charge.
pub(crate) fn to_pb_charge_token(charge: &ChargeRow) -> String {
    format!("{} {}", charge.from, charge.id)
}

/// Where the page of months before ended.
pub(crate) fn from_pb_month_token(violations: &mut Violations, token: &str) -> Option<Date> {
    if token.is_empty() {
        return Some(FIRST_DAY);
    }
    let month: Option<Month> = from_pb_text(violations, "page_token", token);
    month.map(Month::first)
}

/// The feed position and number that a `not_before` names in prescription's feed, if it does.
///
/// # Errors
/// [`Failure::Invalid`] naming `not_before`.
pub(crate) fn from_pb_prescription_position(not_before: &str) -> Result<Option<i64>, Failure> {
    if not_before.is_empty() {
        return Ok(None);
    }
    let position: Position = not_before
        .parse()
        .map_err(|text: &str| Violations::one("not_before", text))?;
    Ok((position.feed == PRESCRIPTION).then_some(position.sequence))
}

pub(crate) fn to_pb_charge(charge: &ChargeRow) -> pb::Charge {
    pb::Charge {
        charge_id: charge.id.to_string(),
        kind: charge.kind.into(),
        state: charge.state.into(),
        customer_number: charge.customer_number.clone(),
        loan_id: charge.loan.to_string(),
        recipient_id: charge.recipient.to_string(),
        article_number: charge.article.clone(),
        from: Some(to_pb_date(charge.from)),
        to: Some(to_pb_date(charge.to)),
        days: charge.days,
        unit_price: charge
            .unit_price
            .as_ref()
            .map(|price: &UnitPrice| to_pb_unit_price(price)),
        nominal: charge.nominal.map(to_pb_money),
        amount: charge.amount.map(to_pb_money),
        deceased: charge.deceased,
        credits_charge_id: charge.credits.map_or(String::new(), |id| id.to_string()),
        posting_month: charge
            .posting_month
            .map_or(String::new(), |month| month.to_string()),
        reason: charge.reason.clone(),
        quantity: charge.quantity,
        waits_for: charge.waits_for.clone(),
    }
}

pub(crate) fn to_pb_run(run: &RunRow) -> pb::Run {
    let position = run
        .feed_sequence
        .map(|sequence| Position::new(PRESCRIPTION, sequence));
    pb::Run {
        run_id: run.id.to_string(),
        month: run.month.to_string(),
        state: run.state.into(),
        feed_position: position.map_or(String::new(), |position| position.to_wire()),
        owners: run.owners,
        owners_done: run.owners_done,
        lines: run.lines,
        started_at: Some(to_pb_timestamp(run.started_at)),
        closed_at: run.closed_at.map(to_pb_timestamp),
        waits_for: run.waits_for.clone(),
    }
}

/// # Errors
/// [`Failure::Internal`] when the total does not fit.
pub(crate) fn to_pb_statement(statement: &StatementRow) -> Result<pb::Statement, Failure> {
    let total = Money::sum([statement.rent, statement.sales]);
    let total = total.map_err(|error| Failure::Internal(error.into()))?;
    Ok(pb::Statement {
        customer_number: statement.customer_number.clone(),
        principal_id: statement.owner.clone(),
        month: statement.month.to_string(),
        rent: Some(to_pb_money(statement.rent)),
        sales: Some(to_pb_money(statement.sales)),
        total: Some(to_pb_money(total)),
        own_fees: Some(to_pb_money(statement.own_fees)),
        lines: statement.lines,
    })
}

/// A unit of prescription's: its customer number and the principal that owns it.
pub(crate) fn from_pb_unit(
    violations: &mut Violations,
    unit: Option<&prescription::v1::CustomerUnit>,
) -> Option<(hjm_ids::CustomerNumber, hjm_ids::PrincipalId)> {
    let unit = violations.need("unit", unit)?;
    let number = from_pb_text(violations, "unit.customer_number", &unit.customer_number);
    let owner = from_pb_text(violations, "unit.principal_id", &unit.principal_id);
    number.zip(owner)
}
