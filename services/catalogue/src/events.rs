//! What the catalogue tells: articles, prices and policies.

use hjm_feed::NewEvent;
use hjm_proto::catalogue::v1::{
    Article, ArticleChanged, CatalogueEvent, CustomerClass, Policy, PolicyActivated,
    PolicyImported, Price, PriceChanged, Relation, RelationChanged, catalogue_event::Event,
};
use hjm_service::convert::to_pb_timestamp;
use jiff::Timestamp;
use prost::Message as _;

pub(crate) fn article_changed(article: Article) -> NewEvent {
    let aggregate = format!("article {}", article.article_number);
    let event = Event::ArticleChanged(ArticleChanged {
        article: Some(article),
    });
    event_of("ArticleChanged", aggregate, event)
}

pub(crate) fn price_changed(price: Price) -> NewEvent {
    let aggregate = match price.customer_class() {
        CustomerClass::Member | CustomerClass::Unspecified => {
            format!("price {}", price.article_number)
        }
        class @ (CustomerClass::Other | CustomerClass::PrivatePerson) => {
            format!("price {} {}", price.article_number, class.as_str_name())
        }
    };
    event_of(
        "PriceChanged",
        aggregate,
        Event::PriceChanged(PriceChanged { price: Some(price) }),
    )
}

pub(crate) fn relation_changed(relation: Relation) -> NewEvent {
    let (article, other) = (&relation.article_number, &relation.other_number);
    let kind = relation.kind().as_str_name();
    let aggregate = format!("relation {kind} {article} {other}");
    let event = Event::RelationChanged(RelationChanged {
        relation: Some(relation),
    });
    event_of("RelationChanged", aggregate, event)
}

pub(crate) fn policy_imported(policy: Policy) -> NewEvent {
    let aggregate = aggregate_of(&policy);
    let policy = Policy {
        text: String::new(),
        ..policy
    };
    let event = Event::PolicyImported(PolicyImported {
        policy: Some(policy),
    });
    event_of("PolicyImported", aggregate, event)
}

pub(crate) fn policy_activated(policy: Policy, now: Timestamp) -> NewEvent {
    let aggregate = aggregate_of(&policy);
    let activated_at = Some(to_pb_timestamp(now));
    let event = Event::PolicyActivated(PolicyActivated {
        policy: Some(policy),
        activated_at,
    });
    event_of("PolicyActivated", aggregate, event)
}

fn aggregate_of(policy: &Policy) -> String {
    format!("policy {}", policy.policy_id)
}

fn event_of(kind: &'static str, aggregate_id: String, event: Event) -> NewEvent {
    let payload = CatalogueEvent { event: Some(event) }.encode_to_vec();
    NewEvent {
        kind,
        aggregate_id,
        payload,
    }
}
