//! That the work was done: what the desks were told is what the books hold.

use hjm_ids::TenantId;
use sqlx::{Connection as _, PgConnection, Row as _};

use super::{
    caller::{TENANT, Told},
    world::World,
};
use crate::{cli::Error, print, suite::SuiteError, verify};

/// The ceiling of the fees' day in the shipped policy, in öre.
const SUMS: &str = "
    SELECT count(*), sum(charged_ore)::bigint,
           (SELECT count(*) FROM (
                SELECT e.account_id,
                       sum(e.charged_ore) - coalesce((SELECT sum(c.amount_ore) FROM free_card.claim c
                                                       WHERE c.account_id = e.account_id), 0) AS paid
                  FROM free_card.account_event e WHERE e.kind = 'FEE' GROUP BY e.account_id) p
             WHERE p.paid > 145000),
           (SELECT count(*) FROM free_card.access_batch, unnest(actions) action
             WHERE action = 'RegisterFee'),
           (SELECT count(*) FROM free_card.access_batch, unnest(actions) action
             WHERE action = 'IsExempt')
      FROM free_card.account_event WHERE kind = 'FEE'";

/// Compares, and looks through the books as `hjm verify` does.
pub(super) async fn check(world: &World, told: &Told) -> Result<(), Error> {
    let mut admin = PgConnection::connect(&world.admin_url())
        .await
        .map_err(SuiteError::from)?;
    let row = sqlx::raw_sql(SUMS)
        .fetch_one(&mut admin)
        .await
        .map_err(SuiteError::from)?;
    let figure = |at: usize| row.try_get::<i64, _>(at).map_err(SuiteError::from);
    let (fees, charged, above) = (figure(0)?, figure(1)?, figure(2)?);
    let (accesses, questions) = (figure(3)?, figure(4)?);
    print::heading("Proof of work");
    print::line(format!(
        "  fees told {}, stored {fees}; öre told {}, stored {charged}; replays answered {}",
        told.fees, told.charged_ore, told.replays
    ));
    print::line(format!(
        "  persons above the ceiling {above}; accesses logged {accesses} of fees, {questions} of \
         questions"
    ));
    let tenant: TenantId = TENANT
        .parse()
        .map_err(|_| Error::Bench("no tenant".to_owned()))?;
    let findings = free_card_service::verify(&world.serving_url(), &tenant).await?;
    let broken = verify::report(&findings);
    let alike = (fees, charged) == (told.fees, told.charged_ore);
    let logged = accesses == told.fees + told.replays;
    if alike && above == 0 && logged && broken == 0 {
        Ok(())
    } else {
        Err(Error::Bench(
            "what was told is not what was stored".to_owned(),
        ))
    }
}
