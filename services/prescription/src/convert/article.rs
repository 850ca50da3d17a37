//! An article as the catalogue tells it.

use hjm_catalogue::{ArticleState, ProductGroup, TrialLimits};
use hjm_ids::{ArticleNumber, IsoCode};
use hjm_money::{Money, Rounding};
use hjm_proto::{catalogue::v1 as pb, common::v1::ChargeForm};
use hjm_service::{
    Failure, Violations,
    convert::{from_pb_charge_form, from_pb_date_optional, from_pb_text, from_pb_unit_price},
};

use super::need::{Need, from_pb_need};
use crate::store::prescription::is_sold;

/// An article as the catalogue told it of a day.
#[derive(Debug, Clone)]
pub(crate) struct Article {
    pub(crate) number: ArticleNumber,
    pub(crate) iso: IsoCode,
    pub(crate) group: ProductGroup,
    pub(crate) charge_form: ChargeForm,
    pub(crate) state: ArticleState,
    /// How far its trial goes, of one on trial.
    pub(crate) trial: Option<TrialLimits>,
    /// Its listed price when it is sold; rents are billing's to read.
    pub(crate) sale_price: Option<Money>,
    pub(crate) medical_device: bool,
    /// Whether its kind is prescribed at all.
    pub(crate) prescribed: bool,
    /// What it is for when a prescription does not say.
    pub(crate) need: Need,
}

/// An article with its price, if it is told one.
///
/// # Errors
/// [`Failure::Internal`]: the catalogue never answers what it would not take.
pub(crate) fn from_pb_article(
    told: Option<&pb::Article>,
    price: Option<&pb::Price>,
) -> Result<Article, Failure> {
    let mut read = Violations::default();
    read.need("article", told)
        .and_then(|told| parse(&mut read, told, price))
        .ok_or_else(|| {
            let number = told.map_or("", |told| &told.article_number);
            Failure::internal(format!("the catalogue's article {number} is odd"))
        })
}

fn parse(read: &mut Violations, told: &pb::Article, price: Option<&pb::Price>) -> Option<Article> {
    let number = from_pb_text(read, "article_number", &told.article_number);
    let iso = from_pb_text(read, "iso_code", &told.iso_code);
    let group = u8::try_from(told.product_group)
        .ok()
        .and_then(ProductGroup::from_number);
    let group = read.need("product_group", group);
    let charge_form = from_pb_charge_form(read, "charge_form", told.charge_form)?;
    let state = read.need("state", from_pb_article_state(told.state()));
    let until = told.trial.as_ref().and_then(|trial| trial.until.as_ref());
    let until = from_pb_date_optional(read, "trial.until", until)?;
    let trial = told.trial.zip(until);
    let trial = trial.map(|(pb::Trial { units, .. }, until)| TrialLimits { units, until });
    let need = from_pb_need(
        read,
        ("default_purpose", told.default_purpose),
        ("default_duration", told.default_duration),
    );
    let sale_price = match price.filter(|_| is_sold(charge_form)) {
        None => None,
        Some(price) => {
            let price = from_pb_unit_price(read, "price", price.price.as_ref())?;
            Some(read.take("price", Money::round(price.get(), Rounding::HalfUp))?)
        }
    };
    Some(Article {
        number: number?,
        iso: iso?,
        group: group?,
        charge_form,
        state: state?,
        trial,
        sale_price,
        medical_device: is_medical_device(told.regulatory_class()),
        prescribed: is_prescribed(told.kind()),
        need: need?,
    })
}

/// A worn accessory is a new prescription; parts and work on a device are its repair (catalogue 1.1).
fn is_prescribed(kind: pb::ArticleKind) -> bool {
    match kind {
        pb::ArticleKind::MainProduct | pb::ArticleKind::Accessory => true,
        pb::ArticleKind::SparePart
        | pb::ArticleKind::Service
        | pb::ArticleKind::Adjustment
        | pb::ArticleKind::Unspecified => false,
    }
}

fn is_medical_device(class: pb::RegulatoryClass) -> bool {
    match class {
        pb::RegulatoryClass::MdrI
        | pb::RegulatoryClass::MdrIia
        | pb::RegulatoryClass::MdrIib
        | pb::RegulatoryClass::MdrIii => true,
        pb::RegulatoryClass::Unspecified | pb::RegulatoryClass::Consumer => false,
    }
}

fn from_pb_article_state(state: pb::ArticleState) -> Option<ArticleState> {
    match state {
        pb::ArticleState::Unspecified => None,
        pb::ArticleState::Active => Some(ArticleState::Active),
        pb::ArticleState::PhasingOut => Some(ArticleState::PhasingOut),
        pb::ArticleState::Discontinued => Some(ArticleState::Discontinued),
        pb::ArticleState::Blocked => Some(ArticleState::Blocked),
        pb::ArticleState::Trial => Some(ArticleState::Trial),
    }
}
