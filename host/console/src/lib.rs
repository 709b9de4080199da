//! The console: what agency staff and operators work with in a browser.
//!
//! One folder a room, with its handlers, templates and texts. A handler asks the app as the API does, with the same caller and rights, and
//! renders; it knows no SQL and nothing of the API. Pages are whole without scripts wherever they can be: htmx replaces `#main` with that of the next page,
//! so every address can be opened, kept and sent.

mod assets;
mod campaigns;
mod complaints;
mod customers;
mod desk;
mod door;
mod fault;
mod icons;
mod imports;
mod insights;
mod led;
mod members;
mod once;
mod parts;
mod pictures;
mod plugins;
mod quotes;
mod second_factor;
mod segments;
mod settings;
mod shell;
mod show;
mod sign_in;
mod team;
mod texts;
mod today;
mod ui;
mod uploads;

pub use desk::Desk;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use posthouse_web::{crowd, observe, reader, rest};
use uploads::{DOOR_BYTES, FORM_BYTES};

/// The whole console as a service.
pub fn router(desk: Desk) -> Router {
    let doors = desk.doors().clone();
    let rooms = Router::new()
        .merge(today::routes())
        .merge(customers::routes())
        .merge(segments::routes())
        .merge(insights::routes())
        .merge(imports::routes(&desk))
        .merge(plugins::routes())
        .merge(campaigns::routes())
        .merge(members::routes())
        .merge(complaints::routes())
        .merge(quotes::routes())
        .merge(second_factor::routes())
        .merge(team::routes())
        .merge(settings::routes())
        .merge(shell::routes())
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .route_layer(from_fn_with_state(desk.clone(), door::signed_in));
    let outside = sign_in::routes()
        .merge(members::own::routes())
        .layer(DefaultBodyLimit::max(DOOR_BYTES))
        .merge(complaints::own::routes())
        .route_layer(from_fn_with_state(desk.clone(), door::anybody));
    rooms
        .merge(outside)
        .route_layer(from_fn_with_state(doors.clone(), crowd::admit))
        .merge(assets::routes())
        .layer(from_fn(door::policy))
        .layer(from_fn_with_state(doors, observe::observe))
        .layer(from_fn(reader::listen))
        .layer(from_fn_with_state(rest::Forgetting::default(), rest::read_rest))
        .with_state(desk)
}
