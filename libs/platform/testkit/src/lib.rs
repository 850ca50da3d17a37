//! What tests share: a database of their own in the serving role, a clock file, callers, requests.
//!
//! A test needs a running server in `DATABASE_URL` (a superuser's): `with-server` gives one.

mod clock;
mod database;
mod wire;

pub use clock::ClockFile;
pub use database::TestDatabase;
pub use wire::{date, fields, kronor, money, reason, request_id, unit_price};

use std::net::Ipv4Addr;

use hjm_ids::{PrincipalId, TenantId};
use hjm_postgres::Context;
use hjm_service::{
    Caller, caller::ROLE_AID_CENTRE, config::ServeArgs, database::DatabaseArgs,
    telemetry::LogFormat,
};
use tokio::net::TcpListener;

/// The tenant of most tests.
pub const TENANT: &str = "jamtland-harjedalen";
/// Another one, to prove the wall with.
pub const OTHER_TENANT: &str = "dalarna";

/// The aid centre of a tenant, as a user.
///
/// # Panics
/// When the tenant is no tenant id.
pub fn aid_centre(tenant: &str, user: &str) -> Caller {
    Caller {
        tenant: parse(tenant),
        principal: None,
        client: "test".to_owned(),
        user: user.to_owned(),
        roles: vec![ROLE_AID_CENTRE.to_owned()],
    }
}

/// Somebody who works for a principal.
///
/// # Panics
/// When an id is malformed.
pub fn of_principal(tenant: &str, principal: &str) -> Caller {
    let principal: PrincipalId = principal.parse().expect("a principal id");
    Caller {
        principal: Some(principal),
        roles: vec![],
        ..aid_centre(tenant, "a prescriber")
    }
}

fn parse(tenant: &str) -> TenantId {
    tenant.parse().expect("a tenant id")
}

/// Flags of `serve` over a test's database and clock, on a port of its own.
pub fn serve_args(database: &TestDatabase, context: Context, clock: &ClockFile) -> ServeArgs {
    ServeArgs {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        tenants: vec![parse(TENANT), parse(OTHER_TENANT)],
        clock: clock.clock(),
        insecure_callers: true,
        database: DatabaseArgs {
            database_url: database.serving_url(context),
        },
        log: LogFormat::Text,
        crash_at: None,
    }
}

/// A listener on a port of its own, and the URL that reaches it. Calls wait until it serves.
///
/// # Panics
/// When no port is free.
pub async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    (listener, format!("http://{address}"))
}
