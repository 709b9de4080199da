//! The adapter of the extension point `promotion`.

use super::{Base, find, interface, wire};
use crate::columns::Value;
use crate::context::Context;
use crate::contract::{Answered, Descriptor, Promotion};
use crate::description::Description;
use crate::extension_point::ExtensionPoint;
use crate::fault::Fault;
use crate::refusal::Refusal;
use posthouse_domain::promotion::{Basket, Line, Offer, ProductKind, Saving};
use wasmtime::component::{Component, ComponentExportIndex};

/// Bytes of a line where it lies in the guest's memory, without the texts it points to.
const LINE_BYTES: usize = 64;
/// The same of a fact.
const FACT_BYTES: usize = 16;
/// The same of an offer.
const OFFER_BYTES: usize = 32;

/// A linked component that exports the extension point.
pub(super) struct Adapter {
    base: Base,
    evaluate: ComponentExportIndex,
}

impl Adapter {
    pub(super) fn new(base: Base, component: &Component) -> Result<Self, Refusal> {
        let evaluate = find(component, interface(ExtensionPoint::Promotion), "evaluate")?;
        Ok(Self { base, evaluate })
    }
}

impl Descriptor for Adapter {
    fn describe(&self) -> Result<Description, Fault> {
        self.base.describe()
    }
}

impl Promotion for Adapter {
    fn evaluate(&self, context: &Context, basket: &Basket, facts: &[Value]) -> Answered<Vec<Offer>> {
        let bytes_in = context.size() + size(basket, facts);
        let lines: Vec<types::Line<'_>> = basket.lines.iter().map(Into::into).collect();
        let facts: Vec<types::Value<'_>> = facts.iter().map(Into::into).collect();
        let tables = wire::tables(context);
        let ask = (
            wire::context(context, &tables),
            types::Request {
                channel: &basket.channel,
                lines: &lines,
                facts: &facts,
            },
        );
        let runtime = &self.base.runtime;
        runtime.call("evaluate", runtime.limits.decision_fuel, bytes_in as u64, |store| {
            type Answer = (Result<Vec<types::Offer>, String>,);
            let function = self.base.enter::<types::Ask<'_>, Answer>(store, &self.evaluate)?;
            let (answer,) = function.call(&mut *store, ask)?;
            store.data_mut().bytes_out = match &answer {
                Ok(offers) => (offers.len() * OFFER_BYTES) as u64,
                Err(message) => message.len() as u64,
            };
            Ok(answer.map(|offers| offers.into_iter().map(Into::into).collect()))
        })
    }
}

fn size(basket: &Basket, facts: &[Value]) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let line = |line: &Line| LINE_BYTES + line.sku.len() + text(&line.destination) + text(&line.theme);
    let fact = |fact: &Value| match fact {
        Value::Text(text) => FACT_BYTES + text.len(),
        _ => FACT_BYTES,
    };
    let (lines, facts): (usize, usize) = (basket.lines.iter().map(line).sum(), facts.iter().map(fact).sum());
    basket.channel.len() + lines + facts
}

/// The types as they cross the border; field names and order are those of `wit/v1`.
#[allow(
    unsafe_code,
    reason = "wasmtime's derive macros write unsafe impls whose layout they compute from the type"
)]
mod types {
    use super::wire::Context;
    use wasmtime::component::{ComponentType, Lift, Lower};

    pub(super) type Ask<'a> = (Context<'a>, Request<'a>);

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(variant)]
    pub(super) enum Value<'a> {
        #[component(name = "unknown")]
        Unknown,
        #[component(name = "whole")]
        Whole(i64),
        #[component(name = "number")]
        Number(f64),
        #[component(name = "flag")]
        Flag(bool),
        #[component(name = "text")]
        Text(&'a str),
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(enum)]
    #[repr(u8)]
    pub(super) enum ProductKind {
        #[component(name = "tour")]
        Tour,
        #[component(name = "hotel")]
        Hotel,
        #[component(name = "flight")]
        Flight,
        #[component(name = "train")]
        Train,
        #[component(name = "cruise")]
        Cruise,
        #[component(name = "ticket")]
        Ticket,
        #[component(name = "transfer")]
        Transfer,
        #[component(name = "visa")]
        Visa,
        #[component(name = "insurance")]
        Insurance,
        #[component(name = "other")]
        Other,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Line<'a> {
        pub(super) sku: &'a str,
        pub(super) kind: ProductKind,
        pub(super) destination: Option<&'a str>,
        pub(super) theme: Option<&'a str>,
        pub(super) departs: Option<i32>,
        pub(super) travellers: u32,
        #[component(name = "unit-price")]
        pub(super) unit_price: i64,
        pub(super) quantity: u32,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Request<'a> {
        pub(super) channel: &'a str,
        pub(super) lines: &'a [Line<'a>],
        pub(super) facts: &'a [Value<'a>],
    }

    #[derive(ComponentType, Lift)]
    #[component(variant)]
    pub(super) enum Saving {
        #[component(name = "amount")]
        Amount(i64),
        #[component(name = "rate")]
        Rate(u32),
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct Offer {
        pub(super) line: u32,
        pub(super) saving: Saving,
        pub(super) reason: u16,
    }
}

impl<'a> From<&'a Value> for types::Value<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Unknown,
            Value::Int(value) => Self::Whole(*value),
            Value::Number(value) => Self::Number(*value),
            Value::Flag(value) => Self::Flag(*value),
            Value::Text(value) => Self::Text(value),
        }
    }
}

impl From<ProductKind> for types::ProductKind {
    fn from(kind: ProductKind) -> Self {
        match kind {
            ProductKind::Tour => Self::Tour,
            ProductKind::Hotel => Self::Hotel,
            ProductKind::Flight => Self::Flight,
            ProductKind::Train => Self::Train,
            ProductKind::Cruise => Self::Cruise,
            ProductKind::Ticket => Self::Ticket,
            ProductKind::Transfer => Self::Transfer,
            ProductKind::Visa => Self::Visa,
            ProductKind::Insurance => Self::Insurance,
            ProductKind::Other => Self::Other,
        }
    }
}

impl<'a> From<&'a Line> for types::Line<'a> {
    /// Without the cost: what a thing costs the agency is no business of a rule. The numbers have passed the basket's check, so none
    /// is below zero.
    fn from(line: &'a Line) -> Self {
        Self {
            sku: &line.sku,
            kind: line.kind.into(),
            destination: line.destination.as_deref(),
            theme: line.theme.as_deref(),
            departs: line.departs,
            travellers: line.travellers.unsigned_abs(),
            unit_price: line.unit_price,
            quantity: line.quantity.unsigned_abs(),
        }
    }
}

impl From<types::Offer> for Offer {
    fn from(said: types::Offer) -> Self {
        let saving = match said.saving {
            types::Saving::Amount(amount) => Saving::Amount(amount),
            types::Saving::Rate(rate) => Saving::Rate(rate),
        };
        Self {
            line: said.line,
            saving,
            reason: said.reason,
        }
    }
}
