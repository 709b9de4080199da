//! Who is interested in a theme: those who mostly book it, and among them those who are looking around now.
//!
//! Meant to be bound once per theme, as `interest-family` and `interest-beach`, with other settings each time. Segments of one
//! binding exclude each other, those of several bindings overlap: a customer can like families' tours and the Alps.

use posthouse_sdk::prelude::*;

mod settings;
use settings::Settings;

#[derive(Facts)]
struct Guest {
    favourite_theme: Option<Text>,
    favourite_destination: Option<Text>,
    views_30d: i32,
    searches_30d: i32,
}

#[derive(Segments)]
#[rustfmt::skip]
enum Segment {
    #[segment(zh = "正在关注", en = "Looking around now",
        policy_zh = "三天内推送该主题的在售线路，顾问跟进报价。", policy_en = "Send them this theme's tours within three days, and have an adviser follow up with a quote.")]
    LookingAround,
    #[segment(zh = "喜好者", en = "Fond of it",
        policy_zh = "该主题上新或办活动时优先通知。", policy_en = "Tell them first when this theme has a new tour or an event.")]
    Fond,
}

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "最常选“{favourite-theme}”主题，近 30 天浏览 {views-30d} 次、搜索 {searches-30d} 次",
        en = "Mostly chooses the theme “{favourite-theme}”; views in 30 days: {views-30d}, searches: {searches-30d}")]
    FavouriteTheme,
    #[reason(zh = "最常去{favourite-destination}，近 30 天浏览 {views-30d} 次、搜索 {searches-30d} 次",
        en = "Mostly goes to {favourite-destination}; views in 30 days: {views-30d}, searches: {searches-30d}")]
    FavouriteDestination,
}

#[derive(Rule)]
#[rule(facts = Guest, settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "主题兴趣",
    summary_zh = "找出喜欢某个主题或目的地的客户，并指出谁正在关注；每个主题绑定一次，未设置时为亲子主题。"
)]
#[rule(
    en = "Interest in a theme",
    summary_en = "Finds customers who like a theme or its destinations, and says who is looking around now. Bind it once per theme; without settings it is family travel."
)]
struct Interest;

impl Segmentation for Interest {
    type Quantiles = ();
    type Segment = Segment;

    fn score_title() -> Option<Localized> {
        Some(Localized::new(
            "近 30 天浏览与搜索次数",
            "views and searches in 30 days",
        ))
    }

    fn classify(guest: Guest, ctx: &Context<Settings>) -> Class<Segment, Reason> {
        let set = &ctx.settings;
        let reason = if named(guest.favourite_theme, &set.themes) {
            Reason::FavouriteTheme
        } else if named(guest.favourite_destination, &set.destinations) {
            Reason::FavouriteDestination
        } else {
            return Class::none();
        };
        let visits = guest.views_30d.saturating_add(guest.searches_30d);
        let segment = if visits >= set.visits {
            Segment::LookingAround
        } else {
            Segment::Fond
        };
        // Inside a segment those who look around most come first.
        Class::of(segment).score(visits as f32).because(reason)
    }
}

/// Whether the favourite is one of these words, whatever the case of its Latin letters.
fn named(favourite: Option<Text>, words: &[String]) -> bool {
    favourite.is_some_and(|favourite| words.iter().any(|word| word.eq_ignore_ascii_case(&favourite)))
}

posthouse_sdk::export_segmentation!(Interest);

#[cfg(test)]
mod tests;
