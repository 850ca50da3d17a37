//! Search among the articles of a day.

use hjm_catalogue::identifier_key;
use hjm_service::Caller;

use crate::{
    Deps,
    error::Error,
    store::{self, ArticleRow, Search},
};

/// Up to so many, finding and sorting all articles with a word is quicker than meeting them.
const RARE_MAX: i64 = 1000;

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
            if !search.number.is_empty() {
                let key = identifier_key(&search.number);
                let named = store::identifier_articles(tx, &tenant, &key, search.on).await?;
                return store::search_number(tx, &tenant, &search, &named).await;
            }
            let words = &search.words;
            if !words.is_empty() && store::search_is_rare(tx, &tenant, words, RARE_MAX).await? {
                return store::search_words(tx, &tenant, &search).await;
            }
            store::search_walk(tx, &tenant, &search).await
        })
    });
    Ok(read.await?)
}
