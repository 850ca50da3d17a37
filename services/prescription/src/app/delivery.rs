//! Deliveries: what is handed out on a line of a prescription.

use hjm_catalogue::{ArticleState, ChainRefusal, DeliveryRefusal, Equivalent, may_deliver};
use hjm_ids::{ArticleNumber, LineId, LoanId, TenantId};
use hjm_prescription::{Delivery, Timeline};
use hjm_proto::{common::v1::ChargeForm, prescription::v1 as pb};
use hjm_service::{Failure, WriteKey, clock::civil_date, convert::to_pb_date};
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Done, Written, article::chain, loan::basis_of};
use crate::{
    Deps,
    convert::{Article, Handed, with_timeline},
    error::Error,
    events,
    store::{
        self, device, loan,
        loan::LoanRow,
        prescription::{self, LineRow, PrescriptionRow, form_name},
        recipient,
    },
};

const LINE: &str = "line_id";

/// Registers that a line was delivered: a rental as a marked unit, a sale as nothing to return.
pub(crate) async fn deliver(
    deps: &Deps,
    key: WriteKey,
    handed: Handed,
) -> Written<pb::DeliverResponse> {
    let (tenant, scope) = (key.caller.tenant.clone(), key.caller.scope());
    let (id, on, today) = (handed.line, handed.delivered_on, civil_date(key.now));
    let read = deps.producer.database().read(&scope, move |tx| {
        Box::pin(async move {
            let (prescribed, line) = line_of(tx, &tenant, id).await?;
            opening(&prescribed, on, None, today)?;
            Ok::<_, Error>(line.article)
        })
    });
    let article = read.await?;
    let chain = chain(deps, &key.caller.tenant, &article, on, LINE).await?;
    let noted = key.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move { deliver_in(tx, &noted, &handed, &chain).await })
    });
    written.await
}

async fn line_of(
    tx: &mut PgConnection,
    tenant: &TenantId,
    id: LineId,
) -> Result<(PrescriptionRow, LineRow), Failure> {
    let of = prescription::prescription_of_line(tx, tenant, id).await?;
    let prescribed = prescription::prescription_find(tx, tenant, of).await?;
    let lines = prescription::line_list(tx, tenant, of).await?;
    let line = lines.into_iter().find(|line| line.line == id);
    Ok((
        prescribed,
        line.ok_or(Failure::NotFound("prescription line"))?,
    ))
}

/// The first version of the loan that a delivery opens.
fn opening(
    prescribed: &PrescriptionRow,
    delivered_on: Date,
    died_on: Option<Date>,
    today: Date,
) -> Result<Timeline, Error> {
    let delivery = Delivery {
        prescribed_on: prescribed.prescribed_on,
        delivered_on,
        customer_number: prescribed.customer_number.clone(),
        principal: prescribed.principal.clone(),
        died_on,
    };
    Timeline::deliver(&delivery, today).map_err(|rules| Error::first(rules, None))
}

async fn deliver_in(
    tx: &mut PgConnection,
    key: &WriteKey,
    handed: &Handed,
    chain: &[Article],
) -> Done<pb::DeliverResponse> {
    let tenant = &key.caller.tenant;
    let of = prescription::prescription_of_line(tx, tenant, handed.line).await?;
    let prescribed = prescription::prescription_find(tx, tenant, of).await?;
    let person = recipient::recipient_hold(tx, tenant, prescribed.recipient).await?;
    // After the person is held: who delivered the line meanwhile is seen.
    let (_, line) = line_of(tx, tenant, handed.line).await?;
    if line.loan.is_some() {
        return Err(Error::AlreadyDelivered);
    }
    let today = civil_date(key.now);
    let timeline = opening(&prescribed, handed.delivered_on, person.died_on, today)?;
    // What is in store and what is out is nobody's secret; on whose loan is not told.
    store::scope_widen(tx).await?;
    let article = handed_article(tx, key, &line, handed).await?;
    check_chain(tx, key, &line, handed, &article, chain).await?;
    let loan = LoanId::new(Uuid::now_v7());
    let mut told = opened(loan, &prescribed, &line, handed, &article, &timeline);
    // The person may have moved since the prescription.
    told.fee_basis = basis_of(tx, tenant, &told).await?;
    let row = LoanRow {
        loan,
        told,
        timeline,
        parties: prescribed.parties,
        customer_numbers: vec![prescribed.customer_number],
    };
    let unit = handed.unit.as_ref();
    let ids = (line.line.uuid(), prescribed.recipient, &article, unit);
    loan::loan_insert(tx, tenant, &row, form_name(line.charge_form), ids).await?;
    loan::loan_version_insert(tx, tenant, &row, &key.caller.user, key.now).await?;
    let told = vec![events::loan_changed(row.told.clone())];
    Ok((
        pb::DeliverResponse {
            loan: Some(row.told),
            ..Default::default()
        },
        told,
    ))
}

/// The article that is handed out. What comes back is a unit that is in store; a sale for good has
/// none, and is what was prescribed unless another article is named.
async fn handed_article(
    tx: &mut PgConnection,
    key: &WriteKey,
    line: &LineRow,
    handed: &Handed,
) -> Result<ArticleNumber, Error> {
    let unit = match (line.charge_form, &handed.unit) {
        (ChargeForm::Rental | ChargeForm::SaleWithReturn, None) => {
            return Err(Error::UnitRequired);
        }
        (ChargeForm::Rental | ChargeForm::SaleWithReturn, Some(unit)) => unit,
        (ChargeForm::Sale, None) => {
            let named = handed.article.as_ref();
            return Ok(named.unwrap_or(&line.article).clone());
        }
        (ChargeForm::Sale, Some(_)) => return Err(Error::SaleHasNoUnit),
        (ChargeForm::Unspecified, _) => return Err(Failure::internal("a line is odd").into()),
    };
    let device = device::device_find(tx, &key.caller.tenant, unit).await?;
    let device = device.ok_or(Error::UnitUnknown)?;
    let named = handed.article.as_ref();
    if named.is_some_and(|named| *named != device.article) {
        return Err(Error::UnitOfOtherArticle(device.article));
    }
    if device.loan.is_some() {
        return Err(Error::UnitOut);
    }
    Ok(device.article)
}

/// Whether the article is the one of its chain to hand out.
async fn check_chain(
    tx: &mut PgConnection,
    key: &WriteKey,
    line: &LineRow,
    handed: &Handed,
    article: &ArticleNumber,
    chain: &[Article],
) -> Result<(), Error> {
    let equivalents = equivalents(tx, key, line, handed, chain).await?;
    let reason = Some(&*handed.outside_chain_reason);
    may_deliver(&equivalents, article, handed.delivered_on, reason).map_err(|refusal| {
        let article = article.clone();
        match refusal {
            DeliveryRefusal::NotEquivalent(_) if handed.unit.is_some() => {
                Error::UnitOfOtherArticle(article)
            }
            DeliveryRefusal::NotEquivalent(_)
            | DeliveryRefusal::Chain(ChainRefusal::NothingToDeliver) => {
                Error::NotEquivalent(article)
            }
            DeliveryRefusal::NotAllowed(not) => Error::NotInRange {
                article,
                not,
                field: LINE,
            },
            DeliveryRefusal::Chain(ChainRefusal::OlderFirst(older)) => Error::OlderFirst(older),
        }
    })
}

/// The chain with what is known here of each article: whether one is in store, and of those on
/// trial how many units are used. Who delivers one on trial waits for who does so too.
async fn equivalents(
    tx: &mut PgConnection,
    key: &WriteKey,
    line: &LineRow,
    handed: &Handed,
    chain: &[Article],
) -> Result<Vec<Equivalent>, Error> {
    let tenant = &key.caller.tenant;
    let unit = handed.unit.as_ref();
    // Of a chain of one, nothing goes before; what is sold for good has no units.
    let in_store = if unit.is_some() && chain.len() > 1 {
        let numbers: Vec<_> = chain.iter().map(|one| one.number.clone()).collect();
        Some(device::articles_in_store(tx, tenant, &numbers, handed.delivered_on).await?)
    } else {
        None
    };
    let mut equivalents = Vec::with_capacity(chain.len());
    for article in chain {
        let number = &article.number;
        let on_trial = article.state == ArticleState::Trial;
        equivalents.push(Equivalent {
            article: number.clone(),
            state: article.state,
            trial: article.trial,
            units_used: if on_trial {
                Some(device::units_used(tx, tenant, number, unit).await?)
            } else {
                None
            },
            in_store: in_store.as_ref().map(|there| there.contains(number)),
            charged_alike: article.charge_form == line.charge_form
                && u32::from(article.group.number()) == line.basis.product_group
                || *number == line.article,
        });
    }
    Ok(equivalents)
}

/// The loan's first version as it is told.
fn opened(
    loan: LoanId,
    prescribed: &PrescriptionRow,
    line: &LineRow,
    handed: &Handed,
    article: &ArticleNumber,
    timeline: &Timeline,
) -> pb::LoanTimeline {
    let unit = handed.unit.as_ref();
    let replaced = Some(&line.article).filter(|prescribed| *prescribed != article);
    let told = pb::LoanTimeline {
        loan_id: loan.to_string(),
        line_id: line.line.to_string(),
        recipient_id: prescribed.recipient.to_string(),
        article_number: article.to_string(),
        unit_number: unit.map_or(String::new(), ToString::to_string),
        charge_form: line.charge_form.into(),
        prescribed_on: Some(to_pb_date(prescribed.prescribed_on)),
        sale: line.sale.clone(),
        own_fee: line.decision.own_fee.clone(),
        fee_basis: Some(line.basis.clone()),
        payer: line.decision.payer.clone(),
        prescribed_article_number: replaced.map_or(String::new(), ToString::to_string),
        outside_chain_reason: handed.outside_chain_reason.clone(),
        purpose: line.decision.purpose,
        expected_duration: line.decision.expected_duration,
        place_of_care: line.decision.place_of_care,
        category: line.decision.category,
        speech_therapist: line.decision.speech_therapist,
        ..Default::default()
    };
    with_timeline(&told, timeline)
}
