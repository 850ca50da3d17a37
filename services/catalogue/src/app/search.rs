//! Search among the articles of a day.

use hjm_catalogue::identifier_key;
use hjm_service::{Caller, Database};

use crate::{
    Deps,
    error::Error,
    store::{self, ArticleRow, Search},
};

/// Articles by ISO code and number, a page.
pub(crate) async fn search_articles(
    deps: &Deps,
    caller: &Caller,
    search: Search,
) -> Result<Vec<ArticleRow>, Error> {
    let tenant = caller.tenant.clone();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move {
            Database::plan_each(tx).await?;
            if !search.number.is_empty() {
                let key = identifier_key(&search.number);
                let named = store::identifier_articles(tx, &tenant, &key, search.on).await?;
                return store::search_number(tx, &tenant, &search, &named).await;
            }
            if search.words.is_empty() {
                return store::search_walk(tx, &tenant, &search).await;
            }
            store::search_words(tx, &tenant, &search).await
        })
    });
    Ok(read.await?)
}
