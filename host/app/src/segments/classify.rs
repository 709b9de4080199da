//! Asking a rule: context, quantile tables, chunks.

use super::SEGMENTATION;
use super::again::Again;
use super::cause::Cause;
use crate::Room;
use crate::error::{AppError, Result};
use crate::facts::columns::{Lent, Rows};
use crate::facts::frame::Frame;
use crate::rules::call::{Moment, of_one_customer, told};
use crate::rules::log::{About, CHANGE, Call, OF_A_RUN};
use crate::rules::point::{check_attributes, seed};
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::catalogue::{FactKind, LOT, Value};
use posthouse_domain::lots::lot;
use posthouse_domain::{Day, Words, quantiles, words};
use posthouse_engine::{Classified, Context, Draws, Fault, LogLine, NONE, QuantileTable, SegmentationPlugin};
use posthouse_store::{Tx, profiles};
use rayon::prelude::*;
use uuid::Uuid;

/// A rule ready to be asked: a plugin with its settings.
#[derive(Debug, Clone)]
pub(crate) struct SegmentationRule {
    pub(crate) plugin: SegmentationPlugin,
    /// Settings as canonical JSON.
    pub(crate) config: String,
    seed: u64,
}

/// Where a fact that a rule reads comes from.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// A column of the frame.
    Column(usize),
    /// The lots of a binding of this seed.
    Lot(u64),
    /// An attribute whose definition went away meanwhile: it is unknown of everyone.
    Nowhere(FactKind),
}

impl Source {
    fn lend<'f>(self, frame: &'f Frame, rows: &Rows<'_>, today: Day) -> Lent<'f> {
        match self {
            Self::Column(position) => frame.lend(position, rows, today),
            Self::Lot(seed) => Lent::lots(seed, rows),
            Self::Nowhere(kind) => Lent::unknown(kind, rows.len()),
        }
    }
}

/// Everyone's segment by one rule at one time.
#[derive(Debug, Clone)]
pub(crate) struct Everyone {
    /// Per ordinal, the index of the segment.
    pub(crate) classes: Vec<u16>,
    pub(crate) quantiles: Vec<QuantileTable>,
    /// Without what asking a second time took, which differs from host to host.
    pub(crate) fuel: u64,
    /// Microseconds of processor time, of the same calls.
    pub(crate) cpu_micros: u64,
    /// The first lines the rule wrote.
    pub(crate) log: Vec<LogLine>,
}

impl SegmentationRule {
    /// The rule of a binding. The seed is the binding's, so that every revision draws the same lots.
    ///
    /// # Errors
    /// `unknown_fact` for an attribute the agency has not defined, `wrong_fact_kind` for one it has defined as another kind.
    pub(crate) fn new(
        plugin: SegmentationPlugin,
        config: String,
        agency: Uuid,
        binding: &str,
        attributes: &[AttributeDef],
    ) -> Result<Self> {
        check_attributes(plugin.description(), attributes)?;
        let seed = seed(agency, binding);
        Ok(Self { plugin, config, seed })
    }

    /// Where the rule's facts come from, in the rule's order.
    fn sources(&self, frame: &Frame) -> Vec<Source> {
        let facts = self.plugin.description().facts.iter();
        facts
            .map(|fact| self.source(frame, &fact.key).unwrap_or(Source::Nowhere(fact.kind)))
            .collect()
    }

    fn source(&self, frame: &Frame, key: &str) -> Option<Source> {
        match key == LOT.key {
            true => Some(Source::Lot(self.seed)),
            false => frame.position(key).map(Source::Column),
        }
    }

    /// A fact of one customer as the rule is told it, with its kind.
    pub(crate) fn told<'f>(
        &self,
        frame: &'f Frame,
        key: &str,
        ordinal: usize,
        today: Day,
    ) -> Option<(FactKind, Value<'f>)> {
        Some(match self.source(frame, key)? {
            Source::Column(position) => (frame.kind(position).0, frame.value(position, ordinal, today)),
            Source::Lot(seed) => (LOT.kind, Value::Whole(lot(seed, ordinal as u32).into())),
            Source::Nowhere(kind) => (kind, Value::Unknown),
        })
    }

    /// The keys of the rule's segments, by index.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.plugin
            .segments()
            .iter()
            .map(|segment| segment.key.clone())
            .collect()
    }

    /// The quantile tables of everyone in the frame.
    pub(crate) fn tables(&self, frame: &Frame, today: Day) -> Vec<QuantileTable> {
        let requests = &self.plugin.description().quantiles;
        requests
            .par_iter()
            .map(|request| {
                let everyone = Rows::Range(0..frame.len());
                let lend = |key: &str| Some(self.source(frame, key)?.lend(frame, &everyone, today));
                let among = request.among.as_deref().and_then(lend);
                let mut population = match lend(&request.fact) {
                    Some(fact) => fact.population(frame.len(), among.as_ref()),
                    None => Vec::new(),
                };
                QuantileTable {
                    fact: request.fact.clone(),
                    edges: quantiles::edges(&mut population, request.buckets),
                }
            })
            .collect()
    }

    fn context(&self, moment: Moment, quantiles: &[QuantileTable]) -> Context {
        Context {
            now: moment.now,
            today: moment.today,
            seed: self.seed,
            config: self.config.clone(),
            quantiles: quantiles.to_vec(),
        }
    }

    /// Asks for one chunk.
    fn ask(
        &self,
        frame: &Frame,
        sources: &[Source],
        context: &Context,
        rows: &Rows<'_>,
    ) -> std::result::Result<Classified, Fault> {
        let lent: Vec<_> = sources
            .iter()
            .map(|source| source.lend(frame, rows, context.today))
            .collect();
        let columns: Vec<_> = lent.iter().map(|column| column.as_column()).collect();
        let answer = self.plugin.classify(context, rows.len(), &columns);
        // from here on the row is the customer's place in the frame
        answer.map_err(|fault| Fault {
            row: fault.row.map(|row| rows.ordinal(row)),
            ..fault
        })
    }

    /// Asks for some rows of a chunk once more, given by their places in it: each has to get what it got.
    fn ask_again(
        &self,
        frame: &Frame,
        sources: &[Source],
        context: &Context,
        (from, places): (usize, &[u32]),
        answer: &Classified,
    ) -> std::result::Result<(), Fault> {
        let ordinals: Vec<u32> = places.iter().map(|place| from as u32 + place).collect();
        match self.ask(frame, sources, context, &Rows::Picked(&ordinals)) {
            Ok(again) => answer.holds(places, &again),
            // what says nothing about the rule takes nothing from the answer it gave
            Err(fault) if !fault.counts_against_plugin() => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// Everyone's segment, with tables made for the moment; a small share, drawn from the host's secret, is asked about twice. Call it
    /// inside the engine's pool.
    pub(crate) fn everyone(
        &self,
        frame: &Frame,
        moment: Moment,
        draws: &Draws,
    ) -> std::result::Result<Everyone, Fault> {
        let quantiles = self.tables(frame, moment.today);
        let context = self.context(moment, &quantiles);
        let sources = self.sources(frame);
        let rows = self.plugin.chunk_rows();
        let drawn = draws.seed(&[b"run", &self.seed.to_le_bytes(), &moment.now.to_le_bytes()]);
        let again = Again::drawn(drawn, frame.len(), frame.len().div_ceil(rows));
        let mut classes = vec![NONE; frame.len()];
        let (fuel, cpu_micros, log) = classes
            .par_chunks_mut(rows)
            .enumerate()
            .map(|(chunk, out)| {
                let from = chunk * rows;
                let answer = self.ask(frame, &sources, &context, &Rows::Range(from..from + out.len()))?;
                for places in again.calls(chunk, out.len()) {
                    self.ask_again(frame, &sources, &context, (from, &places), &answer)?;
                }
                out.copy_from_slice(&answer.segment);
                Ok((answer.usage.fuel, answer.usage.cpu_micros, answer.log))
            })
            .try_reduce(
                || (0, 0, Vec::new()),
                |(fuel, micros, log), (more, longer, lines)| {
                    Ok((fuel + more, micros + longer, first_lines(log, lines)))
                },
            )?;
        Ok(Everyone {
            classes,
            quantiles,
            fuel,
            cpu_micros,
            log,
        })
    }

    /// The scores of these customers, with the tables of the latest run. Call it inside the engine's pool.
    pub(crate) fn scores(
        &self,
        frame: &Frame,
        moment: Moment,
        quantiles: &[QuantileTable],
        ordinals: &[u32],
    ) -> std::result::Result<Vec<f32>, Fault> {
        let context = self.context(moment, quantiles);
        let sources = self.sources(frame);
        let scores = ordinals.par_chunks(self.plugin.chunk_rows()).map(|picked| {
            let answer = self.ask(frame, &sources, &context, &Rows::Picked(picked))?;
            Ok((0..picked.len()).map(|row| answer.score_of(row)).collect::<Vec<f32>>())
        });
        Ok(scores.collect::<std::result::Result<Vec<_>, Fault>>()?.concat())
    }

    /// The answers for single customers, with the tables of the latest run, and the first lines the rule wrote.
    pub(crate) fn single(
        &self,
        frame: &Frame,
        moment: Moment,
        quantiles: &[QuantileTable],
        ordinals: &[u32],
    ) -> std::result::Result<(Vec<Answer>, Vec<LogLine>), Fault> {
        let context = self.context(moment, quantiles);
        let sources = self.sources(frame);
        let mut answers = Vec::with_capacity(ordinals.len());
        let mut log = Vec::new();
        for picked in ordinals.chunks(self.plugin.chunk_rows()) {
            let answer = self.ask(frame, &sources, &context, &Rows::Picked(picked))?;
            for row in 0..picked.len() {
                answers.push(Answer {
                    segment: answer.segment[row],
                    score: answer.score_of(row),
                    reason: answer
                        .reason
                        .as_ref()
                        .map(|reasons| reasons[row])
                        .filter(|reason| *reason != NONE),
                });
            }
            log = first_lines(log, answer.log);
        }
        Ok((answers, log))
    }
}

/// The lines of two calls in their order, no more than are kept.
fn first_lines(mut log: Vec<LogLine>, more: Vec<LogLine>) -> Vec<LogLine> {
    log.extend(more);
    log.truncate(OF_A_RUN);
    log
}

/// A rule's answer for one customer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    /// Index of the segment, or [`NONE`].
    pub(crate) segment: u16,
    /// 0 if the rule gives none.
    pub(crate) score: f32,
    /// Index of the reason.
    pub(crate) reason: Option<u16>,
}

/// What a fault means to a caller who asked for the rule to run. Whose facts brought it about, and what the rule wrote of them, is for
/// those who may read customers; the facts themselves are nowhere told.
pub(crate) async fn fault_for(tx: &mut Tx, agency: Uuid, fault: &Fault, reads: bool) -> Result<AppError> {
    let blamed = match fault.row {
        None => Words::default(),
        Some(_) if !reads => words!(
            "; the facts of one customer bring it about, and a key with the scope read is shown whose",
            "；由某位客户的事实引起，有 read 权限的密钥可看到是谁"
        ),
        Some(ordinal) => {
            let found = profiles::customers_at(tx, agency, &[ordinal as i64]).await?;
            found.first().map_or_else(Words::default, |customer| {
                words!(
                    "; the facts of customer {id} bring it about: GET /api/v1/customers/{id} shows them",
                    "；由客户 {id} 的事实引起：可用 GET /api/v1/customers/{id} 查看",
                    id = customer.id
                )
            })
        }
    };
    Ok(told(fault, &blamed, reads))
}

/// What a fault means to whoever looks at the binding.
pub(crate) fn fault_error(fault: &Fault) -> AppError {
    let blamed = match fault.row {
        None => Words::default(),
        Some(_) => of_one_customer(),
    };
    told(fault, &blamed, true)
}

/// A call of a segment rule, for its log. Without a cause it was asked about customers whose facts changed.
pub(crate) fn call<'c>(binding: &'c str, rule: &'c SegmentationRule, cause: Option<Cause>, moment: Moment) -> Call<'c> {
    Call {
        extension_point: SEGMENTATION,
        binding,
        digest: rule.plugin.digest(),
        cause: cause.map_or(CHANGE, Cause::as_str),
        moment,
    }
}

/// Keeps in the log how a rule failed, and whose facts brought it about. A rule that was to be a binding's first has no log to write to.
pub(crate) fn log_fault(room: &Room, call: Call<'_>, fault: &Fault) {
    if room.live().contains_key(call.binding) {
        room.log_fault(call, fault, fault.row.map(About::Customer));
    }
}
