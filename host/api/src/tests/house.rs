//! A house for tests, and how to ask it.

use super::super::*;
use axum::body::Body;
use axum::http::Request;
use posthouse_app::intake::files::workbook::Workbooks;
use posthouse_app::team::{NewAgency, create_agency};
use posthouse_app::{Parts, Store, clock};
use posthouse_domain::Clock;
use posthouse_engine::{Engine, EngineConfig};
use serde_json::Value;
use tower::ServiceExt;

/// A front on an empty database.
pub(crate) async fn front() -> (Front, tempfile::TempDir) {
    let (front, folder, _) = with_key(Http::default()).await;
    (front, folder)
}

/// A front with this configuration and a key of the agency in it.
pub(super) async fn with_key(http: Http) -> (Front, tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("test.db").display()))
        .await
        .unwrap();
    let (machine, entropy) = (Arc::new(clock::SystemClock), Arc::new(clock::SystemEntropy));
    let new = NewAgency {
        slug: "silk".into(),
        name: "Silk".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    };
    let (_, key) = create_agency(&store, new, machine.now(), &*entropy).await.unwrap();
    let engine = tokio::task::spawn_blocking(|| Engine::new(EngineConfig::default()).unwrap())
        .await
        .unwrap();
    let app = App::new(Parts {
        store,
        engine,
        clock: machine.clone(),
        machine,
        entropy,
        secret: [7; 32],
        frames: None,
        workbooks: Workbooks::nowhere(),
        private_webhooks: false,
        campaigns_in_force: 500,
        allowances: posthouse_app::Allowances::default(),
        provider: None,
    });
    let uploads = folder.path().join("uploads");
    (
        Front::new(
            app,
            Doors::new(http),
            uploads,
            Metrics {
                here: true,
                ..Metrics::default()
            },
        ),
        folder,
        key,
    )
}

/// The API in one process.
pub(super) struct House {
    router: Router,
    /// What stands behind it; its background work is not started.
    pub(super) app: App,
    pub(super) key: String,
    _folder: tempfile::TempDir,
}

impl House {
    pub(super) async fn open() -> Self {
        Self::with(Http::default()).await
    }

    pub(super) async fn with(http: Http) -> Self {
        let (front, folder, key) = with_key(http).await;
        Self {
            app: front.app().clone(),
            router: router(front),
            key,
            _folder: folder,
        }
    }

    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, axum::http::HeaderMap, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.key));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .router
            .clone()
            .oneshot(request.body(Body::from(body.to_owned())).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 8 << 20).await.unwrap();
        (
            parts.status.as_u16(),
            parts.headers,
            serde_json::from_slice(&bytes).unwrap_or_default(),
        )
    }

    /// Status and code of what must be a problem.
    pub(super) async fn problem(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, String) {
        let (status, headers, body) = self.ask(method, path, headers, body).await;
        assert_eq!(
            headers["content-type"], "application/problem+json",
            "{method} {path} {body}"
        );
        assert_eq!(body["status"], status);
        assert!(
            body["detail"].as_str().is_some_and(|detail| detail.len() > 10),
            "{body}"
        );
        assert!(headers.contains_key("x-request-id"));
        (status, body["code"].as_str().unwrap().to_owned())
    }
}
