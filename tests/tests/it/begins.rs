//! Transactions begin whole: whatever a caller before, or the server, did to the connection.

use std::{future::poll_fn, pin::pin, task::Poll};

use hjm_postgres::Context;
use hjm_service::{Database, Scope};
use hjm_testkit::{OTHER_TENANT, TENANT};
use sqlx::{ConnectOptions as _, Row as _};

use crate::support;

/// Polls a future so many times, and drops it there.
async fn cancel_after<F: Future>(future: F, polls: u32) {
    let mut future = pin!(future);
    for _ in 0..polls {
        let ready = poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await;
        if ready {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_begin_that_was_cancelled_leaves_no_transaction_to_the_next() {
    let database = support::database().await;
    let url = database.serving_url(Context::Catalogue);
    let serving = Database::connect(url.parse().unwrap(), "catalogue")
        .await
        .unwrap();
    let (first, second) = (TENANT.parse().unwrap(), OTHER_TENANT.parse().unwrap());
    let (first, second) = (Scope::whole(first), Scope::whole(second));
    for round in 0..600 {
        cancel_after(serving.begin(&first), round % 12).await;
    }
    let sql = "SELECT clock_timestamp()::text AS now";
    let row = sqlx::raw_sql(sql).fetch_one(serving.pool()).await.unwrap();
    let marker: String = row.get("now");
    // As many as the pool has, held together: every connection that was cancelled on is among them.
    let mut held = Vec::new();
    for _ in 0..serving.pool().size() {
        held.push(serving.begin(&second).await.unwrap());
    }
    for tx in &mut held {
        let sql = "SELECT current_setting('hjm.tenant') AS tenant,
                          transaction_timestamp()::text AS began";
        let row = sqlx::raw_sql(sql).fetch_one(&mut **tx).await.unwrap();
        assert_eq!(row.get::<String, _>("tenant"), OTHER_TENANT);
        let began: String = row.get("began");
        assert!(
            began >= marker,
            "a transaction of {began} was handed on after {marker}"
        );
    }
}

#[tokio::test]
async fn connections_that_were_lost_while_they_waited_are_passed_over() {
    let database = support::database().await;
    let url = database.serving_url(Context::Catalogue);
    let serving = Database::connect(url.parse().unwrap(), "catalogue")
        .await
        .unwrap();
    let scope = Scope::whole(TENANT.parse().unwrap());
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(serving.begin(&scope).await.unwrap());
    }
    for tx in held {
        tx.commit().await.unwrap();
    }
    let mut admin = database.admin().connect().await.unwrap();
    let sql = "SELECT count(pg_terminate_backend(pid, 5000)) AS ended FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let row = sqlx::raw_sql(sql).fetch_one(&mut admin).await.unwrap();
    assert!(row.get::<i64, _>("ended") >= 4);
    let mut tx = serving.begin(&scope).await.unwrap();
    let sql = "SELECT current_setting('hjm.tenant') AS tenant";
    let row = sqlx::raw_sql(sql).fetch_one(&mut *tx).await.unwrap();
    assert_eq!(row.get::<String, _>("tenant"), TENANT);
}
