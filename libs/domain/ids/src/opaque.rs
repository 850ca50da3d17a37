//! Opaque ids: a UUID with a type, so that a loan's id never names a device.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::IdError;

macro_rules! opaque_ids {
    ($($(#[doc = $doc:literal])+ $name:ident = $what:literal;)+) => {$(
        $(#[doc = $doc])+
        ///
        /// Opaque to every reader: nothing follows from its bits but their order. Shown and read
        /// as 36 characters, lower case with hyphens.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The id with these bits; whoever makes one chooses the version.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bits, for storage.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                read(text).map(Self).ok_or(IdError::new($what, "a UUID in lower case"))
            }
        }
    )+};
}

/// One spelling only, so that equal ids are equal texts.
fn read(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    let canonical = uuid
        .as_hyphenated()
        .encode_lower(&mut Uuid::encode_buffer())
        == text;
    canonical.then_some(uuid)
}

opaque_ids! {
    /// A person within one county's books.
    RecipientId = "a recipient id";
    /// A decision that is kept: what was asked and answered, by which policies.
    DecisionId = "a decision id";
    /// A prescription: one occasion, one or more lines.
    PrescriptionId = "a prescription id";
    /// One article on a prescription.
    LineId = "a prescription line id";
    /// One device (or one sold article) in one person's hands, from delivery to return.
    LoanId = "a loan id";
    /// One device unit, whoever holds it.
    DeviceId = "a device id";
    /// A request to move a loan to another payer or recipient.
    TransferId = "a transfer id";
    /// A fee as the free card knows it.
    FeeId = "a fee id";
    /// A charge or charge line as billing knows it.
    ChargeId = "a charge id";
    /// A run that closes a month for one owner.
    RunId = "a run id";
    /// An event of a feed.
    EventId = "an event id";
    /// A person's account under one free-card scheme.
    AccountId = "an account id";
    /// Children who share one ceiling.
    PoolId = "a pool id";
}
