//! What an import found, in words: how the file was read, its first rows, its sums, and what is wrong with it.

use crate::output::{cut, table};
use posthouse_domain::money::{Currency, major_text};
use posthouse_domain::{Words, words};
use serde_json::Value;
use std::fmt::Write;

/// Widest value of a row that is shown.
const WIDEST: usize = 28;
/// Most months that are shown one by one; years are shown beyond.
const MONTHS: usize = 24;

/// Everything that is found in a job's document.
pub(super) fn words(job: &Value) -> String {
    let mut text = reading(job);
    let report = &job["report"];
    if report.is_object() {
        text += &columns(job);
        text += &news(job);
        text += &sums(report);
        text += &groups(report, "warnings");
        text += &groups(report, "rejections");
    }
    text
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or("")
}

fn count(value: &Value, key: &str) -> i64 {
    value[key].as_i64().unwrap_or(0)
}

/// One line about how the file was read.
fn reading(job: &Value) -> String {
    let reading = &job["reading"];
    let Some(format) = reading["format"].as_str().map(str::to_uppercase) else {
        return String::new();
    };
    let mut how = vec![Words::same(format)];
    if let Some(encoding) = reading["encoding"].as_str() {
        how.push(Words::same(encoding));
    }
    if let Some(delimiter) = reading["delimiter"].as_str() {
        how.push(match delimiter {
            "\t" => words!("tabs", "制表符分隔"),
            "," => words!("commas", "逗号分隔"),
            ";" => words!("semicolons", "分号分隔"),
            _ => words!("bars", "竖线分隔"),
        });
    }
    if let Some(sheet) = reading["sheet"].as_str() {
        how.push(words!("sheet {sheet}", "工作表 {sheet}"));
    }
    let row = &reading["header_row"];
    how.push(words!("headers in row {row}", "表头在第 {row} 行"));
    let how = Words::join(&how, &words!(", ", "，"));
    format!("\n{}\n", words!("Read as {how}.", "读取方式：{how}。"))
}

/// The headers, what each was understood as, and what the first rows say there.
fn columns(job: &Value) -> String {
    let rows: Vec<&Value> = list(&job["report"]["first_rows"]).collect();
    let value = |row: &Value, field: &str, place: usize| -> String {
        let here = |told: &&Value| told["field"] == field && told["place"].as_u64().unwrap_or(1) == place as u64;
        let told = list(&row["fields"]).find(here);
        told.map(|told| cut(text(told, "value"), WIDEST)).unwrap_or_default()
    };
    let mut lines = vec![
        [words!("header", "表头"), words!("understood as", "识别为")]
            .iter()
            .map(Words::to_string)
            .chain(
                rows.iter()
                    .map(|row| words!("row {row}", "第 {row} 行", row = row["row"]).to_string()),
            )
            .collect::<Vec<String>>(),
    ];
    for (index, column) in list(&job["reading"]["columns"]).enumerate() {
        let field = text(column, "field");
        let before = list(&job["reading"]["columns"]).take(index);
        let place = 1 + before.filter(|other| other["field"] == field).count();
        let understood = format!("{field}{}", unit(&column["unit"]));
        let mut line = vec![cut(text(column, "header"), WIDEST), understood];
        line.extend(rows.iter().map(|row| value(row, field, place)));
        lines.push(line);
    }
    for header in list(&job["ignored_columns"]).filter_map(Value::as_str) {
        let not = if header.is_empty() {
            continue;
        } else {
            words!("not understood, left out", "未识别，不导入")
        };
        lines.push(vec![cut(header, WIDEST), not.to_string()]);
    }
    format!("\n{}", indented(&table(&lines)))
}

/// What a header says of the amounts below it: ` ×10,000`, ` ÷100`, ` USD`.
fn unit(unit: &Value) -> String {
    let tens = unit["tens"].as_i64().unwrap_or(0).clamp(-12, 12);
    let mut said = String::new();
    if tens != 0 {
        let times = 10_i64.pow(tens.unsigned_abs() as u32).to_string();
        let mut grouped = String::new();
        for (place, digit) in times.chars().enumerate() {
            if place > 0 && (times.len() - place).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        said += &format!(" {}{grouped}", if tens < 0 { '÷' } else { '×' });
    }
    if let Some(currency) = unit["currency"].as_str() {
        said += &format!(" {currency}");
    }
    said
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "  {line}");
        all
    })
}

/// Whom and what the file brings.
fn news(job: &Value) -> String {
    let report = &job["report"];
    let (new, joined) = (count(report, "customers_new"), count(report, "customers_joined"));
    let customers = words!(
        "Customers: {new} new, {joined} updated.",
        "客户：新增 {new} 位，更新 {joined} 位。"
    );
    let mut said = format!("\n{customers}");
    if job["kind"] == "bookings" {
        let (new, changed) = (count(report, "bookings_new"), count(report, "bookings_changed"));
        let bookings = words!(
            " Bookings: {new} new, {changed} changed.",
            "订单：新增 {new} 个，更新 {changed} 个。"
        );
        said += &bookings.to_string();
    }
    if let (Some(first), Some(last)) = (report["first_day"].as_str(), report["last_day"].as_str()) {
        let days = if job["kind"] == "bookings" {
            words!(" Booked from {first} to {last}.", "预订日期 {first} 至 {last}。")
        } else {
            words!(" Customers since {first} to {last}.", "注册日期 {first} 至 {last}。")
        };
        said += &days.to_string();
    }
    said + "\n"
}

/// The sums by month and currency, to be held against those of the agency's own books.
fn sums(report: &Value) -> String {
    let months: Vec<&Value> = list(&report["months"]).collect();
    if months.is_empty() {
        return String::new();
    }
    let width = if months.len() > MONTHS { 4 } else { 7 };
    let mut periods: Vec<(String, String, i64, i64)> = Vec::new();
    for total in months {
        let period = total["month"]
            .as_str()
            .map_or("…", |month| &month[..width.min(month.len())]);
        let currency = text(total, "currency");
        let (rows, amount) = (count(total, "rows"), count(total, "amount"));
        match periods
            .iter_mut()
            .find(|(other, of, ..)| other == period && of == currency)
        {
            Some((_, _, all, sum)) => (*all, *sum) = (*all + rows, sum.saturating_add(amount)),
            None => periods.push((period.to_owned(), currency.to_owned(), rows, amount)),
        }
    }
    let all = words!("all", "合计").to_string();
    let totals = list(&report["totals"]).map(|total| {
        let (rows, amount) = (count(total, "rows"), count(total, "amount"));
        (all.clone(), text(total, "currency").to_owned(), rows, amount)
    });
    let head = [
        words!("booked", "预订月份"),
        words!("rows", "行数"),
        words!("", ""),
        words!("amount", "金额"),
    ];
    let mut lines = vec![head.map(|words| words.to_string()).to_vec()];
    for (period, currency, rows, amount) in periods.into_iter().chain(totals) {
        let money = Currency::parse(&currency).map(|currency| major_text(amount, currency));
        lines.push(vec![period, rows.to_string(), currency, money.unwrap_or_default()]);
    }
    for column in [1, 3] {
        let width = lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        for line in lines.iter_mut().skip(1) {
            line[column] = format!("{:>width$}", line[column]);
        }
    }
    format!("\n{}", indented(&table(&lines)))
}

/// What the sender is warned of, or why rows are rejected, with the first of them.
fn groups(report: &Value, key: &str) -> String {
    let mut said = String::new();
    for group in list(&report[key]) {
        if said.is_empty() {
            let what = match key {
                "warnings" => words!("Warnings:", "提示："),
                _ => words!("Rejected:", "未通过的行："),
            };
            said = format!("\n{what}\n");
        }
        let (code, rows) = (text(group, "code"), count(group, "rows"));
        let column = group["column"]
            .as_str()
            .map(|column| words!("{column}: ", "{column}："))
            .unwrap_or_default();
        let line = words!("  {column}{code}, rows: {rows}\n", "  {column}{code}，{rows} 行\n");
        said += &line.to_string();
        for example in list(&group["examples"]) {
            let (row, detail) = (&example["row"], text(example, "detail"));
            said += &words!("    row {row}: {detail}\n", "    第 {row} 行：{detail}\n").to_string();
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::{Language, words::speaking};
    use serde_json::json;

    fn job() -> Value {
        json!({
            "kind": "bookings",
            "ignored_columns": ["备注"],
            "reading": {"format": "csv", "encoding": "gb18030", "delimiter": ",", "sheet": null, "header_row": 1, "columns": [
                {"header": "订单号", "field": "booking_id"},
                {"header": "下单日期", "field": "booked_at"},
                {"header": "金额（万元）", "field": "amount", "unit": {"tens": 4, "currency": null}},
            ]},
            "report": {
                "customers_new": 2, "customers_joined": 1, "bookings_new": 3, "bookings_changed": 0,
                "first_rows": [
                    {"row": 2, "fields": [{"field": "booking_id", "value": "B1"}, {"field": "booked_at", "value": "2025-02-12"},
                        {"field": "amount", "value": "CNY 12,800.00"}]},
                    {"row": 3, "fields": [{"field": "booking_id", "value": "B2"}, {"field": "booked_at", "value": "2025-03-01"}]},
                ],
                "first_day": "2025-02-12", "last_day": "2025-03-01",
                "totals": [{"month": null, "currency": "CNY", "rows": 3, "amount": 1_280_000}],
                "months": [{"month": "2025-02", "currency": "CNY", "rows": 2, "amount": 1_280_000},
                    {"month": "2025-03", "currency": "CNY", "rows": 1, "amount": 0}],
                "warnings": [{"code": "bad_travellers", "column": "人数", "rows": 1, "examples": [{"row": 3, "detail": "no"}]}],
                "rejections": [],
            },
        })
    }

    #[test]
    fn it_is_read_at_a_glance() {
        let expected = "
Read as CSV, gb18030, commas, headers in row 1.

  header        understood as             row 2          row 3
  订单号        booking_id                B1             B2
  下单日期      booked_at                 2025-02-12     2025-03-01
  金额（万元）  amount ×10,000            CNY 12,800.00
  备注          not understood, left out

Customers: 2 new, 1 updated. Bookings: 3 new, 0 changed. Booked from 2025-02-12 to 2025-03-01.

  booked   rows       amount
  2025-02     2  CNY  12,800.00
  2025-03     1  CNY       0.00
  all         3  CNY  12,800.00

Warnings:
  人数: bad_travellers, rows: 1
    row 3: no
";
        assert_eq!(words(&job()), expected);
        let chinese = speaking(Language::Zh, || words(&job()));
        assert!(
            chinese.contains("读取方式：CSV，gb18030，逗号分隔，表头在第 1 行。"),
            "{chinese}"
        );
        assert!(chinese.contains("  备注          未识别，不导入\n"), "{chinese}");
        assert!(
            chinese.contains(
                "客户：新增 2 位，更新 1 位。订单：新增 3 个，更新 0 个。预订日期 2025-02-12 至 2025-03-01。"
            ),
            "{chinese}"
        );
    }

    #[test]
    fn each_telephone_stands_in_its_own_column() {
        let job = json!({
            "reading": {"columns": [
                {"header": "手机", "field": "phone"},
                {"header": "姓名", "field": "name"},
                {"header": "电话", "field": "phone"},
            ]},
            "report": {"first_rows": [
                {"row": 2, "fields": [{"field": "phone", "value": "+8613800138000", "place": 1},
                    {"field": "phone", "value": "+861065529988", "place": 2}, {"field": "name", "value": "李伟"}]},
                {"row": 3, "fields": [{"field": "phone", "value": "+8613900139000", "place": 2}]},
            ]},
        });
        let shown = columns(&job);
        let lines: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[2], ["手机", "phone", "+8613800138000"], "{shown}");
        assert_eq!(
            lines[4],
            ["电话", "phone", "+861065529988", "+8613900139000"],
            "{shown}"
        );
    }

    #[test]
    fn many_months_are_shown_by_year() {
        let months: Vec<Value> = (0..30)
            .map(|n| json!({"month": format!("{}-{:02}", 2020 + n / 12, n % 12 + 1), "currency": "CNY", "rows": 2, "amount": 150}))
            .collect();
        let shown = sums(&json!({"months": months, "totals": []}));
        assert_eq!(shown.lines().count(), 5, "{shown}");
        assert!(shown.contains("  2020      24  CNY   18.00"), "{shown}");
    }
}
