//! The catalogue's SQL.

mod article;
mod policy;

pub(crate) use article::{
    ArticleRow, PriceRow, article_find, article_insert, article_list, price_find, price_gaps,
    price_lock, price_set,
};
pub(crate) use policy::{
    PolicyRow, activation_insert, activation_lock, activation_newest, policy_find, policy_insert,
    policy_list, policy_texts, section_holder_find,
};
