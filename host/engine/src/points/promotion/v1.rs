//! The way into a component that serves the extension point in version 1 of the contract.

use super::proposed::Proposed;
use crate::columns::Value;
use crate::context::Context;
use crate::contract::{Answered, Export, Linked, context_of, wire};
use crate::refusal::Refusal;
use posthouse_domain::promotion::{Basket, Line, Offer, ProductKind, Saving};

/// Bytes of a line where it lies in the guest's memory, without the texts it points to.
const LINE_BYTES: usize = 72;
/// The same of an offer.
const OFFER_BYTES: usize = 40;

/// The function that is called.
#[derive(Debug)]
pub(super) struct Adapter {
    evaluate: Export,
}

impl Adapter {
    pub(super) fn new(linked: &Linked, point: &str) -> Result<Self, Refusal> {
        let evaluate = linked.export(point, "evaluate")?;
        Ok(Self { evaluate })
    }

    pub(super) fn call(
        &self,
        linked: &Linked,
        context: &Context,
        basket: &Basket,
        facts: &[Value],
    ) -> Answered<Proposed> {
        let bytes_in = context.size() + size(basket, facts);
        let lines: Vec<types::Line<'_>> = basket.lines.iter().map(Into::into).collect();
        let facts: Vec<wire::Value<'_>> = facts.iter().map(Into::into).collect();
        let basket = types::Basket {
            channel: &basket.channel,
            lines: &lines,
        };
        let ask: types::Ask<'_> = (context_of(context), types::Request { basket, facts: &facts });
        let fuel = linked.limits().decision_fuel;
        linked.call(&self.evaluate, (fuel, bytes_in), ask, |offers: Vec<types::Offer>| {
            let bytes_out = offered(&offers);
            let (offers, arguments) = offers.into_iter().map(types::Offer::read).unzip();
            (Proposed { offers, arguments }, bytes_out)
        })
    }
}

/// Bytes of these offers, with the arguments of their reasons.
fn offered(offers: &[types::Offer]) -> usize {
    offers.iter().map(|offer| OFFER_BYTES + offer.reason.size()).sum()
}

fn size(basket: &Basket, facts: &[Value]) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let line = |line: &Line| LINE_BYTES + line.sku.len() + text(&line.destination) + text(&line.theme);
    let lines: usize = basket.lines.iter().map(line).sum();
    basket.channel.len() + lines + wire::size_of_facts(facts)
}

/// The types as they cross the border; field names and order are those of `wit/v1`.
#[allow(
    unsafe_code,
    reason = "wasmtime's derive macros write unsafe impls whose layout they compute from the type"
)]
mod types {
    use crate::contract::wire::{Context, Reason, Value};
    use wasmtime::component::{ComponentType, Lift, Lower};

    pub(super) type Ask<'a> = (Context<'a>, Request<'a>);

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(variant)]
    pub(super) enum ProductKind<'a> {
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
        Other(&'a str),
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Line<'a> {
        pub(super) sku: &'a str,
        pub(super) kind: ProductKind<'a>,
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
    pub(super) struct Basket<'a> {
        pub(super) channel: &'a str,
        pub(super) lines: &'a [Line<'a>],
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Request<'a> {
        pub(super) basket: Basket<'a>,
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
        pub(super) reason: Reason,
    }
}

impl From<ProductKind> for types::ProductKind<'_> {
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
            ProductKind::Other => Self::Other(kind.as_str()),
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

impl types::Offer {
    /// The offer, and the arguments of its reason.
    fn read(self) -> (Offer, Vec<Value>) {
        let saving = match self.saving {
            types::Saving::Amount(amount) => Saving::Amount(amount),
            types::Saving::Rate(rate) => Saving::Rate(rate),
        };
        let offer = Offer {
            line: self.line,
            saving,
            reason: self.reason.index,
        };
        (offer, self.reason.arguments.into_iter().map(Into::into).collect())
    }
}
