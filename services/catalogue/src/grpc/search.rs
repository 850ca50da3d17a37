//! `SearchArticles` of `ArticleService`.

use hjm_catalogue::ArticleState;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{
    Violations, caller,
    convert::{from_pb_date_optional, from_pb_page_size, from_pb_text_optional, to_pb_next_page},
};
use tonic::{Request, Response, Status};

use crate::{
    Deps, app,
    convert::{from_pb_state, to_pb_article, words_optional},
    store::Search,
};

const WORDS_LENGTH_MAX: usize = 200;
const NUMBER_LENGTH_MAX: usize = 60;
const STATES_MAX: usize = 5;

pub(super) async fn search_articles(
    deps: &Deps,
    request: Request<pb::SearchArticlesRequest>,
) -> Result<Response<pb::SearchArticlesResponse>, Status> {
    let caller = caller(&request)?;
    let asked = request.into_inner();
    let mut violations = Violations::default();
    let words = words_optional(&mut violations, "words", &asked.words, WORDS_LENGTH_MAX);
    let iso = from_pb_text_optional(&mut violations, "iso_prefix", &asked.iso_prefix);
    let number = words_optional(&mut violations, "number", &asked.number, NUMBER_LENGTH_MAX);
    if asked.words.is_empty() && asked.iso_prefix.is_empty() && asked.number.is_empty() {
        violations.add("words", "must be given, or iso_prefix or number");
    }
    let states = from_pb_states(&mut violations, &asked.states);
    let on = from_pb_date_optional(&mut violations, "as_of", asked.as_of.as_ref());
    let rows_max = from_pb_page_size(&mut violations, asked.page_size);
    let token = search_token(&asked.page_token).ok_or("is not a token of this list");
    let after = violations.take("page_token", token);
    let parsed = words
        .zip(iso)
        .zip(number.zip(states))
        .zip(on.zip(rows_max.zip(after)));
    let (((words, iso), (number, states)), (on, (rows_max, after))) = violations.finish(parsed)?;
    let search = Search {
        words,
        iso,
        number,
        states,
        on: on.map_or_else(|| deps.clock.today(), Ok)?,
        after,
        rows_max,
    };
    let found = app::search::search_articles(deps, &caller, search).await?;
    let last = found
        .last()
        .map(|row| format!("{} {}", row.iso_code, row.article_number));
    Ok(Response::new(pb::SearchArticlesResponse {
        next_page_token: to_pb_next_page(found.len(), rows_max, last),
        articles: found.iter().map(to_pb_article).collect(),
    }))
}

fn from_pb_states(violations: &mut Violations, states: &[i32]) -> Option<Vec<ArticleState>> {
    if states.len() > STATES_MAX || states.contains(&0) {
        violations.add("states", "must be states of this version, each once");
        return None;
    }
    states
        .iter()
        .map(|state| from_pb_state(violations, "states", *state))
        .collect()
}

fn search_token(token: &str) -> Option<(String, String)> {
    if token.is_empty() {
        return Some((String::new(), String::new()));
    }
    let (code, number) = token.split_once(' ')?;
    Some((code.to_owned(), number.to_owned()))
}
