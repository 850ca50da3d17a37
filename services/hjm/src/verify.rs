//! `hjm verify`: every invariant that exists so far, checked in the books in the serving roles.

use std::collections::BTreeMap;

use hjm_ids::TenantId;
use hjm_postgres::Context;
use hjm_service::{Failure, verify::Finding};

use crate::{
    cli::{Error, Verify},
    print,
    suite::Books,
};

pub(crate) async fn run(args: Verify) -> Result<(), Error> {
    let (books, _) = args.books.open()?;
    let mut breaches = 0;
    for tenant in &args.tenants {
        print::heading(tenant);
        breaches += report(&check(&books, tenant).await?);
    }
    if let Books::Private(server, _) = books {
        server.stop()?;
    }
    if breaches == 0 {
        Ok(())
    } else {
        Err(Error::Breaches(breaches))
    }
}

/// Everything that must hold for a tenant.
///
/// # Errors
/// When the database is away.
pub async fn check(books: &Books, tenant: &TenantId) -> Result<Vec<Finding>, Failure> {
    let url = |context| books.serving_url(context);
    let mut findings = catalogue_service::verify(&url(Context::Catalogue), tenant).await?;
    findings.extend(prescription_service::verify(&url(Context::Prescription), tenant).await?);
    findings.extend(billing_service::verify(&url(Context::Billing), tenant).await?);
    findings.extend(free_card_service::verify(&url(Context::FreeCard), tenant).await?);
    findings.push(same_fees(books, tenant).await?);
    Ok(findings)
}

/// I29: what billing has charged under a ceiling is what free-card has registered, fee by fee. What
/// other desks register is not billing's.
async fn same_fees(books: &Books, tenant: &TenantId) -> Result<Finding, Failure> {
    let free_card = books.serving_url(Context::FreeCard);
    let registered: BTreeMap<_, _> = free_card_service::charged_total(&free_card, tenant)
        .await?
        .into_iter()
        .collect();
    let billing = books.serving_url(Context::Billing);
    let charged = billing_service::charged_total(&billing, tenant).await?;
    let breaches = charged
        .iter()
        .filter(|(reference, charged)| registered.get(reference) != charged.as_ref())
        .map(|(reference, _)| format!("{reference} differs between billing and free-card"))
        .collect();
    Ok(Finding {
        invariant: "I29 own fees charged by billing = fees registered in free-card",
        checked: charged.len() as u64,
        breaches,
    })
}

/// Prints findings; answers how many have breaches.
pub(crate) fn report(findings: &[Finding]) -> usize {
    for finding in findings {
        let verdict = if finding.breaches.is_empty() {
            "holds "
        } else {
            "BROKEN"
        };
        print::line(format!(
            "  {verdict} {:>8}  {}",
            finding.checked, finding.invariant
        ));
        for breach in finding.breaches.iter().take(10) {
            print::line(format!("         {breach}"));
        }
    }
    findings
        .iter()
        .filter(|finding| !finding.breaches.is_empty())
        .count()
}
