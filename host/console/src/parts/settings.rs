//! A plugin's settings as a form, drawn from their JSON Schema. A field is named after the place where its value stands:
//! `set.tiers.0.rate`. What was typed comes back as it was, also where it does not fit.

use super::schema::{Part, Shape, object, typed, value, word};
use crate::ui::Ui;
use askama::Template;
use askama::filters::HtmlSafe;
use posthouse_domain::money::Currency;
use serde_json::Value;

/// What the names of all fields begin with.
const PREFIX: &str = "set";

/// A form's fields, without the form around them.
#[derive(Debug, Template)]
#[template(path = "parts/settings.html")]
pub(crate) struct Settings {
    ui: Ui,
    items: Vec<Item>,
}

/// It escapes what it writes itself.
impl HtmlSafe for Settings {}

#[derive(Debug)]
enum Item {
    Field(Field),
    /// What follows belongs together.
    Open {
        title: String,
        about: String,
        small: bool,
    },
    Close,
}

#[derive(Debug)]
struct Field {
    name: String,
    title: String,
    about: String,
    kind: Kind,
}

impl Field {
    fn id(&self) -> String {
        self.name.replace('.', "-")
    }
}

#[derive(Debug)]
enum Kind {
    Flag(bool),
    Line(Line),
    Lines(String),
    One(Vec<Choice>),
    Several(Vec<Choice>),
}

/// What is typed in a line.
#[derive(Debug)]
struct Line {
    /// Of the input.
    kind: &'static str,
    value: String,
    min: String,
    max: String,
    step: String,
    /// What stands behind it.
    unit: String,
    is_required: bool,
}

#[derive(Debug)]
struct Choice {
    value: String,
    title: String,
    is_chosen: bool,
}

/// The form of settings. What is not set is as the plugin has it by itself.
pub(crate) fn form(ui: Ui, schema: &Value, set: &Value) -> Settings {
    let mut items = Vec::new();
    draw(ui, Part::whole(schema), set, PREFIX, &mut items);
    Settings { ui, items }
}

impl Settings {
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

fn draw(ui: Ui, part: Part<'_>, set: &Value, path: &str, items: &mut Vec<Item>) {
    for (key, field) in part.fields() {
        let name = format!("{path}.{key}");
        let now = field.value(set, key);
        let (title, about) = (field.title(ui, key), field.about(ui));
        match field.shape() {
            Shape::Object => {
                items.push(Item::Open {
                    title,
                    about,
                    small: false,
                });
                draw(ui, field, now, &name, items);
                items.push(Item::Close);
            }
            Shape::Things(thing) => {
                items.push(Item::Open {
                    title,
                    about,
                    small: false,
                });
                let things = now.as_array().map_or(&[][..], Vec::as_slice);
                // and one more that is empty: what is left so is not there
                for (place, one) in things.iter().chain([&Value::Null]).enumerate() {
                    let title = match place < things.len() {
                        true => (place + 1).to_string(),
                        false => ui.say("parts-another").to_string(),
                    };
                    items.push(Item::Open {
                        title,
                        about: String::new(),
                        small: true,
                    });
                    draw(ui, thing, one, &format!("{name}.{place}"), items);
                    items.push(Item::Close);
                }
                items.push(Item::Close);
            }
            shape => items.push(Item::Field(Field {
                kind: kind(ui, field, &shape, now, path == PREFIX),
                name,
                title,
                about,
            })),
        }
    }
}

fn kind(ui: Ui, part: Part<'_>, shape: &Shape<'_>, now: &Value, is_top: bool) -> Kind {
    let choices = |words: &[Value], is_chosen: &dyn Fn(&Value) -> bool| {
        let choice = |one: &Value| Choice {
            value: typed(shape, one, ui.currency),
            title: word(ui, one),
            is_chosen: is_chosen(one),
        };
        words.iter().map(choice).collect()
    };
    match shape {
        Shape::Flag => Kind::Flag(now == &Value::Bool(true)),
        Shape::One(words) => Kind::One(choices(words, &|one| one == now)),
        Shape::Several(words) => Kind::Several(choices(words, &|one| {
            now.as_array().is_some_and(|chosen| chosen.contains(one))
        })),
        Shape::Lines(item) => {
            let lines = now.as_array().into_iter().flatten();
            let lines: Vec<_> = lines.map(|line| typed(&item.shape(), line, ui.currency)).collect();
            // what was typed and is no list stays
            Kind::Lines(now.as_str().map_or_else(|| lines.join("\n"), str::to_owned))
        }
        _ => Kind::Line(line(ui, part, shape, now, is_top)),
    }
}

fn line(ui: Ui, part: Part<'_>, shape: &Shape<'_>, now: &Value, is_top: bool) -> Line {
    let bound = |which| part.bound(which, ui.currency);
    let (kind, step, unit) = match shape {
        Shape::Whole => ("number", bound("multipleOf"), String::new()),
        Shape::Number => ("number", "any".into(), String::new()),
        Shape::Share => ("number", "0.01".into(), "%".into()),
        Shape::Money => ("text", String::new(), ui.currency.to_string()),
        Shape::Day => ("date", String::new(), String::new()),
        _ => ("text", String::new(), String::new()),
    };
    let is_number = kind == "number";
    Line {
        kind,
        value: typed(shape, now, ui.currency),
        min: if is_number { bound("minimum") } else { String::new() },
        max: if is_number { bound("maximum") } else { String::new() },
        step,
        unit,
        is_required: is_top && !part.may_be_null() && *shape != Shape::Text,
    }
}

/// The settings that were sent with a form.
pub(crate) fn read(schema: &Value, sent: &[(String, String)], currency: Currency) -> Value {
    let sent = Sent { sent, currency };
    sent.object(Part::whole(schema), PREFIX)
}

struct Sent<'s> {
    sent: &'s [(String, String)],
    currency: Currency,
}

impl Sent<'_> {
    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.sent.iter().filter(move |(sent, _)| sent == name);
        named.map(|(_, text)| text.as_str())
    }

    /// Whether anything was typed at or below this place.
    fn is_filled(&self, path: &str) -> bool {
        let below = |name: &str| name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        self.sent
            .iter()
            .any(|(name, text)| below(name) && !text.trim().is_empty())
    }

    fn object(&self, part: Part<'_>, path: &str) -> Value {
        object(part.fields().map(|(key, field)| {
            let name = format!("{path}.{key}");
            (key.clone(), self.field(field, &name))
        }))
    }

    fn field(&self, part: Part<'_>, name: &str) -> Option<Value> {
        Some(match part.shape() {
            Shape::Object if part.may_be_null() && !self.is_filled(name) => Value::Null,
            Shape::Object => self.object(part, name),
            Shape::Things(thing) => self.things(thing, name),
            Shape::Several(_) => self.all(name).map(Value::from).collect(),
            Shape::Lines(item) => {
                let lines = self.all(name).flat_map(str::lines).map(str::trim);
                let lines = lines.filter(|line| !line.is_empty());
                lines.filter_map(|line| value(item, line, self.currency)).collect()
            }
            Shape::Flag => Value::Bool(self.all(name).any(|text| text == "1")),
            _ => value(part, self.all(name).next().unwrap_or_default(), self.currency)?,
        })
    }

    fn things(&self, thing: Part<'_>, name: &str) -> Value {
        let place = |sent: &str| {
            let rest = sent.strip_prefix(name)?.strip_prefix('.')?;
            rest.split('.').next()?.parse::<usize>().ok()
        };
        let mut places: Vec<usize> = self.sent.iter().filter_map(|(sent, _)| place(sent)).collect();
        places.sort_unstable();
        places.dedup();
        let paths = places.into_iter().map(|place| format!("{name}.{place}"));
        let filled = paths.filter(|path| self.is_filled(path));
        filled.map(|path| self.object(thing, &path)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::schema::{changed, described, readable};
    use posthouse_domain::Language;
    use serde_json::json;

    fn ui(language: Language) -> Ui {
        Ui::of_test(language)
    }

    fn schema() -> Value {
        json!({"type": "object", "additionalProperties": false, "$defs": {"Step": {"type": "object", "properties": {
            "days": {"type": "integer", "title": "Days", "minimum": 1}, "rate": {"type": "integer", "format": "rate"}}}},
        "properties": {
            "from": {"type": ["string", "null"], "format": "date", "default": null},
            "kinds": {"type": "array", "items": {"enum": ["tour", "hotel"]}, "default": ["tour"]},
            "loud": {"type": "boolean", "default": true},
            "most": {"type": ["integer", "null"], "format": "money", "default": 100_000, "title": "Most", "x-zh-CN": {"title": "上限"}},
            "steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}, "default": [{"days": 90, "rate": 1250}]},
            "trips": {"type": "integer", "minimum": 1, "maximum": 100, "default": 2, "title": "Trips"},
            "words": {"type": "array", "items": {"type": "string"}, "default": ["family"]}
        }})
    }

    /// What a browser sends back of a form that nobody has touched.
    fn sent(form: &Settings) -> Vec<(String, String)> {
        let mut sent = Vec::new();
        for item in &form.items {
            let Item::Field(field) = item else { continue };
            let mut send = |text: &str| sent.push((field.name.clone(), text.to_owned()));
            match &field.kind {
                Kind::Flag(true) => send("1"),
                Kind::Flag(false) => {}
                Kind::Line(line) => send(&line.value),
                Kind::Lines(text) => send(text),
                Kind::One(all) | Kind::Several(all) => {
                    all.iter().filter(|one| one.is_chosen).for_each(|one| send(&one.value));
                }
            }
        }
        sent
    }

    #[test]
    fn what_nobody_touches_stays_as_it_was() {
        let (schema, en) = (schema(), ui(Language::En));
        let set = json!({"from": "2026-05-01", "kinds": ["hotel"], "loud": false, "most": 123_450, "steps": [{"days": 30, "rate": 500},
            {"days": 60, "rate": 825}], "trips": 3, "words": ["a", "b c"]});
        let form = form(en, &schema, &set);
        assert_eq!(read(&schema, &sent(&form), en.currency), set);
        let defaults = super::form(en, &schema, &json!({}));
        let expected = json!({"from": null, "kinds": ["tour"], "loud": true, "most": 100_000, "steps": [{"days": 90, "rate": 1250}],
            "trips": 2, "words": ["family"]});
        assert_eq!(read(&schema, &sent(&defaults), en.currency), expected);
    }

    #[test]
    fn fields_stand_as_their_author_wrote_them() {
        let mut schema = schema();
        for (place, key) in ["trips", "most", "from"].into_iter().enumerate() {
            schema["properties"][key]["x-order"] = place.into();
        }
        let titles: Vec<String> = described(ui(Language::En), &schema, &json!({}))
            .into_iter()
            .map(|(title, _)| title)
            .collect();
        assert_eq!(titles, ["Trips", "Most", "from", "kinds", "loud", "steps", "words"]);
    }

    #[test]
    fn amounts_and_shares_are_typed_as_people_write_them() {
        let (schema, en) = (schema(), ui(Language::En));
        let form = form(en, &schema, &json!({}));
        let lines = form.items.iter().filter_map(|item| match item {
            Item::Field(Field {
                name,
                kind: Kind::Line(line),
                ..
            }) => Some((name.as_str(), line.value.as_str())),
            _ => None,
        });
        let lines: Vec<_> = lines.collect();
        for pair in [
            ("set.most", "1,000"),
            ("set.steps.0.rate", "12.5"),
            ("set.steps.1.rate", ""),
            ("set.trips", "2"),
        ] {
            assert!(lines.contains(&pair), "{pair:?} {lines:?}");
        }
        let typed = [
            ("set.most", "2,500.50"),
            ("set.steps.0.days", "10"),
            ("set.steps.0.rate", "7.25"),
            ("set.trips", "many"),
        ];
        let typed = typed.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let read = read(&schema, &typed, en.currency);
        assert_eq!(
            (&read["most"], &read["steps"]),
            (&json!(250_050), &json!([{"days": 10, "rate": 725}]))
        );
        assert_eq!(read["trips"], "many", "what does not fit comes back as it was");
    }

    #[test]
    fn settings_are_told_in_words() {
        let (schema, zh) = (schema(), ui(Language::Zh));
        let said = described(zh, &schema, &json!({"kinds": ["tour", "hotel"]}));
        assert!(said.contains(&("上限".into(), "¥1,000".into())), "{said:?}");
        assert!(said.contains(&("kinds".into(), "线路、酒店".into())), "{said:?}");
        let changed = changed(zh, &schema, &json!({}), &json!({"trips": 2, "most": null}));
        let changed: Vec<_> = changed
            .iter()
            .map(|one| (one.before.as_str(), one.after.as_str()))
            .collect();
        assert_eq!(changed, [("¥1,000", "—")], "what is as before is not told");
        assert_eq!(readable(zh, &schema, "/trips: 太小"), "「Trips」: 太小");
    }
}
