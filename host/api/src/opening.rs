//! How calls are opened: in which order a request is looked at before its work begins.

use super::calls::{Calls, Keeping};
use super::extract::Allowed;
use super::openapi::operations;
use super::{Front, idempotency};
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{from_fn, from_fn_with_state};
use posthouse_web::bodies::{Taking, receive};
use posthouse_web::{Problem, observe};

impl Calls {
    /// Opens these calls. Before anything of a body is read, the caller has been asked for the scopes; before anything is begun, the body is there,
    /// whatever headers came with it.
    pub(super) fn open(mut self, front: &Front, taking: Taking, keeping: Keeping) -> Self {
        for (needs, (types, mut paths, methods)) in std::mem::take(&mut self.closed) {
            for (_, operation) in paths.paths.values_mut().flat_map(operations) {
                needs.describe(operation);
            }
            // the last is asked first
            let methods = match (taking, keeping) {
                // what is not taken whole is told from other requests by its call, which reads it
                (Taking::Pieces(_), _) => methods,
                (_, Keeping::Answers) => methods.route_layer(from_fn_with_state(front.clone(), idempotency::once)),
                (_, Keeping::Nothing) => {
                    methods.route_layer(from_fn_with_state(front.clone(), idempotency::once_in_secret))
                }
            };
            let methods = methods.route_layer(from_fn_with_state(front.doors().clone(), observe::carry_out));
            let methods = match taking {
                Taking::Pieces(_) => methods,
                Taking::Whole(most) => {
                    let front = front.clone();
                    methods.route_layer(from_fn(move |request: Request, next| {
                        let front = front.clone();
                        async move {
                            let allowed = request.extensions().get::<Allowed>();
                            let agency = allowed.ok_or_else(Problem::internal)?.0.room.id;
                            receive(front.doors(), agency, most, request, next).await
                        }
                    }))
                }
            };
            let methods = methods
                .layer(DefaultBodyLimit::max(taking.most()))
                .route_layer(from_fn(move |request, next| needs.ask(request, next)));
            self.types.extend(types.iter().cloned());
            self.router = self.router.routes((types, paths, methods));
        }
        self
    }
}
