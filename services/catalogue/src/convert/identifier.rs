//! What others call an article.

use hjm_catalogue::{Identifier, IdentifierFault, IdentifierKind};
use hjm_proto::catalogue::v1 as pb;
use hjm_service::Violations;

const IDENTIFIERS_MAX: usize = 20;

/// Reads identifiers; each is named once.
pub(crate) fn from_pb_identifiers(
    violations: &mut Violations,
    told: &[pb::Identifier],
) -> Option<Vec<Identifier>> {
    if told.len() > IDENTIFIERS_MAX {
        let text = format!("must be at most {IDENTIFIERS_MAX}");
        violations.add("article.identifiers", text);
        return None;
    }
    let mut read: Vec<Identifier> = Vec::with_capacity(told.len());
    let mut whole = true;
    for (at, identifier) in told.iter().enumerate() {
        match from_pb_identifier(identifier) {
            Ok(identifier) if read.iter().any(|known| same(known, &identifier)) => {
                let field = format!("article.identifiers[{at}].value");
                violations.add(field, "is named twice");
                whole = false;
            }
            Ok(identifier) => read.push(identifier),
            Err(fault) => {
                let field = match fault {
                    IdentifierFault::Kind => "kind",
                    IdentifierFault::Issuer(_) => "issuer",
                    IdentifierFault::Form(_) | IdentifierFault::CheckDigit => "value",
                };
                violations.add(format!("article.identifiers[{at}].{field}"), fault);
                whole = false;
            }
        }
    }
    whole.then_some(read)
}

fn same(one: &Identifier, other: &Identifier) -> bool {
    (one.kind(), one.issuer(), one.key()) == (other.kind(), other.issuer(), other.key())
}

fn from_pb_identifier(told: &pb::Identifier) -> Result<Identifier, IdentifierFault> {
    let kind = pb::IdentifierKind::try_from(told.kind).map_err(|_| IdentifierFault::Kind)?;
    let kind = match kind {
        pb::IdentifierKind::Unspecified => return Err(IdentifierFault::Kind),
        pb::IdentifierKind::ArticleNumber => IdentifierKind::ArticleNumber,
        pb::IdentifierKind::Gtin => IdentifierKind::Gtin,
        pb::IdentifierKind::UdiDi => IdentifierKind::UdiDi,
    };
    Identifier::parse(kind, &told.issuer, &told.value)
}

/// The identifiers of stored details; none when they cannot be read.
pub(crate) fn stored_identifiers(details: &pb::Article) -> Option<Vec<Identifier>> {
    let read = details.identifiers.iter().map(from_pb_identifier);
    read.collect::<Result<_, _>>().ok()
}
