//! A loan's timeline as prescription tells it, read whole: what is kept of it can be billed.

use hjm_billing::{Holding, Segment};
use hjm_catalogue::{FeeFacts, Occasion, ProductGroup};
use hjm_ids::{IsoCode, LineId, PrincipalId, RecipientId};
use hjm_money::Money;
use hjm_policy::Explanation;
use hjm_proto::{
    common::v1::{self as common, ChargeForm, OwnFeeKind},
    prescription::v1 as pb,
};
use hjm_service::{
    Failure, Violations,
    convert::{
        from_pb_charge_form, from_pb_date, from_pb_date_optional, from_pb_explanation,
        from_pb_money, from_pb_occasion, from_pb_text, from_pb_text_optional,
    },
};
use jiff::civil::Date;

/// One version of a loan.
#[derive(Debug, Clone)]
pub(crate) struct Loan {
    /// From 1.
    pub(crate) version: u32,
    /// What rent is computed from.
    pub(crate) holding: Holding,
    /// The prescription line it comes from.
    pub(crate) line: LineId,
    /// The person.
    pub(crate) recipient: RecipientId,
    /// Rental or sale.
    pub(crate) form: ChargeForm,
    /// The prescription's day.
    pub(crate) prescribed_on: Date,
    /// What the payer pays of a sale; zero for a rental.
    pub(crate) unit_pays: Money,
    /// The own fee as prescription decided it.
    pub(crate) own_fee: OwnFee,
    /// What that decision read.
    pub(crate) basis: FeeBasis,
}

/// A decided own fee.
#[derive(Debug, Clone)]
pub(crate) struct OwnFee {
    pub(crate) kind: OwnFeeKind,
    pub(crate) amount: Money,
    pub(crate) scheme: Option<String>,
    pub(crate) reason: String,
    pub(crate) explanation: Explanation,
    /// The most months that are charged, where there is a most.
    pub(crate) months_max: Option<u16>,
    /// Of a subscription: only whole months.
    pub(crate) whole_months: bool,
    /// The months of free loan before a purchase.
    pub(crate) trial_months: u16,
}

/// The facts of a fee that do not change with the day.
#[derive(Debug, Clone)]
pub(crate) struct FeeBasis {
    iso: IsoCode,
    product_group: ProductGroup,
    price: Option<Money>,
    occasion: Occasion,
    born_on: Option<Date>,
    palliative: bool,
    in_patient: bool,
    qualifying_condition: Option<bool>,
    /// The fee table that decides, where one was named.
    pub(crate) fee_table: Option<String>,
    /// Where the person is registered, in order of date; none where it is not known.
    residences: Vec<(Date, Option<PrincipalId>)>,
}

impl FeeBasis {
    /// The facts on a day.
    pub(crate) fn facts(&self, on: Date) -> FeeFacts {
        FeeFacts {
            price: self.price,
            occasion: self.occasion,
            born_on: self.born_on,
            palliative: self.palliative,
            in_patient: self.in_patient,
            qualifying_condition: self.qualifying_condition,
            municipality: self.municipality_on(on).cloned(),
            ..FeeFacts::new(self.iso.clone(), self.product_group, on)
        }
    }

    fn municipality_on(&self, on: Date) -> Option<&PrincipalId> {
        let known = self.residences.iter().rfind(|(from, _)| *from <= on);
        known.and_then(|(_, municipality)| municipality.as_ref())
    }
}

impl Loan {
    /// Every principal that is or was its payer, once.
    pub(crate) fn principals(&self) -> Vec<String> {
        let all = self
            .holding
            .segments
            .iter()
            .map(|segment| segment.principal.to_string());
        let mut all: Vec<String> = all.collect();
        all.sort();
        all.dedup();
        all
    }

    /// Who pays for a day of the loan.
    pub(crate) fn payer_on(&self, on: Date) -> &Segment {
        let segments = &self.holding.segments;
        segments
            .iter()
            .rfind(|segment| segment.from <= on)
            .unwrap_or(&segments[0])
    }
}

/// Reads a timeline.
///
/// # Errors
/// [`Failure::Invalid`] naming everything that cannot be read or contradicts itself.
pub(crate) fn from_pb_loan(loan: &pb::LoanTimeline) -> Result<Loan, Failure> {
    let mut violations = Violations::default();
    if loan.version == 0 {
        violations.add("loan.version", "must be 1 or more");
    }
    let holding = from_pb_holding(&mut violations, loan);
    let line = from_pb_text(&mut violations, "loan.line_id", &loan.line_id);
    let recipient = from_pb_text(&mut violations, "loan.recipient_id", &loan.recipient_id);
    let form = from_pb_charge_form(&mut violations, "loan.charge_form", loan.charge_form);
    let prescribed_on = from_pb_date(
        &mut violations,
        "loan.prescribed_on",
        loan.prescribed_on.as_ref(),
    );
    let unit_pays = form.and_then(|form| from_pb_sale(&mut violations, form, loan));
    let own_fee = from_pb_own_fee(&mut violations, loan.own_fee.as_ref());
    let basis = from_pb_basis(&mut violations, loan.fee_basis.as_ref());
    let read = || {
        Some(Loan {
            version: loan.version,
            holding: holding?,
            line: line?,
            recipient: recipient?,
            form: form?,
            prescribed_on: prescribed_on?,
            unit_pays: unit_pays?,
            own_fee: own_fee?,
            basis: basis?,
        })
    };
    let read = read();
    violations.finish(read)
}

fn from_pb_holding(violations: &mut Violations, loan: &pb::LoanTimeline) -> Option<Holding> {
    let id = from_pb_text(violations, "loan.loan_id", &loan.loan_id);
    let article = from_pb_text(violations, "loan.article_number", &loan.article_number);
    let delivered_on = from_pb_date(violations, "loan.delivered_on", loan.delivered_on.as_ref());
    let returned_on =
        from_pb_date_optional(violations, "loan.returned_on", loan.returned_on.as_ref());
    let died_on = from_pb_date_optional(violations, "loan.died_on", loan.died_on.as_ref());
    let segments: Vec<Option<Segment>> = loan
        .segments
        .iter()
        .map(|segment| from_pb_segment(violations, segment))
        .collect();
    let segments: Vec<Segment> = segments.into_iter().collect::<Option<_>>()?;
    let holding = Holding {
        loan: id?,
        article: article?,
        delivered_on: delivered_on?,
        // The timeline does not tell these yet: a rule that counts from one is refused by name.
        handout: None,
        pickup_ordered_on: None,
        arrived_on: None,
        returned_on: returned_on?,
        segments,
        died_on: died_on?,
    };
    let starts = holding.segments.first().map(|first| first.from);
    if starts != Some(holding.delivered_on)
        || !holding
            .segments
            .is_sorted_by(|one, next| one.from < next.from)
    {
        violations.add(
            "loan.segments",
            "must begin with the delivery and go on in order",
        );
        return None;
    }
    if holding
        .returned_on
        .is_some_and(|returned_on| returned_on < holding.delivered_on)
    {
        violations.add("loan.returned_on", "must not be before the delivery");
        return None;
    }
    Some(holding)
}

fn from_pb_segment(violations: &mut Violations, segment: &pb::PayerSegment) -> Option<Segment> {
    const FIELD: &str = "loan.segments.customer_number";
    let customer_number = from_pb_text(violations, FIELD, &segment.customer_number);
    let principal = from_pb_text(
        violations,
        "loan.segments.principal_id",
        &segment.principal_id,
    );
    let from = from_pb_date(violations, "loan.segments.from", segment.from.as_ref());
    Some(Segment {
        customer_number: customer_number?,
        principal: principal?,
        from: from?,
    })
}

fn from_pb_sale(
    violations: &mut Violations,
    form: ChargeForm,
    loan: &pb::LoanTimeline,
) -> Option<Money> {
    if form == ChargeForm::Rental {
        return Some(Money::ZERO);
    }
    let sale = violations.need("loan.sale", loan.sale.as_ref())?;
    from_pb_money(violations, "loan.sale.unit_pays", sale.unit_pays.as_ref())
}

fn from_pb_own_fee(violations: &mut Violations, fee: Option<&common::OwnFee>) -> Option<OwnFee> {
    let fee = violations.need("loan.own_fee", fee)?;
    let kind = OwnFeeKind::try_from(fee.kind).ok();
    let kind = kind.filter(|kind| *kind != OwnFeeKind::Unspecified);
    let kind = violations.need("loan.own_fee.kind", kind);
    let amount = from_pb_money(violations, "loan.own_fee.amount", fee.amount.as_ref());
    let explanation = violations.need("loan.own_fee.explanation", fee.explanation.clone());
    let months_max = violations.take("loan.own_fee.months_max", u16::try_from(fee.months_max));
    let months_max = months_max.map(|most| (most > 0).then_some(most));
    let trial_months =
        violations.take("loan.own_fee.trial_months", u16::try_from(fee.trial_months));
    Some(OwnFee {
        kind: kind?,
        amount: amount?,
        scheme: Some(fee.scheme_id.clone()).filter(|scheme| !scheme.is_empty()),
        reason: fee.reason.clone(),
        explanation: from_pb_explanation(explanation?),
        months_max: months_max?,
        whole_months: fee.whole_months,
        trial_months: trial_months?,
    })
}

fn from_pb_basis(violations: &mut Violations, basis: Option<&pb::FeeBasis>) -> Option<FeeBasis> {
    let basis = violations.need("loan.fee_basis", basis)?;
    let iso = from_pb_text(violations, "loan.fee_basis.iso_code", &basis.iso_code);
    let group = u8::try_from(basis.product_group)
        .ok()
        .and_then(ProductGroup::from_number);
    let product_group = violations.need("loan.fee_basis.product_group", group);
    let price = match basis.price.as_ref() {
        None => Some(None),
        price => from_pb_money(violations, "loan.fee_basis.price", price).map(Some),
    };
    let occasion = from_pb_occasion(violations, "loan.fee_basis.occasion", basis.occasion);
    let occasion = occasion.map(|occasion| match occasion {
        common::Occasion::Replacement => Occasion::Replacement,
        common::Occasion::First | common::Occasion::Unspecified => Occasion::First,
    });
    let born_on =
        from_pb_date_optional(violations, "loan.fee_basis.born_on", basis.born_on.as_ref());
    let residences = basis.residences.iter();
    let residences: Vec<_> = residences
        .map(|residence| from_pb_residence(violations, residence))
        .collect();
    let residences: Option<Vec<_>> = residences.into_iter().collect();
    Some(FeeBasis {
        iso: iso?,
        product_group: product_group?,
        price: price?,
        occasion: occasion?,
        born_on: born_on?,
        palliative: basis.palliative,
        in_patient: basis.in_patient,
        qualifying_condition: basis.qualifying_condition,
        fee_table: Some(basis.fee_table.clone()).filter(|table| !table.is_empty()),
        residences: residences?,
    })
}

fn from_pb_residence(
    violations: &mut Violations,
    residence: &pb::Residence,
) -> Option<(Date, Option<PrincipalId>)> {
    const FIELD: &str = "loan.fee_basis.residences";
    let id = &residence.registered_in_principal_id;
    let municipality = from_pb_text_optional(violations, FIELD, id);
    let from = from_pb_date(violations, FIELD, residence.from.as_ref());
    from.zip(municipality)
}
