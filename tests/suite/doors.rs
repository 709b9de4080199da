//! Strangers at the doors: half requests, wrong keys, bodies that never end and bodies that are too large. Another agency's quotes go on as before, and
//! the server takes no more memory, files and log than it said it would.
//!
//! For a moment each in every suite; `make torture` goes on for longer and looks at the time of quotes more closely.

use super::quotes::{CLOCK, rule};
use super::siege::{Attack, Siege, files};
use posthouse_tests::guest::Saving;
use posthouse_tests::{Campaigns, Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Connections of the server under attack.
const CONNECTIONS: usize = 200;
/// Nearly the largest body of `POST /events`.
const LARGE: usize = 79 * (1 << 20) / 10;

fn server(env: &[(&'static str, &str)]) -> Server {
    let env = env.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Server::start(Database::Sqlite, Options { clock: CLOCK, env })
}

fn connect(server: &Server) -> TcpStream {
    let socket = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    socket
}

/// The head of a request with a key.
fn head(line: &str, key: &str, more: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: posthouse\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n{more}\r\n"
    )
}

/// The next answer on a connection: its status and its code, if it has one.
fn answer(socket: &mut BufReader<TcpStream>) -> std::io::Result<(u16, String)> {
    let mut line = String::new();
    socket.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status: u16 = status.ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        socket.read_line(&mut line)?;
        match line.trim().to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body)?;
    let code = serde_json::from_slice::<Value>(&body).unwrap_or_default()["code"].clone();
    Ok((status, code.as_str().unwrap_or_default().to_owned()))
}

fn lines(server: &Server) -> Vec<Value> {
    let log = std::fs::read_to_string(server.log()).unwrap();
    log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn doors_under_torture() {
    let server = server(&[("POSTHOUSE_HTTP__CONNECTIONS", &CONNECTIONS.to_string())]);
    let hostile = server.agency("hostile");
    let scopeless = hostile.post("/api/v1/keys", &json!({"name": "reader", "scopes": ["read"]}));
    let scopeless = scopeless.expect(201)["api_key"].as_str().unwrap().to_owned();
    let shop = Campaigns::new(&server.agency("shop"));
    shop.group("season", "stackable");
    shop.run("spring", &shop.plan(&rule(Saving::Amount(1)), 1, json!({})));
    let siege = Siege::of(&server, &shop.client);
    let attacks: [(&str, Attack<'_>); 6] = [
        ("half requests", &|stop| half_requests(&server, stop)),
        ("nothing but connections", &|stop| silence(&server, stop)),
        ("bodies that crawl", &|stop| crawling(&server, &hostile.key, stop)),
        ("wrong keys", &|stop| wrong_keys(&server, &hostile.key, stop)),
        ("large bodies without the scope", &|stop| {
            large(&server, &scopeless, "/api/v1/events", stop)
        }),
        ("large bodies", &|stop| {
            large(&server, &hostile.key, "/api/v1/quotes", stop);
            large(&server, &hostile.key, "/api/v1/events", stop);
        }),
    ];
    for (name, attack) in attacks {
        let took = siege.withstand(name, attack);
        assert!(took.memory < 200 << 20, "{name}: {took:?}");
        assert!(took.files < CONNECTIONS + 100, "{name}: {took:?}");
    }
    let lines = lines(&server);
    let refused = lines
        .iter()
        .filter(|line| line["status"] == 401 || line["status"] == 429)
        .count();
    assert!(refused <= 2, "each kind of refusal has one line, not {refused}");
}

/// Twice as many connections as there may be, each with half a request.
fn half_requests(server: &Server, stop: &AtomicBool) {
    let mut held = Vec::new();
    while !stop.load(Relaxed) {
        let mut socket = connect(server);
        let _ = socket.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Half: ");
        held.push(socket);
        if held.len() > 2 * CONNECTIONS {
            held.remove(0);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Twice as many connections as there may be, on which nothing is said.
fn silence(server: &Server, stop: &AtomicBool) {
    let mut held: Vec<_> = (0..2 * CONNECTIONS).map(|_| connect(server)).collect();
    while !stop.load(Relaxed) {
        held.rotate_left(1);
        held[0] = connect(server);
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Bodies of which a byte comes now and then.
fn crawling(server: &Server, key: &str, stop: &AtomicBool) {
    let mut held: Vec<_> = (0..100).map(|_| connect(server)).collect();
    for socket in &mut held {
        let _ = socket.write_all(head("POST /api/v1/events", key, "Content-Length: 1000000\r\n").as_bytes());
    }
    while !stop.load(Relaxed) {
        for socket in &mut held {
            let _ = socket.write_all(b" ");
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Keys of the right form on eight connections, as fast as they are answered.
fn wrong_keys(server: &Server, right: &str, stop: &AtomicBool) {
    let agency = right.rsplit_once('_').unwrap().0;
    let asked = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let asked = &asked;
            scope.spawn(move || {
                let mut socket = BufReader::new(connect(server));
                for guess in 0.. {
                    if stop.load(Relaxed) {
                        return;
                    }
                    let request = head("GET /api/v1/facts", &format!("{agency}_{thread}x{guess}"), "");
                    if socket.get_mut().write_all(request.as_bytes()).is_err() {
                        socket = BufReader::new(connect(server));
                        continue;
                    }
                    match answer(&mut socket) {
                        Ok((401, code)) => assert_eq!(code, "key_unknown"),
                        Ok((429, code)) => assert_eq!(code, "too_many_wrong_keys"),
                        Ok(other) => panic!("{other:?}"),
                        Err(_) => socket = BufReader::new(connect(server)),
                    }
                    asked.fetch_add(1, Relaxed);
                }
            });
        }
    });
    println!("wrong keys: {} answered", asked.load(Relaxed));
}

/// Sixty large bodies at once with an `Idempotency-Key`, again and again.
fn large(server: &Server, key: &str, path: &str, stop: &AtomicBool) {
    let body = format!("{{\"events\": [{}]}}", " ".repeat(LARGE));
    std::thread::scope(|scope| {
        for thread in 0..60 {
            let body = &body;
            scope.spawn(move || {
                for turn in 0.. {
                    let more = format!(
                        "Idempotency-Key: {thread}-{turn}-{}\r\nContent-Length: {}\r\n",
                        path.len(),
                        body.len()
                    );
                    let mut socket = connect(server);
                    let _ = socket.write_all(head(&format!("POST {path}"), key, &more).as_bytes());
                    // some are never finished
                    let sent = if (thread + turn) % 3 == 0 {
                        &body[..body.len() - 9]
                    } else {
                        body
                    };
                    let _ = socket.write_all(sent.as_bytes());
                    if sent.len() == body.len() {
                        // who sends too much may find the connection closed
                        if let Ok((status, code)) = answer(&mut BufReader::new(socket)) {
                            assert!(matches!(status, 200 | 403 | 413 | 503), "{status} {code}");
                        }
                    }
                    if stop.load(Relaxed) {
                        return;
                    }
                }
            });
        }
    });
}

#[test]
fn who_may_not_is_told_before_the_body_and_who_says_too_much_as_well() {
    let server = server(&[]);
    let owner = server.agency("doors");
    let reader = owner.post("/api/v1/keys", &json!({"name": "reader", "scopes": ["read"]}));
    let reader = reader.expect(201)["api_key"].as_str().unwrap().to_owned();
    let ask = |path: &str, key: &str, length: usize| {
        let mut socket = connect(&server);
        // not a byte of the body is ever sent
        let more = format!("Expect: 100-continue\r\nIdempotency-Key: one\r\nContent-Length: {length}\r\n");
        socket
            .write_all(head(&format!("POST {path}"), key, &more).as_bytes())
            .unwrap();
        answer(&mut BufReader::new(socket)).unwrap()
    };
    assert_eq!(ask("/api/v1/events", &reader, 100), (403, "scope_missing".into()));
    assert_eq!(
        ask("/api/v1/customers", &owner.key, 2 << 20),
        (413, "body_too_large".into())
    );
    assert_eq!(
        ask("/api/v1/events", &owner.key, 9 << 20),
        (413, "body_too_large".into())
    );
    assert_eq!(ask("/api/v1/events", "ph_1", 100), (401, "key_unknown".into()));
    // without a length it is read up to the limit, whatever headers come along
    let mut socket = connect(&server);
    let chunked = "Idempotency-Key: two\r\nTransfer-Encoding: chunked\r\n";
    socket
        .write_all(head("POST /api/v1/customers", &owner.key, chunked).as_bytes())
        .unwrap();
    let piece = format!("{:x}\r\n{}\r\n", 64 << 10, " ".repeat(64 << 10));
    for _ in 0..17 {
        socket.write_all(piece.as_bytes()).unwrap();
    }
    socket.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(
        answer(&mut BufReader::new(socket)).unwrap(),
        (413, "body_too_large".into())
    );
}

#[test]
fn who_stops_speaking_is_not_waited_for() {
    let server = server(&[
        ("POSTHOUSE_HTTP__HEADER_SECONDS", "1"),
        ("POSTHOUSE_HTTP__IDLE_SECONDS", "2"),
        ("POSTHOUSE_HTTP__UPLOAD_IDLE_SECONDS", "1"),
    ]);
    let client = server.agency("slow");
    let ended = |socket: &mut dyn Read| {
        let mut rest = Vec::new();
        // a reset is an end as well
        let _ = socket.read_to_end(&mut rest);
        rest.len()
    };
    let began = Instant::now();
    let mut half = connect(&server);
    half.write_all(b"GET /livez HTTP/1.1\r\nHost: ").unwrap();
    let mut silent = connect(&server);
    let mut kept = BufReader::new(connect(&server));
    kept.get_mut()
        .write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    assert_eq!(answer(&mut kept).unwrap().0, 200);
    assert_eq!((ended(&mut half), ended(&mut silent), ended(&mut kept)), (0, 0, 0));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    for (path, content_type, code) in [
        ("/api/v1/events", "application/json", "body_stalled"),
        (
            "/api/v1/imports?kind=bookings",
            "multipart/form-data; boundary=x",
            "upload_stalled",
        ),
    ] {
        let mut socket = connect(&server);
        let request = head(&format!("POST {path}"), &client.key, "Content-Length: 100\r\n")
            .replace("application/json", content_type);
        socket.write_all(request.as_bytes()).unwrap();
        socket.write_all(b"--x\r\n").unwrap();
        assert_eq!(answer(&mut BufReader::new(socket)).unwrap(), (408, code.into()));
    }
}

#[test]
fn a_full_house_lets_go_of_whoever_waits_and_of_nobody_at_work() {
    // loopback is no proxy here, so that it has its share like anybody
    let server = server(&[
        ("POSTHOUSE_HTTP__CONNECTIONS_PER_ADDRESS", "8"),
        ("POSTHOUSE_HTTP__PROXIES", "[]"),
    ]);
    let client = server.agency("full");
    // whoever is told to go on is at work
    let begun = |i: usize| {
        let mut socket = BufReader::new(connect(&server));
        let more = "Expect: 100-continue\r\nContent-Length: 99\r\n";
        let request = head("POST /api/v1/customers", &client.key, more);
        socket.get_mut().write_all(request.as_bytes()).unwrap();
        assert_eq!(answer(&mut socket).unwrap().0, 100);
        socket
            .get_mut()
            .write_all(format!("{{\"name\": \"{i}\"").as_bytes())
            .unwrap();
        socket
    };
    let silent: Vec<_> = (0..50).map(|_| connect(&server)).collect();
    assert_eq!(client.get("/livez").status, 200);
    eventually("the silent ones are gone", Duration::from_secs(10), || {
        (files(&server) < 60).then_some(())
    });
    drop(silent);
    let mut working: Vec<_> = (0..8).map(begun).collect();
    eventually("all places are taken", Duration::from_secs(10), || {
        let mut socket = BufReader::new(connect(&server));
        socket
            .get_mut()
            .write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        let told = answer(&mut socket);
        matches!(&told, Ok((429, code)) if code == "too_many_connections").then_some(())
    });
    let last = working.pop().unwrap();
    drop(last);
    eventually("one has gone", Duration::from_secs(10), || {
        let mut socket = BufReader::new(connect(&server));
        socket
            .get_mut()
            .write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        matches!(answer(&mut socket), Ok((200, _))).then_some(())
    });
    // those at work are still heard
    for socket in &mut working {
        socket.get_mut().write_all(format!("{:86}}}", ' ').as_bytes()).unwrap();
    }
    for mut socket in working {
        assert_eq!(answer(&mut socket).unwrap().0, 422);
    }
}

#[test]
fn a_right_key_works_where_others_guess() {
    let server = server(&[("POSTHOUSE_HTTP__WRONG_KEYS_PER_MINUTE", "3")]);
    let client = server.agency("guessed");
    client.get("/api/v1/facts").expect(200);
    let from = |address: &str, key: &str| {
        let stranger = Client::new(&server.base, key);
        let answer = stranger.try_send("GET", "/api/v1/facts", "", &[], &[("x-forwarded-for", address)]);
        answer.unwrap()
    };
    for _ in 0..3 {
        assert_eq!(from("203.0.113.1", "ph_wrong").problem(401), "key_unknown");
    }
    let refused = from("203.0.113.1", "ph_wrong");
    assert_eq!(refused.problem(429), "too_many_wrong_keys");
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|wait| wait >= 1));
    assert_eq!(from("203.0.113.1", &client.key).status, 200);
    assert_eq!(
        from("198.51.100.1, 203.0.113.2", "ph_wrong").problem(401),
        "key_unknown"
    );
    assert_eq!(
        from("203.0.113.2, 203.0.113.1", "ph_wrong").problem(429),
        "too_many_wrong_keys"
    );
    // what was revoked is wrong however often it was right
    let short = client
        .post("/api/v1/keys", &json!({"name": "short", "scopes": ["read"]}))
        .expect(201);
    let key = short["api_key"].as_str().unwrap();
    assert_eq!(
        from("203.0.113.1", key).problem(429),
        "too_many_wrong_keys",
        "it is new"
    );
    assert_eq!(from("203.0.113.3", key).status, 200);
    assert_eq!(from("203.0.113.1", key).status, 200);
    client.send(
        "DELETE",
        &format!("/api/v1/keys/{}", short["id"].as_str().unwrap()),
        "",
        &[],
    );
    assert_eq!(from("203.0.113.1", key).problem(401), "key_unknown");
}

/// A server on an address that others can reach.
struct Open {
    child: Child,
    base: String,
}

impl Drop for Open {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn open(words: &[&str], env: &[(&str, &str)]) -> (Open, String) {
    let folder = server(&[]);
    let mut command = folder.command(&["serve", "--listen", "0.0.0.0:0", "--database", "sqlite:open.db"]);
    let log = folder.folder.path().join("open.log");
    command.args(words).envs(env.iter().copied());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let base = lines.find_map(|line| line.ok()?.strip_prefix("listening on ").map(str::to_owned));
    let open = Open {
        child,
        base: base.unwrap(),
    };
    let client = Client::new(&open.base, "");
    eventually("it answers", Duration::from_secs(60), || {
        client.try_send("GET", "/livez", "", &[], &[]).ok()
    });
    let log = std::fs::read_to_string(log).unwrap();
    (open, log)
}

#[test]
fn an_open_address_has_no_metrics_and_a_warning() {
    let (server, log) = open(&[], &[]);
    let public = Client::new(&server.base, "");
    assert_eq!(public.get("/metrics").problem(404), "unknown_path");
    assert!(!public.get("/api").text.contains("/metrics"));
    assert!(
        log.contains("nothing is encrypted on the way") && log.contains("http.tls-in-front"),
        "{log}"
    );
    assert!(log.contains("metrics-listen gives it an address of its own"), "{log}");
    let (server, log) = open(
        &["--metrics-listen", "127.0.0.1:0"],
        &[("POSTHOUSE_HTTP__TLS_IN_FRONT", "true"), ("LANG", "zh_CN.UTF-8")],
    );
    assert!(
        !log.contains("metrics-listen") && !log.contains("tls-in-front"),
        "{log}"
    );
    let address = log.lines().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        (line["message"] == "metrics").then(|| line["address"].as_str().map(str::to_owned))?
    });
    let apart = Client::new(address.unwrap().trim_end_matches("/metrics"), "");
    assert!(
        apart.get("/metrics").text.contains("posthouse_connections "),
        "{}",
        apart.get("/metrics").text
    );
    let mut socket = BufReader::new(TcpStream::connect(apart.base.trim_start_matches("http://")).unwrap());
    socket
        .get_mut()
        .write_all(head("GET /api/v1/facts", "ph_1", "").as_bytes())
        .unwrap();
    assert_eq!(
        answer(&mut socket).unwrap(),
        (404, "unknown_path".into()),
        "nothing else is there"
    );
    assert_eq!(
        Client::new(&server.base, "").get("/metrics").problem(404),
        "unknown_path"
    );
    let (_server, log) = open(&[], &[("LANG", "zh_CN.UTF-8")]);
    assert!(log.contains("传输没有加密") && log.contains("另设地址"), "{log}");
    assert!(
        Client::new(&super::doors::server(&[]).base, "")
            .get("/metrics")
            .text
            .contains("posthouse_")
    );
}
