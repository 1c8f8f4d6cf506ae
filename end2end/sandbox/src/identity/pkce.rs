//! The proof that whoever exchanges a code is who asked for it. Scoped apps of PagerDuty need it besides
//! their secret, which libraries written for the older apps do not know.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// A SHA-256 hash in base64 without padding.
const CHALLENGE_LENGTH: usize = 43;
const SHORTEST_VERIFIER: usize = 43;
const LONGEST_VERIFIER: usize = 128;

pub fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE_LENGTH
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

pub fn verify(verifier: &str, challenge: &str) -> Result<(), &'static str> {
    if verifier.len() > LONGEST_VERIFIER {
        return Err("The code_verifier is too long: 128 characters are the most");
    }
    if verifier.len() < SHORTEST_VERIFIER {
        return Err("The code_verifier is too short: 43 characters are the least");
    }
    if !verifier
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    {
        return Err("The code_verifier has characters that it must not have");
    }
    if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != challenge {
        return Err("The code_verifier does not belong to the code_challenge");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pair that RFC 7636 gives in its appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn a_verifier_belongs_to_its_own_challenge_only() {
        assert_eq!(verify(VERIFIER, CHALLENGE), Ok(()));
        assert!(verify(VERIFIER, VERIFIER).is_err());
        assert!(verify(&VERIFIER.to_lowercase(), CHALLENGE).is_err());
    }

    #[test]
    fn the_length_and_letters_of_a_verifier_are_checked() {
        for bad in ["x".repeat(42), "x".repeat(129), "x y".repeat(20)] {
            assert!(verify(&bad, CHALLENGE).is_err(), "{bad}");
        }
        let longest = "~".repeat(128);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&longest));
        assert_eq!(verify(&longest, &challenge), Ok(()));
    }

    #[test]
    fn a_challenge_is_a_hash_in_base64_for_addresses() {
        assert!(is_challenge(CHALLENGE));
        for bad in ["", &CHALLENGE[1..], &CHALLENGE.replace('-', "+")] {
            assert!(!is_challenge(bad), "{bad}");
        }
    }
}
