//! Tokens that are taken and tokens that are not. Those of RSA were signed by Node with a key that was thrown away.

use super::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;

const MODULUS: &str = concat!(
    "zUeSYe9tka5kdGRZFwgAmfxLWGOFU82NE9zyMl9Vk5Q65X3pgoDPcC3hW2hPq35d_SqkSUKU46TrIwc90jyOWMd3LkzDB7Xe6fSfw8_YZse5QY7TsuixvkWO",
    "Gd6gllnz972hoOQUbk3iRj3bwaXWZLaZWXPZwCRnew-phai4LJNcdhwkDkYZ1m6ldTQE6FviczO68MDYquWl1eNFwXTbLP1pDnok_8owQJ9qFZnXH2nMUwub",
    "PqXIhAgqCO8WsuUXQFzkGkvQBLkDDYtN8vUo6bmxWmmopSWqTH3mLXqcwrMGDivj5mzPnLhYOx0eqL5N3M3-mOh6qub0zNwVZbzObQ",
);
const RS256: &str = concat!(
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIxIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiJ1MSIsImF1ZCI6InBvc3Rob3VzZSIsImV4cCI6",
    "MTc2ODQ1MDIwMCwiaWF0IjoxNzY4NDQ5NjAwLCJub25jZSI6Im4xIiwiZW1haWwiOiJsaUBzaWxrLmV4YW1wbGUiLCJlbWFpbF92ZXJpZmllZCI6dHJ1ZX0.",
    "vIWqINPCwFb1VN8nqX_pLIbfBaLMTMWOUSFUWLCe6fhm05bO31xFWwvACPXb_SyaOktwx5rGPU68mpLu8ya4BzB8Oi82WYlLDzt48CF4JfZ856cP6cWdVO1q",
    "Cv390ehwkYEHSdBypj6NDZTmf00tPxKPSHue55EW_CQ5tLVxdXi2SUFShHnpRaKf-2n1dE3haZgI896gdI6H2mXGV7zr3eyi1eCGlA6jpHCWqBGjaHuocsQh",
    "8uaFhDDmk2TLaRTRDCPgvddgzZJosDAK7kl3lex5WD3ytkXulSBnzZvcuRWwODlDAGQsceBva_5SYv8JRL2ukcYpP89HnJ7RxXsvsQ",
);
const PS256: &str = concat!(
    "eyJhbGciOiJQUzI1NiIsImtpZCI6InIxIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiJ1MSIsImF1ZCI6InBvc3Rob3VzZSIsImV4cCI6",
    "MTc2ODQ1MDIwMCwiaWF0IjoxNzY4NDQ5NjAwLCJub25jZSI6Im4xIiwiZW1haWwiOiJsaUBzaWxrLmV4YW1wbGUiLCJlbWFpbF92ZXJpZmllZCI6dHJ1ZX0.",
    "jYvaWskOGtwC6SL5YdKEcR9fjtJavqJKS-9xPCZnuFDY7X3oq6LuIZNlY1dWFJfUtbgaUic-wlxkZOtJH8T3slemjREKttSJRj63DiJKmjQQbxWRAowJWcND",
    "-RZnxei9wK0Kie6JkfNkr0Wx3aqddzZbzlbrpAu-kjed0xkU9q91PupMWO8aIhCKOQMHmMC8A4NTA9jqoTszo1URt_3A_2ssmUuFAZQJRwZ4xopCZ7WVpkxV",
    "hWz9Rve1EUlbvQE7HCgYSTJn0fcqgxq-yH3gLOI3Uc-Tav-9TNHqU_AHCfe0TjUCdOnIUfpHmEH8nA4hUi51OgPjmCZKR38pjhgTHg",
);

/// 2026-01-15T04:00Z, when they were made; they are good for ten minutes.
const NOW: Instant = 1_768_449_600_000;

const WANTED: Wanted<'static> = Wanted {
    issuer: "https://id.example",
    client_id: "posthouse",
    nonce: "n1",
    now: NOW,
};

fn key(value: Value) -> Key {
    serde_json::from_value(value).unwrap()
}

fn rsa() -> Key {
    key(json!({"kty": "RSA", "kid": "r1", "use": "sig", "n": MODULUS, "e": "AQAB"}))
}

fn taken(token: &str, keys: &[Key], wanted: &Wanted<'_>) -> Result<Claims, String> {
    read(token)?.verified(keys, wanted)
}

/// A signer on the curve, with its key.
fn signer() -> (EcdsaKeyPair, Key) {
    let random = SystemRandom::new();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref();
    let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
    let key = key(json!({"kty": "EC", "crv": "P-256", "kid": "c1", "x": x, "y": y}));
    (pair, key)
}

fn signed(pair: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", BASE64.encode(signature))
}

fn claims() -> Value {
    json!({"iss": "https://id.example", "sub": "u1", "aud": "posthouse", "exp": NOW / 1_000 + 600, "iat": NOW / 1_000, "nonce": "n1"})
}

#[test]
fn signatures_of_the_provider_are_taken() {
    for token in [RS256, PS256] {
        let claims = taken(token, &[rsa()], &WANTED).unwrap();
        assert_eq!(claims.sub, "u1");
        assert_eq!(claims.address.email.as_deref(), Some("li@silk.example"));
        assert!(claims.address.is_verified());
    }
    let (pair, key) = signer();
    let token = signed(&pair, &json!({"alg": "ES256", "kid": "c1"}), &claims());
    let claims = taken(&token, &[rsa(), key], &WANTED).unwrap();
    assert!(claims.address.email.is_none() && !claims.address.is_verified());
}

#[test]
fn signatures_of_others_are_not() {
    let (pair, own) = signer();
    let (other, _) = signer();
    let header = json!({"alg": "ES256", "kid": "c1"});
    let token = signed(&pair, &header, &claims());
    let keys = [own, rsa()];
    assert!(taken(&token, &keys, &WANTED).is_ok());
    assert!(taken(&signed(&other, &header, &claims()), &keys, &WANTED).is_err());
    let mut mallory = claims();
    mallory["sub"] = "u2".into();
    let (head, signature) = (token.split('.').next().unwrap(), token.rsplit('.').next().unwrap());
    let changed = format!("{head}.{}.{signature}", BASE64.encode(mallory.to_string()));
    assert!(taken(&changed, &keys, &WANTED).is_err());
    for (alg, kid) in [
        ("none", "c1"),
        ("HS256", "c1"),
        ("RS256", "c1"),
        ("ES256", "r1"),
        ("ES384", "c1"),
        ("", "c1"),
    ] {
        let token = signed(&pair, &json!({"alg": alg, "kid": kid}), &claims());
        assert!(taken(&token, &keys, &WANTED).is_err(), "{alg} {kid}");
        let (unsigned, _) = token.rsplit_once('.').unwrap();
        assert!(taken(&format!("{unsigned}."), &keys, &WANTED).is_err(), "{alg} {kid}");
    }
    for broken in ["", ".", "..", "a.b.c", &RS256[..RS256.len() - 8], &format!("{RS256}.x")] {
        assert!(taken(broken, &keys, &WANTED).is_err(), "{broken}");
    }
    // keys for something else sign nothing
    let mut sealing = json!({"kty": "RSA", "kid": "r1", "n": MODULUS, "e": "AQAB", "use": "enc"});
    assert!(taken(RS256, &[key(sealing.clone())], &WANTED).is_err());
    sealing["use"] = "sig".into();
    sealing["alg"] = "PS256".into();
    assert!(taken(RS256, &[key(sealing)], &WANTED).is_err());
}

#[test]
fn a_token_is_for_us_and_of_now() {
    let (pair, key) = signer();
    let keys = [key];
    let header = json!({"alg": "ES256"});
    let outcome = |change: &dyn Fn(&mut Value)| {
        let mut claims = claims();
        change(&mut claims);
        taken(&signed(&pair, &header, &claims), &keys, &WANTED).map(|claims| claims.sub)
    };
    let seconds = NOW / 1_000;
    assert_eq!(outcome(&|_| {}).as_deref(), Ok("u1"));
    assert!(outcome(&|claims| claims["aud"] = json!(["posthouse"])).is_ok());
    assert!(
        outcome(&|claims| claims["exp"] = (seconds - 59).into()).is_ok(),
        "clocks differ"
    );
    assert!(
        outcome(&|claims| {
            claims["aud"] = json!(["posthouse", "other"]);
            claims["azp"] = "posthouse".into();
        })
        .is_ok()
    );
    type Change<'c> = &'c dyn Fn(&mut Value);
    let refused: [(&str, Change<'_>); 9] = [
        ("another issuer", &|claims| claims["iss"] = "https://id.example/".into()),
        ("somebody else", &|claims| claims["aud"] = "other".into()),
        ("somebody else", &|claims| claims["aud"] = json!(["posthouse", "other"])),
        ("somebody else", &|claims| claims["azp"] = "other".into()),
        ("is over", &|claims| claims["exp"] = (seconds - 60).into()),
        ("a time to come", &|claims| claims["iat"] = (seconds + 61).into()),
        ("another sign-in", &|claims| claims["nonce"] = "n2".into()),
        ("another sign-in", &|claims| claims["nonce"] = Value::Null),
        ("names nobody", &|claims| claims["sub"] = "".into()),
    ];
    for (said, change) in refused {
        let refusal = outcome(change).unwrap_err();
        assert!(refusal.contains(said), "{said}: {refusal}");
    }
}

#[test]
fn an_address_is_verified_or_it_is_not() {
    for (said, is_verified) in [
        (json!({"email": "a@b.example", "email_verified": true}), true),
        (json!({"email": "a@b.example", "email_verified": "true"}), true),
        (json!({"email": "a@b.example", "email_verified": false}), false),
        (json!({"email": "a@b.example", "email_verified": "yes"}), false),
        (json!({"email": "a@b.example", "email_verified": 1}), false),
        (json!({"email": "a@b.example"}), false),
    ] {
        let address: Address = serde_json::from_value(said.clone()).unwrap();
        assert_eq!(address.is_verified(), is_verified, "{said}");
    }
}
