//! The calls of a capability: where they are, who may send them, and what the document says of both.

use super::Front;
use super::extract::Allowed;
use super::openapi::SCHEME;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use posthouse_app::team::{Caller, Scope};
use posthouse_web::problem::{Answer, Problem};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// Calls that stand together. A call gets in here together with the scopes it needs, so that none is without them and the document names
/// those that are asked for.
#[derive(Default)]
pub(super) struct Calls {
    pub(super) router: OpenApiRouter<Front>,
    /// Those that nobody has opened yet.
    pub(super) closed: Vec<(Needs, UtoipaMethodRouter<Front>)>,
    /// Every type that the calls name, as often as they name it. The document has one entry for each name.
    pub(super) types: Vec<(String, RefOr<Schema>)>,
}

/// What a key must be able to do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Needs {
    /// One of these; a refusal names the first.
    Any(&'static [Scope]),
    /// Every one of these; a refusal names the first that is missing.
    All(&'static [Scope]),
}

/// What is kept of the answers to requests with an `Idempotency-Key`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keeping {
    /// All of them.
    Answers,
    /// That they were given; they hold a secret.
    Nothing,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds calls for keys that have any of these scopes.
    pub(super) fn open_to(self, scopes: &'static [Scope], routes: UtoipaMethodRouter<Front>) -> Self {
        self.add(Needs::Any(scopes), routes)
    }

    /// Adds calls for keys that have all of these scopes.
    pub(super) fn open_to_all_of(self, scopes: &'static [Scope], routes: UtoipaMethodRouter<Front>) -> Self {
        self.add(Needs::All(scopes), routes)
    }

    fn add(mut self, needs: Needs, routes: UtoipaMethodRouter<Front>) -> Self {
        self.closed.push((needs, routes));
        self
    }

    pub(super) fn merge(mut self, other: Self) -> Self {
        self.types.extend(other.types);
        self.closed.extend(other.closed);
        self.router = self.router.merge(other.router);
        self
    }

    /// Changes the router and leaves the types as they are.
    pub(super) fn map(mut self, change: impl FnOnce(OpenApiRouter<Front>) -> OpenApiRouter<Front>) -> Self {
        self.router = change(self.router);
        self
    }
}

impl Needs {
    /// Lets the caller in, or says which scope is missing.
    pub(super) async fn ask(self, mut request: Request, next: Next) -> Answer<Response> {
        let caller = request
            .extensions_mut()
            .remove::<Caller>()
            .ok_or_else(Problem::internal)?;
        match self {
            Self::All(scopes) => scopes.iter().try_for_each(|scope| caller.may(*scope))?,
            Self::Any(scopes) => {
                if let Some(first) = scopes.first()
                    && scopes.iter().all(|scope| caller.may(*scope).is_err())
                {
                    caller.may(*first)?;
                }
            }
        }
        request.extensions_mut().insert(Allowed(caller));
        Ok(next.run(request).await)
    }

    /// OpenAPI has a list of alternatives, each of which names what is needed together.
    pub(super) fn describe(self, operation: &mut Operation) {
        let names = |scopes: &[Scope]| scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>();
        let quoted = |scopes: &[Scope], and: &str| {
            let quoted: Vec<_> = scopes.iter().map(|scope| format!("`{}`", scope.as_str())).collect();
            quoted.join(and)
        };
        let (alternatives, said) = match self {
            Self::Any(scopes) if scopes == Scope::ALL => (vec![Vec::new()], "Any key may send it.".to_owned()),
            Self::Any(scopes) => {
                let alternatives = scopes.iter().map(|scope| names(&[*scope])).collect();
                (alternatives, format!("Needs the scope {}.", quoted(scopes, " or ")))
            }
            Self::All(scopes) => (
                vec![names(scopes)],
                format!("Needs the scopes {}.", quoted(scopes, " and ")),
            ),
        };
        let requirement = |scopes| SecurityRequirement::new(SCHEME, scopes);
        operation.security = Some(alternatives.into_iter().map(requirement).collect());
        let before = operation
            .description
            .take()
            .map_or(String::new(), |text| format!("{}\n\n", text.trim_end()));
        operation.description = Some(before + &said);
    }
}
