//! The keys of identity numbers (architecture decision 11): the file that holds them, and the only
//! code that sees a number after it was parsed.
//!
//! ```toml
//! [[key]]                    # the first one writes; up to three more look up what they wrote
//! id = "k1"                  # 1 to 20 characters a-z, 0-9 and -
//! hmac = "…"                 # base64 of 32 bytes: digests, to find a number by
//! encryption = "…"           # base64 of 32 bytes: AES-256-GCM, to keep a number
//! ```

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Generate as _, Payload},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hjm_ids::{PersonIdentity, RecipientId, TenantId};
use hjm_service::Failure;
use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

const KEYS_MAX: usize = 4;
const KEY_ID_LENGTH_MAX: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    key: Vec<KeyEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    id: String,
    hmac: String,
    encryption: String,
}

/// The keys of one installation; every tenant's digests differ under the same key.
pub struct Keys {
    keys: Vec<Key>,
}

struct Key {
    id: String,
    hmac: [u8; 32],
    cipher: Aes256Gcm,
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.keys.iter().map(|key| &key.id))
            .finish()
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

/// A number that only a holder of the key can read, and only as this recipient's.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    /// The key.
    pub(crate) key_id: String,
    /// 12 random bytes.
    pub(crate) nonce: Vec<u8>,
    /// AES-256-GCM with the tag at its end.
    pub(crate) ciphertext: Vec<u8>,
}

/// Makes a key file with one random key, readable by its owner alone.
///
/// # Errors
/// When the file exists already or cannot be written.
pub fn create(path: &Path) -> io::Result<()> {
    let random = || BASE64_STANDARD.encode(<[u8; 32]>::generate());
    let text = format!(
        "# Keys of identity numbers. Without them no number here can be read or found.\n\
         [[key]]\nid = \"k1\"\nhmac = \"{}\"\nencryption = \"{}\"\n",
        random(),
        random()
    );
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

impl Keys {
    /// Reads a key file.
    ///
    /// # Errors
    /// When it cannot be read or is not as described; the text holds nothing of the file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::internal(format!(
                "the key file {} cannot be read: {error}",
                path.display()
            ))
        })?;
        Self::parse(&text).map_err(|text| {
            Failure::internal(format!(
                "the key file {} cannot be used: {text}",
                path.display()
            ))
        })
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let file: KeyFile = toml::from_str(text)
            .map_err(|_| "it is TOML with [[key]] entries of id, hmac and encryption")?;
        if file.key.is_empty() || file.key.len() > KEYS_MAX {
            return Err("it has 1 to 4 keys");
        }
        let keys = file
            .key
            .iter()
            .map(Key::parse)
            .collect::<Result<Vec<_>, _>>()?;
        let mut ids: Vec<_> = keys.iter().map(|key| &key.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() < keys.len() {
            return Err("its key ids differ");
        }
        Ok(Self { keys })
    }

    /// The digests of a number under every key, the writing one's first.
    pub(crate) fn digests(&self, tenant: &TenantId, identity: &PersonIdentity) -> Vec<Digest> {
        let digest = |key: &Key| Digest {
            key_id: key.id.clone(),
            digest: key.digest(tenant, identity),
        };
        self.keys.iter().map(digest).collect()
    }

    /// Seals a number under the writing key, bound to tenant, key and recipient.
    ///
    /// # Errors
    /// [`Failure::Internal`] when there is no randomness.
    pub(crate) fn seal(
        &self,
        tenant: &TenantId,
        recipient: RecipientId,
        identity: &PersonIdentity,
    ) -> Result<Sealed, Failure> {
        let key = self
            .keys
            .first()
            .ok_or_else(|| Failure::internal("there is no key"))?;
        let nonce: Nonce<_> =
            Nonce::try_generate().map_err(|_| Failure::internal("there is no randomness"))?;
        let plain = format!("{} {}", identity.kind().oid(), identity.expose());
        let aad = associated(tenant, &key.id, recipient);
        let payload = Payload {
            msg: plain.as_bytes(),
            aad: aad.as_bytes(),
        };
        let ciphertext = key.cipher.encrypt(&nonce, payload);
        Ok(Sealed {
            key_id: key.id.clone(),
            nonce: nonce.to_vec(),
            ciphertext: ciphertext.map_err(|_| Failure::internal("a number was not sealed"))?,
        })
    }
}

fn associated(tenant: &TenantId, key_id: &str, recipient: RecipientId) -> String {
    format!("{tenant} {key_id} {recipient}")
}

impl Key {
    fn parse(entry: &KeyEntry) -> Result<Self, &'static str> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let id = entry.id.clone();
        if id.is_empty() || id.len() > KEY_ID_LENGTH_MAX || !id.bytes().all(known) {
            return Err("a key id has 1 to 20 characters a-z, 0-9 and -");
        }
        let hmac = secret(&entry.hmac)?;
        let encryption = secret(&entry.encryption)?;
        if hmac == encryption {
            return Err("the two secrets of a key differ");
        }
        Ok(Self {
            id,
            hmac,
            cipher: Aes256Gcm::new(&encryption.into()),
        })
    }

    fn digest(&self, tenant: &TenantId, identity: &PersonIdentity) -> Vec<u8> {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.hmac)
            .expect("any length is a key");
        mac.update(tenant.as_str().as_bytes());
        mac.update(identity.kind().oid().as_bytes());
        mac.update(identity.expose().as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

fn secret(text: &str) -> Result<[u8; 32], &'static str> {
    const TEXT: &str = "a secret is the base64 of 32 bytes";
    BASE64_STANDARD
        .decode(text)
        .map_err(|_| TEXT)?
        .try_into()
        .map_err(|_| TEXT)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use hjm_ids::IdentityKind;
    use uuid::Uuid;

    use super::*;

    const NUMBER: &str = "189001019802";

    fn identity() -> PersonIdentity {
        PersonIdentity::parse(IdentityKind::Personal, NUMBER)
            .ok()
            .unwrap()
    }

    fn tenant(text: &str) -> TenantId {
        text.parse().unwrap()
    }

    fn keys() -> Keys {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        create(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            create(&path).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        Keys::read(&path).unwrap()
    }

    #[test]
    fn a_number_is_found_under_the_same_key_tenant_and_register_only() {
        let (one, other) = (keys(), keys());
        let digest = |keys: &Keys, tenant_id: &str| {
            keys.digests(&tenant(tenant_id), &identity())
                .remove(0)
                .digest
        };
        assert_eq!(digest(&one, "dalarna"), digest(&one, "dalarna"));
        assert_ne!(digest(&one, "dalarna"), digest(&one, "jamtland-harjedalen"));
        assert_ne!(digest(&one, "dalarna"), digest(&other, "dalarna"));
    }

    #[test]
    fn a_digest_is_the_hmac_of_tenant_register_and_number() {
        let text = format!(
            "[[key]]\nid = \"k1\"\nhmac = \"{}\"\nencryption = \"{}\"\n",
            BASE64_STANDARD.encode([7; 32]),
            BASE64_STANDARD.encode([8; 32])
        );
        let keys = Keys::parse(&text).unwrap();
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&[7; 32]).unwrap();
        mac.update(b"dalarna1.2.752.129.2.1.3.1189001019802");
        let expected = mac.finalize().into_bytes().to_vec();
        assert_eq!(
            keys.digests(&tenant("dalarna"), &identity())[0].digest,
            expected
        );
    }

    #[test]
    fn a_sealed_number_opens_as_its_recipients_only() {
        let keys = keys();
        let (owner, other) = (
            RecipientId::new(Uuid::now_v7()),
            RecipientId::new(Uuid::now_v7()),
        );
        let sealed = keys.seal(&tenant("dalarna"), owner, &identity()).unwrap();
        let again = keys.seal(&tenant("dalarna"), owner, &identity()).unwrap();
        assert_ne!(sealed.nonce, again.nonce);
        let open = |tenant_id: &str, recipient| {
            let aad = associated(&tenant(tenant_id), &sealed.key_id, recipient);
            let payload = Payload {
                msg: &sealed.ciphertext,
                aad: aad.as_bytes(),
            };
            let nonce: [u8; 12] = sealed.nonce.clone().try_into().unwrap();
            keys.keys[0].cipher.decrypt(&nonce.into(), payload)
        };
        let plain = open("dalarna", owner).unwrap();
        assert_eq!(plain, format!("1.2.752.129.2.1.3.1 {NUMBER}").as_bytes());
        assert!(open("dalarna", other).is_err());
        assert!(open("jamtland-harjedalen", owner).is_err());
    }

    #[test]
    fn a_file_that_is_not_as_described_is_refused_without_its_content() {
        let secret = BASE64_STANDARD.encode([7; 32]);
        let other = BASE64_STANDARD.encode([8; 32]);
        let key = |id: &str, hmac: &str, encryption: &str| {
            format!("[[key]]\nid = \"{id}\"\nhmac = \"{hmac}\"\nencryption = \"{encryption}\"\n")
        };
        let good = key("k1", &secret, &other);
        assert!(Keys::parse(&good).is_ok());
        assert!(Keys::parse(&(good.clone() + &key("k2", &other, &secret))).is_ok());
        let many = ["k1", "k2", "k3", "k4", "k5"]
            .map(|id| key(id, &secret, &other))
            .concat();
        for wrong in [
            String::new(),
            "key = []".to_owned(),
            key("K 1", &secret, &other),
            key("k1", &secret, &secret),
            key("k1", "c2hvcnQ=", &other),
            key("k1", "no base64", &other),
            good.clone() + "more = 1",
            good.clone() + &good,
            many,
        ] {
            let text = Keys::parse(&wrong).unwrap_err();
            assert!(!text.contains(&secret), "{text}");
        }
    }
}
