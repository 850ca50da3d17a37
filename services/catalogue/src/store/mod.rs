//! The catalogue's SQL.

mod article;
mod classification;
mod decision;
mod identifier;
mod policy;
mod price;
mod relation;
mod search;

pub(crate) use article::{
    ArticleRow, article_end, article_find, article_gaps, article_insert, article_list,
    article_lock, article_versions,
};
pub(crate) use classification::{
    IsoCodeFilter, IsoCodeRow, classification_lock, classification_put, classification_read,
    iso_code_find, iso_code_list, iso_code_versions, iso_mapping_around,
};
pub(crate) use decision::{
    DecisionRow, activated_texts, activation_instants, decision_find, decision_keep, decision_list,
};
pub(crate) use identifier::{identifier_articles, identifier_holders, identifier_insert};
pub(crate) use policy::{
    PolicyRow, activation_highest, activation_insert, activation_last, activation_lock,
    policy_find, policy_insert, policy_list, policy_texts,
};
pub(crate) use price::{
    PriceFilter, PriceRow, PricesAfter, class_name, price_find, price_gaps, price_list, price_lock,
    price_set,
};
pub(crate) use relation::{
    RelatedRow, RelationRow, chain_links, related_list, relation_end, relation_insert,
    relation_since, successors,
};
pub(crate) use search::{Search, search_number, search_walk, search_words};
