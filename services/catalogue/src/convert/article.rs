//! An article.

use hjm_catalogue::ProductGroup;
use hjm_ids::IsoCode;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{
    Violations,
    convert::{from_pb_charge_form, from_pb_date, from_pb_text, from_pb_words, to_pb_date},
};

use crate::store::ArticleRow;

const NAME_LENGTH_MAX: usize = 200;
const PRODUCT_CODE_DIGITS_MIN: usize = 6;

pub(crate) fn from_pb_article(
    violations: &mut Violations,
    article: Option<&pb::Article>,
) -> Option<ArticleRow> {
    let article = violations.need("article", article)?;
    let number = from_pb_text(
        violations,
        "article.article_number",
        &article.article_number,
    );
    let name = from_pb_words(violations, "article.name", &article.name, NAME_LENGTH_MAX);
    let iso_code = from_pb_product_code(violations, "article.iso_code", &article.iso_code);
    let kind = pb::ArticleKind::try_from(article.kind)
        .ok()
        .filter(|kind| *kind != pb::ArticleKind::Unspecified);
    let kind = violations.need("article.kind", kind);
    let charge_form = from_pb_charge_form(violations, "article.charge_form", article.charge_form);
    let group = u8::try_from(article.product_group)
        .ok()
        .and_then(ProductGroup::from_number);
    let product_group = violations.need("article.product_group", group);
    let valid_from = from_pb_date(
        violations,
        "article.valid_from",
        article.valid_from.as_ref(),
    );
    Some(ArticleRow {
        article_number: number?,
        name: name?,
        iso_code: iso_code?,
        kind: kind?,
        charge_form: charge_form?,
        product_group: product_group?,
        valid_from: valid_from?,
    })
}

/// A product has a whole code; two or four digits name an area.
pub(crate) fn from_pb_product_code(
    violations: &mut Violations,
    field: &str,
    code: &str,
) -> Option<IsoCode> {
    let code: IsoCode = from_pb_text(violations, field, code)?;
    if code.digits() < PRODUCT_CODE_DIGITS_MIN {
        violations.add(field, "must be a product's code: six digits, or eight");
        return None;
    }
    Some(code)
}

pub(crate) fn to_pb_article(article: &ArticleRow) -> pb::Article {
    pb::Article {
        article_number: article.article_number.to_string(),
        name: article.name.clone(),
        iso_code: article.iso_code.to_string(),
        kind: article.kind.into(),
        charge_form: article.charge_form.into(),
        product_group: u32::from(article.product_group.number()),
        valid_from: Some(to_pb_date(article.valid_from)),
    }
}
