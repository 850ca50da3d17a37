//! The keys of proofs of cards: a file with a line for each, the base64 of 32 bytes. The first signs;
//! what the others signed before is still verified.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use ed25519_dalek::{Signature, Signer as _, SigningKey};
use hjm_service::Failure;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// One that signs, and three that have signed.
const KEYS_MAX: usize = 4;

/// The keys of one installation.
#[derive(Debug)]
pub struct ProofKeys(Vec<ProofKey>);

/// A signing key with its published half (D-35).
pub struct ProofKey {
    key: SigningKey,
    id: String,
}

impl fmt::Debug for ProofKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ProofKey({})", self.id)
    }
}

/// Makes a key file with a random key, readable by its owner alone.
///
/// # Errors
/// When the file exists already or cannot be written.
pub fn create(path: &Path) -> io::Result<()> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(io::Error::other)?;
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{}", BASE64_STANDARD.encode(seed))
}

impl ProofKeys {
    /// Reads a key file.
    ///
    /// # Errors
    /// When it cannot be read or is not as described.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |text: &dyn fmt::Display| {
            Failure::internal(format!("the proof key {}: {text}", path.display()))
        };
        let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let keys: Option<Vec<ProofKey>> = text.lines().map(ProofKey::parse).collect();
        let keys = keys.filter(|keys| (1..=KEYS_MAX).contains(&keys.len()));
        keys.map(Self)
            .ok_or_else(|| wrong(&"must be 1 to 4 lines, each the base64 of 32 bytes"))
    }

    /// The key that signs.
    ///
    /// # Errors
    /// Never: a file without a key is not read.
    pub fn signing(&self) -> Result<&ProofKey, Failure> {
        let lost = || Failure::internal("there is no proof key");
        self.0.first().ok_or_else(lost)
    }

    /// Every key whose proofs hold, the one that signs first.
    pub fn all(&self) -> &[ProofKey] {
        &self.0
    }
}

impl ProofKey {
    fn parse(line: &str) -> Option<Self> {
        let seed = BASE64_STANDARD.decode(line.trim()).ok()?;
        let key = SigningKey::from_bytes(&seed.try_into().ok()?);
        let digest = Sha256::digest(key.verifying_key().as_bytes());
        let id = BASE64_URL_SAFE_NO_PAD.encode(&digest[..9]);
        Some(Self { key, id })
    }

    /// The key's id: of its public half, so the same key has the same id everywhere.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public half as a JSON Web Key (RFC 8037).
    pub fn jwk(&self) -> String {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes());
        let id = &self.id;
        format!(
            r#"{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"{id}","x":"{x}"}}"#
        )
    }

    /// The signature of a text.
    pub fn sign(&self, text: &str) -> [u8; 64] {
        self.key.sign(text.as_bytes()).to_bytes()
    }

    /// Whether a signature is this key's of a text. Weak forms are refused.
    pub fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        let key = self.key.verifying_key();
        signature.is_ok_and(|signature| key.verify_strict(text.as_bytes(), &signature).is_ok())
    }

    /// A name for something that only who holds the key can link to it.
    ///
    /// # Panics
    /// Never: a key of any length is taken.
    pub fn pseudonym(&self, of: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes());
        let mut mac = mac.expect("a key of any length is taken");
        mac.update(of.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..12])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(folder: &Path) -> String {
        let path = folder.join("proof-key");
        create(&path).unwrap();
        assert!(create(&path).is_err(), "a key is never overwritten");
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_key_that_was_made_signs_and_nothing_else_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let text = made(folder.path());
        let key = ProofKey::parse(&text).unwrap();
        let signature = key.sign("a card");
        assert!(key.verifies("a card", &signature));
        assert!(!key.verifies("another card", &signature));
        let mut flipped = signature;
        flipped[3] ^= 1;
        assert!(!key.verifies("a card", &flipped));
        assert!(!key.verifies("a card", &signature[1..]));
        assert_eq!(ProofKey::parse(&text).unwrap().id(), key.id());
        assert_ne!(key.pseudonym("one"), key.pseudonym("other"));
    }

    #[test]
    fn the_first_key_signs_and_all_are_known() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (old, new) = (made(first.path()), made(second.path()));
        let path = first.path().join("keys");
        fs::write(&path, format!("{new}{old}")).unwrap();
        let keys = ProofKeys::read(&path).unwrap();
        let ids: Vec<&str> = keys.all().iter().map(ProofKey::id).collect();
        let [old, new] = [&old, &new].map(|text| ProofKey::parse(text).unwrap());
        assert_eq!(ids, [new.id(), old.id()]);
        assert_eq!(keys.signing().unwrap().id(), new.id());
    }

    #[test]
    fn a_file_that_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let five = made(folder.path()).repeat(5);
        let path = folder.path().join("wrong");
        assert!(ProofKeys::read(&path).is_err());
        for wrong in ["", "not base64!", "c2hvcnQ=", &five] {
            fs::write(&path, wrong).unwrap();
            assert!(ProofKeys::read(&path).is_err(), "{wrong}");
        }
    }
}
