//! The key that proofs of cards are signed with: a file with one line, the base64 of 32 bytes.

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

impl ProofKey {
    /// Reads a key file.
    ///
    /// # Errors
    /// When it cannot be read or is not the base64 of 32 bytes.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |text: &dyn fmt::Display| {
            Failure::internal(format!("the proof key {}: {text}", path.display()))
        };
        let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let seed = BASE64_STANDARD.decode(text.trim()).ok();
        let seed: Option<[u8; 32]> = seed.and_then(|seed| seed.try_into().ok());
        let seed = seed.ok_or_else(|| wrong(&"must be the base64 of 32 bytes"))?;
        let key = SigningKey::from_bytes(&seed);
        let digest = Sha256::digest(key.verifying_key().as_bytes());
        let id = BASE64_URL_SAFE_NO_PAD.encode(&digest[..9]);
        Ok(Self { key, id })
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

    #[test]
    fn a_key_that_was_made_signs_and_nothing_else_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proof-key");
        create(&path).unwrap();
        assert!(create(&path).is_err(), "a key is never overwritten");
        let key = ProofKey::read(&path).unwrap();
        let signature = key.sign("a card");
        assert!(key.verifies("a card", &signature));
        assert!(!key.verifies("another card", &signature));
        let mut flipped = signature;
        flipped[3] ^= 1;
        assert!(!key.verifies("a card", &flipped));
        assert!(!key.verifies("a card", &signature[1..]));
        assert_eq!(ProofKey::read(&path).unwrap().id(), key.id());
        assert_ne!(key.pseudonym("one"), key.pseudonym("other"));
    }

    #[test]
    fn a_file_that_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proof-key");
        assert!(ProofKey::read(&path).is_err());
        for wrong in ["", "not base64!", "c2hvcnQ="] {
            fs::write(&path, wrong).unwrap();
            assert!(ProofKey::read(&path).is_err(), "{wrong}");
        }
    }
}
