//! A loan's event that breaks its order, and the two persons who pass over it.

use hjm_proto::billing::v1::{
    self as pb, event_follower_service_client::EventFollowerServiceClient,
};
use hjm_service::client;
use hjm_testkit::{TENANT, aid_centre, request_id};

use crate::support::{Bench, Draft};

impl Bench {
    async fn skip(&self, user: &str, position: &str) -> pb::SkipResponse {
        let request = pb::SkipRequest {
            request_id: request_id(),
            feed: "prescription".to_owned(),
            position: position.to_owned(),
            reason: "The loan was told twice".to_owned(),
        };
        let request = client::request(&aid_centre(TENANT, user), request);
        let mut followers = EventFollowerServiceClient::new(self.channel());
        followers
            .skip(request)
            .await
            .expect("an answer")
            .into_inner()
    }
}

#[tokio::test]
async fn loans_before_and_after_one_that_is_passed_over_are_charged() {
    let bench = Bench::new("2025-04-15").await;
    let before: Vec<Draft> = (0..3)
        .map(|_| Draft::rental("bed", "2309", "2309", "2025-03-01"))
        .collect();
    let told: Vec<String> = before.iter().map(|loan| bench.loan(&loan.0)).collect();
    let [bed, ..] = before.as_slice() else {
        panic!("three loans")
    };
    let odd = bench.loan(&bed.returned("2025-03-02").returned("2025-03-03").0);
    let after = Draft::rental("bed", "2309", "2309", "2025-03-01");
    let last = bench.loan(&after.0);

    // What came before it has taken effect, whether or not it came with it.
    let position = told.last().expect("three positions");
    assert_eq!(bench.charges_of(bed.id(), position).await, []);
    let mut error = String::new();
    while error.is_empty() {
        error = bench.followers().await.remove(1).error;
    }
    assert!(error.starts_with(&format!("event {odd}: ")), "{error}");

    assert!(!bench.skip("first", &odd).await.skipped);
    assert!(bench.skip("second", &odd).await.skipped);
    assert_eq!(bench.charges_of(after.id(), &last).await, []);
    let follower = bench.followers().await.remove(1);
    assert_eq!((follower.error.as_str(), follower.lag), ("", 0));
    assert_eq!(follower.skips.len(), 2);
    bench.close("2025-03").await;
    for loan in [bed, &after] {
        assert_eq!(bench.charges_of(loan.id(), "").await.len(), 1);
    }
}
