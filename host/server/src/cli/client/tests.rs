use super::*;

fn client(url: &str) -> Client {
    Client {
        agent: Agent::new_with_defaults(),
        url: url.to_owned(),
        authorization: "Bearer x".into(),
        language: "en",
        patience: Duration::from_secs(2),
        met: Cell::new(false),
    }
}

#[test]
fn a_refusal_is_not_tried_again() {
    let mut tries = 0;
    let refused: Result<(), Failure> = client("http://127.0.0.1:1").patiently(|| {
        tries += 1;
        Err(Trouble::Refused(Failure::coded(
            "no",
            posthouse_domain::Words::same("no"),
        )))
    });
    assert_eq!((refused.unwrap_err().code.as_str(), tries), ("no", 1));
}

#[test]
fn a_broken_connection_is_made_again() {
    let mut tries = 0;
    let answer = client("http://127.0.0.1:1").patiently(|| {
        tries += 1;
        if tries < 3 {
            Err(Trouble::Away("broken".into()))
        } else {
            Ok(tries)
        }
    });
    assert_eq!(answer.ok(), Some(3));
}

#[test]
fn a_server_that_is_not_there_is_away() {
    let answer = document(client("http://127.0.0.1:1").call("GET", "/x").call());
    assert!(matches!(answer, Err(Trouble::Away(_))), "{answer:?}");
}

#[test]
fn who_waited_in_vain_is_told_how_to_go_on() {
    let mut client = client("http://127.0.0.1:1");
    client.patience = Duration::from_millis(1);
    let failure = client.get("/x").unwrap_err();
    assert_eq!(failure.code, "server_away");
    for part in ["http://127.0.0.1:1", "posthouse serve", "POSTHOUSE_URL"] {
        assert!(failure.message.contains(part), "{}", failure.message);
    }
}

#[test]
fn addresses_without_a_server_are_refused_at_once() {
    assert_eq!(
        server_address("http://[::1]:7300/").ok().as_deref(),
        Some("http://[::1]:7300")
    );
    assert_eq!(
        server_address(" https://crm.example/house ").ok().as_deref(),
        Some("https://crm.example/house")
    );
    for bad in [
        "127.0.0.1:7300",
        "ftp://a",
        "http://",
        "http:///x",
        "http://a b",
        "http://a/?q=1",
        "localhost",
    ] {
        assert!(server_address(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_host_that_nobody_knows_is_not_waited_for() {
    let failure = client("http://posthouse.invalid").get("/x").unwrap_err();
    assert_eq!(failure.code, "host_unknown");
}
