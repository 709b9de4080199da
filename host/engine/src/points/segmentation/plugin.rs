//! Which segment each customer of a chunk is in, checked before anybody uses it.

use super::declared::{self, OWN};
use super::v1::{Adapter, Classes};
use crate::blame::{self, Again};
use crate::cases;
use crate::columns::{Column, Value};
use crate::context::{Context, QuantileTable};
use crate::contract::Linked;
use crate::description::{Description, QuantileRequest, SegmentDef};
use crate::fault::{Fault, FaultKind, LogLine, Receipt, Usage};
use crate::identity::{Identity, unusable};
use crate::problem::Problem;
use crate::refusal::Refusal;
use posthouse_domain::{Localized, Words, words};
use std::fmt;
use std::sync::Arc;

/// Stands for no segment or no reason in a column of indices.
pub const NONE: u16 = u16::MAX;

/// The checked answer for one chunk, an entry per row in every list.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified {
    /// Index into [`SegmentationPlugin::segments`]; [`NONE`] means no segment.
    pub segment: Vec<u16>,
    /// Finite numbers.
    pub score: Option<Vec<f32>>,
    /// Index into the description's reasons; [`NONE`] means no reason.
    pub reason: Option<Vec<u16>>,
    /// What the call used.
    pub usage: Usage,
    /// What the guest logged.
    pub log: Vec<LogLine>,
}

impl Classified {
    /// The score of a row; 0 if the plugin left the scores out, as it may when none of a chunk's rows has one.
    pub fn score_of(&self, row: usize) -> f32 {
        self.score.as_ref().map_or(0.0, |score| score[row])
    }

    /// The reason of a row; [`NONE`] if the plugin left the reasons out, as it may when none of a chunk's rows has one.
    pub fn reason_of(&self, row: usize) -> u16 {
        self.reason.as_ref().map_or(NONE, |reason| reason[row])
    }

    /// In what a row's answer differs from that of a row of another call: `segment`, `score` or `reason`.
    pub(super) fn differs(&self, row: usize, other: &Self, place: usize) -> Option<&'static str> {
        if self.segment[row] != other.segment[place] {
            Some("segment")
        } else if self.score_of(row).to_bits() != other.score_of(place).to_bits() {
            Some("score")
        } else if self.reason_of(row) != other.reason_of(place) {
            Some("reason")
        } else {
            None
        }
    }

    /// Passes the answer of a call about some of this one's rows, given by their places here, if each of them got what it got here.
    ///
    /// # Errors
    /// [`FaultKind::RowDependence`]: the rule's answers depend on what else a call is about.
    pub fn holds(&self, rows: &[u32], again: &Self) -> Result<(), Fault> {
        let pairs = rows.iter().enumerate();
        let field = pairs
            .map(|(place, row)| self.differs(*row as usize, again, place))
            .find_map(|field| field);
        let Some(field) = field else { return Ok(()) };
        Err(Fault {
            kind: FaultKind::RowDependence { field },
            receipt: Box::new(Receipt {
                usage: again.usage,
                log: again.log.clone(),
            }),
            row: None,
        })
    }
}

impl Classes {
    fn check(&self, rows: usize, segments: usize, reasons: usize) -> Result<(), (&'static str, Words)> {
        length("segment", self.segment.len(), rows)?;
        index("segment", &self.segment, segments, &words!("segments", "分群"))?;
        if let Some(score) = &self.score {
            length("score", score.len(), rows)?;
            if let Some(row) = first(score, |score| !score.is_finite()) {
                return Err((
                    "score",
                    words!(
                        "row {row} has {score}, it must be a finite number",
                        "第 {row} 行为 {score}，应为有限的数字",
                        score = score[row]
                    ),
                ));
            }
        }
        if let Some(reason) = &self.reason {
            length("reason", reason.len(), rows)?;
            index("reason", reason, reasons, &words!("reasons", "理由"))?;
        }
        Ok(())
    }
}

fn length(field: &'static str, found: usize, rows: usize) -> Result<(), (&'static str, Words)> {
    if found == rows {
        Ok(())
    } else {
        Err((
            field,
            words!("{found} entries for {rows} rows", "{rows} 行却有 {found} 个值"),
        ))
    }
}

/// The first row whose entry is wrong. Looks at all of them before it searches, because a loop that cannot end early takes many
/// entries at a time, and hardly any answer is wrong.
fn first<T: Copy>(found: &[T], wrong: impl Fn(T) -> bool) -> Option<usize> {
    if !found.iter().fold(false, |any, entry| any | wrong(*entry)) {
        return None;
    }
    found.iter().position(|entry| wrong(*entry))
}

fn index(field: &'static str, found: &[u16], known: usize, what: &Words) -> Result<(), (&'static str, Words)> {
    // a plugin cannot have so many that the highest number is one of them
    let known_u16 = u16::try_from(known).unwrap_or(NONE);
    match first(found, |index| (index >= known_u16) & (index != NONE)) {
        Some(row) => Err((
            field,
            words!(
                "row {row} has index {index}, there are {known} {what}",
                "第 {row} 行的序号为 {index}，而{what}只有 {known} 个",
                index = found[row]
            ),
        )),
        None => Ok(()),
    }
}

/// A segmentation rule, ready to be called from any thread. Cheap to clone.
#[derive(Clone)]
pub struct SegmentationPlugin(Arc<Loaded>);

struct Loaded {
    identity: Identity,
    segments: Vec<SegmentDef>,
    score_title: Option<Localized>,
    adapter: Adapter,
}

impl fmt::Debug for SegmentationPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.identity.debug("SegmentationPlugin", f)
    }
}

impl SegmentationPlugin {
    /// Asks for the description, the segments and what belongs to them, and checks every word of the answer.
    pub(super) fn load(linked: Linked, digest: String) -> Result<Self, Refusal> {
        let mut identity = Identity::ask(linked, digest, &OWN)?;
        let (linked, limits) = (&identity.linked, identity.linked.limits());
        let adapter = Adapter::new(linked)?;
        let quantiles = adapter.quantiles(linked).map_err(unusable)?;
        declared::check_quantiles(&quantiles, &identity.description.facts, limits)?;
        let segments = adapter.segments(linked).map_err(unusable)?;
        declared::check_segments(&segments, limits)?;
        let score_title = adapter.score_title(linked).map_err(unusable)?;
        if let Some(title) = &score_title {
            declared::check_score_title(title, limits)?;
        }
        identity.description.quantiles = quantiles;
        Ok(Self(Arc::new(Loaded {
            identity,
            segments,
            score_title,
            adapter,
        })))
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// SHA-256 of the component in lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.0.identity.digest
    }

    /// What the plugin says of itself.
    pub fn description(&self) -> &Description {
        &self.0.identity.description
    }

    /// The segments in the order of their indices.
    pub fn segments(&self) -> &[SegmentDef] {
        &self.0.segments
    }

    /// What its scores count, if it says.
    pub fn score_title(&self) -> Option<&Localized> {
        self.0.score_title.as_ref()
    }

    /// As [`Plugin::validate`](crate::Plugin::validate).
    ///
    /// # Errors
    /// A [`Fault`] if it does not come to an answer.
    pub fn validate(&self, config: &str) -> Result<Vec<Problem>, Fault> {
        self.0.identity.validate(config)
    }

    /// Rows to ask about in one call: the configured limit, as a multiple of eight so that bitmaps can be lent.
    pub fn chunk_rows(&self) -> usize {
        self.0.identity.limits().chunk_rows.max(8) & !7
    }

    /// Classifies one chunk: `columns` are the declared facts in their declared order, each with `rows` entries.
    /// Blocks until a place is free, then for at most the deadline, twice.
    ///
    /// # Errors
    /// A [`Fault`] with what the guest used and logged; nothing of the answer is usable then. If the plugin is to blame the rows are asked
    /// about again, at most some fifteen times, to find the one that brings it about.
    pub fn classify(&self, context: &Context, rows: usize, columns: &[Column<'_>]) -> Result<Classified, Fault> {
        self.ask(context, rows, columns).map_err(|mut fault| {
            if fault.counts_against_plugin() {
                fault.row = self.culprit(context, rows, columns);
            }
            fault
        })
    }

    fn culprit(&self, context: &Context, rows: usize, columns: &[Column<'_>]) -> Option<usize> {
        let facts = &self.description().facts;
        blame::culprit(rows, |some| {
            let row = |row| columns.iter().map(|column| column.value(row)).collect::<Vec<Value>>();
            let picked: Vec<Vec<Value>> = some.clone().map(row).collect();
            let buffers = cases::columns(facts, &picked);
            let columns: Vec<Column<'_>> = buffers.iter().map(|buffer| buffer.as_column()).collect();
            match self.ask(context, some.len(), &columns) {
                Ok(_) => Again::Answers,
                Err(fault) if fault.counts_against_plugin() => Again::Fails,
                Err(_) => Again::Unclear,
            }
        })
    }

    fn ask(&self, context: &Context, rows: usize, columns: &[Column<'_>]) -> Result<Classified, Fault> {
        let Loaded {
            identity,
            segments,
            adapter,
            ..
        } = &*self.0;
        self.check_call(context, rows, columns).map_err(Fault::host)?;
        let (answer, receipt) = adapter.classify(&identity.linked, context, rows, columns)?;
        let classes = match answer {
            Ok(classes) => classes,
            Err(problem) => return Err(Fault::refused(problem, identity.limits(), receipt)),
        };
        if let Err((field, problem)) = classes.check(rows, segments.len(), identity.description.reasons.len()) {
            return Err(Fault::output(field, problem, receipt));
        }
        let Classes { segment, score, reason } = classes;
        Ok(Classified {
            segment,
            score,
            reason,
            usage: receipt.usage,
            log: receipt.log,
        })
    }

    /// A wrong call is the host's mistake; the guest must be able to trust lengths and order.
    fn check_call(&self, context: &Context, rows: usize, columns: &[Column<'_>]) -> Result<(), Words> {
        let limits = self.0.identity.limits();
        let Description { facts, quantiles, .. } = self.description();
        if rows > limits.chunk_rows {
            return Err(words!(
                "{rows} rows in one chunk, {most} are the most",
                "一批 {rows} 行，上限为 {most}",
                most = limits.chunk_rows
            ));
        }
        if columns.len() != facts.len() {
            return Err(words!(
                "{columns} columns for {facts} declared facts",
                "声明了 {facts} 个事实，却有 {columns} 列",
                columns = columns.len(),
                facts = facts.len()
            ));
        }
        for (column, fact) in columns.iter().zip(facts) {
            column
                .check(fact.kind, rows)
                .map_err(|problem| words!("column {key}: {problem}", "列 {key}：{problem}", key = fact.key))?;
            if column.valid.is_some() && !fact.nullable {
                return Err(words!(
                    "column {key}: has unknown values, the plugin does not expect them",
                    "列 {key}：含有未知值，而插件没有预料到",
                    key = fact.key
                ));
            }
        }
        let fits = |(table, request): (&QuantileTable, &QuantileRequest)| {
            let edges = table.edges.len();
            table.fact == request.fact && (edges == 0 || edges + 1 == usize::from(request.buckets))
        };
        if context.quantiles.len() != quantiles.len() || !context.quantiles.iter().zip(quantiles).all(fits) {
            return Err(words!(
                "the quantile tables are not those the plugin asked for",
                "分位数表不是插件所要求的"
            ));
        }
        Ok(())
    }
}
