//! Workbooks for tests: one by a library that others use, and parts packed by hand for what no honest program writes.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

/// The plain fixture of bookings as an office would keep it: a title over merged cells, an empty row, Chinese headers, telephone numbers
/// and amounts as numbers, dates as dates, one as a bare number; and an unrelated sheet behind it.
pub(crate) fn bookings(plain: &str) -> Vec<u8> {
    let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(plain.as_bytes())
        .records()
        .map(|row| row.unwrap())
        .collect();
    let headers = [
        "流水号",
        "订单编号",
        "会员卡号",
        "手机",
        "姓名",
        "预订时间",
        "产品",
        "目的地",
        "主题",
        "出发日期",
        "返回日期",
        "人数",
        "金额",
        "成本",
        "币种",
        "本币金额",
        "状态",
        "渠道",
    ];
    let mut book = Workbook::new();
    let date = Format::new().set_num_format("yyyy\"年\"m\"月\"d\"日\" hh:mm");
    let money = Format::new().set_num_format("\"¥\"#,##0.00");
    let sheet = book.add_worksheet();
    sheet.set_name("订单").unwrap();
    sheet
        .merge_range(0, 0, 0, 17, "2025 年订单 & <汇总>", &Format::new())
        .unwrap();
    for (column, header) in headers.iter().enumerate() {
        sheet.write(2, column as u16, *header).unwrap();
    }
    for (index, row) in rows.iter().enumerate() {
        let line = index as u32 + 3;
        for (column, text) in row.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            let place = column as u16;
            match column {
                3 => sheet.write_number(line, place, text.parse::<f64>().unwrap()),
                // the last row has its dates as bare serial numbers
                5 | 9 | 10 if index + 1 == rows.len() => {
                    let serial = ExcelDateTime::parse_from_str(text).unwrap().to_excel();
                    sheet.write_number(line, place, serial)
                }
                5 | 9 | 10 => {
                    let at = ExcelDateTime::parse_from_str(text).unwrap();
                    sheet.write_datetime_with_format(line, place, at, &date)
                }
                11 => sheet.write_number(line, place, text.parse::<f64>().unwrap()),
                12 | 13 | 15 => sheet.write_number_with_format(line, place, text.parse::<f64>().unwrap(), &money),
                _ => sheet.write_string(line, place, text),
            }
            .unwrap();
        }
        sheet.write_string(line, 18, "备注在表外").unwrap();
    }
    book.add_worksheet()
        .set_name("说明")
        .unwrap()
        .write(0, 0, "nothing")
        .unwrap();
    book.save_to_buffer().unwrap()
}

/// Packs files into an archive.
pub(crate) fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in parts {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook with these rows in its only sheet, in the date system of 1904 if so said.
pub(crate) fn by_hand(sheet_data: &str, texts: &str, from_1904: bool) -> Vec<u8> {
    let workbook = format!(
        r#"<?xml version="1.0"?><x:workbook xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><x:workbookPr date1904="{}"/><x:sheets><x:sheet name="Hidden" sheetId="1" state="hidden" r:id="rId9"/><x:sheet name="A &amp; B" sheetId="2" r:id="rId1"/></x:sheets></x:workbook>"#,
        u8::from(from_1904)
    );
    let relations = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/none.xml"/><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="/xl/worksheets/sheet1.xml"/></Relationships>"#;
    let sheet = format!("<worksheet><sheetData>{sheet_data}</sheetData></worksheet>");
    let texts = format!("<sst>{texts}</sst>");
    archive(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml").as_bytes()),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/sharedStrings.xml", texts.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

/// A workbook with these rows, counted from 1904, in which another namespace has a `workbookPr` of its own.
pub(crate) fn of_1904_twice(sheet_data: &str) -> Vec<u8> {
    let workbook = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:x15="http://schemas.microsoft.com/office/spreadsheetml/2010/11/main"><workbookPr date1904="1"/><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets><extLst><ext uri="{140A7094-0E35-4892-8432-C4D2E57EDEB5}"><x15:workbookPr chartTrackingRefBase="1"/></ext></extLst></workbook>"#;
    parts("xl/workbook.xml", workbook, "xl/worksheets/sheet1.xml", sheet_data)
}

/// A workbook whose description and sheet are where its relations say, in paths as the archive spells them.
pub(crate) fn elsewhere(sheet_data: &str, [workbook, sheet]: [&str; 2]) -> Vec<u8> {
    let description = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    parts(workbook, description, sheet, sheet_data)
}

/// The only relation of a part.
fn relation(kind: &str, target: &str) -> String {
    format!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="/{target}"/></Relationships>"#
    )
}

fn parts(workbook_path: &str, workbook: &str, sheet_path: &str, sheet_data: &str) -> Vec<u8> {
    let slashes = |path: &str| path.replace('\\', "/");
    let package = relation("officeDocument", &slashes(workbook_path));
    let own = relation("worksheet", &slashes(sheet_path));
    let file = slashes(workbook_path).rsplit('/').next().unwrap_or_default().to_owned();
    let separator = if workbook_path.contains('\\') { "\\" } else { "/" };
    let own_path = ["xl", "_rels", &format!("{file}.rels")].join(separator);
    let sheet = format!("<worksheet><sheetData>{sheet_data}</sheetData></worksheet>");
    archive(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", package.as_bytes()),
        (workbook_path, workbook.as_bytes()),
        (&own_path, own.as_bytes()),
        (sheet_path, sheet.as_bytes()),
    ])
}
