//! What is told to those outside, to whom, and how often it is tried.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A type of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// Its name, as `quote.confirmed`.
    pub name: &'static str,
    /// When it happens, in English.
    pub en: &'static str,
    /// When it happens, in Chinese.
    pub zh: &'static str,
}

macro_rules! event_types {
    ($($name:literal: $en:literal, $zh:literal;)+) => {
        /// Every type of event.
        pub const EVENT_TYPES: &[EventType] = &[$(EventType { name: $name, en: $en, zh: $zh }),+];
    };
}

event_types! {
    "booking.inquiry": "A booking became an inquiry.", "订单进入咨询状态。";
    "booking.quote": "A booking was priced.", "订单已报价。";
    "booking.confirmed": "A booking was confirmed, or a confirmed one changed.", "订单已确认，或已确认的订单有变动。";
    "booking.contracted": "The contract of a booking was signed.", "订单已签合同。";
    "booking.paid": "A booking was paid.", "订单已付款。";
    "booking.in_trip": "The travellers of a booking departed.", "订单出行中。";
    "booking.completed": "The trip of a booking ended.", "订单已完成。";
    "booking.settled": "A booking was settled.", "订单已结算。";
    "booking.cancelled": "A booking was cancelled.", "订单已取消。";
    "booking.refunded": "A booking was refunded.", "订单已退款。";
    "campaign.submitted": "A campaign waits for approval.", "活动已提交，等待审批。";
    "campaign.approved": "A campaign was approved.", "活动已批准。";
    "campaign.rejected": "A campaign was rejected.", "活动被驳回。";
    "campaign.started": "A campaign started.", "活动已开始。";
    "campaign.paused": "A campaign was paused.", "活动已暂停。";
    "campaign.resumed": "A campaign went on after a pause.", "活动已恢复。";
    "campaign.amended": "What is in force of a campaign was changed.", "进行中的活动已变更。";
    "campaign.ended": "A campaign ended.", "活动已结束。";
    "campaign.evaluated": "A campaign was evaluated.", "活动已完成评估。";
    "case.opened": "Somebody complained, suggested something, asked, or praised.", "收到投诉、建议、咨询或表扬。";
    "case.routed": "A case came to a desk.", "案件已分派到处理组。";
    "case.breached": "Something promised for a case was not done in time.", "案件超过了承诺的期限。";
    "case.resolved": "A case was resolved.", "案件已解决。";
    "case.reopened": "A case was opened again.", "案件重新打开。";
    "crisis.opened": "Complaints were joined into a crisis, or somebody opened one.", "多起投诉并为危机，或有人开启了危机。";
    "crisis.closed": "A crisis is over.", "危机已结束。";
    "customer.created": "A customer is new.", "新增客户。";
    "customer.updated": "Something is new about a customer: a record, a field, an identity.", "客户信息有更新：记录、字段或身份。";
    "import.finished": "A file was imported, or could not be.", "文件导入结束，或导入失败。";
    "plugin.activated": "A rule came into force.", "规则已启用。";
    "plugin.ended": "A rule was taken out of force; nothing came in its place.", "规则已停用，没有其他规则接替。";
    "plugin.failing": "A rule kept failing; the last good revision is back in force.", "规则持续出错，已恢复到上一个正常的版本。";
    "plugin.set-aside": "A rule kept failing or costing, and is not asked for a while.", "规则持续出错或耗时过多，暂停询问。";
    "points.expiring": "Points of a member are about to expire.", "会员积分即将到期。";
    "points.posted": "A line was added to a member's statement.", "会员对账单新增一笔。";
    "quote.confirmed": "A quote was confirmed with a booking.", "报价已随订单确认。";
    "quote.returned": "What a confirmed quote took was given back, as its booking was cancelled or refunded.", "订单取消或退款，报价占用的优惠已退回。";
    "referral.rewarded": "Both sides of a referral were rewarded.", "推荐双方均已获得奖励。";
    "reward.ordered": "A member ordered a reward.", "会员兑换了一项奖励。";
    "segment.moved": "Customers moved between segments.", "客户在分群之间变动。";
    "task.changed": "A task has another title, assignee or time, or is open again.", "任务的标题、负责人或期限有变动，或任务重新打开。";
    "task.created": "Something is to be done.", "新增任务。";
    "task.deleted": "A task was taken away.", "任务已删除。";
    "task.done": "A task is done.", "任务已完成。";
    "tier.changed": "A member is in another tier.", "会员等级变动。";
    "webhook.test": "Somebody tried this webhook.", "有人测试了该 Webhook。";
}

/// Whether a pattern names a type: by its name, by its capability as `quote.*`, or `*`.
pub fn names(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(stem) => stem.ends_with('.') && kind.starts_with(stem),
        None => pattern == kind,
    }
}

/// Whether a pattern names any type at all.
pub fn is_known(pattern: &str) -> bool {
    EVENT_TYPES.iter().any(|kind| names(pattern, kind.name))
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Pauses after each attempt that failed, in ms; after the last it is given up.
const PAUSES: [i64; 7] = [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    10 * HOUR,
];

/// How long until the next attempt after so many that failed, in ms; `None` if that was the last.
pub fn pause(attempts: i64) -> Option<i64> {
    let past = usize::try_from(attempts).unwrap_or_default().saturating_sub(1);
    PAUSES.get(past).copied()
}

/// First and longest pause of a receiver that is down, in ms; each is twice the one before.
const PROBES: (i64, i64) = (5 * SECOND, 30 * MINUTE);

/// How long a receiver is left alone that has failed so often in a row while it was thought to be down, in ms. Whatever waits for it is
/// tried soon after it is back, and it is not flooded while it is not.
pub fn probe_pause(failures: i64) -> i64 {
    let (first, longest) = PROBES;
    (first << failures.clamp(0, 20)).min(longest)
}

/// Whether an address belongs to somebody on the internet: not to this machine, its network, or to nobody. A server that sends where
/// others say must not reach what only it can reach.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// A cloud's own service, which answers only the machines it runs, at an address that looks like anybody's.
const CLOUD: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127, ..) => true,
        (100, 64..=127, _) => true,             // shared by carriers
        (169, 254, _) => true,                  // link-local, the clouds' metadata among it
        (172, 16..=31, _) => true,              // private
        (192, 0, 0 | 2) => true,                // protocols, documentation
        (192, 88, 99) => true,                  // relays to IPv6
        (192, 168, _) => true,                  // private
        (198, 18 | 19, _) => true,              // measuring
        (198, 51, 100) | (203, 0, 113) => true, // documentation
        (224.., ..) => true,                    // multicast, reserved, broadcast
        _ => false,
    };
    !special && address != CLOUD
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |at: usize| {
        let [a, b] = segments[at].to_be_bytes();
        let [c, d] = segments[at + 1].to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // IPv4 in another dress is judged as what it is
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => embedded(6),
        [0x2002, ..] => embedded(1),
        // Teredo, documentation, protocols
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // of all the rest only what is handed out
        [first, ..] => (first & 0xe000) == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn patterns_name_types() {
        assert!(names("quote.confirmed", "quote.confirmed"));
        assert!(names("quote.*", "quote.confirmed"));
        assert!(names("*", "quote.confirmed"));
        for not in [
            "quote",
            "quote.",
            "quote*",
            "q*",
            "quote.conf*",
            "quotes.*",
            "",
            "Quote.*",
        ] {
            assert!(!names(not, "quote.confirmed"), "{not:?}");
            assert!(!is_known(not), "{not:?}");
        }
        let different: BTreeSet<&str> = EVENT_TYPES.iter().map(|kind| kind.name).collect();
        assert_eq!(different.len(), EVENT_TYPES.len());
    }

    #[test]
    fn it_is_tried_eight_times_in_a_day() {
        let pauses: Vec<i64> = (1..).map_while(pause).collect();
        assert_eq!(pauses.len(), 7);
        assert_eq!(pauses.iter().sum::<i64>(), 27 * HOUR + 35 * MINUTE + 5 * SECOND);
    }

    #[test]
    fn only_addresses_on_the_internet_are_public() {
        for public in [
            "8.8.8.8",
            "1.1.1.1",
            "172.15.255.255",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "169.253.1.1",
            "223.255.255.255",
            "2606:4700::1",
            "2400:3200::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.255.255.254",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }
}
