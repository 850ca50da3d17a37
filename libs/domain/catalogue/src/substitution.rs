//! Chains of equivalent articles: the oldest that can be delivered goes first.

use std::collections::{BTreeMap, BTreeSet};

use hjm_ids::ArticleNumber;

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
