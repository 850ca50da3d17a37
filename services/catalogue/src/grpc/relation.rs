//! The relations of `ArticleService`.

use hjm_proto::catalogue::v1 as pb;
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{
        from_pb_date, from_pb_date_optional, from_pb_page_size, from_pb_text, from_pb_words,
        to_pb_next_page,
    },
};
use tonic::{Request, Response, Status};

use crate::{
    Deps,
    app::relation::{self, RelatedAfter},
    convert::{from_pb_pair, from_pb_relation, from_pb_relation_kind, to_pb_article},
    store::{RelatedRow, RelationRow},
};

const REASON_LENGTH_MAX: usize = 500;

pub(super) async fn relate_articles(
    deps: &Deps,
    request: Request<pb::RelateArticlesRequest>,
) -> Result<Response<pb::RelateArticlesResponse>, Status> {
    let caller = caller(&request)?;
    let request = request.into_inner();
    let key = WriteKey::new(caller, &request, deps.clock.now()?)?;
    let mut violations = Violations::default();
    let related = from_pb_relation(&mut violations, request.relation.as_ref());
    let related = violations.finish(related)?;
    let written = relation::relate_articles(deps, key, related);
    Ok(written.await?.into_response())
}

pub(super) async fn end_relation(
    deps: &Deps,
    request: Request<pb::EndRelationRequest>,
) -> Result<Response<pb::EndRelationResponse>, Status> {
    let caller = caller(&request)?;
    let request = request.into_inner();
    let key = WriteKey::new(caller, &request, deps.clock.now()?)?;
    let mut violations = Violations::default();
    let kind = from_pb_relation_kind(&mut violations, "kind", request.kind);
    let pair = (&*request.article_number, &*request.other_number);
    let pair = from_pb_pair(&mut violations, "", kind, pair);
    let to = from_pb_date(&mut violations, "valid_to", request.valid_to.as_ref());
    let reason = &request.reason;
    let reason = from_pb_words(&mut violations, "reason", reason, REASON_LENGTH_MAX);
    let parsed = kind.zip(pair).zip(to.zip(reason));
    let ((kind, (article, other)), (to, end_reason)) = violations.finish(parsed)?;
    let ended = RelationRow {
        kind,
        article,
        other,
        valid_from: to,
        valid_to: Some(to),
        end_reason,
    };
    let written = relation::end_relation(deps, key, ended);
    Ok(written.await?.into_response())
}

pub(super) async fn list_accessories(
    deps: &Deps,
    request: Request<pb::ListAccessoriesRequest>,
) -> Result<Response<pb::ListAccessoriesResponse>, Status> {
    let caller = caller(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::default();
    let number = from_pb_text(&mut violations, "article_number", &request.article_number);
    let on = from_pb_date_optional(&mut violations, "as_of", request.as_of.as_ref());
    let rows_max = from_pb_page_size(&mut violations, request.page_size);
    let token = related_token(&request.page_token).ok_or("is not a token of this list");
    let after = violations.take("page_token", token);
    let parsed = number.zip(on).zip(rows_max.zip(after));
    let ((number, on), (rows_max, after)) = violations.finish(parsed)?;
    let on = on.map_or_else(|| deps.clock.today(), Ok)?;
    let found = relation::list_accessories(deps, &caller, number, on, after, rows_max).await?;
    let last = found.last().map(|(row, _)| to_token(row));
    let related = found.iter().map(|(row, article)| pb::RelatedArticle {
        kind: row.kind.into(),
        inverse: row.inverse,
        article: Some(to_pb_article(article)),
    });
    Ok(Response::new(pb::ListAccessoriesResponse {
        related: related.collect(),
        next_page_token: to_pb_next_page(found.len(), rows_max, last),
    }))
}

pub(super) async fn list_substitutes(
    deps: &Deps,
    request: Request<pb::ListSubstitutesRequest>,
) -> Result<Response<pb::ListSubstitutesResponse>, Status> {
    let caller = caller(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::default();
    let number = from_pb_text(&mut violations, "article_number", &request.article_number);
    let on = from_pb_date_optional(&mut violations, "as_of", request.as_of.as_ref());
    let (number, on) = violations.finish(number.zip(on))?;
    let on = on.map_or_else(|| deps.clock.today(), Ok)?;
    let substitutes = relation::list_substitutes(deps, &caller, number, on).await?;
    Ok(Response::new(pb::ListSubstitutesResponse { substitutes }))
}

fn to_token(row: &RelatedRow) -> String {
    let kind = row.kind.as_str_name().trim_start_matches("RELATION_KIND_");
    format!("{kind} {} {}", row.inverse, row.article)
}

fn related_token(token: &str) -> Option<RelatedAfter> {
    if token.is_empty() {
        return Some((String::new(), false, String::new()));
    }
    let mut parts = token.split(' ');
    let (kind, inverse, number) = (parts.next()?, parts.next()?, parts.next()?);
    Some((kind.to_owned(), inverse.parse().ok()?, number.to_owned()))
}
