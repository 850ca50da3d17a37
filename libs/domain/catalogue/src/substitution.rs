//! Chains of equivalent articles: the oldest that can be delivered goes first.

use std::collections::{BTreeMap, BTreeSet};

use hjm_ids::ArticleNumber;
use jiff::civil::Date;

use crate::article_state::{ArticleAct, ArticleState, NotAllowed, TrialLimits};

/// The chain that an article is in, oldest first: everything that is replaced, step by step, by what
/// the article is in the end replaced by. `replaced_by` has at most one successor an article. An
/// article that nothing replaces and that replaces nothing is a chain of its own.
///
/// Articles as far from the end are in order of number. A circle, which the catalogue refuses, ends
/// where it closes.
pub fn substitution_chain(
    replaced_by: &BTreeMap<ArticleNumber, ArticleNumber>,
    article: &ArticleNumber,
) -> Vec<ArticleNumber> {
    let mut newest = article;
    let mut seen = BTreeSet::from([article]);
    while let Some(next) = replaced_by.get(newest)
        && seen.insert(next)
    {
        newest = next;
    }
    let mut levels = vec![vec![newest.clone()]];
    let mut taken = BTreeSet::from([newest]);
    while let Some(level) = levels.last() {
        let older: Vec<ArticleNumber> = replaced_by
            .iter()
            .filter(|(old, new)| level.contains(new) && taken.insert(old))
            .map(|(old, _)| old.clone())
            .collect();
        if older.is_empty() {
            break;
        }
        levels.push(older);
    }
    levels.into_iter().rev().flatten().collect()
}

/// Why an article of a chain is not the one to deliver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainRefusal {
    /// An older equivalent goes first, unless a reason is given.
    #[error("the equivalent article {0} goes first; another one needs a reason")]
    OlderFirst(ArticleNumber),
    /// Nothing in the chain can be delivered.
    #[error("no article of the chain can be delivered")]
    NothingToDeliver,
}

/// Which article of a chain, oldest first, is delivered when `asked` is prescribed. The chain binds:
/// the oldest that can be delivered, unless a reason to leave it is given (catalogue 1.1).
///
/// # Errors
/// [`ChainRefusal`].
pub fn delivered_of_chain(
    chain: &[ArticleNumber],
    deliverable: &BTreeSet<ArticleNumber>,
    asked: &ArticleNumber,
    reason_to_leave: Option<&str>,
) -> Result<ArticleNumber, ChainRefusal> {
    let first = chain.iter().find(|article| deliverable.contains(article));
    let first = first.ok_or(ChainRefusal::NothingToDeliver)?;
    let leaves = reason_to_leave.is_some_and(|reason| !reason.trim().is_empty());
    if first == asked || (leaves && deliverable.contains(asked)) {
        Ok(asked.clone())
    } else {
        Err(ChainRefusal::OlderFirst(first.clone()))
    }
}

/// An article of a chain, as a delivery meets it on its day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivalent {
    /// The article.
    pub article: ArticleNumber,
    /// Where it is in its life in the range.
    pub state: ArticleState,
    /// How far its trial goes, of one on trial.
    pub trial: Option<TrialLimits>,
    /// How many other units of it are handed out already; none when nobody counted.
    pub units_used: Option<u32>,
    /// Whether a unit of it is in store; none of what is not kept as marked units.
    pub in_store: Option<bool>,
    /// Whether it is charged as the prescribed one is: only then is what was decided of the
    /// prescription true of it.
    pub charged_alike: bool,
}

/// Why an article is not handed out on a prescription.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryRefusal {
    /// It is none of the prescribed one's equivalents.
    #[error("the article {0} is no equivalent of the prescribed one")]
    NotEquivalent(ArticleNumber),
    /// Its state does not let it.
    #[error("{0}")]
    NotAllowed(NotAllowed),
    /// Another one of the chain goes first.
    #[error("{0}")]
    Chain(ChainRefusal),
}

/// Whether an article of a chain, oldest first, is handed out on a day: its state lets it, and no
/// older equivalent that can be delivered goes before it, unless a reason to leave the chain is
/// given (catalogue 1.1). What is handed over is in store, whatever the books say.
///
/// # Errors
/// [`DeliveryRefusal`].
pub fn may_deliver(
    chain: &[Equivalent],
    article: &ArticleNumber,
    on: Date,
    reason_to_leave: Option<&str>,
) -> Result<(), DeliveryRefusal> {
    let allowed = |one: &Equivalent| {
        let act = ArticleAct::Deliver;
        one.state.check(act, on, one.trial, one.units_used)
    };
    let chain: Vec<&Equivalent> = chain.iter().filter(|one| one.charged_alike).collect();
    let asked = chain.iter().find(|one| one.article == *article);
    let asked = asked.ok_or_else(|| DeliveryRefusal::NotEquivalent(article.clone()))?;
    allowed(asked).map_err(DeliveryRefusal::NotAllowed)?;
    let here = |one: &Equivalent| one.article == *article || one.in_store != Some(false);
    let deliverable = chain.iter().filter(|one| here(one) && allowed(one).is_ok());
    let deliverable = deliverable.map(|one| one.article.clone()).collect();
    let numbers: Vec<ArticleNumber> = chain.iter().map(|one| one.article.clone()).collect();
    delivered_of_chain(&numbers, &deliverable, article, reason_to_leave)
        .map(drop)
        .map_err(DeliveryRefusal::Chain)
}
