//! Loans as prescription would tell them.

use hjm_proto::{
    common::v1::{ChargeForm, Explanation, Occasion, OwnFee, OwnFeeKind},
    prescription::v1::{FeeBasis, LoanTimeline, PayerSegment, Residence, Sale},
};
use hjm_testkit::{date, money};
use uuid::Uuid;

/// A loan and its versions.
#[derive(Debug, Clone)]
pub(crate) struct Draft(pub(crate) LoanTimeline);

/// A decided fee of a kind.
pub(crate) fn fee_of(kind: OwnFeeKind, amount: &str, reason: &str, scheme: &str) -> OwnFee {
    OwnFee {
        kind: kind.into(),
        amount: money(amount),
        unit_pays: money("0.00"),
        scheme_id: scheme.to_owned(),
        reason: reason.to_owned(),
        explanation: Some(Explanation {
            rule_id: "a-rule".to_owned(),
            policy_id: "jamtland-harjedalen-fees".to_owned(),
            policy_version: 1,
            source: "Handbook (source 003) §6.2".to_owned(),
            ..Default::default()
        }),
        ..OwnFee::default()
    }
}

/// A one-off fee under a high-cost protection.
pub(crate) fn fee(amount: &str) -> OwnFee {
    fee_of(OwnFeeKind::OneOff, amount, "FEE", "a-scheme")
}

impl Draft {
    /// A rental without own fee, delivered on its prescription's day.
    pub(crate) fn rental(article: &str, number: &str, owner: &str, delivered_on: &str) -> Self {
        Self(LoanTimeline {
            loan_id: Uuid::now_v7().to_string(),
            version: 1,
            line_id: Uuid::now_v7().to_string(),
            recipient_id: Uuid::now_v7().to_string(),
            article_number: article.to_owned(),
            unit_number: "unit".to_owned(),
            charge_form: ChargeForm::Rental.into(),
            prescribed_on: date(delivered_on),
            delivered_on: date(delivered_on),
            segments: vec![segment(number, owner, delivered_on)],
            own_fee: Some(fee_of(OwnFeeKind::None, "0.00", "NO_FEE", "")),
            fee_basis: Some(FeeBasis {
                iso_code: "122306".to_owned(),
                product_group: 3,
                occasion: Occasion::First.into(),
                born_on: date("1984-05-01"),
                ..Default::default()
            }),
            ..Default::default()
        })
    }

    /// A sale whose payer pays a part.
    pub(crate) fn sale(number: &str, owner: &str, on: &str, price: &str, unit_pays: &str) -> Self {
        let mut draft = Self::rental("cap", number, owner, on);
        draft.0.charge_form = ChargeForm::Sale.into();
        draft.0.sale = Some(Sale {
            price: money(price),
            unit_pays: money(unit_pays),
        });
        draft
    }

    /// The same, of something that must come back.
    pub(crate) fn with_return(mut self) -> Self {
        self.0.charge_form = ChargeForm::SaleWithReturn.into();
        self
    }

    pub(crate) fn with_fee(mut self, fee: OwnFee) -> Self {
        self.0.own_fee = Some(fee);
        self
    }

    pub(crate) fn prescribed_on(mut self, on: &str) -> Self {
        self.0.prescribed_on = date(on);
        self
    }

    pub(crate) fn id(&self) -> &str {
        &self.0.loan_id
    }

    fn next(&self, change: impl FnOnce(&mut LoanTimeline)) -> Self {
        let mut next = self.0.clone();
        next.version += 1;
        change(&mut next);
        Self(next)
    }

    pub(crate) fn returned(&self, on: &str) -> Self {
        self.next(|loan| loan.returned_on = date(on))
    }

    pub(crate) fn died(&self, on: &str) -> Self {
        self.next(|loan| loan.died_on = date(on))
    }

    /// As if the person were registered in municipalities from days on.
    pub(crate) fn residing(&self, residences: &[(&str, &str)]) -> Self {
        let residences = residences.iter().map(|&(from, municipality)| Residence {
            registered_in_principal_id: municipality.to_owned(),
            from: date(from),
        });
        self.next(|loan| {
            let basis = loan.fee_basis.as_mut().expect("a basis");
            basis.residences = residences.collect();
        })
    }

    pub(crate) fn moved(&self, number: &str, owner: &str, from: &str) -> Self {
        self.next(|loan| loan.segments.push(segment(number, owner, from)))
    }

    /// As if it had been delivered on another customer number.
    pub(crate) fn held_by(&self, number: &str, owner: &str) -> Self {
        self.next(|loan| {
            number.clone_into(&mut loan.segments[0].customer_number);
            owner.clone_into(&mut loan.segments[0].principal_id);
        })
    }
}

fn segment(number: &str, owner: &str, from: &str) -> PayerSegment {
    PayerSegment {
        customer_number: number.to_owned(),
        principal_id: owner.to_owned(),
        from: date(from),
    }
}
