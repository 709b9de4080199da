//! Members in lists: every order page by page is the whole list sorted, and whoever is looked for is found by what people know of them.

use super::super::{MemberFilter, MemberOrder, Part, StatementFilter};
use super::{DAY, TODAY, club, follow};
use crate::App;
use crate::error::AppError;
use crate::team::{Caller, Mask, Rows};
use crate::testing::{NOW, on_both_engines};
use posthouse_domain::loyalty::Wallet;
use posthouse_store::{Access, Store, loyalty as store};
use posthouse_tests::plugins::packed;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

on_both_engines!(
    every_order_is_the_whole_list_sorted,
    a_member_is_found_by_what_people_know,
    a_statement_can_be_narrowed_and_ties_out,
);

/// Seven customers with a trip each that is over; the third owes, the fifth expires soon.
async fn seven(store: &Store, slug: &str) -> (App, Caller, Vec<Uuid>) {
    let (app, _, caller) = club(store, slug, packed("points-and-tiers")).await;
    let mut events = Vec::new();
    for number in 0..7_i64 {
        let who = json!({"identities": [{"kind": "member_no", "value": format!("M{number}")},
            {"kind": "phone", "value": format!("1380013800{number}")}], "name": format!("王{}", ["伟", "芳", "强", "丽", "军", "静", "涛"][number as usize])});
        let at = |days: i64| posthouse_domain::time::instant_text(NOW - days * DAY);
        let event = |id: &str, kind: &str, days: i64, data: serde_json::Value| {
            let mut data = data;
            data["booking_id"] = format!("B{number}").into();
            json!({"source": "shop", "external_id": format!("{number}-{id}"), "type": format!("booking.{kind}"), "occurred_at": at(days),
                   "customer": who, "data": data})
        };
        let amount = 1_000_000 * (1 + number * 3 % 7);
        events.push(event(
            "1",
            "confirmed",
            40 - number,
            json!({"amount": amount, "product": "Kyoto"}),
        ));
        events.push(event("2", "completed", 20, json!({})));
    }
    app.intake().accept(&caller, &events).await.expect("an answer");
    follow(&app, &caller).await;
    let (found, _) = app
        .loyalty()
        .members(&caller, &MemberFilter::default(), None, 100)
        .await
        .expect("members");
    let by_name: BTreeMap<String, Uuid> = {
        let ids: Vec<Uuid> = found.iter().map(|member| member.customer).collect();
        let labels = app.profiles().labels(&caller, &ids).await.expect("labels");
        labels
            .into_iter()
            .filter_map(|(id, label)| Some((label.member_no?, id)))
            .collect()
    };
    let ids: Vec<Uuid> = by_name.into_values().collect();
    assert_eq!(ids.len(), 7);
    let agency = caller.room.id;
    let mut tx = app.store.write(Access::Agency(agency)).await.expect("a transaction");
    let mut row = store::member(&mut tx, agency, ids[2])
        .await
        .expect("a look")
        .expect("a member");
    row.owed = 7;
    store::put(&mut tx, agency, std::slice::from_ref(&row))
        .await
        .expect("it is written");
    let mut lots = store::lots(&mut tx, agency, &[ids[4]]).await.expect("lots");
    for row in &mut lots {
        row.lot.until = Some(TODAY + 30);
    }
    store::put_lots(&mut tx, agency, &lots).await.expect("it is written");
    tx.commit().await.expect("it stays");
    (app, caller, ids)
}

/// The whole list, two at a time.
async fn all(app: &App, caller: &Caller, filter: &MemberFilter) -> Vec<Uuid> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = app
            .loyalty()
            .members(caller, filter, cursor.as_deref(), 2)
            .await
            .expect("members");
        assert!(page.len() <= 2 && found.len() < 20);
        found.extend(page.into_iter().map(|member| member.customer));
        match next {
            Some(next) => cursor = Some(next),
            None => return found,
        }
    }
}

async fn every_order_is_the_whole_list_sorted(store: Store) {
    let (app, caller, ids) = seven(&store, "orders").await;
    let filter = |order| MemberFilter {
        order,
        ..MemberFilter::default()
    };
    let mut expected = ids.clone();
    expected.sort_unstable();
    assert_eq!(all(&app, &caller, &filter(MemberOrder::Customer)).await, expected);
    let whole = app
        .loyalty()
        .members(&caller, &MemberFilter::default(), None, 100)
        .await
        .expect("members")
        .0;
    let mut richest = whole.clone();
    richest.sort_by_key(|member| std::cmp::Reverse((member.points.available, member.customer)));
    let richest: Vec<Uuid> = richest.iter().map(|member| member.customer).collect();
    assert_eq!(all(&app, &caller, &filter(MemberOrder::Points)).await, richest);
    let mut latest = whole.clone();
    latest.sort_by_key(|member| std::cmp::Reverse(member.member_no.clone()));
    let latest: Vec<Uuid> = latest.iter().map(|member| member.customer).collect();
    assert_eq!(all(&app, &caller, &filter(MemberOrder::Joined)).await, latest);

    // what narrows a list counts as many as it lists
    let counts = app.loyalty().member_counts(&caller, TODAY + 90).await.expect("counts");
    let counts = counts.expect("of everybody");
    assert_eq!((counts.all, counts.owed, counts.expiring), (7, 1, 1));
    for (tier, count) in &counts.tiers {
        for order in [MemberOrder::Customer, MemberOrder::Points, MemberOrder::Joined] {
            let of_tier = MemberFilter {
                tier: tier.clone(),
                ..filter(order)
            };
            assert_eq!(all(&app, &caller, &of_tier).await.len() as u64, *count, "{tier:?}");
        }
    }
    assert!(counts.tiers.len() > 1, "{counts:?}");
    let owed = MemberFilter {
        owed: true,
        ..MemberFilter::default()
    };
    assert_eq!(all(&app, &caller, &owed).await, [ids[2]]);
    let expiring = |days| MemberFilter {
        expiring: Some(TODAY + days),
        ..MemberFilter::default()
    };
    assert_eq!(all(&app, &caller, &expiring(90)).await, [ids[4]]);
    let later = all(&app, &caller, &expiring(1_000)).await;
    assert_eq!((later.len(), later[0]), (7, ids[4]), "what expires first is first");
    let closed = MemberFilter {
        state: Some("closed".to_owned()),
        ..MemberFilter::default()
    };
    assert!(all(&app, &caller, &closed).await.is_empty());
    let strange = app
        .loyalty()
        .members(&caller, &filter(MemberOrder::Points), Some("x"), 2)
        .await;
    assert!(matches!(strange, Err(AppError::Invalid(why)) if why.code == "bad_cursor"));
}

async fn a_member_is_found_by_what_people_know(store: Store) {
    let (app, caller, ids) = seven(&store, "found").await;
    let of = |q: &str| MemberFilter {
        q: Some(q.to_owned()),
        ..MemberFilter::default()
    };
    let member = app.loyalty().member(&caller, ids[3], None).await.expect("a member");
    let short = member.member_no.trim_start_matches('0').to_owned();
    for q in [
        "王丽",
        "wangli",
        "8003",
        "M3",
        &member.member_no,
        &member.referral_code.to_lowercase(),
    ] {
        assert_eq!(all(&app, &caller, &of(q)).await, [ids[3]], "{q}");
    }
    assert_eq!(
        all(&app, &caller, &of(&short)).await.first(),
        Some(&ids[3]),
        "who has it on the card is first"
    );
    let everybody = all(&app, &caller, &of("王")).await;
    assert_eq!(everybody.len(), 7);
    let owing = MemberFilter {
        owed: true, ..of("王")
    };
    assert_eq!(all(&app, &caller, &owing).await, [ids[2]]);
    let expiring = MemberFilter {
        expiring: Some(TODAY + 90),
        ..of("王")
    };
    assert_eq!(all(&app, &caller, &expiring).await, [ids[4]]);

    // who sees nobody's customers has no members, and who does not see money no list
    let stranger = Caller {
        rows: Rows::Of(Uuid::from_u128(1)),
        ..caller.clone()
    };
    assert!(all(&app, &stranger, &MemberFilter::default()).await.is_empty());
    assert!(all(&app, &stranger, &of("王")).await.is_empty());
    assert_eq!(
        app.loyalty().member_counts(&stranger, TODAY).await.expect("an answer"),
        None
    );
    let masked = Caller {
        masks: vec![Mask::Money],
        ..caller.clone()
    };
    for refused in [
        app.loyalty()
            .members(&masked, &MemberFilter::default(), None, 2)
            .await
            .err(),
        app.loyalty().member_counts(&masked, TODAY).await.err(),
        app.loyalty().past_tiers(&masked, ids[0], None, 2).await.err(),
    ] {
        assert!(matches!(refused, Some(AppError::Denied(why)) if why.code == "data_masked"));
    }
}

async fn a_statement_can_be_narrowed_and_ties_out(store: Store) {
    let (app, caller, ids) = seven(&store, "narrowed").await;
    let back = json!({"source": "shop", "external_id": "back", "type": "booking.refunded", "occurred_at": posthouse_domain::time::instant_text(NOW - DAY),
        "customer": {"identities": [{"kind": "member_no", "value": "M0"}]}, "data": {"booking_id": "B0", "amount": 500_000}});
    app.intake().accept(&caller, &[back]).await.expect("an answer");
    follow(&app, &caller).await;
    let statement = async |wallet, part, after, limit| {
        let filter = StatementFilter {
            wallet,
            part,
            ..StatementFilter::of_days(TODAY, TODAY)
        };
        let found = app.loyalty().statement(&caller, ids[0], &filter, after, limit).await;
        found.expect("a statement")
    };
    let whole = statement(None, None, 0, 100).await;
    let points = statement(Some(Wallet::Points), None, 0, 100).await;
    let own: i64 = points.lines.iter().map(|line| line.moved[1]).sum();
    assert_eq!(points.opening.available + own, points.closing.available);
    assert_eq!(own, points.points.came - points.points.went);
    assert!(points.points.went > 0 && points.lines.len() < whole.lines.len());
    let mut parts = 0;
    for part in [Part::Earned, Part::Used, Part::Expired] {
        let lines = statement(None, Some(part), 0, 100).await.lines;
        parts += lines.len();
        let mut one_by_one = Vec::new();
        let mut after = 0;
        loop {
            let page = statement(None, Some(part), after, 1).await;
            one_by_one.extend(page.lines.iter().map(|line| line.nth));
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!(one_by_one, lines.iter().map(|line| line.nth).collect::<Vec<_>>());
    }
    assert_eq!(parts, whole.lines.len());
    // every line of a booking says which, also what was taken back of its lots
    for line in &whole.lines {
        let booking = (line.kind != "settled").then_some("B0");
        assert_eq!(line.booking.as_deref(), booking, "{line:?}");
    }

    // the tiers are told from the latest to the first, each until the next began
    let (tiers, next) = app
        .loyalty()
        .past_tiers(&caller, ids[0], None, 100)
        .await
        .expect("tiers");
    assert_eq!(next, None);
    assert_eq!((tiers[0].to, tiers.last().map(|first| first.nth)), (None, Some(1)));
    let (mut paged, mut before) = (Vec::new(), None);
    loop {
        let (page, next) = app
            .loyalty()
            .past_tiers(&caller, ids[0], before, 1)
            .await
            .expect("tiers");
        paged.extend(page.into_iter().map(|tier| (tier.nth, tier.from, tier.to)));
        match next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    let whole: Vec<_> = tiers.iter().map(|tier| (tier.nth, tier.from, tier.to)).collect();
    assert_eq!(paged, whole);
}
