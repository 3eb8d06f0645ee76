//! The keys of an actor of ours, and those of others as their documents show them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use dandelion_post::Refusal;
use ring::{
    rand::SystemRandom,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rsa::{PrivateKey, pkcs1::EncodeRsaPrivateKey as _};

use super::signature::PublicKey;

/// Length of the keys made here, in bits: what the fediverse uses.
const BITS: usize = 2048;
/// `SubjectPublicKeyInfo` with the algorithm rsaEncryption, before its bit string (RFC 8017 A.1, RFC 5280 §4.1).
const RSA: [u8; 15] = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// What an actor of ours signs with. Never shown.
pub struct Keys(RsaKeyPair);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// Randomness of the system, for what makes keys.
struct Rng;

impl rsa::rand_core::TryRng for Rng {
    type Error = std::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
    #[expect(clippy::expect_used, reason = "a key made without randomness would be worse than none")]
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        getrandom::fill(bytes).expect("the system gives randomness");
        Ok(())
    }
}

impl rsa::rand_core::TryCryptoRng for Rng {}

impl Keys {
    /// Makes new ones; what [`Keys::read`] reads, to be sealed like every secret. Takes a second or so.
    ///
    /// # Errors
    /// Where the system gives no key of this kind.
    pub fn generate() -> Result<String, Refusal> {
        let wrong = |why: String| Refusal::new("key", format!("no key could be made: {why}"), "");
        let key = PrivateKey::new(&mut Rng, BITS).map_err(|error| wrong(error.to_string()))?;
        let der = key.to_pkcs1_der().map_err(|error| wrong(error.to_string()))?;
        Ok(STANDARD.encode(der.as_bytes()))
    }

    /// Reads keys that were made here.
    pub fn read(secret: &str) -> Result<Self, Refusal> {
        let wrong = || Refusal::new("secret", "is no key of an actor; make the actor anew", "");
        let der = STANDARD.decode(secret.trim()).map_err(|_| wrong())?;
        RsaKeyPair::from_der(&der).map(Self).map_err(|_| wrong())
    }

    /// The public half, as actors show it.
    pub fn public_pem(&self) -> String {
        let mut bits = vec![0];
        bits.extend_from_slice(self.0.public_key().as_ref());
        let mut body = RSA.to_vec();
        body.extend(der(0x03, &bits));
        let text = STANDARD.encode(der(0x30, &body));
        let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 over these bytes.
    pub(super) fn sign_rsa(&self, base: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        // Fails only for a buffer of another length or a system without randomness; nobody takes an empty signature.
        match self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), base, &mut signature) {
            Ok(()) => signature,
            Err(_) => Vec::new(),
        }
    }
}

/// A value of ASN.1 in DER: tag, length, content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut all = vec![tag];
    match content.len() {
        length @ 0..=127 => all.push(length as u8),
        length @ 128..=255 => all.extend([0x81, length as u8]),
        length => all.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    all.extend_from_slice(content);
    all
}

/// Reads a public key in PEM: `SubjectPublicKeyInfo` of RSA, or `RSAPublicKey`.
pub(super) fn from_pem(pem: &str) -> Option<PublicKey> {
    let begin = pem.find("-----BEGIN ")?;
    let rest = &pem[begin + 11..];
    let (kind, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD.decode(body).ok().filter(|bytes| bytes.len() <= 4096)?;
    match kind {
        "RSA PUBLIC KEY" => Some(PublicKey::Rsa(bytes)),
        "PUBLIC KEY" => from_spki(&bytes),
        _ => None,
    }
}

fn from_spki(bytes: &[u8]) -> Option<PublicKey> {
    let (content, _) = take(0x30, bytes)?;
    let (algorithm, rest) = take(0x30, content)?;
    let (bits, _) = take(0x03, rest)?;
    let key = bits.strip_prefix(&[0])?.to_vec();
    match algorithm {
        [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, ..] => Some(PublicKey::Rsa(key)),
        [0x06, 0x03, 0x2b, 0x65, 0x70] => Some(PublicKey::Ed25519(key)),
        _ => None,
    }
}

/// The content of a value with this tag, and what follows it.
fn take(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=127 => (usize::from(*length), rest),
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => (usize::from(*rest.first()?) << 8 | usize::from(*rest.get(1)?), &rest[2..]),
        _ => return None,
    };
    (*found == tag && rest.len() >= length).then(|| rest.split_at(length))
}

/// Reads a public key as a multikey: base58btc with the prefix of Ed25519 (W3C Controlled Identifiers 1.0 §2.2.2).
pub(super) fn from_multibase(text: &str) -> Option<PublicKey> {
    const LETTERS: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let text = text.strip_prefix('z').filter(|text| text.len() <= 64)?;
    let mut bytes: Vec<u8> = Vec::new();
    for letter in text.bytes() {
        let mut carry = LETTERS.iter().position(|known| *known == letter)?;
        for byte in &mut bytes {
            carry += usize::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            bytes.push(carry as u8);
        }
    }
    bytes.reverse();
    let key = bytes.strip_prefix(&[0xed, 0x01])?;
    (key.len() == 32).then(|| PublicKey::Ed25519(key.to_vec()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One for all tests: making one takes a while.
    pub(in super::super) fn secret() -> &'static str {
        static KEY: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        KEY.get_or_init(|| Keys::generate().expect("a key"))
    }

    #[test]
    fn keys_are_written_and_read() {
        let keys = Keys::read(secret()).unwrap();
        let pem = keys.public_pem();
        let Some(PublicKey::Rsa(der)) = from_pem(&pem) else { panic!("{pem}") };
        assert_eq!(der, keys.0.public_key().as_ref());
        assert_eq!(keys.sign_rsa(b"x").len(), BITS / 8);
        assert!(Keys::read("x").is_err() && !format!("{keys:?}").contains(&secret()[..20]));
    }

    #[test]
    fn a_multikey_is_read() {
        // W3C Controlled Identifiers 1.0, example of an Ed25519 Multikey.
        let key = from_multibase("z6MkmM42vxfqZQsv4ehtTjFFxQ4sQKS2w6WR7emozFAn5cxu");
        assert!(matches!(key, Some(PublicKey::Ed25519(bytes)) if bytes.len() == 32));
        for bad in ["", "z", "z0", "x6Mk", "z6Mk", &"z".repeat(100)] {
            assert_eq!(from_multibase(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_key_is_said_to_be(text in "(-----BEGIN (RSA )?PUBLIC KEY-----)?[A-Za-z0-9+/=\n]{0,80}(-----END )?", bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60)) {
            let _ = from_pem(&text);
            let _ = from_multibase(&text);
            let _ = from_spki(&bytes);
            let mut long = vec![0x30, 0x82];
            long.extend(bytes);
            let _ = from_spki(&long);
        }
    }
}
