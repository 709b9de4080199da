//! A plain client for one agency.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Talks to a server with one key.
#[derive(Debug, Clone)]
pub struct Client {
    agent: ureq::Agent,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    /// The key.
    pub key: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body as text.
    pub text: String,
    /// Body as it came.
    pub bytes: Vec<u8>,
    /// Content type.
    pub content_type: String,
    /// `ETag`, if there is one.
    pub etag: Option<String>,
    headers: ureq::http::HeaderMap,
}

impl Answer {
    /// A header, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e} in {} {}", self.status, self.text))
    }

    /// The body as JSON, which must have come with this status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The stable code of a problem, which must have come with this status as problem+json.
    pub fn problem(&self, status: u16) -> String {
        let body = self.expect(status);
        assert!(
            self.content_type.starts_with("application/problem+json"),
            "{}",
            self.content_type
        );
        assert!(
            body["detail"].as_str().is_some_and(|detail| detail.len() > 10),
            "a problem says what to do: {body}"
        );
        assert_eq!(body["status"], status);
        body["code"].as_str().expect("a code").to_owned()
    }
}

impl Client {
    /// A client for the server at `base`.
    pub fn new(base: &str, key: &str) -> Self {
        Self::patient(base, key, Duration::from_secs(120))
    }

    /// The same, for somebody who waits so long for an answer and no longer.
    pub fn patient(base: &str, key: &str, patience: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(patience))
            .build();
        Self {
            agent: config.into(),
            base: base.to_owned(),
            key: key.to_owned(),
        }
    }

    /// Sends a request; `Err` if there was no answer.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> Result<Answer, ureq::Error> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        request = request.header("authorization", format!("Bearer {}", self.key));
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = if body.is_empty() && content_type.is_empty() {
            self.agent.run(request.body(())?)?
        } else {
            self.agent.run(request.body(body)?)?
        };
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (content_type, etag) = (header("content-type").unwrap_or_default(), header("etag"));
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let bytes = response.body_mut().with_config().limit(1 << 30).read_to_vec()?;
        crate::contract::hold(method, path, status, &content_type, &bytes);
        Ok(Answer {
            status,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
            content_type,
            etag,
            headers,
        })
    }

    /// Sends a request that must be answered.
    pub fn send(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Answer {
        self.try_send(method, path, content_type, body, &[])
            .unwrap_or_else(|e| panic!("{method} {path}: {e}"))
    }

    /// `GET`.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", &[])
    }

    /// `POST` with JSON.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "application/json", body.to_string().as_bytes())
    }

    /// `PUT` with JSON.
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, "application/json", body.to_string().as_bytes())
    }

    /// `PATCH` with JSON.
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, "application/json", body.to_string().as_bytes())
    }

    /// Uploads a plugin.
    pub fn upload(&self, component: &[u8]) -> Answer {
        self.send("POST", "/api/v1/plugins", "application/wasm", component)
    }

    /// Uploads a plugin that must be let in, and returns its digest.
    pub fn admit(&self, component: &[u8]) -> String {
        let answer = self.upload(component);
        assert!(matches!(answer.status, 200 | 201), "{} {}", answer.status, answer.text);
        answer.json()["digest"].as_str().expect("a digest").to_owned()
    }

    /// Starts an import and returns the answer.
    pub fn start_import(&self, kind: &str, file: &[u8]) -> Answer {
        self.try_import(kind, file).unwrap_or_else(|e| panic!("import: {e}"))
    }

    /// Starts an import of a file with this name, with a mapping if it needs one, and returns the answer.
    pub fn start_import_of(&self, query: &str, name: &str, file: &[u8], mapping: Option<&str>) -> Answer {
        self.try_import_of(query, name, file, mapping)
            .unwrap_or_else(|e| panic!("import of {name}: {e}"))
    }

    /// Starts an import; `Err` if there was no answer.
    pub fn try_import(&self, kind: &str, file: &[u8]) -> Result<Answer, ureq::Error> {
        self.try_import_of(&format!("kind={kind}"), &format!("{kind}.csv"), file, None)
    }

    fn try_import_of(
        &self,
        query: &str,
        name: &str,
        file: &[u8],
        mapping: Option<&str>,
    ) -> Result<Answer, ureq::Error> {
        let boundary = "posthouse-test-boundary";
        let mut body = Vec::new();
        if let Some(mapping) = mapping {
            let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"mapping\"\r\n\r\n{mapping}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let part = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(part.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        self.try_send(
            "POST",
            &format!("/api/v1/imports?{query}"),
            &format!("multipart/form-data; boundary={boundary}"),
            &body,
            &[],
        )
    }

    /// Imports a file and waits until all its rows are decided.
    pub fn import(&self, kind: &str, file: &[u8]) -> Value {
        let job = self.start_import(kind, file).expect(202);
        self.imported(job["id"].as_str().expect("an id"))
    }

    /// Waits for a job.
    pub fn imported(&self, id: &str) -> Value {
        crate::eventually("the import is done", Duration::from_secs(300), || {
            let job = self.get(&format!("/api/v1/imports/{id}")).expect(200);
            matches!(job["state"].as_str(), Some("done" | "failed")).then_some(job)
        })
    }

    /// Sends events and returns the answer.
    pub fn events(&self, events: &[Value]) -> Value {
        self.post("/api/v1/events", &json!({ "events": events })).expect(200)
    }

    /// Every item of a list, page by page.
    pub fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let sign = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{sign}limit=1000{cursor}")).expect(200);
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// Everyone's segment by customer, by an independent path: the members of each segment. The lists are read one after the other, and
    /// rules may follow events meanwhile; so they are read until they say the same twice.
    pub fn segments_by_customer(&self, binding: &str) -> BTreeMap<String, String> {
        let mut before = None;
        crate::eventually("nobody moves", Duration::from_secs(60), || {
            let found = self.division(binding);
            let settled = found.is_some() && found == before;
            before = found;
            settled.then(|| before.clone()).flatten()
        })
    }

    /// One reading of the lists; `None` if it caught somebody on the move, in two segments.
    fn division(&self, binding: &str) -> Option<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        let segments = self.get("/api/v1/segments").expect(200);
        let segments = segments["items"].as_array().expect("items");
        for segment in segments.iter().filter(|segment| segment["binding"] == binding) {
            let key = segment["key"].as_str().expect("a key");
            for member in self.all(&format!("/api/v1/segments/{binding}.{key}/members")) {
                let id = member["customer_id"].as_str().expect("an id").to_owned();
                if found.insert(id, key.to_owned()).is_some() {
                    return None;
                }
            }
        }
        Some(found)
    }
}
