//! Marked device units: registered, looked up, received back.

use hjm_catalogue::ArticleAct;
use hjm_ids::{ArticleNumber, UnitNumber};
use hjm_prescription::Transition;
use hjm_proto::prescription::v1 as pb;
use hjm_service::{Caller, Failure, WriteKey, clock::civil_date};
use jiff::civil::Date;
use sqlx::PgConnection;

use super::{Done, Written, article::article as article_of, loan::next_version, visible};
use crate::{
    Deps,
    convert::Article,
    error::Error,
    events,
    store::{
        self,
        device::{self, DeviceRow},
        loan,
        prescription::comes_back,
    },
};

const ARTICLE: &str = "article_number";

/// Registers units of an article that comes back and may still be bought.
pub(crate) async fn register(
    deps: &Deps,
    key: WriteKey,
    article: ArticleNumber,
    units: Vec<UnitNumber>,
) -> Written<pb::RegisterDeviceResponse> {
    let tenant = key.caller.tenant.clone();
    let today = civil_date(key.now);
    let known = article_of(deps, &tenant, &article, today, ARTICLE).await?;
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            may_buy(&known, today)?;
            let added = device::device_insert(tx, &tenant, &article, &units).await?;
            if let Some(known) = units.into_iter().find(|unit| !added.contains(unit)) {
                return Err(Error::UnitExists(known));
            }
            let registered = u32::try_from(added.len())
                .map_err(|_| Failure::internal("too many units at a time"))?;
            let told = vec![events::devices_registered(&article, registered)];
            Ok((
                pb::RegisterDeviceResponse {
                    registered,
                    ..Default::default()
                },
                told,
            ))
        })
    });
    written.await
}

fn may_buy(article: &Article, today: Date) -> Result<(), Error> {
    let number = || article.number.clone();
    if !comes_back(article.charge_form) {
        return Err(Error::ArticleNotRental(number()));
    }
    let allowed = article
        .state
        .check(ArticleAct::Buy, today, article.trial, None);
    allowed.map_err(|not| Error::NotInRange {
        article: number(),
        not,
        field: ARTICLE,
    })
}

/// One unit with the loan it is out on: the look-up that everybody in the tenant has
/// (decisions 1). It tells the loan's id and nothing of it.
pub(crate) async fn get(
    deps: &Deps,
    caller: &Caller,
    unit: UnitNumber,
) -> Result<DeviceRow, Failure> {
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let read = deps.producer.database().read(&scope, move |tx| {
        Box::pin(async move {
            store::scope_widen(tx).await?;
            let device = device::device_find(tx, &tenant, &unit).await?;
            device.ok_or(Failure::NotFound("device"))
        })
    });
    read.await
}

/// Registers that a unit came back, which ends its loan.
pub(crate) async fn receive_return(
    deps: &Deps,
    key: WriteKey,
    unit: UnitNumber,
    returned_on: Date,
) -> Written<pb::ReceiveReturnResponse> {
    let noted = key.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move { receive_return_in(tx, &noted, &unit, returned_on).await })
    });
    written.await
}

async fn receive_return_in(
    tx: &mut PgConnection,
    key: &WriteKey,
    unit: &UnitNumber,
    returned_on: Date,
) -> Done<pb::ReceiveReturnResponse> {
    let tenant = &key.caller.tenant;
    store::scope_widen(tx).await?;
    let device = device::device_find(tx, tenant, unit)
        .await?
        .ok_or(Error::UnitUnknown)?;
    let out_on = device.loan.ok_or(Error::UnitNotOut)?;
    loan::loan_lock(tx, tenant, out_on).await?;
    let row = loan::loan_find(tx, tenant, out_on).await?;
    if !visible(&key.caller.scope(), &row.parties) {
        return Err(Failure::NotFound("loan").into());
    }
    let transition = match row.timeline.returned_on() {
        // Somebody else has registered it since the look.
        Some(_) => return Err(Error::UnitNotOut),
        None => row
            .timeline
            .register_return(returned_on, civil_date(key.now)),
    };
    let (loan, told) = match transition.map_err(Error::rule)? {
        Transition::Next(timeline) => {
            let (row, told) = next_version(tx, key, row, timeline, "").await?;
            (row.told, vec![told])
        }
        Transition::Unchanged => (row.told, Vec::new()),
    };
    Ok((
        pb::ReceiveReturnResponse {
            loan: Some(loan),
            ..Default::default()
        },
        told,
    ))
}
