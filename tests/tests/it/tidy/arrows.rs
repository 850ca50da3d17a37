//! Which crate may know which. An arrow that is not listed is forbidden.

use std::process::Command;

use serde_json::Value;

use super::{assert_none, root};

/// What the pure libs must not even mention: who has no I/O can be trusted to decide.
const IMPURE: [&str; 4] = ["tokio", "sqlx", "tonic", "tracing"];

/// One dependency as a Cargo.toml states it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edge {
    from: String,
    to: String,
    /// In `[dev-dependencies]`.
    dev: bool,
}

fn edge(from: &str, to: &str, dev: bool) -> Edge {
    Edge {
        from: from.to_owned(),
        to: to.to_owned(),
        dev,
    }
}

/// A crate's place in the order. Whoever adds a crate gives it one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Money,
    Ids,
    Policy,
    Domain,
    Proto,
    Postgres,
    Platform,
    Feed,
    Testkit,
    Service,
    CommandLine,
    Suite,
}

use Layer::{
    CommandLine, Domain, Feed, Ids, Money, Platform, Policy, Postgres, Proto, Service, Suite,
    Testkit,
};

fn layer(name: &str) -> Option<Layer> {
    Some(match name {
        "hjm-money" => Money,
        "hjm-ids" => Ids,
        "hjm-policy" => Policy,
        "hjm-catalogue" | "hjm-prescription" | "hjm-billing" | "hjm-free-card" => Domain,
        "hjm-proto" => Proto,
        "hjm-postgres" => Postgres,
        "hjm-service" => Platform,
        "hjm-feed" => Feed,
        "hjm-testkit" => Testkit,
        "catalogue-service" | "prescription-service" | "billing-service" | "free-card-service" => {
            Service
        }
        "hjm" => CommandLine,
        "suite-tests" => Suite,
        _ => return None,
    })
}

/// The layers that `from` may know.
fn known_to(from: Layer) -> &'static [Layer] {
    match from {
        Money | Proto | Postgres => &[],
        Ids => &[Money],
        Policy => &[Money, Ids],
        Domain => &[Money, Ids, Policy],
        Platform => &[Money, Ids, Policy, Proto, Postgres],
        Feed => &[Money, Ids, Policy, Proto, Postgres, Platform],
        Testkit | Service => &[Money, Ids, Policy, Domain, Proto, Postgres, Platform, Feed],
        CommandLine => &[
            Money, Ids, Policy, Domain, Proto, Postgres, Platform, Feed, Service,
        ],
        Suite => &[
            Money,
            Ids,
            Policy,
            Domain,
            Proto,
            Postgres,
            Platform,
            Feed,
            Testkit,
            Service,
            CommandLine,
        ],
    }
}

const fn is_pure(layer: Layer) -> bool {
    matches!(layer, Money | Ids | Policy | Domain)
}

/// The arrows that break the order, one sentence each.
fn violations(edges: &[Edge]) -> Vec<String> {
    edges.iter().filter_map(violation).collect()
}

fn violation(Edge { from, to, dev }: &Edge) -> Option<String> {
    let Some(knowing) = layer(from) else {
        return Some(format!("{from} has no layer: give it one in this test"));
    };
    let Some(known) = layer(to) else {
        let impure = to.split('-').any(|word| IMPURE.contains(&word));
        return (is_pure(knowing) && impure).then(|| format!("{from} is pure and names {to}"));
    };
    // A service's tests meet the real neighbour over a socket, never a mock of it.
    let allowed = known_to(knowing).contains(&known)
        || (known == Testkit && *dev && !is_pure(knowing) && knowing != Testkit)
        || (known == Service && knowing == Service && *dev);
    (!allowed).then(|| {
        let section = if *dev {
            "dev-dependencies"
        } else {
            "dependencies"
        };
        format!("{from} must not know {to} (in its {section})")
    })
}

/// Every dependency of every workspace member, foreign crates included.
fn edges() -> Vec<Edge> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let dependencies = packages.iter().flat_map(|package| {
        let from = package["name"].as_str().unwrap();
        package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(move |dependency| {
                let dev = dependency["kind"].as_str() == Some("dev");
                edge(from, dependency["name"].as_str().unwrap(), dev)
            })
    });
    dependencies.collect()
}

#[test]
fn crates_know_only_what_the_layout_lets_them_know() {
    let edges = edges();
    assert!(
        edges.contains(&edge("hjm-ids", "uuid", false)),
        "the facts are read at all"
    );
    assert_none(&violations(&edges));
}

#[test]
fn a_forbidden_arrow_among_the_real_ones_is_reported() {
    let forbidden = [
        edge("hjm-money", "hjm-ids", false),
        edge("hjm-ids", "hjm-policy", false),
        edge("hjm-billing", "hjm-free-card", false),
        edge("hjm-billing", "hjm-free-card", true),
        edge("hjm-policy", "hjm-proto", false),
        edge("hjm-postgres", "hjm-service", false),
        edge("hjm-service", "hjm-feed", false),
        edge("hjm-service", "hjm-billing", false),
        edge("hjm-feed", "billing-service", false),
        edge("billing-service", "free-card-service", false),
        edge("billing-service", "hjm", true),
        edge("billing-service", "hjm-testkit", false),
        edge("hjm", "hjm-testkit", false),
        edge("hjm-ids", "hjm-testkit", true),
        edge("hjm", "suite-tests", true),
        edge("hjm-free-card", "sqlx", false),
        edge("hjm-free-card", "jiff-sqlx", false),
        edge("hjm-free-card", "tokio-stream", true),
        edge("newcomer", "hjm-money", false),
    ];
    let real = edges();
    for arrow in forbidden {
        let mut edges = real.clone();
        edges.push(arrow.clone());
        let added = violations(&edges).len() - violations(&real).len();
        assert_eq!(added, 1, "{arrow:?} went unseen");
    }
}

#[test]
fn arrows_of_the_layout_are_let_through() {
    assert_none(&violations(&[
        edge("hjm-free-card", "hjm-policy", false),
        edge("hjm-feed", "hjm-service", false),
        edge("billing-service", "hjm-billing", false),
        edge("billing-service", "hjm-free-card", false),
        edge("billing-service", "hjm-testkit", true),
        edge("billing-service", "free-card-service", true),
        edge("billing-service", "sqlx", false),
        edge("hjm", "billing-service", false),
        edge("suite-tests", "hjm-testkit", true),
        edge("suite-tests", "hjm", true),
    ]));
}
