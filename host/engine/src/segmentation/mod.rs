//! The extension point `segmentation`: one trait, one adapter module per major version of the contract, and the plugin
//! the rest of the house works with.

mod v1;

use crate::columns::Column;
use crate::description::{Description, SegmentDef};
use crate::fault::{Fault, FaultKind, LogLine, Receipt, Usage};
use crate::guest::printable;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::runtime::Runtime;
use std::fmt;
use std::sync::Arc;
use wasmtime::component::Component;

/// Stands for no segment or no reason in a column of indices.
pub const NONE: u16 = u16::MAX;

/// Everything a call depends on besides its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Milliseconds since 1970-01-01T00:00Z.
    pub now: i64,
    /// Days since 1970-01-01 in the agency's time zone.
    pub today: i32,
    /// Constant for a binding.
    pub seed: u64,
    /// Settings as canonical JSON, valid under the plugin's schema.
    pub config: String,
    /// One table per request of the description, in its order.
    pub quantiles: Vec<QuantileTable>,
}

/// The answer to one quantile request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct QuantileTable {
    /// The fact the table cuts.
    pub fact: String,
    /// `buckets - 1` edges, or none if the population is empty.
    pub edges: Vec<i64>,
}

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
}

/// What one major version of the contract must offer. A further version is one more module that implements this.
trait Contract: Send + Sync {
    fn describe(&self) -> Result<(Description, Receipt), Fault>;
    fn segments(&self) -> Result<(Vec<SegmentDef>, Receipt), Fault>;
    /// The inner error is the guest's own refusal.
    fn classify(&self, call: &Call<'_>) -> Result<(Result<Answer, String>, Receipt), Fault>;
}

/// One chunk on its way in.
struct Call<'a> {
    context: &'a Context,
    rows: usize,
    columns: &'a [Column<'a>],
}

/// An answer nobody has checked yet.
struct Answer {
    segment: Vec<u16>,
    score: Option<Vec<f32>>,
    reason: Option<Vec<u16>>,
}

impl Answer {
    fn size(&self) -> usize {
        let score = self.score.as_deref().map_or(0, size_of_val);
        size_of_val(&*self.segment) + score + self.reason.as_deref().map_or(0, size_of_val)
    }

    fn check(&self, rows: usize, segments: usize, reasons: usize) -> Result<(), (&'static str, String)> {
        length("segment", self.segment.len(), rows)?;
        index("segment", &self.segment, segments, "segments")?;
        if let Some(score) = &self.score {
            length("score", score.len(), rows)?;
            if let Some(row) = first(score, |score| !score.is_finite()) {
                return Err((
                    "score",
                    format!("row {row} has {}, it must be a finite number", score[row]),
                ));
            }
        }
        if let Some(reason) = &self.reason {
            length("reason", reason.len(), rows)?;
            index("reason", reason, reasons, "reasons")?;
        }
        Ok(())
    }
}

fn length(field: &'static str, found: usize, rows: usize) -> Result<(), (&'static str, String)> {
    if found == rows {
        Ok(())
    } else {
        Err((field, format!("{found} entries for {rows} rows")))
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

fn index(field: &'static str, found: &[u16], known: usize, what: &str) -> Result<(), (&'static str, String)> {
    // a plugin cannot have so many that the highest number is one of them
    let known_u16 = u16::try_from(known).unwrap_or(NONE);
    match first(found, |index| (index >= known_u16) & (index != NONE)) {
        Some(row) => Err((
            field,
            format!("row {row} has index {}, there are {known} {what}", found[row]),
        )),
        None => Ok(()),
    }
}

/// A segmentation rule, ready to be called from any thread. Cheap to clone.
#[derive(Clone)]
pub struct SegmentationPlugin(Arc<Loaded>);

struct Loaded {
    digest: String,
    description: Description,
    segments: Vec<SegmentDef>,
    contract: Box<dyn Contract>,
    limits: Limits,
}

impl fmt::Debug for SegmentationPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Description { name, version, .. } = &self.0.description;
        f.debug_struct("SegmentationPlugin")
            .field("digest", &self.0.digest)
            .field("name", name)
            .field("version", version)
            .finish_non_exhaustive()
    }
}

impl SegmentationPlugin {
    /// Links a compiled component, asks what it is, and checks every word of the answer.
    pub(crate) fn load(runtime: &Arc<Runtime>, digest: String, component: &Component) -> Result<Self, Refusal> {
        let contract: Box<dyn Contract> = Box::new(v1::V1::new(runtime.clone(), component)?);
        let said = |fault: Fault| Refusal::new("bad_descriptor", fault.to_string());
        let (description, _) = contract.describe().map_err(said)?;
        crate::descriptor::check_description(&description, &runtime.limits)?;
        let (segments, _) = contract.segments().map_err(said)?;
        crate::descriptor::check_segments(&segments, &runtime.limits)?;
        Ok(Self(Arc::new(Loaded {
            digest,
            description,
            segments,
            contract,
            limits: runtime.limits.clone(),
        })))
    }

    /// SHA-256 of the component in lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// What the plugin says of itself.
    pub fn description(&self) -> &Description {
        &self.0.description
    }

    /// The segments in the order of their indices.
    pub fn segments(&self) -> &[SegmentDef] {
        &self.0.segments
    }

    /// Classifies one chunk: `columns` are the declared facts in their declared order, each with `rows` entries.
    /// Blocks until a place is free, then for at most the deadline, twice.
    ///
    /// # Errors
    /// A [`Fault`] with what the guest used and logged; nothing of the answer is usable then.
    pub fn classify(&self, context: &Context, rows: usize, columns: &[Column<'_>]) -> Result<Classified, Fault> {
        let Loaded {
            description,
            segments,
            contract,
            limits,
            ..
        } = &*self.0;
        self.check_call(context, rows, columns).map_err(Fault::host)?;
        let (answer, receipt) = contract.classify(&Call { context, rows, columns })?;
        let answer = match answer {
            Ok(answer) => answer,
            Err(message) => {
                let kind = FaultKind::Refused {
                    message: printable(&message, limits.refusal_bytes),
                };
                return Err(Fault {
                    kind,
                    receipt: Box::new(receipt),
                });
            }
        };
        if let Err((field, problem)) = answer.check(rows, segments.len(), description.reasons.len()) {
            return Err(Fault::output(field, problem, receipt));
        }
        let Answer { segment, score, reason } = answer;
        Ok(Classified {
            segment,
            score,
            reason,
            usage: receipt.usage,
            log: receipt.log,
        })
    }

    /// A wrong call is the host's mistake; the guest must be able to trust lengths and order.
    fn check_call(&self, context: &Context, rows: usize, columns: &[Column<'_>]) -> Result<(), String> {
        let Description { facts, quantiles, .. } = &self.0.description;
        if rows > self.0.limits.chunk_rows {
            return Err(format!(
                "{rows} rows in one chunk, {} are the most",
                self.0.limits.chunk_rows
            ));
        }
        if columns.len() != facts.len() {
            return Err(format!("{} columns for {} declared facts", columns.len(), facts.len()));
        }
        for (column, fact) in columns.iter().zip(facts) {
            column
                .check(fact.kind, rows)
                .map_err(|problem| format!("column {}: {problem}", fact.key))?;
            if column.valid.is_some() && !fact.nullable {
                return Err(format!(
                    "column {}: has unknown values, the plugin does not expect them",
                    fact.key
                ));
            }
        }
        let fits = |(table, request): (&QuantileTable, &crate::description::QuantileRequest)| {
            let edges = table.edges.len();
            table.fact == request.fact && (edges == 0 || edges + 1 == usize::from(request.buckets))
        };
        if context.quantiles.len() != quantiles.len() || !context.quantiles.iter().zip(quantiles).all(fits) {
            return Err("the quantile tables are not those the plugin asked for".into());
        }
        Ok(())
    }
}
