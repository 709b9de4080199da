//! `GET /facts/export`: every customer's facts of one day, streamed a few thousand rows at a time. What happens meanwhile is in the rows that
//! follow; should everyone's facts pass to another day or fit meanwhile, the export breaks off, as its rows would be of two.

use super::Frame;
use crate::beside::beside;
use crate::days;
use crate::error::{AppError, Result};
use crate::rules::Moment;
use crate::sheet::Sheet;
use crate::team::Caller;
use crate::{App, Facts, Room};
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use posthouse_domain::catalogue::{FactKind, Value};
use posthouse_domain::{Day, Rejection, time, words};
use posthouse_store::{Access, profiles};
use std::ops::Range;
use std::sync::{Arc, RwLockReadGuard};
use uuid::Uuid;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated, an empty cell for what is unknown.
    Csv,
    /// One JSON object a line, `null` for what is unknown.
    Jsonl,
    /// An Arrow IPC stream.
    Arrow,
}

impl Format {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Jsonl, Self::Arrow];

    /// Its name in JSON and queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Arrow => "arrow",
        }
    }
}

/// An export on its way.
pub struct Export {
    app: App,
    format: Format,
    of: Of,
    customers: usize,
    next: usize,
    arrow: Option<Arrow>,
    /// The headers and the first rows, until they are taken.
    begun: Option<Bytes>,
}

/// What an export is of.
#[derive(Clone)]
struct Of {
    room: Arc<Room>,
    today: Day,
    /// The fit of the lifetime values.
    fit: i64,
    /// Every fact the export has: key and kind.
    facts: Arc<[(String, FactKind)]>,
}

type Arrow = StreamWriter<Vec<u8>>;

/// Ordinal, id and member number of whom a row is about.
type Whose = (i64, Uuid, Option<String>);

/// How often an export begins anew when its day or fit passes before its first rows: a night may do both.
const BEGUN_AGAIN: usize = 4;

/// Rows of one piece: a multiple of eight, so that bitmaps can be lent. Few in this crate's tests, so that small exports have several.
const PIECE: usize = if cfg!(test) { 128 } else { 4_096 };

fn schema(facts: &[(String, FactKind)]) -> Schema {
    let facts = facts.iter().map(|(key, kind)| {
        let kind = match kind {
            FactKind::Count | FactKind::Day => DataType::Int32,
            FactKind::Money => DataType::Int64,
            FactKind::Number => DataType::Float64,
            FactKind::Flag => DataType::Boolean,
            FactKind::Text => DataType::Utf8,
        };
        Field::new(key, kind, true)
    });
    let ids = [
        Field::new("customer_id", DataType::Utf8, false),
        Field::new("member_no", DataType::Utf8, true),
    ];
    Schema::new(ids.into_iter().chain(facts).collect::<Vec<_>>())
}

fn arrow_error(error: arrow_schema::ArrowError) -> AppError {
    AppError::Internal(format!("arrow: {error}"))
}

impl Facts<'_> {
    /// Begins an export of everyone's facts as they are now, as far as the caller sees them.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn export(&self, caller: &Caller, format: Format) -> Result<Export> {
        caller.must_see(&[])?;
        let detail = serde_json::json!({"format": format.as_str()});
        self.app
            .audit()
            .note_look(caller, "facts.export", "facts", &detail)
            .await?;
        for _ in 0..BEGUN_AGAIN {
            let mut export = self.begin_export(caller, format).await?;
            match export.begin().await {
                Err(AppError::Busy(_)) => {}
                begun => {
                    export.begun = Some(begun?);
                    return Ok(export);
                }
            }
        }
        Err(overtaken(self.app.segments().moment(&caller.room).today))
    }

    async fn begin_export(&self, caller: &Caller, format: Format) -> Result<Export> {
        let room = caller.room.clone();
        let (desk, Moment { today, .. }) = self.app.days().desk(&room, days::Of::LastDay).await?;
        let (customers, fit, facts) = {
            let frame = room.frame();
            let facts = frame.facts().filter(|(key, kind)| !caller.hides_fact(key, *kind));
            let facts = facts.map(|(key, kind)| (key.to_owned(), kind)).collect();
            (frame.len(), frame.fit, facts)
        };
        drop(desk);
        // what has just been read is followed as well
        room.woken.notify_one();
        Ok(Export {
            app: self.app.clone(),
            format,
            of: Of {
                room,
                today,
                fit,
                facts,
            },
            customers,
            next: 0,
            arrow: None,
            begun: None,
        })
    }
}

/// The day or the fit of an export has passed before its end.
fn overtaken(day: Day) -> AppError {
    AppError::Busy(Rejection::new(
        "day_turning",
        words!(
            "a day has begun, or lifetime values were fitted, since this export of {day} was requested; request it again",
            "导出 {day} 的数据期间已换日，或重新拟合了客户生命周期价值；请重新导出",
            day = time::day_text(day)
        ),
    ))
}

impl Export {
    /// The day of the facts.
    pub fn day(&self) -> Day {
        self.of.today
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// `day_turning` if everyone's facts have passed to another day or fit; failures of the database.
    pub async fn piece(&mut self) -> Result<Option<Bytes>> {
        if let Some(begun) = self.begun.take() {
            return Ok(Some(begun));
        }
        if self.next >= self.customers {
            return match self.arrow.take() {
                Some(mut writer) => {
                    writer.finish().map_err(arrow_error)?;
                    Ok(Some(std::mem::take(writer.get_mut()).into()))
                }
                None => Ok(None),
            };
        }
        self.rows().await.map(Some)
    }

    /// The headers and the first rows: who has few customers has all of them with it, whatever passes meanwhile.
    async fn begin(&mut self) -> Result<Bytes> {
        let head = self.head()?;
        let rows = match self.customers {
            0 => Bytes::new(),
            _ => self.rows().await?,
        };
        Ok([head, rows].concat().into())
    }

    async fn rows(&mut self) -> Result<Bytes> {
        let (from, to) = (self.next, (self.next + PIECE).min(self.customers));
        self.next = to;
        let agency = self.of.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let ids = profiles::member_numbers(&mut tx, agency, from as i64, to as i64).await?;
        drop(tx);
        let (of, format, arrow) = (self.of.clone(), self.format, self.arrow.take());
        let (bytes, arrow) = beside(move || of.rows(format, arrow, from..to, &ids)).await??;
        self.arrow = arrow;
        Ok(bytes.into())
    }

    fn head(&mut self) -> Result<Bytes> {
        match self.format {
            Format::Jsonl => Ok(Bytes::new()),
            Format::Csv => {
                let mut file = Sheet::new(b',', b"");
                file.own("customer_id")?;
                file.own("member_no")?;
                self.of.facts.iter().try_for_each(|(key, _)| file.own(key))?;
                file.end_row()?;
                Ok(file.bytes()?.into())
            }
            Format::Arrow => {
                let mut writer = StreamWriter::try_new(Vec::new(), &schema(&self.of.facts)).map_err(arrow_error)?;
                let bytes = std::mem::take(writer.get_mut());
                self.arrow = Some(writer);
                Ok(bytes.into())
            }
        }
    }
}

impl Of {
    /// Some rows as they are written, and the stream that they were written to.
    fn rows(
        &self,
        format: Format,
        arrow: Option<Arrow>,
        rows: Range<usize>,
        ids: &[Whose],
    ) -> Result<(Vec<u8>, Option<Arrow>)> {
        let bytes = match (format, arrow) {
            (Format::Csv, _) => self.csv(ids)?,
            (Format::Jsonl, _) => self.jsonl(ids)?,
            (Format::Arrow, Some(mut writer)) => {
                let bytes = self.batch(&mut writer, rows, ids)?;
                return Ok((bytes, Some(writer)));
            }
            (Format::Arrow, None) => return Err(AppError::Internal("the arrow stream was not begun".into())),
        };
        Ok((bytes, None))
    }

    /// The frame, as long as it is of the day of the export, and worth is by the same fit.
    fn frame(&self) -> Result<RwLockReadGuard<'_, Frame>> {
        let frame = self.room.frame_of(self.today).filter(|frame| frame.fit == self.fit);
        frame.ok_or_else(|| overtaken(self.today))
    }

    /// Where the facts stand in the frame as it is now; one that is no longer defined stands nowhere.
    fn positions(&self, frame: &Frame) -> Vec<Option<usize>> {
        self.facts.iter().map(|(key, _)| frame.position(key)).collect()
    }

    fn csv(&self, ids: &[Whose]) -> Result<Vec<u8>> {
        let frame = self.frame()?;
        let positions = self.positions(&frame);
        let mut file = Sheet::new(b',', b"");
        for (ordinal, id, member_no) in ids {
            file.own(id.to_string())?;
            file.text(member_no.as_deref().unwrap_or(""))?;
            for position in &positions {
                match frame.value_at(*position, *ordinal as usize, self.today) {
                    Value::Unknown => file.own("")?,
                    Value::Whole(n) => file.own(n.to_string())?,
                    Value::Number(n) => file.own(n.to_string())?,
                    Value::Flag(flag) => file.own(if flag { "true" } else { "false" })?,
                    Value::Text(text) => file.text(text)?,
                }
            }
            file.end_row()?;
        }
        file.bytes()
    }

    fn jsonl(&self, ids: &[Whose]) -> Result<Vec<u8>> {
        let frame = self.frame()?;
        let positions = self.positions(&frame);
        let mut lines = Vec::new();
        for (ordinal, id, member_no) in ids {
            let mut object = serde_json::Map::with_capacity(self.facts.len() + 2);
            object.insert("customer_id".into(), id.to_string().into());
            object.insert("member_no".into(), member_no.clone().into());
            for ((key, _), position) in self.facts.iter().zip(&positions) {
                let value = frame.value_at(*position, *ordinal as usize, self.today);
                object.insert(key.clone(), value.to_json());
            }
            serde_json::to_writer(&mut lines, &object).map_err(AppError::corrupt("facts"))?;
            lines.push(b'\n');
        }
        Ok(lines)
    }

    fn batch(&self, writer: &mut Arrow, rows: Range<usize>, ids: &[Whose]) -> Result<Vec<u8>> {
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values(
                ids.iter().map(|(_, id, _)| id.to_string()),
            )),
            Arc::new(StringArray::from_iter(
                ids.iter().map(|(.., member_no)| member_no.as_deref()),
            )),
        ];
        let frame = self.frame()?;
        for ((_, kind), position) in self.facts.iter().zip(self.positions(&frame)) {
            let values = rows.clone().map(|row| frame.value_at(position, row, self.today));
            let whole = |value| if let Value::Whole(n) = value { Some(n) } else { None };
            arrays.push(match kind {
                FactKind::Count | FactKind::Day => {
                    Arc::new(Int32Array::from_iter(values.map(|v| whole(v).map(|n| n as i32))))
                }
                FactKind::Money => Arc::new(Int64Array::from_iter(values.map(whole))),
                FactKind::Number => Arc::new(Float64Array::from_iter(
                    values.map(|v| if let Value::Number(n) = v { Some(n) } else { None }),
                )),
                FactKind::Flag => Arc::new(BooleanArray::from_iter(
                    values.map(|v| if let Value::Flag(flag) = v { Some(flag) } else { None }),
                )),
                FactKind::Text => Arc::new(StringArray::from_iter(
                    values.map(|v| if let Value::Text(text) = v { Some(text) } else { None }),
                )),
            });
        }
        drop(frame);
        let batch = RecordBatch::try_new(Arc::new(schema(&self.facts)), arrays).map_err(arrow_error)?;
        writer.write(&batch).map_err(arrow_error)?;
        Ok(std::mem::take(writer.get_mut()))
    }
}
