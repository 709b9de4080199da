//! Who went where, as a picture: places on the left as they were and on the right as they are, with a ribbon for whoever moved or stayed.
//! It never stands without its table.

use crate::ui::Ui;
use askama::Template;
use askama::filters::HtmlSafe;
use posthouse_app::rules::MoveCount;

/// Room of the picture, in its own units. Names stand beside the bars.
const LEFT: f64 = 98.0;
const RIGHT: f64 = 197.0;
const BAR: f64 = 5.0;
const BODY: f64 = 190.0;
const GAP: f64 = 7.0;
/// A name needs so much height, however few there are.
const LINE: f64 = 14.0;
/// Columns of a name; a Chinese character takes two.
const COLUMNS: usize = 14;

#[derive(Debug, Template)]
#[template(path = "parts/flow.html")]
pub(crate) struct Flow {
    ui: Ui,
    height: String,
    bars: Vec<Bar>,
    ribbons: Vec<Ribbon>,
}

/// It escapes what it writes itself.
impl HtmlSafe for Flow {}

#[derive(Debug)]
struct Bar {
    x: String,
    y: String,
    height: String,
    label: String,
    label_x: String,
    label_y: String,
    is_left: bool,
    said: String,
}

#[derive(Debug)]
struct Ribbon {
    path: String,
    is_move: bool,
    said: String,
}

/// A place of the picture: its key, none for whoever is in no segment, and its name.
pub(crate) type Place = (Option<String>, String);

struct Side {
    /// Where each place begins, and how high it is.
    slots: Vec<(f64, f64)>,
    /// How much of each is taken by ribbons.
    taken: Vec<f64>,
    end: f64,
}

impl Side {
    fn of(counts: &[u64], scale: f64) -> Self {
        let (mut y, mut slots) = (4.0, Vec::with_capacity(counts.len()));
        for count in counts {
            let height = *count as f64 * scale;
            slots.push((y, height));
            if *count > 0 {
                y += height.max(LINE) + GAP;
            }
        }
        Self {
            taken: vec![0.0; counts.len()],
            slots,
            end: y,
        }
    }

    fn take(&mut self, place: usize, height: f64) -> f64 {
        let from = self.slots[place].0 + self.taken[place];
        self.taken[place] += height;
        from
    }
}

impl Flow {
    /// The picture of these cells, which say how many were where and are where; whoever stayed is among them.
    pub(crate) fn new(ui: Ui, places: &[Place], cells: &[MoveCount]) -> Self {
        let place = |key: &Option<String>| places.iter().position(|(known, _)| known == key);
        let cells = cells
            .iter()
            .filter_map(|cell| Some((place(&cell.from)?, place(&cell.to)?, cell.count)));
        let mut cells: Vec<_> = cells.collect();
        cells.sort_unstable();
        let (mut before, mut after) = (vec![0; places.len()], vec![0; places.len()]);
        for (from, to, count) in &cells {
            before[*from] += count;
            after[*to] += count;
        }
        let all: u64 = before.iter().sum();
        let scale = BODY / all.max(1) as f64;
        let (mut left, mut right) = (Side::of(&before, scale), Side::of(&after, scale));
        let mut bars = Vec::new();
        for (side, counts, is_left) in [(&left, &before, true), (&right, &after, false)] {
            for (number, (y, height)) in side.slots.iter().enumerate().filter(|(number, _)| counts[*number] > 0) {
                bars.push(bar(ui, &places[number].1, counts[number], (*y, *height), is_left));
            }
        }
        let ribbons = cells
            .iter()
            .map(|(from, to, count)| {
                let height = *count as f64 * scale;
                let (y, end) = (left.take(*from, height), right.take(*to, height));
                Ribbon {
                    path: ribbon(y, end, height),
                    is_move: from != to,
                    said: ui
                        .say("parts-flow-ribbon")
                        .with("from", &places[*from].1)
                        .with("to", &places[*to].1)
                        .count("count", *count)
                        .to_string(),
                }
            })
            .collect();
        Self {
            ui,
            height: short(left.end.max(right.end)),
            bars,
            ribbons,
        }
    }
}

fn bar(ui: Ui, name: &str, count: u64, (y, height): (f64, f64), is_left: bool) -> Bar {
    Bar {
        x: short(if is_left { LEFT } else { RIGHT }),
        y: short(y),
        height: short(height.max(1.0)),
        label: cut(name),
        label_x: short(if is_left { LEFT - 6.0 } else { RIGHT + BAR + 6.0 }),
        label_y: short(y + height.max(LINE) / 2.0 + 4.0),
        is_left,
        said: format!("{name} {}", ui.number(count)),
    }
}

fn ribbon(y: f64, end: f64, height: f64) -> String {
    let (from, to) = (LEFT + BAR, RIGHT);
    let middle = f64::midpoint(from, to);
    let height = height.max(0.6);
    let [from, to, middle, y, end, below, end_below] = [from, to, middle, y, end, y + height, end + height].map(short);
    format!(
        "M{from} {y}C{middle} {y} {middle} {end} {to} {end}V{end_below}C{middle} {end_below} {middle} {below} {from} {below}Z"
    )
}

fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A name that fits beside its bar.
fn cut(name: &str) -> String {
    let width = |c: char| if c.is_ascii() { 1 } else { 2 };
    if name.chars().map(width).sum::<usize>() <= COLUMNS {
        return name.to_owned();
    }
    let mut room = COLUMNS - 1;
    let kept = name.chars().take_while(|c| {
        let fits = width(*c) <= room;
        room = room.saturating_sub(width(*c));
        fits
    });
    kept.chain(['…']).collect()
}

/// Who stayed, which a list of moves leaves out, as cells beside those who moved.
pub(crate) fn with_stayers(
    moves: &[MoveCount],
    stayed: impl IntoIterator<Item = (Option<String>, u64)>,
) -> Vec<MoveCount> {
    let stayed = stayed
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(key, count)| MoveCount {
            from: key.clone(),
            to: key,
            count,
        });
    moves.iter().cloned().chain(stayed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::Language;

    fn cell(from: Option<&str>, to: Option<&str>, count: u64) -> MoveCount {
        MoveCount {
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            count,
        }
    }

    #[test]
    fn every_cell_is_a_ribbon_and_whoever_is_nowhere_has_no_bar() {
        let ui = Ui::of_test(Language::En);
        let places = [
            (Some("a".into()), "<A>".into()),
            (Some("b".into()), "B".into()),
            (None, "None".into()),
        ];
        let moves = [cell(Some("a"), Some("b"), 30), cell(None, Some("b"), 10)];
        let drawn = Flow::new(
            ui,
            &places,
            &with_stayers(&moves, [(Some("a".into()), 60), (Some("b".into()), 0)]),
        );
        let bars = drawn.bars.iter().map(|bar| (bar.is_left, bar.said.as_str()));
        assert_eq!(
            bars.collect::<Vec<_>>(),
            [(true, "<A> 90"), (true, "None 10"), (false, "<A> 60"), (false, "B 40")]
        );
        assert_eq!(drawn.ribbons.iter().filter(|ribbon| ribbon.is_move).count(), 2);
        assert_eq!(drawn.ribbons.len(), 3);
        let svg = drawn.render().unwrap();
        assert!(svg.contains("&#60;A&#62;") && !svg.contains("<A>"), "{svg}");
    }

    #[test]
    fn long_names_are_cut_in_both_scripts() {
        assert_eq!(cut("大规模低忠诚度客户群"), "大规模低忠诚…");
        assert_eq!(cut("大规模低忠诚度"), "大规模低忠诚度");
        assert_eq!(cut("Large, not loyal"), "Large, not lo…");
    }
}
