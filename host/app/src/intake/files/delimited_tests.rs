use super::super::notes::Sort;
use super::*;
use encoding_rs::UTF_8;
use proptest::prelude::*;
use std::io::Cursor;

/// What came of a file: the rows, and those that were broken with what was said.
#[derive(Default)]
struct Seen {
    rows: Vec<Vec<String>>,
    broken: Vec<(Vec<String>, String)>,
    shape: Option<Shape>,
    /// Of each row that came, in their order.
    numbers: Vec<i64>,
}

impl Table for Seen {
    fn row(&mut self, row: RawRow) -> Result<(), ReadError> {
        self.numbers.push(row.number);
        self.rows.push(row.cells.into_iter().map(|cell| cell.text).collect());
        Ok(())
    }

    fn broken(&mut self, row: RawRow, why: Rejection, _: &str) -> Result<(), ReadError> {
        self.numbers.push(row.number);
        let cells = row.cells.into_iter().map(|cell| cell.text).collect();
        self.broken.push((cells, format!("{}: {}", why.code, why.detail)));
        Ok(())
    }

    fn shape(&self) -> Option<&Shape> {
        self.shape.as_ref()
    }
}

fn read(text: &str, sorts: &[Sort]) -> Seen {
    let mut seen = Seen {
        shape: Some(Shape { sorts: sorts.to_vec() }),
        ..Seen::default()
    };
    let found = Found {
        encoding: UTF_8,
        mark: 0,
    };
    let form = Form { found, delimiter: ',' };
    rows(Cursor::new(text.as_bytes()), form, &Cause::default(), &mut seen).expect("a table");
    seen
}

const SORTS: [Sort; 5] = [Sort::Id, Sort::Id, Sort::Words, Sort::Moment, Sort::Money];

fn row(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

#[test]
fn a_stray_quote_costs_its_own_line_alone() {
    let file = "B1,M1,客1,2025-01-01,100\n\
        B2,M2,\"客2,2025-02-01,200\n\
        B3,M3,客3,2025-03-01,300\n\
        B4,M4,客4,2025-04-01,400\n\
        B5,M5,客5,2025-05-01,500\n\
        B6,M6,\"客6,2025-06-01,600\n\
        B7,M7,客7,2025-07-01,700\n";
    for file in [file.to_owned(), file.replace('\n', "\r\n"), file.replace('\n', "\r")] {
        let seen = read(&file, &SORTS);
        let landed: Vec<&str> = seen.rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(landed, ["B1", "B3", "B4", "B5", "B7"]);
        assert_eq!(seen.rows[1], row("B3,M3,客3,2025-03-01,300"));
        assert_eq!(seen.broken[0].0, row("B2,M2,\"客2,2025-02-01,200"));
        assert_eq!(seen.broken[1].0, row("B6,M6,\"客6,2025-06-01,600"));
        assert!(seen.broken[0].1.starts_with("broken_quotes: "), "{}", seen.broken[0].1);
        for (broken, line) in seen.broken.iter().zip(["line 2 ", "line 6 "]) {
            assert!(broken.1.contains(line), "{}", broken.1);
        }
        assert_eq!(seen.numbers, [1, 2, 3, 4, 5, 6, 7]);
    }
}

#[test]
fn lines_are_counted_where_cells_have_several() {
    let file = "B1,M1,\"王\n芳\",2025-01-01,100\n\n\
        B2,M2,\"客2,2025-02-01,200\n\
        B3,M3,\"李\n伟\",2025-03-01,300\n\
        B4,M4,客4,2025-04-01,400\n";
    let seen = read(file, &SORTS);
    assert!(seen.broken[0].1.contains("line 4 "), "{}", seen.broken[0].1);
    let names: Vec<&str> = seen.rows.iter().map(|row| row[2].as_str()).collect();
    assert_eq!(names, ["王\n芳", "李\n伟", "客4"]);
    assert_eq!(seen.broken.len(), 1);
}

#[test]
fn quotes_that_are_never_closed() {
    let rest: String = (2..40_000)
        .map(|n| format!("B{n},M{n},客{n},2025-02-01,{n}\n"))
        .collect();
    let seen = read(&format!("B1,M1,\"客1,2025-02-01,1\n{rest}"), &SORTS);
    assert_eq!(
        (seen.rows.len(), seen.broken.len()),
        (39_998, 1),
        "though it is more than a row may have"
    );
    assert_eq!(seen.rows[39_997], row("B39999,M39999,客39999,2025-02-01,39999"));
    let seen = read("B1,M1,客1,2025-02-01,1\nB2,M2,客2,2025-02-01,\"2", &SORTS);
    assert_eq!((seen.rows.len(), seen.broken.len()), (1, 1));
    assert_eq!(seen.broken[0].0, row("B2,M2,客2,2025-02-01,\"2"));
}

#[test]
fn a_closing_quote_alone_is_broken_as_well() {
    let file =
        "B2,M2,\"客2,2025-02-01,200\nB3,M3,客3,2025-03-01,300\nB4,M4,客4\",2025-04-01,400\nB5,M5,客5,2025-05-01,500\n";
    let seen = read(file, &SORTS);
    let landed: Vec<&str> = seen.rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(landed, ["B3", "B5"]);
    assert_eq!(seen.broken[1].0, row("B4,M4,客4\",2025-04-01,400"));
}

#[test]
fn a_file_that_was_cut_off() {
    let seen = read("B1,M1,客1,2025-01-01,100\nB2,M2,客2,2025-01-01", &SORTS);
    assert!(
        seen.broken[0].1.starts_with("wrong_cell_count: "),
        "{}",
        seen.broken[0].1
    );
    assert!(seen.broken[0].1.contains("line 2"));
    assert_eq!(read("B1,M1,客1,2025-01-01,100", &SORTS).rows.len(), 1);
}

#[test]
fn lines_without_bound_are_refused_and_reading_takes_its_time_in_proportion() {
    let mut seen = Seen::default();
    let found = Found {
        encoding: UTF_8,
        mark: 0,
    };
    let form = Form { found, delimiter: ',' };
    let long = vec![b'x'; LONGEST_ROW + 2];
    let refused = rows(Cursor::new(long), form, &Cause::default(), &mut seen);
    assert!(matches!(refused, Err(ReadError::File(why)) if why.code == "row_too_long"));
    // each line opens a quote, read alone as well as within one: a megabyte looked through for each would never end
    let file = "a\"b,\"c\n".repeat(1_000_000);
    let seen = read(&file, &SORTS);
    assert_eq!(seen.rows.len() + seen.broken.len(), 1_000_000);
}

/// A cell of words with commas, quotes and line ends, that has no rows in it.
fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z王芳 ]{0,6}",
        Just("\"".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("，".to_owned()),
        Just("x, y".to_owned())
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_well_written_is_read_as_it_was(
        cells in proptest::collection::vec((1u32..99_999, words(), words(), 1u32..99_999), 1..12),
        crlf in any::<bool>(),
    ) {
        let sorts = [Sort::Id, Sort::Words, Sort::Moment, Sort::Money, Sort::Words];
        let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut file = csv::WriterBuilder::new().terminator(end).from_writer(Vec::new());
        let mut expected = Vec::new();
        for (id, name, note, amount) in &cells {
            let row = vec![format!("B{id}"), name.clone(), "2025-01-01".to_owned(), amount.to_string(), note.clone()];
            file.write_record(&row).expect("written");
            expected.push(row);
        }
        let text = String::from_utf8(file.into_inner().expect("whole")).expect("UTF-8");
        let seen = read(&text, &sorts);
        prop_assert_eq!(seen.broken.len(), 0);
        prop_assert_eq!(seen.rows, expected);
    }

    #[test]
    fn no_line_is_lost(lines in proptest::collection::vec("[ab\", ]{0,8}", 0..30)) {
        let file: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let file = format!("x,y\n{file}");
        let seen = read(&file, &[Sort::Id, Sort::Money]);
        let letters = |text: &str| text.chars().filter(|c| c.is_ascii_alphabetic()).count();
        let all = seen.rows.iter().chain(seen.broken.iter().map(|(cells, _)| cells));
        let found: usize = all.flatten().map(|cell| letters(cell)).sum();
        prop_assert_eq!(found, letters(&file));
    }

    #[test]
    fn without_strays_it_is_what_the_csv_crate_reads(lines in proptest::collection::vec("[ab,1]{0,8}", 1..30)) {
        let file: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(file.as_bytes());
        let expected: Vec<Vec<String>> = reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
        prop_assume!(!expected.is_empty());
        prop_assert_eq!(read(&file, &[Sort::Words, Sort::Words]).rows, expected);
    }
}
