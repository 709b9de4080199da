//! Customers who ask for prices, and what becomes of their quotes.

use super::campaigns::NEW_DESTINATIONS;
use super::{SOURCE, State, events};
use crate::output::Failure;
use posthouse_app::App;
use posthouse_app::Label;
use posthouse_app::profiles::Browse;
use posthouse_app::quotes::{Confirmation, NewQuote, QuoteFilter, QuoteView};
use posthouse_app::samples::{Dice, Wish, story};
use posthouse_app::team::Caller;
use posthouse_domain::promotion::{Basket, Line, ProductKind};
use posthouse_domain::{Day, Instant, time};
use serde_json::{Value, json};
use uuid::Uuid;

/// Those who ask are found among so many customers.
const POOL: u32 = 2_000;
/// At most one in so many asks in one round.
const ONE_IN: u32 = 4;
/// How long a price is held that nobody has decided about, in minutes.
const HOLD: u16 = 24 * 60;

/// Somebody who asks for a price.
pub(super) struct Asker {
    number: u32,
    pub(super) id: Uuid,
    /// By what people know them.
    pub(super) label: Label,
    /// As records name them.
    customer: Value,
    /// The day on which the agency came to know them.
    known_since: Day,
}

/// Up to `most` customers, the same for the same seed. Each `round` asks others.
pub(super) async fn askers(
    app: &App,
    caller: &Caller,
    state: &State,
    round: u32,
    most: u32,
) -> Result<Vec<Asker>, Failure> {
    let pool = state.customers.min(POOL);
    let count = most.min(pool / ONE_IN);
    let mut found = Vec::with_capacity(count as usize);
    for place in 0..count {
        let number = (u64::from(place) * u64::from(pool) / u64::from(count)) as u32 + round;
        let told = story(SOURCE, state.seed, number, state.today);
        let Some(first) = told.first() else { continue };
        let customer = &first["customer"];
        // whoever is known by this is one person
        let browse = Browse {
            q: customer["identities"][0]["value"].as_str().map(str::to_owned),
            limit: 1,
            ..Browse::default()
        };
        let listed = app.profiles().browse(caller, &browse).await?;
        let known_since = first["occurred_at"]
            .as_str()
            .and_then(|at| time::parse_day(at.get(..10)?));
        if let Some(row) = listed.rows.into_iter().next() {
            found.push(Asker {
                number,
                id: row.summary.id,
                label: row.summary.label,
                customer: json!({"identities": customer["identities"]}),
                known_since: known_since.unwrap_or(state.today),
            });
        }
    }
    Ok(found)
}

impl Asker {
    fn dice(&self, seed: u64) -> Dice {
        Dice::new(seed ^ 0x51a7, u64::from(self.number))
    }

    pub(super) fn was_known(&self, day: Day) -> bool {
        self.known_since <= day
    }

    /// Whether this customer has asked since then: in a start that was interrupted.
    async fn has_asked(&self, app: &App, caller: &Caller, since: Instant) -> Result<bool, Failure> {
        let filter = QuoteFilter {
            customer: Some(self.id),
        };
        let (latest, _) = app.quotes().list(caller, filter, None, 1).await?;
        Ok(latest.first().is_some_and(|quote| quote.at >= since))
    }
}

fn line(wish: &Wish, kind: ProductKind, share: i64) -> Line {
    let code = match kind {
        ProductKind::Flight => "F",
        ProductKind::Hotel => "H",
        _ => "T",
    };
    Line {
        sku: format!("{code}-{}-{}D", wish.destination, wish.days),
        kind,
        destination: Some(wish.destination.to_owned()),
        theme: Some(wish.theme.to_owned()),
        departs: Some(wish.departs),
        travellers: wish.party,
        unit_price: wish.price * share / 100,
        unit_cost: Some(wish.cost * share / 100),
        quantity: wish.party,
    }
}

fn asking(customer: Option<Uuid>, channel: &str, lines: Vec<Line>) -> NewQuote {
    NewQuote {
        customer,
        basket: Basket {
            channel: channel.to_owned(),
            lines,
        },
        codes: Vec::new(),
        hold_minutes: HOLD,
        points: None,
        reward: None,
    }
}

/// A quote is confirmed with a booking, and the booking is told.
async fn book(app: &App, caller: &Caller, asker: &Asker, quote: &QuoteView, booking: &str) -> Result<(), Failure> {
    let with = Confirmation {
        booking_id: booking.to_owned(),
    };
    app.quotes().confirm(caller, quote.id, with).await?;
    let Some(line) = quote.basket.lines.first() else {
        return Ok(());
    };
    let now = app.now();
    let today = caller.room.day_of(now);
    let cost: i64 = quote.basket.lines.iter().filter_map(Line::cost).sum();
    let data = json!({
        "booking_id": booking, "booked_at": time::day_text(today), "product": line.sku, "destination": line.destination, "theme": line.theme,
        "departs": line.departs.map(time::day_text), "travellers": line.travellers, "amount": quote.price, "cost": cost,
        "channel": quote.basket.channel,
    });
    tell(app, caller, asker, booking, "booking.confirmed", data).await
}

async fn tell(
    app: &App,
    caller: &Caller,
    asker: &Asker,
    booking: &str,
    kind: &str,
    data: Value,
) -> Result<(), Failure> {
    let event = json!({
        "source": "demo", "external_id": format!("{booking}-{kind}"), "type": kind, "occurred_at": time::instant_text(app.now()),
        "customer": asker.customer, "data": data,
    });
    events(app, caller, &[event]).await.map(drop)
}

/// Somebody asks while a festival's prices are there, most of them for a departure around it, and books or does not; with an offer more
/// often than without.
pub(super) async fn ask_for_festival(
    app: &App,
    caller: &Caller,
    asker: &Asker,
    (seed, begun, holiday): (u64, Instant, Day),
) -> Result<(), Failure> {
    if asker.has_asked(app, caller, begun).await? {
        return Ok(());
    }
    let today = caller.room.day_of(app.now());
    let dice = &mut asker.dice(seed);
    let mut wish = Wish::make(dice, today);
    if dice.happens(0.7) {
        wish.departs = (holiday + dice.between(-10, 5)).max(today + 3);
    }
    let new = asking(Some(asker.id), wish.channel, vec![line(&wish, ProductKind::Tour, 100)]);
    let quote = app.quotes().make(caller, new).await?;
    let share = if quote.price < quote.list_price { 0.55 } else { 0.3 };
    if dice.happens(share) {
        let booking = format!("Q{}-{}", asker.number, time::day_text(today));
        return book(app, caller, asker, &quote, &booking).await;
    }
    app.quotes().release(caller, quote.id).await?;
    Ok(())
}

/// Somebody asks now. Of four two book, one lets the price go, one has not decided. `code` is a coupon of the travel fair; one who came
/// with it calls the trip off.
pub(super) async fn ask_now(
    app: &App,
    caller: &Caller,
    asker: &Asker,
    (seed, begun, place): (u64, Instant, usize),
    code: Option<&str>,
) -> Result<(), Failure> {
    if asker.has_asked(app, caller, begun).await? {
        return Ok(());
    }
    let today = caller.room.day_of(app.now());
    let dice = &mut asker.dice(seed);
    let mut wish = Wish::make(dice, today);
    if place % 8 == 3 {
        wish.destination = *dice.one(&NEW_DESTINATIONS);
    }
    let mut new = asking(Some(asker.id), wish.channel, vec![line(&wish, ProductKind::Tour, 100)]);
    if let Some(code) = code {
        new.basket.channel = "store".to_owned();
        new.basket.lines = vec![
            line(&wish, ProductKind::Flight, 40),
            line(&wish, ProductKind::Hotel, 60),
        ];
        new.codes = vec![code.to_owned()];
    }
    let quote = app.quotes().make(caller, new).await?;
    match place % 4 {
        0 | 1 => {
            let booking = format!("Q{}-{}", asker.number, time::day_text(today));
            book(app, caller, asker, &quote, &booking).await?;
            if code.is_some() && place == 0 {
                let data = json!({"booking_id": booking});
                tell(app, caller, asker, &booking, "booking.cancelled", data).await?;
            }
        }
        2 => drop(app.quotes().release(caller, quote.id).await?),
        _ => {}
    }
    Ok(())
}

/// Somebody asks whom nobody knows.
pub(super) async fn ask_unknown(app: &App, caller: &Caller, seed: u64) -> Result<(), Failure> {
    let today = caller.room.day_of(app.now());
    let wish = Wish::make(&mut Dice::new(seed ^ 0x51a7, u64::from(u32::MAX)), today);
    let new = asking(None, "web", vec![line(&wish, ProductKind::Tour, 100)]);
    app.quotes().make(caller, new).await?;
    Ok(())
}
