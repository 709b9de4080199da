//! Extension points as the API knows them, a file for each: what puts a rule into force, what brings an older one back, and how its
//! self-test is described.

mod complaint_routing;
mod loyalty;
mod promotion;
mod segmentation;

use super::described::Usage;
use posthouse_app::rules::{Activation, BindingView};
use posthouse_app::team::Caller;
use posthouse_app::{App, Result};
use posthouse_domain::words;
use posthouse_engine::LATER;
use posthouse_web::problem::{Answer, Problem};
use std::borrow::Cow;
use std::pin::Pin;
use utoipa::openapi::schema::{OneOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// A binding, when the app has changed it.
pub(super) type Changed<'a> = Pin<Box<dyn Future<Output = Result<BindingView>> + Send + 'a>>;

/// A change to a binding: by whom, of which name, and the revision that is to be in force.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) app: &'a App,
    pub(super) caller: &'a Caller,
    pub(super) name: &'a str,
    /// 0 for none; left out, any.
    pub(super) expected: Option<i64>,
}

/// What the API does with the bindings of an extension point.
pub(super) trait Point: Sync {
    fn name(&self) -> &'static str;

    /// Where its rules are put into force by `PUT /bindings`, and taken out of it by `DELETE`.
    ///
    /// # Errors
    /// What puts the rule of this name into force instead.
    fn by_itself(&self, name: &str) -> Answer<&dyn ByItself>;

    /// Brings an older revision back: this one, or the one before the present.
    fn roll_back<'a>(&self, change: Change<'a>, to: Option<i64>) -> Changed<'a>;

    /// How the self-test is described: a name in the document, and in a word what it is of.
    fn self_test(&self) -> Described;
}

/// What can be put into force without anything else.
pub(super) trait ByItself: Sync {
    fn activate<'a>(&self, change: Change<'a>, activation: Activation) -> Changed<'a>;

    /// Takes the rule of this name out of force.
    fn end<'a>(&self, change: Change<'a>) -> Changed<'a>;
}

/// A schema by its name.
pub(super) struct Described {
    said: &'static str,
    name: Cow<'static, str>,
    schema: RefOr<Schema>,
}

impl Described {
    fn of<T: ToSchema>(said: &'static str) -> Self {
        Self {
            said,
            name: T::name(),
            schema: T::schema(),
        }
    }
}

const POINTS: [&dyn Point; 4] = [
    &segmentation::Segmentation,
    &promotion::Promotion,
    &loyalty::Loyalty,
    &complaint_routing::ComplaintRouting,
];

/// The extension point of a path.
pub(super) fn known(extension_point: &str) -> Answer<&'static dyn Point> {
    if let Some(point) = POINTS.into_iter().find(|point| point.name() == extension_point) {
        return Ok(point);
    }
    if LATER.contains(&extension_point) {
        let [en, zh] = [", ", "、"].map(|comma| POINTS.map(Point::name).join(comma));
        let detail = words!(
            "bindings of {extension_point} come with a later version; {en} are what can be bound now",
            "{extension_point} 的绑定将在后续版本提供；目前可绑定 {zh}"
        );
        return Err(Problem::unprocessable("extension_point_not_available", detail));
    }
    Err(Problem::not_found("extension point"))
}

/// What the self-test found, in the units of the extension point.
pub(super) enum SelfTest {}

impl PartialSchema for SelfTest {
    fn schema() -> RefOr<Schema> {
        let any = OneOfBuilder::new().description(Some(
            "What the self-test found, of a segmentation in rows, of a promotion in baskets and lines, of a loyalty rule in occasions, of complaint routing in desks.",
        ));
        let any = POINTS.into_iter().map(Point::self_test).fold(any, |any, one| {
            let place = Ref::from_schema_name(one.name).ref_location;
            any.item(Ref::builder().ref_location(place).description(Some(one.said)))
        });
        any.into()
    }
}

impl ToSchema for SelfTest {
    fn name() -> Cow<'static, str> {
        "SelfTest".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        let tests = POINTS.into_iter().map(Point::self_test);
        schemas.extend(tests.map(|one| (one.name.into_owned(), one.schema)));
        schemas.push((Usage::name().into_owned(), Usage::schema()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_knows_every_extension_point() {
        let spoken: Vec<_> = posthouse_engine::Points::default().names().collect();
        assert_eq!(POINTS.map(Point::name).to_vec(), spoken);
    }
}
