//! Loans: read, listed, corrected. Every change is a next version of the whole timeline.

use hjm_catalogue::ArticleAct;
use hjm_feed::NewEvent;
use hjm_ids::{ArticleNumber, LoanId, TenantId};
use hjm_prescription::{Timeline, Transition};
use hjm_proto::prescription::v1 as pb;
use hjm_service::{
    Caller, Failure, Violations, WriteKey,
    clock::civil_date,
    convert::{from_pb_date, from_pb_text},
};
use jiff::civil::Date;
use sqlx::PgConnection;

use super::{Done, Written, article::article, distinct};
use crate::{
    Deps,
    convert::{Article, to_pb_residences, with_timeline},
    error::Error,
    events,
    store::{
        loan::{self as store, LoanFilter, LoanRow},
        prescription::comes_back,
        recipient::residence_list,
    },
};

/// What a loan's fee is decided anew on, with the person's residences as they are known now.
pub(super) async fn basis_of(
    tx: &mut PgConnection,
    tenant: &TenantId,
    told: &pb::LoanTimeline,
) -> Result<Option<pb::FeeBasis>, Failure> {
    let mut read = Violations::default();
    let recipient = from_pb_text(&mut read, "recipient_id", &told.recipient_id);
    let prescribed_on = from_pb_date(&mut read, "prescribed_on", told.prescribed_on.as_ref());
    let known = recipient.zip(prescribed_on);
    let (recipient, since) =
        known.ok_or_else(|| Failure::internal("a stored loan cannot be read"))?;
    let known = residence_list(tx, tenant, recipient, since).await?;
    let residences = to_pb_residences(&known);
    let basis = told.fee_basis.clone();
    Ok(basis.map(|basis| pb::FeeBasis {
        residences,
        ..basis
    }))
}

/// Stores a loan's next version and answers it with what to tell.
pub(super) async fn next_version(
    tx: &mut PgConnection,
    key: &WriteKey,
    row: LoanRow,
    timeline: Timeline,
    correction_reason: &str,
) -> Result<(LoanRow, NewEvent), Error> {
    let (tenant, segments) = (&key.caller.tenant, timeline.segments());
    let principals = segments.iter().map(|segment| segment.principal.clone());
    let numbers = segments
        .iter()
        .map(|segment| segment.customer_number.clone());
    let told = pb::LoanTimeline {
        correction_reason: correction_reason.to_owned(),
        fee_basis: basis_of(tx, tenant, &row.told).await?,
        ..with_timeline(&row.told, &timeline)
    };
    let next = LoanRow {
        loan: row.loan,
        parties: distinct(row.parties.into_iter().chain(principals)),
        customer_numbers: distinct(row.customer_numbers.into_iter().chain(numbers)),
        timeline,
        told,
    };
    store::loan_update(tx, tenant, &next).await?;
    store::loan_version_insert(tx, tenant, &next, &key.caller.user, key.now).await?;
    let event = events::loan_changed(next.told.clone());
    Ok((next, event))
}

/// One loan.
pub(crate) async fn get(
    deps: &Deps,
    caller: &Caller,
    id: LoanId,
) -> Result<pb::LoanTimeline, Failure> {
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let read = deps.producer.database().read(&scope, move |tx| {
        Box::pin(async move { Ok(store::loan_find(tx, &tenant, id).await?.told) })
    });
    read.await
}

/// Loans, oldest first, a page.
pub(crate) async fn list(
    deps: &Deps,
    caller: &Caller,
    filter: LoanFilter,
    after: LoanId,
    rows_max: i64,
) -> Result<Vec<pb::LoanTimeline>, Failure> {
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let read = deps.producer.database().read(&scope, move |tx| {
        Box::pin(async move { store::loan_list(tx, &tenant, &filter, after, rows_max).await })
    });
    Ok(read.await?.into_iter().map(|row| row.told).collect())
}

/// A date of a loan that was wrong, and what is right.
#[derive(Debug, Clone)]
pub(crate) struct Correction {
    pub(crate) loan: LoanId,
    pub(crate) which: pb::LoanDate,
    pub(crate) date: Date,
    pub(crate) reason: String,
    pub(crate) expected_version: u32,
}

const DATE: &str = "date";

/// Corrects a delivery or a return (decisions 14). The date it has already makes no version. What
/// was handed out must have been in the range on the right day of delivery too.
pub(crate) async fn correct_date(
    deps: &Deps,
    key: WriteKey,
    correction: Correction,
) -> Written<pb::CorrectLoanDateResponse> {
    let (date, number) = (
        correction.date,
        delivered_article(deps, &key, &correction).await?,
    );
    let tenant = &key.caller.tenant;
    let article = match number {
        Some(number) => Some(article(deps, tenant, &number, date, DATE).await?),
        None => None,
    };
    let noted = key.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move { correct_date_in(tx, &noted, &correction, article.as_ref()).await })
    });
    written.await
}

/// The article whose delivery a correction moves; none where it moves none, or is refused anyway.
async fn delivered_article(
    deps: &Deps,
    key: &WriteKey,
    correction: &Correction,
) -> Result<Option<ArticleNumber>, Error> {
    let (tenant, scope, today) = (
        key.caller.tenant.clone(),
        key.caller.scope(),
        civil_date(key.now),
    );
    let correction = correction.clone();
    let read = deps.producer.database().read(&scope, move |tx| {
        Box::pin(async move {
            let row = store::loan_find(tx, &tenant, correction.loan).await?;
            let moves = correction.which == pb::LoanDate::Delivery;
            if !moves || corrected(&row, &correction, today).is_err() {
                return Ok(None);
            }
            let number = row.told.article_number.parse();
            let number = number.map_err(|_| Failure::internal("a stored loan cannot be read"))?;
            Ok::<_, Error>(Some(number))
        })
    });
    read.await
}

async fn correct_date_in(
    tx: &mut PgConnection,
    key: &WriteKey,
    correction: &Correction,
    article: Option<&Article>,
) -> Done<pb::CorrectLoanDateResponse> {
    let tenant = &key.caller.tenant;
    store::loan_lock(tx, tenant, correction.loan).await?;
    let row = store::loan_find(tx, tenant, correction.loan).await?;
    let (expected, found) = (correction.expected_version, row.timeline.version());
    if expected != found {
        return Err(Failure::VersionConflict { expected, found }.into());
    }
    let (loan, told) = match corrected(&row, correction, civil_date(key.now))? {
        Transition::Next(timeline) => {
            if let Some(article) = article {
                may_hand_out(article, correction.date)?;
            }
            let (row, told) = next_version(tx, key, row, timeline, &correction.reason).await?;
            (row.told, vec![told])
        }
        Transition::Unchanged => (row.told, Vec::new()),
    };
    Ok((
        pb::CorrectLoanDateResponse {
            loan: Some(loan),
            ..Default::default()
        },
        told,
    ))
}

fn may_hand_out(article: &Article, on: Date) -> Result<(), Error> {
    let allowed = article
        .state
        .check(ArticleAct::Deliver, on, article.trial, None);
    allowed.map_err(|not| Error::NotInRange {
        article: article.number.clone(),
        not,
        field: DATE,
    })
}

fn corrected(row: &LoanRow, correction: &Correction, today: Date) -> Result<Transition, Error> {
    let date = correction.date;
    match correction.which {
        pb::LoanDate::Delivery => {
            let mut read = Violations::default();
            let prescribed_on =
                from_pb_date(&mut read, "prescribed_on", row.told.prescribed_on.as_ref())
                    .ok_or_else(|| Failure::internal("a stored loan cannot be read"))?;
            row.timeline
                .correct_delivery(date, prescribed_on, today)
                .map_err(|rules| Error::first(rules, Some(DATE)))
        }
        pb::LoanDate::Return if !comes_back(row.told.charge_form()) => Err(Error::NothingToReturn),
        pb::LoanDate::Return => row
            .timeline
            .correct_return(date, today)
            .map_err(|rule| Error::Rule { rule, field: DATE }),
        pb::LoanDate::Unspecified => Err(Failure::internal("no date was named").into()),
    }
}
