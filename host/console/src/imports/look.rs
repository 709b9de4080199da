//! A file before it lands: how it was read, what each header means, what would become of its rows; and reading it in another way.

use super::form::{Typed, mark_of};
use super::{address, is_over, progress, size, stand};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, again as refused, page};
use crate::shell::{Shell, said};
use crate::show;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use posthouse_app::AppError;
use posthouse_app::intake::files::{Glimpse, MappingDraft};
use posthouse_app::intake::imports::ImportStatus;
use posthouse_app::intake::mappings::KeptMapping;
use posthouse_app::intake::report::{Group, Report, Total};
use posthouse_app::team::{Scope, Session};
use posthouse_domain::attribute;
use posthouse_domain::booking::BookingStatus;
use posthouse_domain::money::Currency;
use posthouse_domain::row::FileKind;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Encodings that can be chosen; whatever else a mapping says can be as well.
const ENCODINGS: [&str; 8] = [
    "utf-8",
    "gb18030",
    "big5",
    "utf-16le",
    "windows-1252",
    "shift_jis",
    "euc-kr",
    "windows-1251",
];
/// Columns that a page has; the mapping of more is a file.
const MOST_COLUMNS: usize = 80;
/// Values of a column that are shown.
const VALUES: usize = 3;
/// Longest value that is shown, in characters.
const LONGEST: usize = 40;

/// A column of the file.
struct Column {
    place: usize,
    header: String,
    field: Option<String>,
    /// It is an attribute of the agency's own, and understood by itself.
    is_own: bool,
    /// The first values as they stand there.
    values: Vec<String>,
    /// And as they were understood.
    understood: Vec<String>,
    unit: Option<String>,
}

/// What is wrong with a form.
type Wrong = (String, String);

#[derive(Template)]
#[template(path = "imports/look.html")]
struct Look {
    ui: Ui,
    shell: Shell,
    import: ImportStatus,
    kind: FileKind,
    state: &'static str,
    class: &'static str,
    is_over: bool,
    progress: i64,
    size: String,
    glimpse: Glimpse,
    draft: MappingDraft,
    columns: Vec<Column>,
    more_columns: usize,
    encodings: Vec<String>,
    mark: String,
    /// A kept mapping that was made for such headers.
    proposed: Option<String>,
    /// The name of the mapping by which it is read.
    in_use: Option<String>,
    /// Words for statuses that the file has and nobody knows.
    unknown: Vec<String>,
    wrong: Option<Wrong>,
}

impl Look {
    fn says(&self, key: &str) -> &str {
        self.draft.says.get(key).map_or("", String::as_str)
    }

    fn is_said(&self, key: &str, value: &str) -> bool {
        self.says(key) == value
    }

    fn is_workbook(&self) -> bool {
        !matches!(self.glimpse.reading.format.as_str(), "csv" | "")
    }

    fn is_kind(&self, kind: &str) -> bool {
        self.kind.as_str() == kind
    }

    fn is_bookings(&self) -> bool {
        self.kind == FileKind::Bookings
    }

    fn may_land(&self) -> bool {
        self.is_over && self.import.failure.is_none() && self.import.accepted + self.import.duplicates > 0
    }

    fn is_kept(&self) -> bool {
        self.import.kept_until.is_some()
    }

    fn statuses(&self) -> [&'static str; BookingStatus::ALL.len()] {
        BookingStatus::ALL.map(BookingStatus::as_str)
    }

    fn is_sheet(&self, name: &str) -> bool {
        let said = self.draft.says.get("sheet").or(self.glimpse.reading.sheet.as_ref());
        said.is_some_and(|said| said == name)
    }

    /// Whether anything is said that stands under more.
    fn has_more(&self) -> bool {
        let says = ["source", "time_zone"]
            .into_iter()
            .any(|key| !self.says(key).is_empty());
        says || !self.draft.constants.is_empty() || !self.draft.status.is_empty() || !self.unknown.is_empty()
    }

    /// What fields are where a row says nothing, and room for one more.
    fn constants(&self) -> Vec<(&str, &str)> {
        with_room(&self.draft.constants, 1)
    }

    /// What words mean, those that are not known yet, and room for more.
    fn words(&self) -> Vec<(&str, &str)> {
        let mut words = with_room(&self.draft.status, 0);
        words.extend(self.unknown.iter().map(|word| (word.as_str(), "")));
        words.push(("", ""));
        words
    }

    fn sum(&self, total: &Total) -> String {
        sum(total)
    }

    fn groups<'r>(&self, report: &'r Report) -> Vec<(&'static str, &'r [Group])> {
        groups(report)
    }

    /// The row with the headers as it was found, unless the mapping says it.
    fn header_row(&self) -> String {
        let said = self.says("header_row");
        if said.is_empty() {
            return self.glimpse.reading.header_row.max(1).to_string();
        }
        said.to_owned()
    }

    fn delimiter(&self) -> &str {
        match self.says("delimiter") {
            "\t" => "tab",
            other => other,
        }
    }

    fn is_delimiter(&self, value: &str) -> bool {
        self.delimiter() == value
    }
}

impl Column {
    fn is_field(&self, field: &str) -> bool {
        self.field.as_deref() == Some(field)
    }

    fn is_ignored(&self) -> bool {
        self.field.is_none() && !self.is_own
    }
}

/// Pairs of a mapping, and empty ones behind them.
fn with_room(pairs: &BTreeMap<String, String>, room: usize) -> Vec<(&str, &str)> {
    let said = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    said.chain(std::iter::repeat_n(("", ""), room)).collect()
}

/// The sum of a month in its own currency; nothing where rows are counted without amounts.
pub(super) fn sum(total: &Total) -> String {
    let currency = total.currency.as_deref().and_then(Currency::parse);
    currency.map_or_else(|| "—".to_owned(), |currency| show::money(total.amount, currency))
}

/// Why rows are rejected, and why cells are left out.
pub(super) fn groups(report: &Report) -> Vec<(&'static str, &[Group])> {
    let all = [
        ("rejections", report.rejections.as_slice()),
        ("warnings", report.warnings.as_slice()),
    ];
    all.into_iter().filter(|(_, groups)| !groups.is_empty()).collect()
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The columns of a file with what its mapping has them mean.
fn columns(
    kind: FileKind,
    glimpse: &Glimpse,
    draft: &MappingDraft,
    report: Option<&Report>,
    chosen: Option<&[Option<String>]>,
) -> Vec<Column> {
    let rows: Vec<_> = glimpse.below().take(VALUES).collect();
    let mut places: HashMap<String, i64> = HashMap::new();
    let column = |(place, header): (usize, &String)| {
        let field = match chosen {
            Some(chosen) => chosen.get(place).cloned().flatten(),
            None => draft.field_of(kind, header),
        };
        // telephones have several columns, which are numbered
        let nth = field.as_ref().map_or(1, |field| {
            let nth = places.entry(field.clone()).or_insert(0);
            *nth += 1;
            *nth
        });
        let is_left_out = draft.ignore.iter().any(|other| other == header);
        let is_own = field.is_none() && attribute::of_header(header).is_some() && !is_left_out;
        let wanted = if is_own {
            Some(header.as_str())
        } else {
            field.as_deref()
        };
        let understood = |number: i64| {
            let row = report?.first_rows.iter().find(|row| row.row == number)?;
            let mut fields = row.fields.iter();
            let found = fields.find(|known| Some(known.field.as_str()) == wanted && known.place.unwrap_or(1) == nth);
            found.map(|known| short(&known.value))
        };
        let mut read = glimpse.reading.columns.iter();
        let unit = read
            .find(|column| column.header == *header)
            .and_then(|column| column.unit.clone());
        Column {
            place,
            header: header.clone(),
            is_own,
            values: rows
                .iter()
                .map(|row| row.cells.get(place).map(|text| short(text)).unwrap_or_default())
                .collect(),
            understood: rows
                .iter()
                .map(|row| understood(row.number).unwrap_or_default())
                .collect(),
            unit: unit.map(|unit| match (unit.tens, unit.currency) {
                (0, currency) => currency.unwrap_or_default(),
                (tens, currency) => format!("×10{} {}", raised(tens), currency.unwrap_or_default()),
            }),
            field,
        }
    };
    glimpse
        .headers()
        .iter()
        .enumerate()
        .take(MOST_COLUMNS)
        .map(column)
        .collect()
}

/// A number above the line: ⁴, ⁻².
fn raised(number: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = number.unsigned_abs().to_string();
    let sign = if number < 0 { "⁻" } else { "" };
    let raised: String = digits
        .bytes()
        .map(|digit| DIGITS[usize::from(digit - b'0') % 10])
        .collect();
    format!("{sign}{raised}")
}

async fn drawn(
    desk: &Desk,
    session: &Session,
    ui: Ui,
    import: ImportStatus,
    typed: Option<(Typed, Wrong)>,
) -> posthouse_app::Result<Look> {
    let of_import = FileKind::parse(&import.kind).unwrap_or(FileKind::Bookings);
    let (typed, wrong) = typed.map_or((None, None), |(typed, wrong)| (Some(typed), Some(wrong)));
    let kind = typed.as_ref().and_then(|typed| typed.kind).unwrap_or(of_import);
    let glimpse = import.glimpse.clone().unwrap_or_default();
    let mapping = import.mapping.as_deref();
    let chosen = typed
        .as_ref()
        .map(|typed| typed.chosen.clone())
        .filter(|chosen| !chosen.is_empty());
    let draft = match typed {
        Some(typed) => typed.draft,
        None => mapping
            .and_then(|text| MappingDraft::read(of_import, text).ok())
            .unwrap_or_default(),
    };
    let intake = desk.app().intake();
    let kept = intake.mappings(&session.caller).await?;
    let of_kind = || kept.iter().filter(|kept| kept.kind == import.kind);
    let in_use = of_kind().find(|kept| Some(kept.mapping.as_str()) == mapping);
    let is_for = |kept: &&KeptMapping| {
        let mut rows = glimpse.rows.iter();
        rows.any(|row| kept.is_for(row.cells.iter().map(String::as_str)))
    };
    let proposed = of_kind().find(is_for).filter(|_| in_use.is_none());
    let mut encodings: Vec<String> = ENCODINGS.map(str::to_owned).to_vec();
    if let Some(said) = draft.says.get("encoding")
        && !encodings.iter().any(|known| known.eq_ignore_ascii_case(said))
    {
        encodings.push(said.clone());
    }
    let columns = columns(kind, &glimpse, &draft, import.report.as_ref(), chosen.as_deref());
    let mut unknown = match kind {
        FileKind::Bookings if is_over(&import) => intake.unknown_statuses(&session.caller, import.id).await?,
        _ => Vec::new(),
    };
    unknown.retain(|word| !draft.status.contains_key(word));
    let (state, class) = stand(&import);
    Ok(Look {
        ui,
        shell: Shell::new(session, ui, "imports"),
        kind,
        state,
        class,
        is_over: is_over(&import),
        progress: progress(&import),
        size: size(import.bytes, ui),
        more_columns: glimpse.headers().len() - columns.len(),
        columns,
        mark: mark_of(&glimpse),
        glimpse,
        draft,
        encodings,
        proposed: proposed.map(|kept| kept.name.clone()),
        in_use: in_use.map(|kept| kept.name.clone()),
        unknown,
        import,
        wrong,
    })
}

pub(super) async fn page_of(desk: &Desk, session: &Session, ui: Ui, import: ImportStatus) -> Answer {
    page(&drawn(desk, session, ui, import, None).await?)
}

/// Looks at the file again, as the form says.
pub(super) async fn again(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let intake = desk.app().intake();
    let import = intake.import_status(&session.caller, id).await?;
    let of_import = FileKind::parse(&import.kind).unwrap_or(FileKind::Bookings);
    let before = import
        .mapping
        .as_deref()
        .map(|text| MappingDraft::read(of_import, text));
    let before = before.transpose().map_err(AppError::from)?.unwrap_or_default();
    let glimpse = import.glimpse.clone().unwrap_or_default();
    let mut typed = Typed::read(&fields, &glimpse, before);
    let kind = typed.kind.unwrap_or(of_import);
    if kind != of_import {
        // its headers are to be understood anew
        typed.draft = MappingDraft {
            says: typed.draft.says,
            ..MappingDraft::default()
        };
        typed.twice = None;
    }
    let wrong = if typed.is_stale {
        Some(ui.say("imports-stale").to_string())
    } else {
        typed.twice.as_ref().map(|field| {
            let field = ui.say_of("imports-field-", field);
            ui.say("imports-twice").with("field", field).to_string()
        })
    };
    let wrong = match wrong {
        Some(wrong) => (wrong, String::new()),
        None => match typed.draft.write(kind) {
            Err(why) => (why.detail.get(ui.language).to_owned(), why.code),
            Ok(mapping) => match intake.look_again(&session.caller, id, kind, mapping.as_deref()).await {
                Ok(_) => return Ok(crate::shell::whole_page(&address(id))),
                Err(AppError::Invalid(why) | AppError::Conflict(why)) => {
                    (why.detail.get(ui.language).to_owned(), why.code)
                }
                Err(error) => return Err(error.into()),
            },
        },
    };
    refused(&drawn(&desk, &session, ui, import, Some((typed, wrong))).await?)
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    name: String,
}

/// Looks at the file again with a mapping that is kept.
pub(super) async fn use_kept(
    State(desk): State<Desk>,
    Staff(session): Staff,
    Path(id): Path<Uuid>,
    Form(named): Form<Named>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let intake = desk.app().intake();
    let import = intake.import_status(&session.caller, id).await?;
    let kind = FileKind::parse(&import.kind).unwrap_or(FileKind::Bookings);
    let kept = intake.mapping(&session.caller, kind, &named.name).await?;
    intake
        .look_again(&session.caller, id, kind, Some(&kept.mapping))
        .await?;
    Ok(crate::shell::whole_page(&address(id)))
}

/// Keeps the mapping of the file for the next one.
pub(super) async fn keep(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    Form(named): Form<Named>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let intake = desk.app().intake();
    let import = intake.import_status(&session.caller, id).await?;
    let kind = FileKind::parse(&import.kind).unwrap_or(FileKind::Bookings);
    let mapping = import.mapping.clone().unwrap_or_default();
    let glimpse = import.glimpse.clone().unwrap_or_default();
    let saved = intake
        .save_mapping(&session.caller, kind, (&named.name, &mapping), Some(glimpse.headers()))
        .await;
    match saved {
        Ok((_, kept)) => {
            let text = ui.say("imports-kept").with("name", kept.name).to_string();
            Ok(said(&address(id), &text))
        }
        Err(AppError::Invalid(why) | AppError::Conflict(why)) => {
            let wrong = (why.detail.get(ui.language).to_owned(), why.code);
            let draft = MappingDraft::read(kind, &mapping).map_err(AppError::from)?;
            let typed = Typed {
                draft,
                ..Typed::default()
            };
            refused(&drawn(&desk, &session, ui, import, Some((typed, wrong))).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Imports the file as it was looked at.
pub(super) async fn land(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
) -> Answer<Response> {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let intake = desk.app().intake();
    match intake.land_look(&session.caller, id).await {
        Ok(import) => Ok(crate::shell::whole_page(&address(import.id))),
        Err(AppError::Conflict(why)) => {
            let wrong = (why.detail.get(ui.language).to_owned(), why.code);
            let import = intake.import_status(&session.caller, id).await?;
            let kind = FileKind::parse(&import.kind).unwrap_or(FileKind::Bookings);
            let draft = import
                .mapping
                .as_deref()
                .and_then(|text| MappingDraft::read(kind, text).ok());
            let typed = Typed {
                draft: draft.unwrap_or_default(),
                ..Typed::default()
            };
            refused(&drawn(&desk, &session, ui, import, Some((typed, wrong))).await?)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_stand_above_the_line() {
        assert_eq!([4, -2, 12].map(raised), ["⁴", "⁻²", "¹²"]);
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(short("短"), "短");
        assert_eq!(short(&"长".repeat(41)), format!("{}…", "长".repeat(40)));
    }
}
