//! The frame on disk: an Arrow IPC file below the data folder, so that a start reads a file and what changed since instead of
//! every customer's facts.
//!
//! The file is a cache and never believed: it must be of this catalogue, and the database must know its mark. A database that was
//! brought back from a backup does not know marks that were made after it, so a frame of another past is not taken for its own.

use super::cells::{Bits, Cells, Dictionary};
use super::frame::{Attribute, Frame};
use arrow_array::types::UInt32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch,
    RecordBatchOptions, StringArray, UInt32Array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema};
use posthouse_domain::attribute;
use posthouse_domain::catalogue::{ALL, FactKind};
use posthouse_domain::{Day, canonical};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// What a saved frame is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Kept in the database too, when the frame was saved.
    pub(crate) token: Uuid,
    /// The last change of facts the frame had seen.
    pub(crate) change: i64,
    /// The latest day anything in it was folded for.
    pub(crate) today: Day,
}

/// Rows of one record batch: what is copied at once. A multiple of eight, so that bitmaps can be cut.
const BATCH: usize = 65_536;

/// Of the catalogue and of how its facts are stored; raise the number when a column comes to hold something else.
fn fingerprint() -> String {
    let facts: Vec<String> = ALL
        .iter()
        .map(|fact| format!("{} {:?} {} {}", fact.key, fact.kind, fact.nullable, fact.source))
        .collect();
    canonical::digest(format!("1\n{}", facts.join("\n")))
}

/// Writes the frame beside `path`, then puts it there, readable by its owner alone.
pub(crate) fn write(frame: &Frame, mark: Mark, path: &Path) -> Result<(), ArrowError> {
    let beside = path.with_extension(format!("{}.{UNFINISHED}", mark.token.simple()));
    let result = write_file(frame, mark, &beside).and_then(|()| Ok(fs::rename(&beside, path)?));
    if result.is_err() {
        let _ = fs::remove_file(&beside);
    }
    result
}

/// Deletes what a server left in the folder that was ended while it wrote. Nothing may be written there yet.
pub(crate) fn clear(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == UNFINISHED) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// The end of the names of files that are not wholly written.
const UNFINISHED: &str = "new";

fn write_file(frame: &Frame, mark: Mark, path: &Path) -> Result<(), ArrowError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    let (mut fields, mut stored) = (Vec::new(), Vec::new());
    for (position, (key, kind)) in frame.facts().enumerate() {
        let cells = frame.cells(position);
        if let Some(data_type) = data_type(cells) {
            let kind = HashMap::from([("kind".to_owned(), kind.as_str().to_owned())]);
            fields.push(Field::new(key, data_type, true).with_metadata(kind));
            stored.push((cells, texts(cells)));
        }
    }
    let metadata = HashMap::from([
        ("catalogue".to_owned(), fingerprint()),
        ("token".to_owned(), mark.token.to_string()),
        ("change".to_owned(), mark.change.to_string()),
        ("today".to_owned(), mark.today.to_string()),
    ]);
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let mut writer = FileWriter::try_new(BufWriter::new(file), &schema)?;
    for from in (0..frame.len()).step_by(BATCH) {
        let rows = from..frame.len().min(from + BATCH);
        let columns = stored
            .iter()
            .filter_map(|(cells, texts)| array(cells, texts.as_ref(), rows.clone()))
            .collect();
        // the count says how many rows there are where no column has anything to say
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        writer.write(&RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)?;
    }
    writer.finish()?;
    let file = writer.into_inner()?.into_inner().map_err(|e| e.into_error())?;
    Ok(file.sync_all()?)
}

fn data_type(cells: &Cells) -> Option<DataType> {
    Some(match cells {
        Cells::Constant { .. } => return None,
        Cells::Narrow { .. } => DataType::Int32,
        Cells::Wide { .. } => DataType::Int64,
        Cells::Numbers { .. } => DataType::Float64,
        Cells::Flags { .. } => DataType::Boolean,
        Cells::Texts { .. } => DataType::Dictionary(DataType::UInt32.into(), DataType::Utf8.into()),
    })
}

fn texts(cells: &Cells) -> Option<ArrayRef> {
    match cells {
        Cells::Texts { dictionary, .. } => Some(Arc::new(StringArray::from_iter_values(dictionary.texts()))),
        _ => None,
    }
}

fn array(cells: &Cells, texts: Option<&ArrayRef>, rows: Range<usize>) -> Option<ArrayRef> {
    let bits = |bits: &Bits| {
        let bytes = bits.slice(rows.start, rows.end).to_vec();
        BooleanBuffer::new(Buffer::from_vec(bytes), 0, rows.len())
    };
    let nulls = |valid: &Bits| Some(NullBuffer::new(bits(valid)));
    Some(match cells {
        Cells::Constant { .. } => return None,
        Cells::Narrow { values, valid } => {
            Arc::new(Int32Array::new(values[rows.clone()].to_vec().into(), nulls(valid)))
        }
        Cells::Wide { values, valid } => Arc::new(Int64Array::new(values[rows.clone()].to_vec().into(), nulls(valid))),
        Cells::Numbers { values, valid } => {
            Arc::new(Float64Array::new(values[rows.clone()].to_vec().into(), nulls(valid)))
        }
        Cells::Flags { values, valid } => Arc::new(BooleanArray::new(bits(values), nulls(valid))),
        Cells::Texts { codes, valid, .. } => {
            let codes = UInt32Array::new(codes[rows.clone()].to_vec().into(), nulls(valid));
            Arc::new(DictionaryArray::<UInt32Type>::try_new(codes, texts?.clone()).ok()?)
        }
    })
}

/// Reads a frame back; what is wrong with the file if it is none of this catalogue.
pub(crate) fn read(path: &Path) -> Result<(Frame, Mark), String> {
    let said = |error: ArrowError| error.to_string();
    let file = File::open(path).map_err(|e| e.to_string())?;
    let mut reader = FileReader::try_new(BufReader::new(file), None).map_err(said)?;
    let schema = reader.schema();
    let metadata = |key: &str| {
        let value = schema.metadata().get(key);
        value.ok_or_else(|| format!("it does not say its {key}"))
    };
    if *metadata("catalogue")? != fingerprint() {
        return Err("it is of another version of the catalogue".into());
    }
    let bad = |key: &'static str| move |_| format!("its {key} cannot be read");
    let mark = Mark {
        token: metadata("token")?.parse().map_err(bad("token"))?,
        change: metadata("change")?.parse().map_err(|_| "its change cannot be read")?,
        today: metadata("today")?.parse().map_err(|_| "its day cannot be read")?,
    };
    let own = schema.fields().iter().filter_map(|field| {
        let kind = FactKind::parse(field.metadata().get("kind")?)?;
        let own = field.name().starts_with(attribute::PREFIX);
        own.then(|| Attribute::of(field.name(), kind))
    });
    let attributes: Vec<Attribute> = own.collect();
    let own = attributes.iter().map(|own| (own.key.as_str(), own.kind));
    let facts: Vec<(&str, FactKind)> = ALL.iter().map(|fact| (fact.key, fact.kind)).chain(own).collect();
    let mut columns: Vec<Option<Cells>> = facts
        .iter()
        .map(|(key, kind)| schema.index_of(key).is_ok().then(|| empty(*kind)))
        .collect();
    let mut rows = 0;
    for batch in &mut reader {
        let batch = batch.map_err(said)?;
        if rows % BATCH != 0 {
            return Err("a batch before the last is short".into());
        }
        rows += batch.num_rows();
        for ((key, _), cells) in facts.iter().zip(&mut columns) {
            if let (Some(cells), Some(array)) = (cells, batch.column_by_name(key)) {
                append(cells, array).ok_or_else(|| format!("its column {key} is of another kind"))?;
            }
        }
    }
    let columns = columns.into_iter().enumerate().map(|(position, cells)| {
        let zero = ALL.get(position).is_some_and(|fact| !fact.nullable);
        cells.unwrap_or(Cells::Constant { zero })
    });
    let columns = columns.collect();
    Ok((Frame::of(mark.change, rows, columns, attributes), mark))
}

fn empty(kind: FactKind) -> Cells {
    let valid = Bits::default();
    match kind {
        FactKind::Count | FactKind::Day => Cells::Narrow {
            values: Vec::new(),
            valid,
        },
        FactKind::Money => Cells::Wide {
            values: Vec::new(),
            valid,
        },
        FactKind::Number => Cells::Numbers {
            values: Vec::new(),
            valid,
        },
        FactKind::Flag => Cells::Flags {
            values: Bits::default(),
            valid,
        },
        FactKind::Text => Cells::Texts {
            codes: Vec::new(),
            valid,
            dictionary: Dictionary::default(),
        },
    }
}

/// Adds the rows of a batch; `None` if they are of another kind.
fn append(cells: &mut Cells, array: &ArrayRef) -> Option<()> {
    fn of<A: 'static>(array: &ArrayRef) -> Option<&A> {
        array.as_any().downcast_ref()
    }
    let more = |valid: &mut Bits| match array.nulls() {
        Some(nulls) => valid.append(&nulls.inner().sliced(), array.len()),
        None => valid.append(&vec![u8::MAX; array.len().div_ceil(8)], array.len()),
    };
    match cells {
        Cells::Constant { .. } => return None,
        Cells::Narrow { values, valid } => {
            values.extend_from_slice(of::<Int32Array>(array)?.values());
            more(valid);
        }
        Cells::Wide { values, valid } => {
            values.extend_from_slice(of::<Int64Array>(array)?.values());
            more(valid);
        }
        Cells::Numbers { values, valid } => {
            values.extend_from_slice(of::<Float64Array>(array)?.values());
            more(valid);
        }
        Cells::Flags { values, valid } => {
            values.append(&of::<BooleanArray>(array)?.values().sliced(), array.len());
            more(valid);
        }
        Cells::Texts {
            codes,
            valid,
            dictionary,
        } => {
            let coded = of::<DictionaryArray<UInt32Type>>(array)?;
            if dictionary.len() == 0 {
                let texts = coded.values().as_any().downcast_ref::<StringArray>()?;
                *dictionary = Dictionary::of(texts.iter().flatten());
            }
            codes.extend_from_slice(coded.keys().values());
            more(valid);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::Localized;
    use posthouse_domain::attribute::AttributeDef;
    use posthouse_domain::catalogue::Sensitivity;
    use posthouse_domain::facts::FactRow;

    fn frame(rows: usize) -> Frame {
        let mut frame = Frame::default();
        frame.define(&["never-told", "vip-level"].map(|key| AttributeDef {
            key: key.into(),
            kind: FactKind::Count,
            title: Localized::default(),
            sensitivity: Sensitivity::Ordinary,
        }));
        for row in 0..rows {
            if row % 7 == 3 {
                continue; // an ordinal whose facts are not put yet
            }
            let mut facts = FactRow {
                as_of: 20_000,
                since_on: Some(19_000 + (row % 500) as Day),
                trips_total: (row % 5) as i32,
                spend_24m: (row as i64 * 1_000_003) % 90_000_000,
                last_trip_on: (row % 3 == 0).then_some(19_500),
                favourite_destination: (row % 4 > 0).then(|| format!("地{}", row % 11)),
                ..FactRow::default()
            };
            facts.profile.set("home_city", ["上海", "成都", ""][row % 3]);
            if row % 5 == 2 {
                facts.attributes.insert("vip_level".into(), (row % 9).to_string());
            }
            frame.put(row, &facts);
        }
        frame.grow(rows);
        frame.change = 77;
        frame
    }

    fn assert_same(a: &Frame, b: &Frame) {
        assert_eq!((a.len(), a.change), (b.len(), b.change));
        for (position, (key, _)) in b.facts().enumerate() {
            let before = a.position(key).unwrap();
            for row in 0..a.len() {
                assert_eq!(a.stored(before, row), b.stored(position, row), "{key} of {row}");
            }
        }
    }

    const MARK: Mark = Mark {
        token: Uuid::from_u128(5),
        change: 77,
        today: 20_000,
    };

    #[test]
    fn a_frame_comes_back_as_it_went_and_goes_on_growing() {
        let folder = tempfile::tempdir().unwrap();
        for rows in [0, 1, 9, BATCH, BATCH + 13] {
            let path = folder.path().join(format!("{rows}.arrow"));
            let mut before = frame(rows);
            write(&before, MARK, &path).unwrap();
            let (mut after, mark) = read(&path).unwrap();
            assert_eq!(mark, MARK);
            assert_same(&before, &after);
            let late = FactRow {
                trips_total: 9,
                favourite_destination: Some("新".into()),
                ..FactRow::default()
            };
            for frame in [&mut before, &mut after] {
                frame.put(rows + 3, &late);
            }
            assert_same(&before, &after);
        }
        let files = || fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files(), 5, "nothing is left beside");
        // what a server leaves that is ended meanwhile goes at the next start
        fs::write(folder.path().join("a.0123.new"), "torso").unwrap();
        clear(folder.path()).unwrap();
        assert_eq!(files(), 5);
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("frame.arrow");
        assert!(read(&path).is_err());
        write(&frame(100), MARK, &path).unwrap();
        let whole = fs::read(&path).unwrap();
        for length in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(read(&path).is_err(), "{length} of {} bytes", whole.len());
        }
    }
}
