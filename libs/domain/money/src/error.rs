//! What can be wrong with an amount or a price.

/// Why an amount or a price was refused. The texts hold no value that was read, so they can be
/// shown to anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit in 64 bits of öre.
    #[error("the amount is too large")]
    Overflow,
    /// The amount has a part smaller than one öre.
    #[error("an amount has at most two decimals: nothing finer than one öre")]
    FinerThanOre,
    /// `nanos` is outside ±999 999 999.
    #[error("nanos is between -999999999 and 999999999")]
    NanosOutOfRange,
    /// `units` and `nanos` point in different directions.
    #[error("units and nanos have the same sign")]
    SignMismatch,
    /// The text is not a plain decimal number such as `600` or `600.00`.
    #[error("write an amount as digits with a decimal point, for example 600.00")]
    Malformed,
    /// A unit price below zero.
    #[error("a unit price is not negative")]
    NegativePrice,
    /// A unit price with more than six decimals.
    #[error("a unit price has at most six decimals")]
    PriceTooFine,
    /// [`allocate`](crate::allocate) was given no weight above zero.
    #[error("an amount is split between at least one weight above zero")]
    NoWeights,
}
