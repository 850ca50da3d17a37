//! The four groups of products.

/// Which group a product is in (source 003 §6.2). A property of the article, never of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProductGroup {
    /// 1, self-responsibility: the person buys it; not in the range.
    SelfResponsibility,
    /// 2, cost cap: the person pays up to the cap, owns it, and never returns it.
    CostCap,
    /// 3, own fee: lent, with a fee.
    OwnFee,
    /// 4, free: lent, without a fee.
    Free,
}

impl ProductGroup {
    /// The group with this number, 1 to 4.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::SelfResponsibility),
            2 => Some(Self::CostCap),
            3 => Some(Self::OwnFee),
            4 => Some(Self::Free),
            _ => None,
        }
    }

    /// Its number, 1 to 4.
    pub const fn number(self) -> u8 {
        match self {
            Self::SelfResponsibility => 1,
            Self::CostCap => 2,
            Self::OwnFee => 3,
            Self::Free => 4,
        }
    }

    /// Whether it can be prescribed: group 1 cannot (decisions 18).
    pub const fn prescribable(self) -> bool {
        !matches!(self, Self::SelfResponsibility)
    }
}
