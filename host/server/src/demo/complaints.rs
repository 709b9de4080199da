//! A board of cases: some that have just come, some that are late, some that are over, and a crisis that holds four of them together.

use super::last_year::Hands;
use super::{SLUG, State};
use crate::config::Config;
use crate::house;
use crate::output::Failure;
use posthouse_app::App;
use posthouse_app::complaints::{
    COMPLAINT_ROUTING, CaseFilter, Contact, Deed, DeskView, Links, MAIN, NewCase, NewCrisis, Outcome, Promised, Seat,
    WaitFor,
};
use posthouse_app::rules::{Activation, PluginView};
use posthouse_app::team::{Caller, NewStaff};
use posthouse_domain::complaints::{Cause, Compensation, Kind, Liability, Remedy};
use posthouse_domain::{Localized, words};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

const HOUR: i64 = 3_600_000;
/// Who deals with cases: name and e-mail address.
const OFFICERS: [(&str, &str); 2] = [
    ("周婷 Zhou Ting", "zhou.ting@silkroad.example"),
    ("高翔 Gao Xiang", "gao.xiang@silkroad.example"),
];
/// Desks: key, titles and skills.
const DESKS: [(&str, (&str, &str), &[&str]); 4] = [
    ("default", ("客服组", "Customer service"), &[]),
    ("senior", ("资深组", "Senior desk"), &["senior", "safety"]),
    ("on-the-way", ("行程中支持", "On the way"), &["in-trip"]),
    (
        "supplier-relations",
        ("供应商关系", "Supplier relations"),
        &["supplier"],
    ),
];

/// What has become of a case.
enum Way {
    New,
    Replied,
    Waiting,
    Proposed,
    Closed,
}

/// A case: so many hours ago, who, about what, and what became of it.
type Told = (i64, &'static str, Kind, Option<Cause>, &'static str, Way);

const CASES: [Told; 12] = [
    (
        76,
        "许女士 Ms Xu",
        Kind::Complaint,
        Some(Cause::Product),
        "湖景房窗外是停车场，和合同不符。",
        Way::Closed,
    ),
    (
        70,
        "Mr Hall",
        Kind::Complaint,
        Some(Cause::ServiceFailure),
        "The guide left us at the museum and nobody answered the phone.",
        Way::Proposed,
    ),
    (
        52,
        "陆先生 Mr Lu",
        Kind::Complaint,
        None,
        "退款已经两周了还没有到账。",
        Way::Waiting,
    ),
    (
        49,
        "Ms Becker",
        Kind::Complaint,
        Some(Cause::Information),
        "Nobody told us that the cable car is closed in winter.",
        Way::Replied,
    ),
    (
        30,
        "杜女士 Ms Du",
        Kind::Suggestion,
        None,
        "希望亲子团的晚餐早一点，孩子等不及。",
        Way::New,
    ),
    (
        28,
        "唐先生 Mr Tang",
        Kind::Complaint,
        Some(Cause::Product),
        "三亚家庭五日游的酒店没有儿童泳池。",
        Way::Replied,
    ),
    (
        27,
        "Mrs Lind",
        Kind::Complaint,
        Some(Cause::Product),
        "No children's pool at the Sanya hotel, though it was promised.",
        Way::New,
    ),
    (
        26,
        "秦女士 Ms Qin",
        Kind::Complaint,
        Some(Cause::Product),
        "三亚酒店泳池在维修，孩子没法玩。",
        Way::New,
    ),
    (
        25,
        "Mr Okada",
        Kind::Complaint,
        Some(Cause::Product),
        "The pool in Sanya was under repair all week.",
        Way::Waiting,
    ),
    (
        6,
        "叶先生 Mr Ye",
        Kind::Complaint,
        Some(Cause::Price),
        "导游带我们进店购物，被多收了钱。",
        Way::New,
    ),
    (
        3,
        "Ms Novak",
        Kind::Praise,
        None,
        "Our guide in Xi'an was wonderful.",
        Way::New,
    ),
    (
        1,
        "施女士 Ms Shi",
        Kind::Complaint,
        None,
        "老人在景区摔伤，现在在医院。",
        Way::New,
    ),
];
/// Those of the same hotel.
const JOINT: std::ops::Range<usize> = 5..9;

/// Opens the cases in the days before, on a clock that is turned, unless an earlier start has.
pub(super) async fn open(config: &Config, state: &State, uploaded: &[PluginView], now: i64) -> Result<(), Failure> {
    let hands = Arc::new(Hands::at(now));
    let app = house::open_at(config, hands.clone(), None).await?;
    let done = tell(&app, &hands, state, uploaded, now).await;
    app.stop().await;
    done
}

async fn tell(app: &App, hands: &Hands, state: &State, uploaded: &[PluginView], now: i64) -> Result<(), Failure> {
    let caller = app.team().authenticate(&state.api_key).await?;
    let complaints = app.complaints();
    let (there, _) = complaints.list(&caller, &CaseFilter::default(), None, 1).await?;
    let plugin = uploaded
        .iter()
        .find(|plugin| plugin.extension_point == COMPLAINT_ROUTING);
    let (Some(plugin), true) = (plugin, there.is_empty()) else {
        return Ok(());
    };
    let people = officers(app, &caller).await?;
    for (place, (key, (zh, en), skills)) in DESKS.into_iter().enumerate() {
        let seat = |person: &Uuid| Seat {
            person: *person,
            on_duty: true,
        };
        let desk = DeskView {
            key: key.to_owned(),
            title: Localized::new(zh, en),
            calendar: "standard".to_owned(),
            skills: skills.iter().map(|skill| (*skill).to_owned()).collect(),
            // everybody is at the first desk, and one of them at each of the others
            people: people.iter().skip(place % 2).map(seat).collect(),
            version: 0,
        };
        complaints.put_desk(&caller, &desk, None).await?;
    }
    let activation = Activation {
        digest: plugin.digest.clone(),
        config: json!({}),
        grant: None,
    };
    complaints.activate(&caller, MAIN, &activation, None).await?;
    let mut numbers = Vec::new();
    for (ago, name, kind, cause, text, way) in CASES {
        let at = now - ago * HOUR;
        hands.set(at);
        let new = NewCase {
            contact: Contact {
                name: Some(name.to_owned()),
                ..Contact::default()
            },
            kind,
            cause,
            channel: if numbers.len() % 3 == 0 { "wechat" } else { "phone" }.to_owned(),
            text: text.to_owned(),
            ..NewCase::default()
        };
        let case = complaints.open(&caller, &new).await?;
        for (later, deed) in deeds(&way) {
            hands.set((at + later * HOUR).min(now));
            complaints.act(&caller, &case.id.to_string(), &deed, None).await?;
        }
        numbers.push(case.number);
    }
    hands.set(now);
    let crisis = NewCrisis {
        kind: "product".to_owned(),
        title: "三亚酒店泳池维修 · Pool under repair in Sanya".to_owned(),
        product: Some("SY-FAMILY-5".to_owned()),
        cause: Some(Cause::Product),
        playbook: None,
        cases: numbers[JOINT].to_vec(),
    };
    complaints.open_crisis(&caller, &crisis).await?;
    super::say(&words!(
        "{count} cases and a crisis are at the desks of {SLUG}.",
        "{SLUG} 的处理组有 {count} 个案件和一个危机。",
        count = numbers.len()
    ));
    Ok(())
}

async fn officers(app: &App, caller: &Caller) -> Result<Vec<Uuid>, Failure> {
    let team = app.team();
    let there = team.staff(caller).await?;
    let mut people = Vec::new();
    for (name, email) in OFFICERS {
        let known = there
            .iter()
            .find(|person| person.email == email)
            .map(|person| person.id);
        let new = NewStaff {
            email,
            name: Some(name),
            role: "complaint_officer",
            branch: None,
        };
        people.push(match known {
            Some(id) => id,
            None => team.invite(caller, new).await?.person.id,
        });
    }
    Ok(people)
}

/// What was done with a case, and how many hours after it came.
fn deeds(way: &Way) -> Vec<(i64, Deed)> {
    let reply =
        || Deed::Reply("已收到，正在核实，今天内给您答复。We are looking into it, and answer today.".to_owned());
    match way {
        Way::New => Vec::new(),
        Way::Replied => vec![(2, reply())],
        Way::Waiting => vec![
            (1, reply()),
            (
                4,
                Deed::Wait(WaitFor::Supplier, Some("已向酒店核实 · asked the hotel".to_owned())),
            ),
        ],
        Way::Proposed => {
            let promised = Promised {
                what: Compensation {
                    remedy: Remedy::Refund,
                    amount: 30_000,
                },
                reason: Some("导游失联两小时 · no guide for two hours".to_owned()),
                coupon: None,
            };
            let text = "退还当日导游费 300 元。We give back the guide's fee of the day.".to_owned();
            vec![(1, reply()), (20, Deed::Propose(text, vec![promised]))]
        }
        Way::Closed => {
            let links = Links {
                liability: Some(Liability::Supplier),
                supplier: Some("湖畔酒店 Lakeside Hotel".to_owned()),
                ..Links::default()
            };
            let outcome = Outcome {
                text: Some("已退还差价。The difference is refunded.".to_owned()),
                root_cause: Some("酒店超售湖景房 · lake view sold twice".to_owned()),
                rectification: Some("酒店按房号确认 · the hotel confirms rooms by number".to_owned()),
                ..Outcome::default()
            };
            vec![
                (1, reply()),
                (3, Deed::Link(links)),
                (26, Deed::Resolve(outcome.clone())),
                (30, Deed::Rate(4, None)),
                (50, Deed::Close(outcome)),
            ]
        }
    }
}
