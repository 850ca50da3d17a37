//! What is charged for a device that is lost or cannot be used again (förkommet, kasserat).

use hjm_ids::{IsoCode, months_between, plus_months};
use hjm_money::{Money, MoneyError, Rounding};
use hjm_policy::{Explanation, Fault, PolicyDocument, PolicyReference, Row, SectionSchema};
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::Acquisition;
use crate::loss_facts::{Chargeable, LossDecision, LossError, LossFacts, LossLine, LossLineKind};
use crate::loss_file::{self, Base, DepreciationRow, FeeRow, GraceRow, MoveRow, RuleRow, ShareRow};
use crate::rent_rule::valid_on;

/// The section `loss` of a policy document.
#[derive(Debug)]
pub struct LossPolicy {
    pub(crate) policy: PolicyReference,
    pub(crate) rules: Vec<Row<RuleRow>>,
    pub(crate) fees: Vec<Row<FeeRow>>,
    pub(crate) shares: Vec<Row<ShareRow>>,
    pub(crate) depreciation: Vec<Row<DepreciationRow>>,
    pub(crate) graces: Vec<Row<GraceRow>>,
    pub(crate) moves: Vec<Row<MoveRow>>,
}

impl LossPolicy {
    /// What the section is written in, for editors.
    pub fn schema() -> SectionSchema {
        loss_file::schema()
    }

    /// Reads the section `loss`; none when the document has none. All tables may be left out; a
    /// question to a table that has no row on the day is [`LossError::NoRule`], but for `grace`.
    ///
    /// ```toml
    /// [[loss.rule]]
    /// of = "DEVICE"                   # or COMPONENT, SPECIAL_ADAPTATION, HEARING_AID, …
    /// base = "RESIDUAL"               # or PERCENT_WITH_RESIDUAL, SHARE_BY_AGE, FLAT
    /// percent_at_least = 20           # optional: of the price
    /// percent_without_residual = 5    # optional: of the price
    /// at_least = "300.00"             # optional
    /// administrative_fee = true       # optional: a line of its own, from the next table
    /// pays = "PAYER"                  # or PRESCRIBING_UNIT, PERSON
    ///
    /// [[loss.administrative_fee]]
    /// amount = "250.00"
    ///
    /// [[loss.share]]                  # of the price, from so many whole months on
    /// of = "HEARING_AID"
    /// from_months = 12
    /// percent = 60
    ///
    /// [[loss.depreciation]]           # without codes: every other device
    /// group = "wheelchairs"
    /// iso = ["1222"]
    /// years = 7
    ///
    /// [[loss.grace]]                  # a device that is found within them is not charged
    /// months = 2
    ///
    /// [[loss.move]]                   # what is worth more goes over to the new county's books
    /// residual_above = "2000.00"
    /// ```
    /// Every row also has `valid_from`, `source` and, where it ends, `valid_to`.
    ///
    /// # Errors
    /// Every fault, each with its place.
    pub fn parse(document: &PolicyDocument) -> Result<Option<Self>, Vec<Fault>> {
        loss_file::parse(document)
    }

    /// The policy text it was read from.
    pub fn policy(&self) -> &PolicyReference {
        &self.policy
    }

    /// What is charged for a loss (L1 to L11): what the rule reckons from, at least its floors,
    /// rounded half up once; and the administrative fee where the rule has one.
    ///
    /// # Errors
    /// [`LossError`].
    pub fn decide(&self, facts: &LossFacts) -> Result<LossDecision, LossError> {
        let no_rule = |rule| LossError::NoRule { rule, on: facts.on };
        let mut rules = self
            .rules
            .iter()
            .filter(|row| row.validity.contains(facts.on));
        let row = rules.find(|row| row.value.of == facts.kind);
        let row = row.ok_or_else(|| no_rule(facts.kind.name()))?;
        let mut reckoning = Reckoning::default();
        let amount = self.amount(&row.value, facts, &mut reckoning)?;
        let mut charges = vec![(LossLineKind::Loss, amount)];
        if row.value.administrative_fee {
            let fee = valid_on(&self.fees, facts.on);
            let fee = fee.ok_or_else(|| no_rule("administrative_fee"))?;
            reckoning.source(&fee.source);
            charges.push((LossLineKind::AdministrativeFee, fee.value.amount));
        }
        let pays = row.value.pays;
        let lines = charges.into_iter().filter(|(_, amount)| !amount.is_zero());
        let lines: Vec<LossLine> = lines
            .map(|(kind, amount)| LossLine { kind, pays, amount })
            .collect();
        let rule = format!("loss.{}", facts.kind.name());
        let explanation = reckoning.explain(&self.policy, rule, &row.source, facts, &lines)?;
        Ok(LossDecision { lines, explanation })
    }

    fn amount(
        &self,
        rule: &RuleRow,
        facts: &LossFacts,
        reckoning: &mut Reckoning,
    ) -> Result<Money, LossError> {
        let at_least = rule.at_least.unwrap_or(Money::ZERO);
        let price = || positive(facts.price, "price");
        match rule.base {
            Base::Flat => Ok(at_least),
            Base::ShareByAge => {
                let percent = self.share(facts, reckoning)?;
                Ok(percent_of(price()?, percent)?.max(at_least))
            }
            Base::PercentWithResidual => {
                let residual = positive(facts.residual, "residual")?;
                reckoning.fact("residual", &residual);
                if residual.is_zero() {
                    return Ok(Money::ZERO);
                }
                Ok(percent_of(price()?, rule.percent.unwrap_or_default())?.max(at_least))
            }
            Base::Residual => {
                let residual = self.residual(facts, reckoning)?;
                reckoning.fact("residual", &residual);
                let worth = match rule.percent_without_residual {
                    Some(percent) if residual.is_zero() => percent_of(price()?, percent)?,
                    Some(_) | None => residual,
                };
                let floor = match rule.percent_at_least {
                    Some(percent) => percent_of(price()?, percent)?,
                    None => Money::ZERO,
                };
                Ok(worth.max(floor).max(at_least))
            }
        }
    }

    /// The residual value of the books, or a straight line over the years of its group.
    fn residual(&self, facts: &LossFacts, reckoning: &mut Reckoning) -> Result<Money, LossError> {
        if facts.residual.is_some() || self.depreciation.is_empty() {
            return positive(facts.residual, "residual");
        }
        let iso = facts.iso.as_ref().ok_or(missing("iso"))?;
        let rows = self.depreciation.iter();
        let rows = rows.filter(|row| row.validity.contains(facts.on));
        let digits = |row: &&Row<DepreciationRow>| {
            let codes = row.value.iso.iter().filter(|code| iso.is_within(code));
            codes.map(IsoCode::digits).max()
        };
        let fitting = rows.filter(|row| row.value.iso.is_empty() || digits(row).is_some());
        let row = fitting.max_by_key(digits).ok_or(LossError::NoRule {
            rule: "depreciation",
            on: facts.on,
        })?;
        reckoning.source(&row.source);
        reckoning.fact("group", &row.value.group);
        reckoning.fact("years", &row.value.years);
        let device = Acquisition {
            price: positive(facts.price, "price")?,
            acquired_on: facts.acquired_on.ok_or(missing("acquired_on"))?,
            years: row.value.years,
        };
        Ok(device.residual(facts.on)?)
    }

    /// The share of the price by whole months of age.
    fn share(&self, facts: &LossFacts, reckoning: &mut Reckoning) -> Result<u8, LossError> {
        let acquired_on = facts.acquired_on.ok_or(missing("acquired_on"))?;
        let months = months_between(acquired_on, facts.on);
        reckoning.fact("months", &months);
        let rows = self
            .shares
            .iter()
            .filter(|row| row.validity.contains(facts.on));
        let begun =
            rows.filter(|row| row.value.of == facts.kind && row.value.from_months <= months);
        let row = begun.max_by_key(|row| row.value.from_months);
        let row = row.ok_or(LossError::NoRule {
            rule: "share",
            on: facts.on,
        })?;
        reckoning.source(&row.source);
        Ok(row.value.percent)
    }

    /// Whether a loss reported on a day may be charged on another (L4), and why: after the county's
    /// months of grace, if it was not found before them. Without grace, from the report.
    pub fn chargeable(
        &self,
        reported_on: Date,
        found_on: Option<Date>,
        on: Date,
    ) -> (Chargeable, Explanation) {
        let grace = valid_on(&self.graces, reported_on);
        let from = grace.map_or(reported_on, |row| {
            plus_months(reported_on, row.value.months)
        });
        let found_by_then = found_on.filter(|found_on| *found_on <= on);
        let (chargeable, text) = match found_by_then {
            Some(found_on) if found_on < from => (
                Chargeable::Found,
                format!("Nothing is charged: it was found before {from}."),
            ),
            Some(_) | None if on < from => (
                Chargeable::Waits(from),
                format!("It is charged from {from} on, if it is not found before."),
            ),
            Some(_) | None => (
                Chargeable::Since(from),
                format!("It may be charged since {from}."),
            ),
        };
        let mut facts = vec![
            ("on".to_owned(), on.to_string()),
            ("reported_on".to_owned(), reported_on.to_string()),
        ];
        facts.extend(found_by_then.map(|day| ("found_on".to_owned(), day.to_string())));
        let months = grace.map_or(0, |row| row.value.months);
        facts.push(("months".to_owned(), months.to_string()));
        let source = grace.map_or("", |row| row.source.as_str());
        let explanation = Explanation::new(&self.policy, "loss.grace", source, facts, text);
        (chargeable, explanation)
    }

    /// Whether a device whose residual value, accessories included, is `residual` goes over to the
    /// county a person moves to (L12), and why.
    ///
    /// # Errors
    /// [`LossError::NoRule`] where the county has no such limit.
    pub fn goes_over(&self, residual: Money, on: Date) -> Result<(bool, Explanation), LossError> {
        let row = valid_on(&self.moves, on).ok_or(LossError::NoRule { rule: "move", on })?;
        let limit = row.value.residual_above;
        let goes = residual > limit;
        let facts = vec![
            ("on".to_owned(), on.to_string()),
            ("residual".to_owned(), residual.to_string()),
            ("residual_above".to_owned(), limit.to_string()),
        ];
        let verb = if goes {
            "goes over"
        } else {
            "does not go over"
        };
        let text = format!("The device {verb}: its residual value {residual} against {limit}.");
        let explanation = Explanation::new(&self.policy, "loss.move", &row.source, facts, text);
        Ok((goes, explanation))
    }
}

/// What an amount was reckoned from, for its explanation.
#[derive(Default)]
struct Reckoning {
    facts: Vec<(String, String)>,
    sources: Vec<String>,
}

impl Reckoning {
    fn fact(&mut self, name: &str, value: &impl ToString) {
        self.facts.push((name.to_owned(), value.to_string()));
    }

    fn source(&mut self, source: &str) {
        self.sources.push(source.to_owned());
    }

    fn explain(
        self,
        policy: &PolicyReference,
        rule: String,
        source: &str,
        facts: &LossFacts,
        lines: &[LossLine],
    ) -> Result<Explanation, LossError> {
        let mut used = vec![
            ("kind".to_owned(), facts.kind.name().to_owned()),
            ("on".to_owned(), facts.on.to_string()),
        ];
        let known = [
            ("iso", facts.iso.as_ref().map(ToString::to_string)),
            ("price", facts.price.as_ref().map(ToString::to_string)),
            (
                "acquired_on",
                facts.acquired_on.as_ref().map(ToString::to_string),
            ),
        ];
        let known = known
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        used.extend(known.chain(self.facts));
        let mut sources = vec![source.to_owned()];
        sources.extend(self.sources);
        sources.dedup();
        let total = Money::sum(lines.iter().map(|line| line.amount))?;
        let text = format!(
            "{} in {} lines are charged for the loss.",
            total,
            lines.len()
        );
        Ok(Explanation::new(
            policy,
            rule,
            sources.join("; "),
            used,
            text,
        ))
    }
}

const fn missing(fact: &'static str) -> LossError {
    LossError::MissingFact { fact }
}

fn positive(amount: Option<Money>, fact: &'static str) -> Result<Money, LossError> {
    let amount = amount.ok_or(missing(fact))?;
    if amount.is_negative() {
        return Err(MoneyError::NegativePrice.into());
    }
    Ok(amount)
}

fn percent_of(price: Money, percent: u8) -> Result<Money, LossError> {
    let part = Decimal::new(price.ore(), 2).checked_mul(Decimal::new(i64::from(percent), 2));
    Ok(Money::round(
        part.ok_or(MoneyError::Overflow)?,
        Rounding::HalfUp,
    )?)
}
