//! An article.

use hjm_catalogue::{ArticleState, ProductGroup};
use hjm_ids::IsoCode;
use hjm_proto::{catalogue::v1 as pb, common::v1::ChargeForm};
use hjm_service::{
    Violations,
    convert::{from_pb_charge_form, from_pb_date, from_pb_text, from_pb_words, to_pb_date},
};

use super::{
    article_details::{from_pb_details, words_optional},
    identifier::from_pb_identifiers,
};
use crate::store::ArticleRow;

const NAME_LENGTH_MAX: usize = 200;
const SERIES_LENGTH_MAX: usize = 100;
const PRODUCT_CODE_DIGITS_MIN: usize = 6;

/// Reads an article with everything that is wrong in it. Its version is not yet known.
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
    let series = words_optional(
        violations,
        "article.series",
        &article.series,
        SERIES_LENGTH_MAX,
    );
    let iso_code = from_pb_product_code(violations, "article.iso_code", &article.iso_code);
    let kind = pb::ArticleKind::try_from(article.kind)
        .ok()
        .filter(|kind| *kind != pb::ArticleKind::Unspecified);
    let kind = violations.need("article.kind", kind);
    let charge_form = from_pb_charge_form(violations, "article.charge_form", article.charge_form);
    let charge_form = charge_form.filter(|form| fits(violations, kind, *form));
    let group = u8::try_from(article.product_group)
        .ok()
        .and_then(ProductGroup::from_number);
    let product_group = violations.need("article.product_group", group);
    let state = from_pb_state(violations, "article.state", article.state);
    let identifiers = from_pb_identifiers(violations, &article.identifiers);
    let details = state.and_then(|state| from_pb_details(violations, article, state));
    let valid_from = from_pb_date(
        violations,
        "article.valid_from",
        article.valid_from.as_ref(),
    );
    Some(ArticleRow {
        article_number: number?,
        version: 0,
        name: name?,
        series: series?,
        iso_code: iso_code?,
        kind: kind?,
        charge_form: charge_form?,
        product_group: product_group?,
        state: state?,
        identifiers: identifiers?,
        details: details?,
        valid_from: valid_from?,
        valid_to: None,
    })
}

/// Work is sold: there is nothing to rent out or to take back.
fn fits(violations: &mut Violations, kind: Option<pb::ArticleKind>, form: ChargeForm) -> bool {
    let work = matches!(
        kind,
        Some(pb::ArticleKind::Service | pb::ArticleKind::Adjustment)
    );
    let fits = !work || form == ChargeForm::Sale;
    if !fits {
        violations.add("article.charge_form", "must be SALE of a service");
    }
    fits
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

/// A state; one that is not set is ACTIVE.
pub(crate) fn from_pb_state(
    violations: &mut Violations,
    field: &str,
    state: i32,
) -> Option<ArticleState> {
    let Ok(state) = pb::ArticleState::try_from(state) else {
        violations.add(field, "must be a state of this version");
        return None;
    };
    Some(match state {
        pb::ArticleState::Unspecified | pb::ArticleState::Active => ArticleState::Active,
        pb::ArticleState::PhasingOut => ArticleState::PhasingOut,
        pb::ArticleState::Discontinued => ArticleState::Discontinued,
        pb::ArticleState::Blocked => ArticleState::Blocked,
        pb::ArticleState::Trial => ArticleState::Trial,
    })
}

fn to_pb_state(state: ArticleState) -> pb::ArticleState {
    match state {
        ArticleState::Active => pb::ArticleState::Active,
        ArticleState::PhasingOut => pb::ArticleState::PhasingOut,
        ArticleState::Discontinued => pb::ArticleState::Discontinued,
        ArticleState::Blocked => pb::ArticleState::Blocked,
        ArticleState::Trial => pb::ArticleState::Trial,
    }
}

/// An article as it is told.
pub(crate) fn to_pb_article(article: &ArticleRow) -> pb::Article {
    pb::Article {
        article_number: article.article_number.to_string(),
        name: article.name.clone(),
        series: article.series.clone(),
        iso_code: article.iso_code.to_string(),
        kind: article.kind.into(),
        charge_form: article.charge_form.into(),
        product_group: u32::from(article.product_group.number()),
        state: to_pb_state(article.state).into(),
        valid_from: Some(to_pb_date(article.valid_from)),
        valid_to: article.valid_to.map(to_pb_date),
        version: article.version,
        ..article.details.clone()
    }
}
