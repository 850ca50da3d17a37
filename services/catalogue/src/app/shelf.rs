//! What a write of articles is decided on: their versions, and who has their identifiers. Held in
//! memory, so that one article and a thousand are decided alike and stored by the same statements.

use std::collections::HashMap;

use hjm_catalogue::Identifier;
use hjm_ids::{ArticleNumber, TenantId};
use hjm_service::Failure;
use jiff::civil::Date;
use sqlx::PgConnection;

use crate::{
    error::Error,
    store::{self, ArticleRow},
};

/// What the fields are called that a refusal names.
#[derive(Debug)]
pub(crate) struct Fields {
    valid_from: &'static str,
    state: &'static str,
}

/// The fields of a whole article.
pub(crate) const CHANGED: Fields = Fields {
    valid_from: "article.valid_from",
    state: "article.state",
};

/// The fields of a withdrawal.
pub(crate) const WITHDRAWN: Fields = Fields {
    valid_from: "valid_from",
    state: "state",
};

/// What became of an article of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Created,
    Changed,
    Unchanged,
}

#[derive(Debug)]
struct Version {
    row: ArticleRow,
    is_new: bool,
}

/// An identifier's kind, issuer and key.
type IdentifierKey = (String, String, String);

#[derive(Debug, PartialEq, Eq)]
struct Holder {
    article: ArticleNumber,
    valid_to: Option<Date>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    versions: HashMap<ArticleNumber, Vec<Version>>,
    holders: HashMap<IdentifierKey, Vec<Holder>>,
    /// Articles with new versions, in the order they came.
    changed: Vec<(ArticleNumber, u32)>,
}

impl Shelf {
    /// Everything that deciding on these articles needs. Nobody else writes articles of the tenant
    /// until the transaction ends.
    pub(crate) async fn load(
        tx: &mut PgConnection,
        tenant: &TenantId,
        articles: &[ArticleRow],
    ) -> Result<Self, Failure> {
        store::article_lock(tx, tenant).await?;
        let mut shelf = Self::default();
        shelf.extend(tx, tenant, articles).await?;
        Ok(shelf)
    }

    /// Everything that deciding on more articles needs, beside what is there already.
    pub(crate) async fn extend(
        &mut self,
        tx: &mut PgConnection,
        tenant: &TenantId,
        articles: &[ArticleRow],
    ) -> Result<(), Failure> {
        let numbers = articles.iter().map(|row| &row.article_number);
        let new = numbers.filter(|number| !self.versions.contains_key(number));
        let numbers: Vec<String> = new.map(ToString::to_string).collect();
        let identifiers = articles.iter().flat_map(|row| &row.identifiers);
        let new = identifiers.filter(|identifier| !self.holders.contains_key(&key_of(identifier)));
        let keys: Vec<String> = new.map(Identifier::key).collect();
        for row in store::article_versions(tx, tenant, &numbers).await? {
            let versions = self.versions.entry(row.article_number.clone());
            versions.or_default().push(Version { row, is_new: false });
        }
        if keys.is_empty() {
            return Ok(());
        }
        for row in store::identifier_holders(tx, tenant, &keys).await? {
            let key = (row.kind, row.issuer, row.key);
            let holder = Holder {
                article: row.article_number,
                valid_to: row.valid_to,
            };
            let holders = self.holders.entry(key).or_default();
            if !holders.contains(&holder) {
                holders.push(holder);
            }
        }
        Ok(())
    }

    /// Refuses a write whose caller has not seen the newest version.
    pub(crate) fn expect(&self, article: &ArticleNumber, expected: u32) -> Result<(), Failure> {
        let newest = self.newest(article).ok_or(Failure::NotFound("article"))?;
        let found = newest.version;
        if found == expected {
            Ok(())
        } else {
            Err(Failure::VersionConflict { expected, found })
        }
    }

    /// Puts a new article there.
    pub(crate) fn create(&mut self, row: ArticleRow) -> Result<(), Error> {
        if self.newest(&row.article_number).is_some() {
            return Err(Error::ArticleExists);
        }
        self.add(row)
    }

    /// Puts a version there that follows the newest.
    pub(crate) fn change(&mut self, row: ArticleRow, fields: &Fields) -> Result<(), Error> {
        let newest = self.newest(&row.article_number);
        let newest = newest.ok_or(Failure::NotFound("article"))?;
        if row.valid_from <= newest.valid_from {
            return Err(Error::ArticleNotAfter {
                newest: newest.valid_from,
                field: fields.valid_from,
            });
        }
        if !newest.state.may_become(row.state) {
            return Err(Error::ArticleState {
                from: newest.state,
                to: row.state,
                field: fields.state,
            });
        }
        self.add(row)
    }

    /// Puts an article of a file there, unless it says what is known: a version that begins the same
    /// day and is the same, or the newest one when nothing but the day is another.
    pub(crate) fn import(&mut self, row: ArticleRow) -> Result<(Outcome, u32), Error> {
        let Some(versions) = self.versions.get(&row.article_number) else {
            self.create(row)?;
            return Ok((Outcome::Created, 1));
        };
        let known = versions
            .iter()
            .any(|known| known.row.valid_from == row.valid_from && known.row.says_the_same(&row));
        let newest = self.newest(&row.article_number);
        let repeated = newest.is_some_and(|newest| {
            newest.valid_from <= row.valid_from && newest.says_the_same(&row)
        });
        if known || repeated {
            let version = newest.map_or(0, |newest| newest.version);
            return Ok((Outcome::Unchanged, version));
        }
        let version = 1 + newest.map_or(0, |newest| newest.version);
        self.change(row, &CHANGED)?;
        Ok((Outcome::Changed, version))
    }

    fn newest(&self, article: &ArticleNumber) -> Option<&ArticleRow> {
        let versions = self.versions.get(article)?;
        versions.last().map(|version| &version.row)
    }

    fn add(&mut self, mut row: ArticleRow) -> Result<(), Error> {
        for identifier in &row.identifiers {
            let holders = self.holders.get(&key_of(identifier)).into_iter().flatten();
            let taken = holders.into_iter().find(|holder| {
                holder.article != row.article_number
                    && holder.valid_to.is_none_or(|to| to > row.valid_from)
            });
            if let Some(holder) = taken {
                return Err(Error::IdentifierTaken(holder.article.clone()));
            }
        }
        let number = row.article_number.clone();
        let versions = self.versions.entry(number.clone()).or_default();
        row.version = 1 + versions.last().map_or(0, |newest| newest.row.version);
        if let Some(newest) = versions.last_mut() {
            newest.row.valid_to = Some(row.valid_from);
            for holders in newest.row.identifiers.iter().map(key_of) {
                let holders = self.holders.entry(holders).or_default().iter_mut();
                for holder in holders.filter(|holder| holder.article == number) {
                    holder.valid_to = holder.valid_to.or(Some(row.valid_from));
                }
            }
        }
        for identifier in &row.identifiers {
            self.holders
                .entry(key_of(identifier))
                .or_default()
                .push(Holder {
                    article: number.clone(),
                    valid_to: None,
                });
        }
        self.changed.push((number, row.version));
        versions.push(Version { row, is_new: true });
        Ok(())
    }

    /// Stores what was put there, and answers it in the order it came.
    pub(crate) async fn store(
        &self,
        tx: &mut PgConnection,
        tenant: &TenantId,
    ) -> Result<Vec<ArticleRow>, Failure> {
        let mut ended = Vec::new();
        let mut added = Vec::with_capacity(self.changed.len());
        for (number, version) in &self.changed {
            let versions = self.versions.get(number).map_or(&[][..], Vec::as_slice);
            for (before, now) in versions.iter().zip(versions.iter().skip(1)) {
                if now.row.version == *version && !before.is_new {
                    ended.push((number.clone(), before.row.version, now.row.valid_from));
                }
            }
            let mine = versions.iter().filter(|it| it.row.version == *version);
            added.extend(mine.map(|it| it.row.clone()));
        }
        if !ended.is_empty() {
            store::article_end(tx, tenant, &ended).await?;
        }
        if !added.is_empty() {
            store::article_insert(tx, tenant, &added).await?;
        }
        Ok(added)
    }
}

fn key_of(identifier: &Identifier) -> IdentifierKey {
    (
        identifier.kind().name().to_owned(),
        identifier.issuer().to_owned(),
        identifier.key(),
    )
}
