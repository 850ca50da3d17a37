//! What articles have to do with each other.

use hjm_ids::ArticleNumber;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{
    Violations,
    convert::{from_pb_date, from_pb_text, to_pb_date},
};

use crate::store::RelationRow;

/// A kind that must be given.
pub(crate) fn from_pb_relation_kind(
    violations: &mut Violations,
    field: &str,
    kind: i32,
) -> Option<pb::RelationKind> {
    let kind = pb::RelationKind::try_from(kind).ok();
    let kind = kind.filter(|kind| *kind != pb::RelationKind::Unspecified);
    violations.need(field, kind)
}

/// Two different articles, as they are stored: of compatible ones the lower number first.
pub(crate) fn from_pb_pair(
    violations: &mut Violations,
    prefix: &str,
    kind: Option<pb::RelationKind>,
    (article, other): (&str, &str),
) -> Option<(ArticleNumber, ArticleNumber)> {
    let field = format!("{prefix}article_number");
    let article: Option<ArticleNumber> = from_pb_text(violations, &field, article);
    let field = format!("{prefix}other_number");
    let other: Option<ArticleNumber> = from_pb_text(violations, &field, other);
    let (article, other) = article.zip(other)?;
    if article == other {
        violations.add(field, "must be another article");
        return None;
    }
    let turned = kind == Some(pb::RelationKind::Compatible) && other < article;
    Some(if turned {
        (other, article)
    } else {
        (article, other)
    })
}

/// A relation that begins.
pub(crate) fn from_pb_relation(
    violations: &mut Violations,
    relation: Option<&pb::Relation>,
) -> Option<RelationRow> {
    let relation = violations.need("relation", relation)?;
    let kind = from_pb_relation_kind(violations, "relation.kind", relation.kind);
    let pair = (&*relation.article_number, &*relation.other_number);
    let pair = from_pb_pair(violations, "relation.", kind, pair);
    let from = relation.valid_from.as_ref();
    let valid_from = from_pb_date(violations, "relation.valid_from", from);
    let (article, other) = pair?;
    Some(RelationRow {
        kind: kind?,
        article,
        other,
        valid_from: valid_from?,
        valid_to: None,
        end_reason: String::new(),
    })
}

pub(crate) fn to_pb_relation(row: &RelationRow) -> pb::Relation {
    pb::Relation {
        kind: row.kind.into(),
        article_number: row.article.to_string(),
        other_number: row.other.to_string(),
        valid_from: Some(to_pb_date(row.valid_from)),
        valid_to: row.valid_to.map(to_pb_date),
        end_reason: row.end_reason.clone(),
    }
}
