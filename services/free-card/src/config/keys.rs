//! The keys by which an identity number is found (architecture decision 11): the same as
//! prescription's, in a file of the same form. Only the digest is made here: no number is kept.

use std::{fmt, fs, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hjm_ids::{PersonIdentity, TenantId};
use hjm_service::Failure;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

/// One that writes, and three that look up what they wrote.
const KEYS_MAX: usize = 4;

#[derive(Deserialize)]
struct KeyFile {
    key: Vec<KeyEntry>,
}

/// What else an entry has is prescription's.
#[derive(Deserialize)]
struct KeyEntry {
    id: String,
    hmac: String,
}

/// The keys of one installation; every tenant's digests differ under the same key.
pub struct IdentityKeys(Vec<(String, [u8; 32])>);

impl fmt::Debug for IdentityKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.0.iter().map(|(id, _)| id);
        formatter.debug_list().entries(ids).finish()
    }
}

/// What a number is found by: a digest that only a holder of the key can make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digest {
    /// The key.
    pub(crate) key_id: String,
    /// HMAC-SHA-256 of tenant, object identifier and twelve characters.
    pub(crate) digest: Vec<u8>,
}

impl IdentityKeys {
    /// Reads a key file.
    ///
    /// # Errors
    /// When it cannot be read or is not as described; the text holds nothing of the file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |text: &str| {
            let path = path.display();
            Failure::internal(format!("the identity keys {path} cannot be used: {text}"))
        };
        let text = fs::read_to_string(path).map_err(|error| failed(&error.to_string()))?;
        Self::parse(&text).map_err(failed)
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        const TEXT: &str = "it is TOML with 1 to 4 [[key]] entries of id and hmac";
        let file: KeyFile = toml::from_str(text).map_err(|_| TEXT)?;
        if file.key.is_empty() || file.key.len() > KEYS_MAX {
            return Err(TEXT);
        }
        let keys = file.key.into_iter().map(|entry| {
            let secret = BASE64_STANDARD.decode(&entry.hmac).ok();
            let secret = secret.and_then(|secret| secret.try_into().ok());
            let secret = secret.ok_or("a secret is the base64 of 32 bytes")?;
            Ok((entry.id, secret))
        });
        Ok(Self(keys.collect::<Result<_, &str>>()?))
    }

    /// The digests of a number under every key, the writing one's first.
    pub(crate) fn digests(&self, tenant: &TenantId, identity: &PersonIdentity) -> Vec<Digest> {
        let digest = |(id, secret): &(String, [u8; 32])| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length is a key");
            mac.update(tenant.as_str().as_bytes());
            mac.update(identity.kind().oid().as_bytes());
            mac.update(identity.expose().as_bytes());
            Digest {
                key_id: id.clone(),
                digest: mac.finalize().into_bytes().to_vec(),
            }
        };
        self.0.iter().map(digest).collect()
    }
}
