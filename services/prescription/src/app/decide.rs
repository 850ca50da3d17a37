//! What a prescription costs and who pays: the catalogue's article of the day, the policies in
//! force on it, and the recipient's facts. Read, never guessed; what is missing is named.

use std::collections::BTreeMap;

use hjm_catalogue::{
    ArticleAct, FeeError, FeeFacts, FeeTable, FeeTables, Payer, PayerDecision, PayerFacts,
    PayerRules, PrescribedBeside, PrescribedDevice, Purpose,
};
use hjm_feed::policies::{all_in_force, in_force};
use hjm_free_card::Scheme;
use hjm_ids::{ArticleNumber, IsoCode, PrincipalId, RecipientId, TenantId};
use hjm_policy::Section;
use hjm_prescription::{may_prescribe, payer_matches};
use hjm_proto::{
    common::v1::{ChargeForm, OwnFeeKind},
    prescription::v1 as pb,
};
use hjm_service::{
    Failure,
    convert::{to_pb_date, to_pb_explanation, to_pb_money},
};
use jiff::civil::Date;
use sqlx::PgConnection;

use super::{article::article, prescribing::Directing};
use crate::{
    Deps,
    convert::{
        Article, Circumstances, Draft, DraftLine, Need, occasion, tell_circumstances, to_pb_need,
        to_pb_own_fee, to_pb_residences,
    },
    error::Error,
    store::{
        organisation::{self, UnitRow},
        prescription::{self, is_sold},
        recipient::{self, FactsRow},
        scope_widen,
    },
};

const DRAFT_ARTICLE: &str = "draft.lines.article_number";
const DRAFT_CUSTOMER_NUMBER: &str = "draft.customer_number";
const DRAFT_PRESCRIBED_ON: &str = "draft.prescribed_on";

/// Articles of one day, by number.
pub(crate) type Articles = BTreeMap<ArticleNumber, Article>;

/// What was decided of a whole draft.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) unit: UnitRow,
    pub(crate) lines: Vec<DecidedLine>,
}

/// What was decided of one line.
#[derive(Debug)]
pub(crate) struct DecidedLine {
    pub(crate) article: ArticleNumber,
    pub(crate) charge_form: ChargeForm,
    pub(crate) decision: pb::LineDecision,
    pub(crate) basis: pb::FeeBasis,
    pub(crate) sale: Option<pb::Sale>,
}

/// The articles of a draft on its day, before the transaction that decides.
pub(crate) async fn articles(
    deps: &Deps,
    tenant: &TenantId,
    draft: &Draft,
    today: Date,
) -> Result<Articles, Error> {
    let on = draft.prescribed_on;
    may_prescribe(on, today, None, None)
        .map_err(|rules| Error::first(rules, Some(DRAFT_PRESCRIBED_ON)))?;
    let mut articles = Articles::new();
    for line in &draft.lines {
        if !articles.contains_key(&line.article) {
            let article = article(deps, tenant, &line.article, on, DRAFT_ARTICLE).await?;
            articles.insert(line.article.clone(), article);
        }
    }
    Ok(articles)
}

/// Decides a draft. The recipient's death, and what else the person is prescribed, wait until the
/// transaction ends. Then it sees the whole tenant.
pub(crate) async fn draft(
    tx: &mut PgConnection,
    deps: &Deps,
    tenant: &TenantId,
    draft: &Draft,
    articles: &Articles,
    today: Date,
) -> Result<Decided, Error> {
    let on = draft.prescribed_on;
    let person = recipient::recipient_lock(tx, tenant, draft.recipient).await?;
    may_prescribe(on, today, Some(person.born_on), person.died_on)
        .map_err(|rules| Error::first(rules, Some(DRAFT_PRESCRIBED_ON)))?;
    let unit = organisation::unit_find(tx, tenant, &draft.customer_number).await?;
    let unit = unit.ok_or(Error::CustomerNumberUnknown {
        field: DRAFT_CUSTOMER_NUMBER,
    })?;
    let policies = deps.policies.of(tx, tenant).await?;
    let fees = FeeTables::new(all_in_force(
        &policies,
        Section::Fees,
        on,
        &deps.fee_tables,
        FeeTable::parse,
    )?);
    // Some fees are limited by them.
    let ceilings = Scheme::ceilings(&policies, on, |scheme| {
        deps.schemes.of(scheme, Scheme::parse)
    })?;
    let residences = recipient::residence_list(tx, tenant, draft.recipient, on).await?;
    let residences = to_pb_residences(&residences);
    let who = (draft.recipient, Some(person.born_on));
    let paying = Paying::on(tx, deps, tenant, who, &unit.principal, on).await?;
    // What else the person has and gets counts whoever pays for it; codes and days are read of it.
    scope_widen(tx).await?;
    let mut directing = Directing::on(tx, deps, tenant, &policies, draft).await?;
    let mut beside = beside(tx, tenant, draft, articles).await?;
    let mut lines = Vec::with_capacity(draft.lines.len());
    for (at, line) in draft.lines.iter().enumerate() {
        let article = articles
            .get(&line.article)
            .ok_or_else(|| Failure::internal("an article was not asked for"))?;
        let need = need(line, article)?;
        let (number, iso) = (article.number.clone(), &article.iso);
        let said = (need, line.circumstances);
        let payer = paying.resolve(number, iso, said, DRAFT_CUSTOMER_NUMBER)?;
        let fee = FeeFacts {
            beside: Some(beside.clone()),
            municipality: paying.registered_in().cloned(),
            scheme_ceilings: ceilings.clone(),
            ..fee_facts(draft, line, article, person.born_on)?
        };
        beside.earlier.push(PrescribedDevice {
            on,
            iso: article.iso.clone(),
            occasion: fee.occasion,
            table: line.fee_table.clone(),
        });
        let mut decided = decide_line(&fees, &fee, line, article, &payer)?;
        decided.basis.residences.clone_from(&residences);
        let (purpose, duration) = to_pb_need(need);
        decided.decision.set_purpose(purpose);
        decided.decision.set_expected_duration(duration);
        tell_circumstances(&mut decided.decision, line.circumstances);
        decided.decision.prescribing = directing
            .as_mut()
            .map(|directing| directing.check(draft, (at, line), article, fee.occasion));
        lines.push(decided);
    }
    Ok(Decided { unit, lines })
}

/// What else the person is prescribed, until the draft's day and in it.
async fn beside(
    tx: &mut PgConnection,
    tenant: &TenantId,
    draft: &Draft,
    articles: &Articles,
) -> Result<PrescribedBeside, Error> {
    let lines = draft.lines.iter();
    let together = lines.filter_map(|line| Some(articles.get(&line.article)?.iso.clone()));
    Ok(PrescribedBeside {
        together: together.collect(),
        earlier: prescription::prescribed_until(tx, tenant, draft.recipient, draft.prescribed_on)
            .await?,
    })
}

/// What it is needed for: what the line says, else what the article says (decisions 3).
fn need(line: &DraftLine, article: &Article) -> Result<Need, Error> {
    let (said, default) = (line.need, article.need);
    let purpose = Purpose::of_prescription(said.purpose, default.purpose, article.medical_device);
    Ok(Need {
        purpose: purpose.map_err(|error| Error::NoMedicalDevice {
            article: article.number.clone(),
            error,
            field: "draft.lines.purpose",
        })?,
        duration: said.duration.or(default.duration),
    })
}

fn fee_facts(
    draft: &Draft,
    line: &DraftLine,
    article: &Article,
    born_on: Date,
) -> Result<FeeFacts, Error> {
    if !(article.prescribed && article.group.prescribable()) {
        return Err(Error::NotPrescribable(article.number.clone()));
    }
    article
        .state
        .check(
            ArticleAct::Prescribe,
            draft.prescribed_on,
            article.trial,
            None,
        )
        .map_err(|not| Error::NotInRange {
            article: article.number.clone(),
            not,
            field: DRAFT_ARTICLE,
        })?;
    if is_sold(article.charge_form) && article.sale_price.is_none() {
        return Err(Error::PriceMissing(article.number.clone()));
    }
    let occasion =
        occasion(line.occasion).ok_or_else(|| Failure::internal("an occasion was not read"))?;
    Ok(FeeFacts {
        // What is lent has no price; a fee may turn on its value.
        price: article.sale_price.or(line.grounds.value),
        occasion,
        born_on: Some(born_on),
        palliative: draft.palliative,
        in_patient: draft.in_patient,
        qualifying_condition: line.qualifying_condition,
        ..FeeFacts::new(article.iso.clone(), article.group, draft.prescribed_on)
    })
}

fn decide_line(
    fees: &FeeTables,
    facts: &FeeFacts,
    line: &DraftLine,
    article: &Article,
    payer: &Paid,
) -> Result<DecidedLine, Error> {
    let undecided = |error| Error::FeeUndecided {
        article: article.number.clone(),
        error,
    };
    let fee = fees
        .decide(facts, line.fee_table.as_deref())
        .map_err(undecided)?;
    let own_fee = to_pb_own_fee(&fee);
    let capped = own_fee.kind() == OwnFeeKind::CostCap;
    if capped && article.sale_price.is_none() {
        // What is lent is not bought up to a cap.
        return Err(undecided(FeeError::MissingFact { fact: "price" }));
    }
    let sale = article.sale_price.map(|price| pb::Sale {
        price: Some(to_pb_money(price)),
        unit_pays: Some(to_pb_money(if capped { fee.unit_pays } else { price })),
    });
    Ok(DecidedLine {
        article: article.number.clone(),
        charge_form: article.charge_form,
        basis: pb::FeeBasis {
            iso_code: article.iso.to_string(),
            product_group: u32::from(article.group.number()),
            price: facts.price.map(to_pb_money),
            occasion: line.occasion.into(),
            born_on: facts.born_on.map(to_pb_date),
            palliative: facts.palliative,
            in_patient: facts.in_patient,
            qualifying_condition: facts.qualifying_condition,
            fee_table: line.fee_table.clone().unwrap_or_default(),
            residences: Vec::new(),
        },
        decision: pb::LineDecision {
            article_number: article.number.to_string(),
            own_fee: Some(own_fee),
            payer_principal_id: payer.principal.to_string(),
            payer: Some(to_pb_explanation(&payer.decision.explanation)),
            ..Default::default()
        },
        sale,
    })
}

/// A principal of the county that pays, and why.
pub(crate) struct Paid {
    pub(crate) principal: PrincipalId,
    pub(crate) decision: PayerDecision,
}

/// All that says who pays for a person's devices on a day.
pub(crate) struct Paying {
    rules: std::sync::Arc<PayerRules>,
    on: Date,
    born_on: Option<Date>,
    /// What is recorded of the person; nothing is known of who is not recorded.
    facts: Option<FactsRow>,
    customer_principal: PrincipalId,
    region: PrincipalId,
}

impl Paying {
    /// Reads the rules in force and the person's facts on a day.
    pub(crate) async fn on(
        tx: &mut PgConnection,
        deps: &Deps,
        tenant: &TenantId,
        (person, born_on): (RecipientId, Option<Date>),
        customer_principal: &PrincipalId,
        on: Date,
    ) -> Result<Self, Error> {
        let policies = deps.policies.of(tx, tenant).await?;
        let document = in_force(&policies, Section::Payers, on)?;
        let rules = deps.payer_rules.of(document, PayerRules::parse)?;
        let region = organisation::region_find(tx, tenant)
            .await?
            .ok_or(Error::RegionMissing)?;
        let facts = recipient::facts_find(tx, tenant, person, on).await?;
        let customer_principal = customer_principal.clone();
        Ok(Self {
            rules,
            on,
            born_on,
            facts,
            customer_principal,
            region,
        })
    }

    fn registered_in(&self) -> Option<&PrincipalId> {
        self.facts.as_ref()?.registered_in.as_ref()
    }

    /// Who pays for an article. Refused when the customer number is another's (decisions 2), and
    /// when no principal of the county pays (decisions 5).
    pub(crate) fn resolve(
        &self,
        article: ArticleNumber,
        iso: &IsoCode,
        (need, told): (Need, Circumstances),
        field: &'static str,
    ) -> Result<Paid, Error> {
        let mut facts = PayerFacts {
            purpose: need.purpose,
            duration: need.duration,
            born_on: self.born_on,
            place_of_care: told.place_of_care,
            category: told.category,
            speech_therapist: told.speech_therapist,
            customer_principal: Some(self.customer_principal.clone()),
            ..PayerFacts::new(iso.clone(), self.on, self.region.clone())
        };
        if let Some(recorded) = &self.facts {
            recorded.clone().tell(&mut facts);
        }
        let undecided = |error| Error::PayerUndecided {
            article: article.clone(),
            error,
        };
        let decision = self.rules.resolve(&facts).map_err(undecided)?;
        let principal = match &decision.payer {
            Payer::Principal(principal) => principal.clone(),
            Payer::Person | Payer::HomeRegion | Payer::State | Payer::Outside { .. } => {
                let text = decision.explanation.text;
                return Err(Error::PaidOutside { article, text });
            }
        };
        payer_matches(&principal, &self.customer_principal)
            .map_err(|rule| Error::Rule { rule, field })?;
        Ok(Paid {
            principal,
            decision,
        })
    }
}
