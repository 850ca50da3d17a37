//! Why a prescription or a change of a loan is refused.

use hjm_ids::PrincipalId;
use jiff::civil::Date;

/// Why nothing was changed. The texts hold dates and organisations, never anything of a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The prescription is dated after today.
    #[error("a prescription is dated today or earlier: {on} is after {today}")]
    PrescribedInFuture {
        /// The date that was given.
        on: Date,
        /// Today in Sweden.
        today: Date,
    },
    /// The recipient was not born on the date of the prescription.
    #[error("nothing is prescribed on {on}, before the recipient's birth")]
    PrescribedBeforeBirth {
        /// The date that was given.
        on: Date,
    },
    /// The recipient had died by the date of the prescription.
    #[error("nothing is prescribed on {on}: the recipient died on {died_on}")]
    RecipientDead {
        /// The date that was given.
        on: Date,
        /// The date of death.
        died_on: Date,
    },
    /// The customer number belongs to another principal than the one that pays (decisions 2).
    #[error("{resolved} pays by the payer rules, but the customer number belongs to {customer}")]
    PayerMismatch {
        /// Who pays by the rules.
        resolved: PrincipalId,
        /// Who owns the customer number.
        customer: PrincipalId,
    },
    /// The delivery is dated after today.
    #[error("a delivery is dated today or earlier: {on} is after {today}")]
    DeliveredInFuture {
        /// The date that was given.
        on: Date,
        /// Today in Sweden.
        today: Date,
    },
    /// The delivery is dated before the prescription.
    #[error("nothing is delivered on {on}, before its prescription of {prescribed_on}")]
    DeliveredBeforePrescription {
        /// The date that was given.
        on: Date,
        /// The date of the prescription.
        prescribed_on: Date,
    },
    /// The delivery would be after the return.
    #[error("nothing is delivered on {on}, after its return of {returned_on}")]
    DeliveredAfterReturn {
        /// The date that was given.
        on: Date,
        /// The date of the return.
        returned_on: Date,
    },
    /// The delivery would be on or after the day another payer took over.
    #[error("the delivery stays before {transferred_on}, when another payer took over")]
    DeliveredAfterTransfer {
        /// The date that was given.
        on: Date,
        /// The first transfer's day.
        transferred_on: Date,
    },
    /// The return is dated after today.
    #[error("a return is dated today or earlier: {on} is after {today}")]
    ReturnedInFuture {
        /// The date that was given.
        on: Date,
        /// Today in Sweden.
        today: Date,
    },
    /// The return is dated before the delivery.
    #[error("nothing is returned on {on}, before its delivery of {delivered_on}")]
    ReturnedBeforeDelivery {
        /// The date that was given.
        on: Date,
        /// The date of the delivery.
        delivered_on: Date,
    },
    /// The return is dated before the last payer took over.
    #[error("nothing is returned on {on}, before the transfer of {transferred_on}")]
    ReturnedBeforeTransfer {
        /// The date that was given.
        on: Date,
        /// The last transfer's day.
        transferred_on: Date,
    },
    /// A return of another date is registered already; it can be corrected.
    #[error("the return of {returned_on} is registered already")]
    AlreadyReturned {
        /// The registered date.
        returned_on: Date,
    },
    /// There is no return to correct.
    #[error("no return is registered")]
    NotReturned,
    /// The transfer is dated after today.
    #[error("a transfer takes effect today or earlier: {on} is after {today}")]
    TransferredInFuture {
        /// The date that was given.
        on: Date,
        /// Today in Sweden.
        today: Date,
    },
    /// The transfer is dated before the delivery.
    #[error("nothing is transferred on {on}, before its delivery of {delivered_on}")]
    TransferredBeforeDelivery {
        /// The date that was given.
        on: Date,
        /// The date of the delivery.
        delivered_on: Date,
    },
    /// The transfer is dated after the return.
    #[error("nothing is transferred on {on}, after the return of {returned_on}")]
    TransferredAfterReturn {
        /// The date that was given.
        on: Date,
        /// The date of the return.
        returned_on: Date,
    },
    /// Another transfer has taken effect later.
    #[error("nothing is transferred on {on}: a later transfer took effect on {transferred_on}")]
    TransferredSince {
        /// The date that was given.
        on: Date,
        /// The last transfer's day.
        transferred_on: Date,
    },
}

impl Refusal {
    /// The field of the request it concerns.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::PrescribedInFuture { .. }
            | Self::PrescribedBeforeBirth { .. }
            | Self::RecipientDead { .. } => "prescribed_on",
            Self::PayerMismatch { .. } => "customer_number",
            Self::DeliveredInFuture { .. }
            | Self::DeliveredBeforePrescription { .. }
            | Self::DeliveredAfterReturn { .. }
            | Self::DeliveredAfterTransfer { .. } => "delivered_on",
            Self::ReturnedInFuture { .. }
            | Self::ReturnedBeforeDelivery { .. }
            | Self::ReturnedBeforeTransfer { .. }
            | Self::AlreadyReturned { .. }
            | Self::NotReturned => "returned_on",
            Self::TransferredInFuture { .. }
            | Self::TransferredBeforeDelivery { .. }
            | Self::TransferredAfterReturn { .. }
            | Self::TransferredSince { .. } => "effective_on",
        }
    }

    /// The stable reason code.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::PrescribedInFuture { .. } => "PRESCRIBED_IN_FUTURE",
            Self::PrescribedBeforeBirth { .. } => "PRESCRIBED_BEFORE_BIRTH",
            Self::RecipientDead { .. } => "RECIPIENT_DEAD",
            Self::PayerMismatch { .. } => "PAYER_MISMATCH",
            Self::DeliveredInFuture { .. } => "DELIVERED_IN_FUTURE",
            Self::DeliveredBeforePrescription { .. } => "DELIVERED_BEFORE_PRESCRIPTION",
            Self::DeliveredAfterReturn { .. } => "DELIVERED_AFTER_RETURN",
            Self::DeliveredAfterTransfer { .. } => "DELIVERED_AFTER_TRANSFER",
            Self::ReturnedInFuture { .. } => "RETURNED_IN_FUTURE",
            Self::ReturnedBeforeDelivery { .. } => "RETURNED_BEFORE_DELIVERY",
            Self::ReturnedBeforeTransfer { .. } => "RETURNED_BEFORE_TRANSFER",
            Self::AlreadyReturned { .. } => "ALREADY_RETURNED",
            Self::NotReturned => "NOT_RETURNED",
            Self::TransferredInFuture { .. } => "TRANSFERRED_IN_FUTURE",
            Self::TransferredBeforeDelivery { .. } => "TRANSFERRED_BEFORE_DELIVERY",
            Self::TransferredAfterReturn { .. } => "TRANSFERRED_AFTER_RETURN",
            Self::TransferredSince { .. } => "TRANSFERRED_SINCE",
        }
    }
}
