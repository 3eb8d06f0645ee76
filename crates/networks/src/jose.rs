//! Keys of ES256 and what is signed with them: JSON Web Keys and Tokens (RFC 7515, 7517, 7518 §3.4, 7519).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A key on the curve P-256.
#[derive(Debug)]
pub struct Key(EcdsaKeyPair);

/// A key could not be made or read.
#[derive(Debug, thiserror::Error)]
#[error("the key of this sign-in is not one; sign in again")]
pub struct NoKey;

/// A new key, as text to be sealed: PKCS #8 (RFC 5958) in base64url.
pub fn fresh() -> Result<String, NoKey> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    made.map(|document| URL_SAFE_NO_PAD.encode(document.as_ref())).map_err(|_| NoKey)
}

impl Key {
    /// Reads what [`fresh`] made.
    pub fn read(text: &str) -> Result<Self, NoKey> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NoKey)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes, &SystemRandom::new());
        key.map(Self).map_err(|_| NoKey)
    }

    /// Its public half (RFC 7518 §6.2.1).
    pub fn public(&self) -> Value {
        // An uncompressed point: 4, then 32 bytes each.
        let point = self.0.public_key().as_ref();
        let part = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
        json!({ "kty": "EC", "crv": "P-256", "x": part(1), "y": part(33) })
    }

    /// Its thumbprint (RFC 7638): what it is called.
    pub fn thumbprint(&self) -> String {
        let public = self.public();
        let text = |name: &str| public[name].as_str().unwrap_or_default().to_owned();
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, text("x"), text("y"));
        hashed(canonical.as_bytes())
    }

    /// A token of this header (`alg` is added) and these claims.
    pub fn sign(&self, mut header: Value, claims: &Value) -> Result<String, NoKey> {
        header["alg"] = "ES256".into();
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| NoKey)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }
}

/// SHA-256 in base64url: what PKCE, DPoP and thumbprints are made with.
pub(crate) fn hashed(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

/// 32 random bytes in base64url.
pub(crate) fn random() -> String {
    let mut bytes = [0; 32];
    #[expect(clippy::expect_used, reason = "a system without randomness cannot sign in anywhere")]
    getrandom::fill(&mut bytes).expect("the system gives randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn what_is_signed_can_be_checked_by_the_public_half_and_nothing_else_can() {
        let key = Key::read(&fresh().unwrap()).unwrap();
        let token = key.sign(json!({ "typ": "dpop+jwt" }), &json!({ "htm": "GET" })).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut point = vec![4];
        for name in ["x", "y"] {
            point.extend(URL_SAFE_NO_PAD.decode(key.public()[name].as_str().unwrap()).unwrap());
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point);
        assert!(public.verify(signed.as_bytes(), &signature).is_ok());
        assert!(public.verify(format!("{signed}x").as_bytes(), &signature).is_err());
        let header: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
        assert_eq!(header, json!({ "typ": "dpop+jwt", "alg": "ES256" }));
        assert!(!format!("{key:?}").contains(&fresh().unwrap()[60..]));
        for nonsense in ["", "x", "AAAA", "ä"] {
            assert!(Key::read(nonsense).is_err(), "{nonsense}");
        }
    }

    /// RFC 7636, appendix B: the challenge of its verifier.
    #[test]
    fn a_challenge_is_the_hash_of_its_verifier() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(hashed(verifier.as_bytes()), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(random().len(), 43);
        assert_ne!(random(), random());
    }

    /// RFC 9449 §4.1 shows a key, and §6.1 its thumbprint.
    #[test]
    fn a_thumbprint_is_of_the_members_in_order() {
        let (x, y) = ("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA");
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        assert_eq!(hashed(canonical.as_bytes()), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    }
}
