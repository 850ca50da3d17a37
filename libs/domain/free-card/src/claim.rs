//! What is to be refunded, and to whom it was decided (D-10).

use std::collections::BTreeMap;

use hjm_ids::{FeeId, PrincipalId};
use hjm_money::Money;
use jiff::civil::Date;

use crate::error::EngineError;
use crate::scheme::Scheme;
use crate::state::AccountState;

/// Where a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimState {
    /// To be decided by the principal that charged the fee.
    Open,
    /// To be paid.
    Approved,
    /// Paid back to the person.
    Paid,
    /// Not owed after all: the principal says why.
    Rejected,
    /// Owed, and the person does not want it.
    Waived,
}

impl ClaimState {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Approved => "APPROVED",
            Self::Paid => "PAID",
            Self::Rejected => "REJECTED",
            Self::Waived => "WAIVED",
        }
    }

    /// Whether nothing changes it any more.
    pub const fn is_closed(self) -> bool {
        match self {
            Self::Open | Self::Approved => false,
            Self::Paid | Self::Rejected | Self::Waived => true,
        }
    }
}

/// What is decided about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimDecision {
    /// It is owed.
    Approve,
    /// It has been paid.
    Pay,
    /// It is not owed.
    Reject,
    /// The person does not want it.
    Waive,
}

/// Why a decision is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a claim that is {} is not decided so", .from.code())]
pub struct ClaimRefusal {
    /// Where the claim stands.
    pub from: ClaimState,
}

/// Where a claim stands after a decision: OPEN is approved, rejected or waived, APPROVED is paid,
/// rejected or waived; the rest is closed.
///
/// # Errors
/// [`ClaimRefusal`] for every other step.
pub const fn decide(
    state: ClaimState,
    decision: ClaimDecision,
) -> Result<ClaimState, ClaimRefusal> {
    match (state, decision) {
        (ClaimState::Open, ClaimDecision::Approve) => Ok(ClaimState::Approved),
        (ClaimState::Approved, ClaimDecision::Pay) => Ok(ClaimState::Paid),
        (ClaimState::Open | ClaimState::Approved, ClaimDecision::Reject) => {
            Ok(ClaimState::Rejected)
        }
        (ClaimState::Open | ClaimState::Approved, ClaimDecision::Waive) => Ok(ClaimState::Waived),
        (from, _) => Err(ClaimRefusal { from }),
    }
}

/// A claim: of one fee, against the principal that charged it. A fee has one that is not closed at
/// most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The fee that cost too much.
    pub fee: FeeId,
    /// Its number among the claims of the fee, from 1.
    pub number: u32,
    /// The principal that charged the fee.
    pub principal: PrincipalId,
    /// What is to be refunded; zero where a later replay took all of it back.
    pub amount: Money,
    /// Where it stands.
    pub state: ClaimState,
}

/// What a new state of the account means for a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimChange {
    /// A claim that was not there: an overcharge, or what is owed beyond closed claims.
    Opened(Claim),
    /// A claim that is not closed and whose amount is another now. One that was approved is open
    /// again: another amount was approved.
    Changed(Claim),
    /// More has been paid back than is owed now: told, and never collected.
    PaidTooMuch {
        /// The fee.
        fee: FeeId,
        /// What was paid beyond what is owed.
        amount: Money,
    },
}

/// What has to happen to the claims of an account so that they follow its newest state. What is
/// closed stays closed: a difference is a claim of its own. Applying the changes and asking again
/// gives none but [`ClaimChange::PaidTooMuch`].
///
/// # Errors
/// [`EngineError::Money`].
pub fn claims_after(
    state: &AccountState,
    claims: &[Claim],
) -> Result<Vec<ClaimChange>, EngineError> {
    let mut changes = Vec::new();
    for fee in &state.fees {
        let of_fee: Vec<&Claim> = claims.iter().filter(|claim| claim.fee == fee.fee).collect();
        let closed = of_fee.iter().filter(|claim| claim.state.is_closed());
        let settled = Money::sum(closed.map(|claim| claim.amount))?;
        let paid = of_fee
            .iter()
            .filter(|claim| claim.state == ClaimState::Paid);
        let paid = Money::sum(paid.map(|claim| claim.amount))?;
        let owed = fee.owed();
        let left = owed.checked_sub(settled)?.max(Money::ZERO);
        match of_fee.iter().find(|claim| !claim.state.is_closed()) {
            Some(claim) if claim.amount != left => changes.push(ClaimChange::Changed(Claim {
                amount: left,
                state: ClaimState::Open,
                ..(*claim).clone()
            })),
            Some(_) => {}
            None if left.is_zero() => {}
            None => changes.push(ClaimChange::Opened(Claim {
                fee: fee.fee,
                number: u32::try_from(of_fee.len())
                    .unwrap_or(u32::MAX)
                    .saturating_add(1),
                principal: fee.principal.clone(),
                amount: left,
                state: ClaimState::Open,
            })),
        }
        if paid > owed {
            let (fee, amount) = (fee.fee, paid.checked_sub(owed)?);
            changes.push(ClaimChange::PaidTooMuch { fee, amount });
        }
    }
    Ok(changes)
}

/// What was charged too little for a fee: listed for the principal that charged it, and never
/// collected (D-9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undercharge {
    /// The fee.
    pub fee: FeeId,
    /// The principal that charged it.
    pub principal: PrincipalId,
    /// The fee's date.
    pub on: Date,
    /// What it should have cost, less what was charged; zero where that is no more so.
    pub amount: Money,
}

/// What has to change in the list of an account's undercharges so that it follows the newest state.
/// Applying the changes and asking again gives none.
pub fn undercharges_after(state: &AccountState, listed: &[Undercharge]) -> Vec<Undercharge> {
    let fees = state.fees.iter().filter_map(|fee| {
        let now = Undercharge {
            fee: fee.fee,
            principal: fee.principal.clone(),
            on: fee.on,
            amount: fee.undercharged(),
        };
        let mut known = listed.iter().filter(|known| !known.amount.is_zero());
        let changed = match known.find(|known| known.fee == fee.fee) {
            Some(known) => *known != now,
            None => !now.amount.is_zero(),
        };
        changed.then_some(now)
    });
    fees.collect()
}

/// Whether a principal may pay back on the date what another owes: itself always, else as a member
/// of the joint scheme.
pub fn may_pay(scheme: &Scheme, payer: &PrincipalId, owed_by: &PrincipalId, on: Date) -> bool {
    payer == owed_by || scheme.is_member(payer, on)
}

/// A claim that was paid, and by whom: in a joint scheme any member may pay it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidClaim {
    /// The principal that had charged too much.
    pub owed_by: PrincipalId,
    /// The principal that paid the person back.
    pub paid_by: PrincipalId,
    /// The amount.
    pub amount: Money,
}

/// One member's part of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementPart {
    /// The member.
    pub principal: PrincipalId,
    /// What the claims against it come to.
    pub owed: Money,
    /// What it has paid out, its own and others' claims.
    pub paid: Money,
    /// `paid` less `owed`: what it gets from the others; below zero what it gives them.
    pub gets: Money,
}

/// The netting of paid claims between the members of a joint scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementReport {
    /// Each member that owes or has paid, in order of its id.
    pub parts: Vec<SettlementPart>,
    /// What was paid in all: the sum of what is owed, and of what was paid; the parts' `gets` add
    /// up to zero.
    pub whole: Money,
}

/// Nets paid claims between members.
///
/// # Errors
/// [`EngineError::Money`].
pub fn settle(claims: &[PaidClaim]) -> Result<SettlementReport, EngineError> {
    let mut sums: BTreeMap<&PrincipalId, (Money, Money)> = BTreeMap::new();
    for claim in claims {
        let owed = &mut sums.entry(&claim.owed_by).or_default().0;
        *owed = owed.checked_add(claim.amount)?;
        let paid = &mut sums.entry(&claim.paid_by).or_default().1;
        *paid = paid.checked_add(claim.amount)?;
    }
    let mut parts = Vec::with_capacity(sums.len());
    for (principal, (owed, paid)) in sums {
        parts.push(SettlementPart {
            principal: principal.clone(),
            owed,
            paid,
            gets: paid.checked_sub(owed)?,
        });
    }
    let whole = Money::sum(claims.iter().map(|claim| claim.amount))?;
    Ok(SettlementReport { parts, whole })
}
