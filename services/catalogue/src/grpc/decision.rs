//! `DecisionService`.

use hjm_ids::{ArticleNumber, DecisionId};
use hjm_proto::{
    catalogue::v1::{
        self as pb, answer::Answer, decision_service_server::DecisionService, fee_question::About,
        fee_result,
    },
    common::v1 as common,
};
use hjm_service::{
    Failure, Violations, caller,
    convert::{from_pb_date, from_pb_text, from_pb_timestamp_optional, to_pb_date, to_pb_money},
};
use jiff::{Timestamp, civil::Date};
use tonic::{Request, Response, Status, async_trait};

use crate::{
    Deps,
    app::decision::{self, Asked, Decided, Product, Undecided},
    convert::{from_pb_fee_question, from_pb_question},
};

const QUESTIONS_MAX: usize = 100;

#[async_trait]
impl DecisionService for Deps {
    async fn check_prescribing(
        &self,
        request: Request<pb::CheckPrescribingRequest>,
    ) -> Result<Response<pb::CheckPrescribingResponse>, Status> {
        let caller = caller(&request)?;
        let mut told = request.into_inner();
        let now = self.clock.now()?;
        let mut violations = Violations::default();
        let known_at = known_at(&mut violations, told.as_known_at.take().as_ref(), now);
        violations.finish(Some(()))?;
        told.on.get_or_insert(to_pb_date(self.clock.today()?));
        let asked = asked(pb::question::Question::Prescribing(told))?;
        let decided = self
            .decisions
            .ask_one(&caller, asked, known_at, now)
            .await?;
        let Answer::Prescribing(answer) = decided.answer else {
            return Err(odd().into());
        };
        Ok(Response::new(pb::CheckPrescribingResponse {
            decision_id: decided.id.to_string(),
            ..answer
        }))
    }

    async fn decide_fees(
        &self,
        request: Request<pb::DecideFeesRequest>,
    ) -> Result<Response<pb::DecideFeesResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let now = self.clock.now()?;
        let today = to_pb_date(self.clock.today()?);
        let mut violations = Violations::default();
        let known_at = known_at(&mut violations, request.as_known_at.as_ref(), now);
        let mut questions = request.questions;
        if questions.is_empty() || questions.len() > QUESTIONS_MAX {
            violations.add("questions", format!("must be 1 to {QUESTIONS_MAX}"));
        }
        let mut articles = Vec::with_capacity(questions.len());
        for (index, question) in questions.iter_mut().enumerate() {
            let on = *question.on.get_or_insert(today);
            let asked = match &question.about {
                Some(About::Device(device)) => {
                    let place = format!("questions[{index}].device");
                    let told = !device.iso_code.is_empty() || device.product_group != 0;
                    let number = device.article_number.as_str();
                    article_asked(&mut violations, &place, (number, told), &on)
                }
                Some(About::Service(_) | About::Allowance(_)) | None => None,
            };
            articles.push(asked);
        }
        violations.finish(Some(()))?;
        let products = decision::products(self, &caller, articles).await?;
        let (unknown, asked) = fee_questions(questions, products)?;
        let decided = self.decisions.ask(&caller, asked, known_at, now).await?;
        let mut decided = decided.into_iter();
        let results = unknown.into_iter().map(|unknown| match unknown {
            Some(undecided) => Some(to_pb_fee_result(Err(undecided))),
            None => decided.next().map(to_pb_fee_result),
        });
        Ok(Response::new(pb::DecideFeesResponse {
            results: results.collect::<Option<_>>().unwrap_or_default(),
        }))
    }

    async fn resolve_payer(
        &self,
        request: Request<pb::ResolvePayerRequest>,
    ) -> Result<Response<pb::ResolvePayerResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let now = self.clock.now()?;
        let mut violations = Violations::default();
        let known_at = known_at(&mut violations, request.as_known_at.as_ref(), now);
        let question = violations.need("question", request.question);
        let mut question = violations.finish(question)?;
        let on = *question.on.get_or_insert(to_pb_date(self.clock.today()?));
        let mut violations = Violations::default();
        let named = (
            question.article_number.as_str(),
            !question.iso_code.is_empty(),
        );
        let article = article_asked(&mut violations, "question", named, &on);
        violations.finish(Some(()))?;
        let products = decision::products(self, &caller, vec![article]).await?;
        if let Some(product) = products.into_iter().flatten().next() {
            let product = product.map_err(crate::error::Error::Undecided)?;
            question.iso_code = product.iso.to_string();
        }
        let asked = asked(pb::question::Question::Payer(question))?;
        let decided = self
            .decisions
            .ask_one(&caller, asked, known_at, now)
            .await?;
        let Answer::Payer(answer) = decided.answer else {
            return Err(odd().into());
        };
        Ok(Response::new(pb::ResolvePayerResponse {
            decision_id: decided.id.to_string(),
            answer: Some(answer),
        }))
    }

    async fn get_rent_policy(
        &self,
        request: Request<pb::GetRentPolicyRequest>,
    ) -> Result<Response<pb::GetRentPolicyResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let now = self.clock.now()?;
        let mut violations = Violations::default();
        let known_at = known_at(&mut violations, request.as_known_at.as_ref(), now);
        violations.finish(Some(()))?;
        let on = request.as_of.unwrap_or(to_pb_date(self.clock.today()?));
        let question = pb::RentQuestion { on: Some(on) };
        let asked = asked(pb::question::Question::Rent(question))?;
        let decided = self
            .decisions
            .ask_one(&caller, asked, known_at, now)
            .await?;
        let Answer::Rent(answer) = decided.answer else {
            return Err(odd().into());
        };
        Ok(Response::new(pb::GetRentPolicyResponse {
            decision_id: decided.id.to_string(),
            answer: Some(answer),
        }))
    }

    async fn explain(
        &self,
        request: Request<pb::ExplainRequest>,
    ) -> Result<Response<pb::ExplainResponse>, Status> {
        let caller = caller(&request)?;
        let mut violations = Violations::default();
        let id: Option<DecisionId> = from_pb_text(
            &mut violations,
            "decision_id",
            &request.get_ref().decision_id,
        );
        let id = violations.finish(id)?;
        Ok(Response::new(decision::explain(self, &caller, id).await?))
    }
}

/// The instant that policies are asked as known at; none for now. One that is malformed or has not
/// come is noted.
fn known_at(
    violations: &mut Violations,
    told: Option<&prost_types::Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let known_at = from_pb_timestamp_optional(violations, "as_known_at", told).flatten();
    if known_at.is_some_and(|at| at > now) {
        violations.add("as_known_at", "has not come yet");
    }
    known_at
}

/// The article a question is about, on its day; its code and group are then the article's to tell.
fn article_asked(
    violations: &mut Violations,
    place: &str,
    (number, told): (&str, bool),
    on: &common::Date,
) -> Option<(ArticleNumber, Date)> {
    if number.is_empty() {
        return None;
    }
    if told {
        let text = "is the article's own to tell: leave it out, or ask without an article";
        violations.add(format!("{place}.iso_code"), text);
    }
    let number = from_pb_text(violations, &format!("{place}.article_number"), number);
    number.zip(from_pb_date(violations, &format!("{place}.on"), Some(on)))
}

type Split = (Vec<Option<Undecided>>, Vec<Asked>);

/// The questions that can be asked, and in every question's place why it cannot.
fn fee_questions(
    questions: Vec<pb::FeeQuestion>,
    products: Vec<Option<Result<Product, Undecided>>>,
) -> Result<Split, Failure> {
    let mut violations = Violations::default();
    let (mut unknown, mut whole) = (Vec::new(), Vec::new());
    for (index, (mut told, product)) in questions.into_iter().zip(products).enumerate() {
        match product {
            Some(Err(undecided)) => {
                unknown.push(Some(undecided));
                continue;
            }
            Some(Ok(product)) => fill(&mut told, &product),
            None => {}
        }
        unknown.push(None);
        let place = format!("questions[{index}]");
        let question = from_pb_fee_question(&mut violations, &place, &told);
        whole.push(question.map(|question| Asked {
            told: pb::Question {
                question: Some(pb::question::Question::Fee(told)),
            },
            question,
        }));
    }
    let asked = violations.finish(whole.into_iter().collect::<Option<Vec<_>>>())?;
    Ok((unknown, asked))
}

fn fill(question: &mut pb::FeeQuestion, product: &Product) {
    if let Some(About::Device(device)) = &mut question.about {
        device.iso_code = product.iso.to_string();
        device.product_group = u32::from(product.group.number());
        device.price = device.price.take().or(product.sale_price.map(to_pb_money));
    }
}

fn asked(question: pb::question::Question) -> Result<Asked, Failure> {
    let told = pb::Question {
        question: Some(question),
    };
    let mut violations = Violations::default();
    let question = from_pb_question(&mut violations, &told);
    let question = violations.finish(question)?;
    Ok(Asked { told, question })
}

fn to_pb_fee_result(decided: Result<Decided, Undecided>) -> pb::FeeResult {
    match decided {
        Ok(Decided { id, answer }) => pb::FeeResult {
            decision_id: id.to_string(),
            result: match answer {
                Answer::Fee(answer) => Some(fee_result::Result::Answer(answer)),
                Answer::Payer(_) | Answer::Rent(_) | Answer::Prescribing(_) => None,
            },
        },
        Err(undecided) => pb::FeeResult {
            decision_id: String::new(),
            result: Some(fee_result::Result::Undecided(pb::Undecided {
                reason: undecided.reason.to_owned(),
                facts: undecided.facts,
                text: undecided.text,
            })),
        },
    }
}

fn odd() -> Failure {
    Failure::internal("an answer is not of its question's kind")
}
