//! Where an article is in its life in the range, and what may be done with it there.

use std::str::FromStr;

use jiff::civil::Date;

/// Where an article is in its life in the range (catalogue 1.1; decisions 17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArticleState {
    /// Bought, prescribed and delivered.
    Active,
    /// Deliverable from stock; no longer bought.
    PhasingOut,
    /// Repaired and returned only.
    Discontinued,
    /// Stopped: returned only.
    Blocked,
    /// Tried before it is taken into the range.
    Trial,
}

/// What somebody wants to do with an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArticleAct {
    /// The aid centre buys units of it.
    Buy,
    /// A prescriber orders it for a person.
    Prescribe,
    /// It is handed out on a prescription.
    Deliver,
    /// One that is out is mended.
    Repair,
    /// One that is out comes back.
    Return,
}

/// How far a trial goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrialLimits {
    /// At most so many units.
    pub units: u32,
    /// The first day it is over.
    pub until: Date,
}

/// Why an act is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// The state does not let it.
    #[error("an article that is {} is not {}", .0.words(), .1.words())]
    State(ArticleState, ArticleAct),
    /// The trial is over.
    #[error("the trial of the article was over on {0}")]
    TrialOver(Date),
    /// The trial's units are used.
    #[error("the trial's {0} units are used")]
    TrialFull(u32),
}

impl ArticleState {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Active,
        Self::PhasingOut,
        Self::Discontinued,
        Self::Blocked,
        Self::Trial,
    ];

    /// Its name in the books.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::PhasingOut => "PHASING_OUT",
            Self::Discontinued => "DISCONTINUED",
            Self::Blocked => "BLOCKED",
            Self::Trial => "TRIAL",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::PhasingOut => "phasing out",
            Self::Discontinued => "discontinued",
            Self::Blocked => "blocked",
            Self::Trial => "on trial",
        }
    }

    /// Whether an act is allowed, apart from a trial's limits. What is out is always taken back,
    /// and holders keep a discontinued one, so it is mended as long as there are parts.
    pub const fn allows(self, act: ArticleAct) -> bool {
        match act {
            ArticleAct::Return => true,
            ArticleAct::Repair => !matches!(self, Self::Blocked),
            ArticleAct::Prescribe | ArticleAct::Deliver => {
                matches!(self, Self::Active | Self::PhasingOut | Self::Trial)
            }
            ArticleAct::Buy => matches!(self, Self::Active | Self::Trial),
        }
    }

    /// Whether an act is allowed on a day. `units` is how many others are in use already; where it
    /// is not known, the number is not held against it.
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub fn check(
        self,
        act: ArticleAct,
        on: Date,
        trial: Option<TrialLimits>,
        units: Option<u32>,
    ) -> Result<(), NotAllowed> {
        if !self.allows(act) {
            return Err(NotAllowed::State(self, act));
        }
        let limited = matches!(
            act,
            ArticleAct::Buy | ArticleAct::Prescribe | ArticleAct::Deliver
        );
        let Some(trial) = trial.filter(|_| self == Self::Trial && limited) else {
            return Ok(());
        };
        if on >= trial.until {
            return Err(NotAllowed::TrialOver(trial.until));
        }
        if units.is_some_and(|units| units >= trial.units) {
            return Err(NotAllowed::TrialFull(trial.units));
        }
        Ok(())
    }

    /// Whether a later version may be in another state. A trial comes before the range and never
    /// after it; what was discontinued is not phased out again.
    pub const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Trial => matches!(self, Self::Trial),
            Self::PhasingOut => !matches!(self, Self::Discontinued),
            Self::Active | Self::Discontinued | Self::Blocked => true,
        }
    }

    /// Whether the article has left the range or is leaving it, which needs a reason.
    pub const fn is_withdrawn(self) -> bool {
        match self {
            Self::PhasingOut | Self::Discontinued | Self::Blocked => true,
            Self::Active | Self::Trial => false,
        }
    }
}

impl ArticleAct {
    const fn words(self) -> &'static str {
        match self {
            Self::Buy => "bought",
            Self::Prescribe => "prescribed",
            Self::Deliver => "delivered",
            Self::Repair => "repaired",
            Self::Return => "returned",
        }
    }
}

impl FromStr for ArticleState {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or("is no state of an article")
    }
}
