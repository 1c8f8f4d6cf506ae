//! Sealing of what must never be readable in the database: XChaCha20-Poly1305
//! with a key ring. The first key seals and every key opens, so that keys can
//! be replaced without a moment in which something cannot be read.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// Names the layout of an envelope: `v1:<key id>:<base64 of nonce and ciphertext>`.
const VERSION: &str = "v1";

/// The keys that seal and open, the sealing one first.
#[derive(Clone)]
pub struct KeyRing(Vec<NamedKey>);

#[derive(Clone)]
struct NamedKey {
    id: String,
    cipher: XChaCha20Poly1305,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|key| &key.id))
            .finish()
    }
}

/// Why the setting with the keys cannot be used. Shows nothing of them.
///
/// Remedy: write ROUNDROBIN_ENCRYPTION_KEYS as id:base64, several separated by commas; one is
/// made with: echo "k1:$(openssl rand -base64 32)"
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    #[error("no encryption key is given; expected id:base64[,id:base64…]")]
    Empty,
    #[error(
        "entry {position} of the encryption keys is not of the form id:base64, where the id has letters, digits, - and _ only"
    )]
    Form { position: usize },
    #[error("entry {position} of the encryption keys does not hold 32 bytes in base64")]
    Length { position: usize },
    #[error("two encryption keys have the id {id}")]
    SameId { id: String },
}

/// Why something sealed could not be opened.
///
/// Remedy: put back the key that sealed it, or have the credential entered anew.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenSealedError {
    #[error("a sealed value is not in a form that this version knows")]
    Form,
    #[error(
        "a sealed value needs the encryption key {id}, which is not in ROUNDROBIN_ENCRYPTION_KEYS"
    )]
    UnknownKey { id: String },
    #[error("a sealed value was changed, or belongs to another row")]
    Forged,
}

impl KeyRing {
    /// Reads `id:base64[,id:base64…]`.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut ring: Vec<NamedKey> = Vec::new();
        for (index, entry) in text.split(',').map(str::trim).enumerate() {
            let position = index + 1;
            if entry.is_empty() {
                return Err(KeyRingError::Empty);
            }
            let (id, encoded) = entry
                .split_once(':')
                .filter(|(id, _)| is_key_id(id))
                .ok_or(KeyRingError::Form { position })?;
            if ring.iter().any(|key| key.id == id) {
                return Err(KeyRingError::SameId { id: id.to_owned() });
            }
            let bytes = Zeroizing::new(
                STANDARD
                    .decode(encoded)
                    .map_err(|_| KeyRingError::Length { position })?,
            );
            let key =
                Key::try_from(bytes.as_slice()).map_err(|_| KeyRingError::Length { position })?;
            ring.push(NamedKey {
                id: id.to_owned(),
                cipher: XChaCha20Poly1305::new(&key),
            });
        }
        Ok(Self(ring))
    }

    /// A new ring of one random key, in the form that [`KeyRing::parse`] reads.
    /// Its id is random too, so that two keys are never taken for the same.
    pub fn generate() -> SecretString {
        let id = hex(&random::<4>());
        let bytes = Zeroizing::new(random::<KEY_BYTES>());
        SecretString::from(format!("{id}:{}", STANDARD.encode(*bytes)))
    }

    /// Seals `plain` for the row that `row` names; it opens for no other.
    pub fn seal(&self, plain: &SecretString, row: &str) -> String {
        let key = &self.0[0];
        let nonce = random::<NONCE_BYTES>();
        let sealed = key
            .cipher
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: plain.expose_secret().as_bytes(),
                    aad: row.as_bytes(),
                },
            )
            .expect("XChaCha20-Poly1305 seals any text shorter than 256 GiB");
        let envelope = [nonce.as_slice(), &sealed].concat();
        format!("{VERSION}:{}:{}", key.id, STANDARD.encode(envelope))
    }

    pub fn open(&self, sealed: &str, row: &str) -> Result<SecretString, OpenSealedError> {
        let (id, encoded) = parts(sealed).ok_or(OpenSealedError::Form)?;
        let key = self
            .0
            .iter()
            .find(|key| key.id == id)
            .ok_or_else(|| OpenSealedError::UnknownKey { id: id.to_owned() })?;
        let envelope = STANDARD
            .decode(encoded)
            .map_err(|_| OpenSealedError::Form)?;
        let (nonce, ciphertext) = envelope
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(OpenSealedError::Form)?;
        let plain = key
            .cipher
            .decrypt(
                &XNonce::from(*nonce),
                Payload {
                    msg: ciphertext,
                    aad: row.as_bytes(),
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| OpenSealedError::Forged)?;
        std::str::from_utf8(&plain)
            .map(SecretString::from)
            .map_err(|_| OpenSealedError::Form)
    }

    /// Whether the sealing key sealed this, so that nothing needs to be done
    /// when keys are replaced.
    pub fn is_current(&self, sealed: &str) -> bool {
        parts(sealed).is_some_and(|(id, _)| id == self.0[0].id)
    }
}

fn parts(sealed: &str) -> Option<(&str, &str)> {
    sealed
        .strip_prefix(VERSION)?
        .strip_prefix(':')?
        .split_once(':')
}

fn is_key_id(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Bytes from the operating system's generator.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A new secret of 256 bits that fits into a URL or a cookie.
pub fn random_token() -> SecretString {
    SecretString::from(hex(&random::<32>()))
}

/// What is stored of a token: enough to find it again, nothing to use.
pub fn token_key(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "pagerduty_connections/T1";

    fn ring(text: &str) -> KeyRing {
        KeyRing::parse(text).unwrap()
    }

    fn entry(id: &str, byte: u8) -> String {
        format!("{id}:{}", STANDARD.encode([byte; KEY_BYTES]))
    }

    #[test]
    fn what_was_sealed_opens_for_its_row_only() {
        let ring = ring(&entry("a", 1));
        let sealed = ring.seal(&SecretString::from("u+secret_Key-1"), ROW);
        assert!(!sealed.contains("secret"));
        assert_eq!(
            ring.open(&sealed, ROW).unwrap().expose_secret(),
            "u+secret_Key-1"
        );
        assert_eq!(
            ring.open(&sealed, "pagerduty_connections/T2").unwrap_err(),
            OpenSealedError::Forged
        );
    }

    #[test]
    fn the_first_key_seals_and_every_key_opens() {
        let old = ring(&entry("old", 1));
        let both = ring(&format!("{},{}", entry("new", 2), entry("old", 1)));
        let sealed_before = old.seal(&SecretString::from("x"), ROW);
        assert!(!both.is_current(&sealed_before));
        let plain = both.open(&sealed_before, ROW).unwrap();
        let sealed_after = both.seal(&plain, ROW);
        assert!(both.is_current(&sealed_after));
        assert_eq!(
            old.open(&sealed_after, ROW).unwrap_err(),
            OpenSealedError::UnknownKey {
                id: "new".to_owned()
            }
        );
    }

    #[test]
    fn a_generated_ring_can_be_read() {
        let text = KeyRing::generate();
        let ring = ring(text.expose_secret());
        let sealed = ring.seal(&SecretString::from("x"), ROW);
        assert_eq!(ring.open(&sealed, ROW).unwrap().expose_secret(), "x");
    }

    #[test]
    fn bad_settings_are_named_without_showing_them() {
        for (text, error) in [
            ("", KeyRingError::Empty),
            ("justtext", KeyRingError::Form { position: 1 }),
            ("a:c2hvcnQ=", KeyRingError::Length { position: 1 }),
            (
                &format!("{},{}", entry("a", 1), entry("a", 2)),
                KeyRingError::SameId { id: "a".to_owned() },
            ),
        ] {
            assert_eq!(KeyRing::parse(text).unwrap_err(), error);
        }
        let ring = ring(&entry("a", 1));
        assert_eq!(format!("{ring:?}"), r#"["a"]"#);
    }

    #[test]
    fn damaged_envelopes_are_refused() {
        let ring = ring(&entry("a", 1));
        for sealed in ["", "v1:a", "v2:a:AAAA", "v1:a:!!", "v1:a:AAAA"] {
            assert_eq!(ring.open(sealed, ROW).unwrap_err(), OpenSealedError::Form);
        }
    }
}
