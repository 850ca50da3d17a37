//! What a month costs: rent lines, sale lines, differences, recurring fees and losses.
//!
//! Owns the arithmetic of a bill. [`rent_lines`] turns a [`Holding`] (what a loan's timeline says)
//! and its dated prices into the lines of one month: every billable day once, to one payer, money
//! rounded once a line. [`difference`] says what to credit and what to post when the timeline
//! changed after its lines were posted: whole lines, never a part of one. [`accruals`] dates the
//! periods of a recurring fee. [`LossPolicy`] says what a lost device costs whom,
//! [`NationalAgreement`] what the home region of a visitor pays. What is posted is
//! never changed.
//!
//! Dates are civil dates in Sweden. There is no clock here.

mod accrual;
mod agreement;
mod depreciation;
mod difference;
mod error;
mod line;
mod loss;
mod loss_facts;
mod loss_file;
mod policy;
mod rent;
mod rent_rule;
mod rent_terms;

pub use accrual::{Accrual, LoanDays, Recurrence, accruals, rented_through_trial, trial_ends_on};
pub use agreement::{
    AgreementAnswer, AgreementError, Consultation, Limits, NationalAgreement, OutsideCare,
};
pub use depreciation::Acquisition;
pub use difference::{Difference, PostedLine, difference};
pub use error::BillingError;
pub use line::{Line, LineKind, Sale, quantity, sale_line};
pub use loss::LossPolicy;
pub use loss_facts::{
    Chargeable, LossDecision, LossError, LossFacts, LossKind, LossLine, LossLineKind, LossPayer,
};
pub use policy::RentPolicy;
pub use rent::{Handout, Holding, PriceStep, RentWindow, Segment, rent_lines, rent_window};
pub use rent_rule::{RentEnd, RentStart, RentUnit};
pub use rent_terms::RentTerms;
