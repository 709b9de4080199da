//! Disks that are full: every door says so alike, nothing acknowledged is lost, the server goes on, and service returns by itself.

use super::intake::event;
use posthouse_tests::guest::Saving;
use posthouse_tests::{Client, Database, Options, Server, campaigns, eventually, postgres, server};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const ROWS: usize = 20_000;

/// How a server is kept from writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// Its database, its files and its log lie on a file system of their own, which a large file leaves 20 MB of.
    Disk,
    /// None of its files may grow beyond 8 MB, for which it hears of an input or output error.
    Files,
}

/// A server and its log within bounds.
struct Small {
    bound: Bound,
    folder: TempDir,
    child: Child,
    client: Client,
}

/// Whether a file system can be mounted here, in a namespace of one's own.
fn can_mount() -> bool {
    Command::new("unshare")
        .args(["-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

impl Small {
    fn start(bound: Bound) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("posthouse-test-full-")
            .tempdir()
            .unwrap();
        let bounds = match bound {
            Bound::Disk => "mount -t tmpfs -o size=128m tmpfs . && cd \"$PWD\" && head -c 110000000 /dev/zero > filler",
            // dash counts blocks of 512 bytes; with the signal ignored a write fails
            Bound::Files => "trap '' XFSZ && ulimit -S -f 16384",
        };
        let script = format!(
            "{bounds} && \"$0\" agency create full --name full --json > key.json && exec \"$0\" serve --listen 127.0.0.1:0 2>> server.log"
        );
        let mut command = match bound {
            Bound::Disk => Command::new("unshare"),
            Bound::Files => Command::new("sh"),
        };
        if bound == Bound::Disk {
            command.args(["-rm", "sh"]);
        }
        let mut child = command
            .args(["-c", &script])
            .arg(server::program())
            .current_dir(folder.path())
            .env("POSTHOUSE_DATABASE", "sqlite:posthouse.db")
            .env("POSTHOUSE_HTTP__REQUESTS_PER_SECOND", "1000000")
            .env("LANG", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = lines
            .find_map(|line| line.ok()?.strip_prefix("listening on ").map(str::to_owned))
            .expect("the server starts");
        std::thread::spawn(move || lines.for_each(drop));
        let mut small = Self {
            bound,
            folder,
            child,
            client: Client::new(&base, ""),
        };
        let made: Value = serde_json::from_slice(&std::fs::read(small.file("key.json")).unwrap()).unwrap();
        small.client.key = made["api_key"].as_str().unwrap().to_owned();
        small
    }

    /// A file of the server's, wherever its file system is mounted.
    fn file(&self, name: &str) -> PathBuf {
        let folder = self.folder.path();
        match self.bound {
            Bound::Disk => Path::new(&format!("/proc/{}/root", self.child.id()))
                .join(folder.strip_prefix("/").unwrap())
                .join(name),
            Bound::Files => folder.join(name),
        }
    }

    fn make_room(&self) {
        match self.bound {
            Bound::Disk => std::fs::remove_file(self.file("filler")).unwrap(),
            Bound::Files => {
                let raised = Command::new("prlimit")
                    .args(["--pid", &self.child.id().to_string(), "--fsize=unlimited:"])
                    .status();
                assert!(raised.is_ok_and(|status| status.success()), "the limit is raised");
            }
        }
    }

    fn ready(&self) -> (u16, String) {
        let answer = self.client.get("/readyz");
        let code = if answer.status == 200 {
            String::new()
        } else {
            answer.problem(answer.status)
        };
        (answer.status, code)
    }

    fn counted(&self, metric: &str) -> u64 {
        let text = self.client.get("/metrics").text;
        let line = text.lines().find_map(|line| line.strip_prefix(metric));
        line.map_or(0, |count| count.trim().parse().unwrap())
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Holds an answer against what a full disk allows; whether it is a refusal.
fn is_refused(what: &str, answer: &posthouse_tests::Answer) -> bool {
    if answer.status < 400 {
        return false;
    }
    assert_eq!(answer.problem(507), "storage_full", "{what}");
    assert!(!answer.header("retry-after").is_empty(), "{what}");
    true
}

fn contact(id: &str) -> Value {
    let member = format!("E{id}");
    let note = json!({"note": "n".repeat(400)});
    event(
        "contact.made",
        id,
        "2026-01-14T09:00:00+08:00",
        &[("member_no", &member)],
        note,
    )
}

/// Everybody writes until the disk has been full for a while; gives the ids of the events that were acknowledged, and of the import.
fn write_until_full(small: &Small) -> (Vec<String>, String) {
    let acknowledged = Mutex::new(Vec::new());
    let (refusals, is_over) = (AtomicU32::new(0), AtomicBool::new(false));
    let rows: String = (0..ROWS)
        .map(|i| format!("F{i},1380{i:07},{}\n", "名".repeat(30)))
        .collect();
    let file = format!("member_no,phone,name\n{rows}");
    let import = small.client.start_import("customers", file.as_bytes()).expect(202);
    std::thread::scope(|scope| {
        for sender in 0..3 {
            let (client, acknowledged, refusals, is_over) = (small.client.clone(), &acknowledged, &refusals, &is_over);
            scope.spawn(move || {
                for batch in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let ids: Vec<String> = (0..20).map(|i| format!("{sender}-{batch}-{i}")).collect();
                    let events: Vec<Value> = ids.iter().map(|id| contact(id)).collect();
                    if is_refused("events", &client.post("/api/v1/events", &json!({ "events": events }))) {
                        refusals.fetch_add(1, Ordering::Relaxed);
                        std::thread::sleep(Duration::from_millis(20));
                    } else {
                        acknowledged.lock().unwrap().extend(ids);
                    }
                }
            });
        }
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let quote = campaigns::basket(None, 10_000, &[]);
                // another file each time
                let named = format!("{file}{}", "\n".repeat(refusals.load(Ordering::Relaxed) as usize));
                is_refused("upload", &small.client.start_import("bookings", named.as_bytes()));
                is_refused("quote", &small.client.post("/api/v1/quotes", &quote));
                is_refused("plugin", &small.client.upload(&super::quotes::rule(Saving::Amount(1))));
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        eventually("the disk is full", Duration::from_secs(120), || {
            (refusals.load(Ordering::Relaxed) > 50).then_some(())
        });
        eventually("the server is not ready", Duration::from_secs(30), || {
            (small.ready() == (503, "storage_full".to_owned())).then_some(())
        });
        is_over.store(true, Ordering::Relaxed);
    });
    (
        acknowledged.into_inner().unwrap(),
        import["id"].as_str().unwrap().to_owned(),
    )
}

fn comes_back(bound: Bound) {
    let mut small = Small::start(bound);
    let (acknowledged, import) = write_until_full(&small);
    assert!(small.child.try_wait().unwrap().is_none(), "the server goes on");
    small.client.get("/api/v1/customers?limit=1").expect(200);
    assert!(small.counted("posthouse_storage_full_total") > 0);
    if bound == Bound::Disk {
        assert!(
            small.counted("posthouse_log_lines_dropped_total") > 0,
            "the log lies there as well"
        );
    }
    assert_eq!(
        std::fs::read_dir(small.file("data/uploads")).unwrap().count(),
        0,
        "nothing is left of files"
    );
    small.make_room();
    eventually("the server is ready", Duration::from_secs(30), || {
        (small.ready().0 == 200).then_some(())
    });
    for ids in acknowledged.chunks(200) {
        let events: Vec<Value> = ids.iter().map(|id| contact(id)).collect();
        let landed = small.client.events(&events);
        assert_eq!(
            landed["duplicates"].as_u64(),
            Some(ids.len() as u64),
            "all of them were stored: {landed}"
        );
    }
    let job = small.client.imported(&import);
    assert_eq!(
        (&job["state"], &job["accepted"]),
        (&json!("done"), &json!(ROWS)),
        "{job}"
    );
    let quote = small
        .client
        .post("/api/v1/quotes", &campaigns::basket(None, 10_000, &[]));
    quote.expect(201);
    small.client.events(&[contact("later")]);
}

#[test]
fn of_a_full_disk_everybody_hears_and_service_returns() {
    // who may not mount has the other bound twice
    comes_back(if can_mount() { Bound::Disk } else { Bound::Files });
}

#[test]
fn of_files_that_do_not_grow_everybody_hears_and_service_returns() {
    comes_back(Bound::Files);
}

#[test]
fn of_postgresql_without_room_everybody_hears_and_service_returns() {
    let server = Server::start(Database::Postgres, Options::default());
    let client = server.agency("full");
    client.events(&[contact("before")]);
    let run = |sql: &str| postgres::sql(&server.database, sql);
    run(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$",
    );
    let tables = ["event", "quote", "plugin", "import_job", "room_to_write"];
    for table in tables {
        run(&format!(
            "CREATE TRIGGER no_room BEFORE INSERT ON {table} EXECUTE FUNCTION no_room()"
        ));
    }
    let refused = |what: &str, answer: posthouse_tests::Answer| assert!(is_refused(what, &answer), "{what}");
    refused(
        "events",
        client.post("/api/v1/events", &json!({"events": [contact("during")]})),
    );
    refused(
        "quote",
        client.post("/api/v1/quotes", &campaigns::basket(None, 10_000, &[])),
    );
    refused("upload", client.start_import("customers", b"member_no\nM1\n"));
    let component = super::quotes::rule(Saving::Amount(1));
    refused("plugin", client.upload(&component));
    client.get("/api/v1/customers?limit=1").expect(200);
    eventually("the server is not ready", Duration::from_secs(20), || {
        let answer = client.get("/readyz");
        (answer.status == 503 && answer.problem(503) == "storage_full").then_some(())
    });
    for table in tables {
        run(&format!("DROP TRIGGER no_room ON {table}"));
    }
    eventually("the server is ready", Duration::from_secs(20), || {
        (client.get("/readyz").status == 200).then_some(())
    });
    let landed = client.events(&[contact("before"), contact("during")]);
    assert_eq!(
        (&landed["accepted"], &landed["duplicates"]),
        (&json!(1), &json!(1)),
        "{landed}"
    );
    client.import("customers", b"member_no\nM1\n");
}

#[test]
fn a_log_that_nobody_reads_ends_no_server() {
    let server = Server::start(Database::Sqlite, Options::default());
    let other = tempfile::tempdir().unwrap();
    let mut child = Command::new(server::program())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(other.path())
        .env("POSTHOUSE_DATABASE", "sqlite:other.db")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let base = lines
        .find_map(|line| line.ok()?.strip_prefix("listening on ").map(str::to_owned))
        .expect("it listens");
    drop(child.stderr.take());
    let client = Client::new(&base, "nobody");
    for _ in 0..5 {
        assert_eq!(client.get("/api/v1/agency").problem(401), "key_unknown");
    }
    let text = client.get("/metrics").text;
    assert!(text.contains("posthouse_log_lines_dropped_total"), "{text}");
    assert!(child.try_wait().unwrap().is_none(), "it goes on");
    let _ = child.kill();
    let _ = child.wait();
    drop(server);
}

#[test]
fn an_embedded_database_has_one_server() {
    let mut server = Server::start(Database::Sqlite, Options::default());
    let serve = |server: &Server| {
        let output = server
            .command(&["serve", "--listen", "127.0.0.1:0", "--json"])
            .output()
            .expect("the command ends");
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
    };
    let said = serve(&server);
    assert!(
        said.contains("another server runs on the database") && said.contains("database_in_use"),
        "{said}"
    );
    // commands may run beside it, and one that was killed is in nobody's way
    server.agency("beside");
    server.kill();
    server.restart();
}
