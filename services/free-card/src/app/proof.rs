//! Proofs of cards: a signed token that is checked without asking (D-35), a code to scan, and a
//! page to print. None of them holds a name or a number of the person.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hjm_free_card::{Card, CardStanding, Status, StatusKind};
use hjm_ids::TenantId;
use hjm_proto::free_card::v1 as pb;
use hjm_service::{
    Failure,
    clock::civil_date,
    convert::{to_pb_date, to_pb_timestamp},
};
use jiff::{Timestamp, civil::Date};
use qrcode::{QrCode, render::svg};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Holder, Looking, look::view};
use crate::{Deps, config::proof_key::ProofKey, error::Error};

const QR_MODULE_PIXELS: u32 = 4;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// What a token says. Instants are whole seconds, as in any JSON Web Token.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    sub: String,
    scheme: String,
    card: String,
    from: Date,
    to: Date,
    iat: i64,
}

impl Claims {
    fn to_pb(&self) -> Option<pb::Proof> {
        Some(pb::Proof {
            scheme_id: self.scheme.clone(),
            card_number: self.card.clone(),
            valid_from: Some(to_pb_date(self.from)),
            valid_to: Some(to_pb_date(self.to)),
            subject: self.sub.clone(),
            issued_at: Some(to_pb_timestamp(Timestamp::from_second(self.iat).ok()?)),
        })
    }
}

fn header(key: &ProofKey) -> Header {
    Header {
        alg: "EdDSA".to_owned(),
        typ: "JWT".to_owned(),
        kid: key.id().to_owned(),
    }
}

fn encoded<T: Serialize>(part: &T) -> Result<String, Failure> {
    let text = serde_json::to_vec(part).map_err(|error| Failure::Internal(error.into()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(text))
}

fn signed(key: &ProofKey, claims: &Claims) -> Result<String, Failure> {
    let text = format!("{}.{}", encoded(&header(key))?, encoded(claims)?);
    let signature = BASE64_URL_SAFE_NO_PAD.encode(key.sign(&text));
    Ok(format!("{text}.{signature}"))
}

/// The claims of a token that was signed with one of these keys.
fn verified(keys: &[ProofKey], token: &str) -> Option<Claims> {
    keys.iter().find_map(|key| verified_by(key, token))
}

/// The claims of a token that was signed with this key: header and algorithm are what they must be,
/// whatever the token says of itself.
fn verified_by(key: &ProofKey, token: &str) -> Option<Claims> {
    let (text, signature) = token.rsplit_once('.')?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
    if !key.verifies(text, &signature) {
        return None;
    }
    let (told, claims) = text.split_once('.')?;
    if encoded(&header(key)).ok()? != told {
        return None;
    }
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// A proof of the card that is valid on a day; today when none is given. Only a card that no
/// correction can take back is proven: who reads the proof does not ask again.
pub(crate) async fn issue_proof(
    deps: &Deps,
    looking: Looking,
    holder: Holder,
    as_of: Option<Date>,
) -> Result<pb::IssueProofResponse, Error> {
    let keys = deps.proof_keys.as_ref().ok_or(Error::NoProofKey)?;
    let key = keys.signing()?;
    let on = as_of.unwrap_or_else(|| civil_date(looking.now));
    let view = view(deps, &looking, &holder).await?;
    let status = view.status_on(on, looking.now)?;
    let Status {
        card: Some(card),
        kind,
        ..
    } = &status
    else {
        return Err(Error::NoCard);
    };
    if *kind == StatusKind::Preliminary {
        return Err(Error::CardPreliminary);
    }
    let tenant = looking.caller.tenant.as_str();
    let recipient = holder.recipient;
    let scheme = &holder.scheme_id;
    let claims = Claims {
        iss: tenant.to_owned(),
        sub: key.pseudonym(&format!("{tenant} {scheme} {recipient}")),
        scheme: scheme.clone(),
        card: card_number(tenant, &holder, card),
        from: card.from,
        to: card.to,
        iat: looking.now.as_second(),
    };
    let token = signed(key, &claims)?;
    let code = QrCode::new(&token).map_err(|error| Failure::Internal(error.into()))?;
    let qr_svg = code
        .render::<svg::Color<'_>>()
        .module_dimensions(QR_MODULE_PIXELS, QR_MODULE_PIXELS)
        .build();
    Ok(pb::IssueProofResponse {
        html: page(&claims, card, &qr_svg),
        proof: claims.to_pb(),
        token,
        qr_svg,
    })
}

/// Whether a token was signed here for this tenant and holds on a day.
pub(crate) fn verify_proof(
    deps: &Deps,
    tenant: &TenantId,
    token: &str,
    on: Date,
) -> Result<pb::VerifyProofResponse, Error> {
    let keys = deps.proof_keys.as_ref().ok_or(Error::NoProofKey)?;
    let claims = verified(keys.all(), token).filter(|claims| claims.iss == tenant.as_str());
    let valid = |claims: &Claims| claims.from <= on && on <= claims.to;
    Ok(pb::VerifyProofResponse {
        valid: claims.as_ref().is_some_and(valid),
        proof: claims.as_ref().and_then(Claims::to_pb),
    })
}

/// The number of a card (D-36): the same for the same card, twelve characters of a digest.
fn card_number(tenant: &str, holder: &Holder, card: &Card) -> String {
    let by = card
        .completed_by
        .map_or_else(String::new, |fee| fee.to_string());
    let Holder {
        scheme_id,
        recipient,
    } = holder;
    let from = card.from;
    let digest = Sha256::digest(format!("{tenant} {scheme_id} {recipient} {by} {from}"));
    let letters = digest.iter().take(12).map(|byte| {
        let alphabet = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        char::from(alphabet[usize::from(byte % 32)])
    });
    letters.collect()
}

/// The card and the fees that built it, as a page to print for the person, in Swedish. Everything in it is a date, an amount
/// or an id, so nothing needs escaping but the scheme's.
fn page(claims: &Claims, card: &Card, qr_svg: &str) -> String {
    let fees: Vec<String> = card
        .fees
        .iter()
        .map(|fee| {
            let amount = fee.entitled.to_string().replace('.', ",");
            format!("<tr><td>{}</td><td>{amount}</td></tr>", fee.on)
        })
        .collect();
    let fees = fees.concat();
    let standing = match card.standing {
        CardStanding::Preliminary { .. } => "preliminärt",
        CardStanding::Final => "slutligt",
        CardStanding::Retained => "behålls till sista dagen",
        CardStanding::Imported => "utfärdat av annan huvudman",
        CardStanding::Registered => "registrerat utan avgifter",
    };
    let svg = qr_svg.find("<svg").map_or("", |at| &qr_svg[at..]);
    let Claims {
        card: number,
        from,
        to,
        ..
    } = claims;
    let scheme = escaped(&claims.scheme);
    format!(
        "<!DOCTYPE html>\n<html lang=\"sv\"><head><meta charset=\"utf-8\">\
         <title>Frikort {number}</title></head><body>\n\
         <h1>Frikort</h1>\n\
         <p>{scheme}, nummer {number}, {standing}</p>\n\
         <p>Gäller från och med {from} till och med {to}</p>\n{svg}\n\
         <table><caption>Avgifter som kortet bygger på, kronor</caption>{fees}</table>\n\
         </body></html>\n"
    )
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::proof_key::{self, ProofKeys};

    fn claims() -> Claims {
        Claims {
            iss: "dalarna".to_owned(),
            sub: "someone".to_owned(),
            scheme: "dalarna-devices".to_owned(),
            card: "0123456789AB".to_owned(),
            from: jiff::civil::date(2024, 6, 10),
            to: jiff::civil::date(2025, 1, 9),
            iat: 1_718_000_000,
        }
    }

    fn keys(folder: &tempfile::TempDir, name: &str) -> ProofKeys {
        let path = folder.path().join(name);
        proof_key::create(&path).unwrap();
        ProofKeys::read(&path).unwrap()
    }

    #[test]
    fn a_token_is_read_back_by_its_key_alone_also_when_another_signs() {
        let folder = tempfile::tempdir().unwrap();
        let (own, other) = (keys(&folder, "own"), keys(&folder, "other"));
        let token = signed(own.signing().unwrap(), &claims()).unwrap();
        assert_eq!(verified(own.all(), &token).unwrap().to, claims().to);
        assert!(verified(other.all(), &token).is_none());
        let path = folder.path().join("both");
        let lines = ["other", "own"].map(|name| std::fs::read(folder.path().join(name)).unwrap());
        std::fs::write(&path, lines.concat()).unwrap();
        let both = ProofKeys::read(&path).unwrap();
        assert!(verified(both.all(), &token).is_some());
    }

    #[test]
    fn forged_and_confused_tokens_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let keys = keys(&folder, "own");
        let own = keys.signing().unwrap();
        let token = signed(own, &claims()).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let longer = Claims {
            to: jiff::civil::date(2026, 1, 9),
            ..claims()
        };
        let longer = encoded(&longer).unwrap();
        let none = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let resigned = format!("{none}.{}", parts[1]);
        let signature = BASE64_URL_SAFE_NO_PAD.encode(own.sign(&resigned));
        for forged in [
            format!("{}.{longer}.{}", parts[0], parts[2]),
            format!("{none}.{}.", parts[1]),
            format!("{resigned}.{signature}"),
            format!("{}.{}", parts[0], parts[1]),
            format!("{token}x"),
            String::new(),
        ] {
            assert!(verified(keys.all(), &forged).is_none(), "{forged}");
        }
    }
}
