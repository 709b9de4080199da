use posthouse_sdk::prelude::*;

use crate::words::{CAUSES, named};

/// How fast cases are answered, who is dealt with by the senior desk, and what is proposed.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// Tiers whose members go to the senior desk, by their keys.
    #[setting(en = "VIP tiers", zh = "贵宾等级", about_zh = "这些等级的会员交资深组，填等级的 key。")]
    #[setting(length(max = 20), default = vec!["gold".into(), "platinum".into()])]
    pub(crate) vip_tiers: Vec<String>,
    /// Who has spent as much in two years goes to the senior desk.
    #[setting(en = "High value", zh = "高价值客户", about_zh = "近两年消费达到多少交资深组。")]
    #[setting(range(min = 1), default = Money(5_000_000))]
    pub(crate) high_value: Money,
    /// From how many complaints in a year the senior desk looks into what is wrong.
    #[setting(
        en = "Complaints in a year",
        zh = "一年投诉次数",
        about_zh = "近一年投诉达到几次交资深组。",
        range(min = 2, max = 50),
        default = 3
    )]
    pub(crate) often: i32,
    /// Times of the gravest cases.
    #[setting(en = "Times of severity 1", zh = "一级时限", about_zh = "最严重案件的时限。", default = Times { first_response: 15, resolution: 480 })]
    pub(crate) severity_1: Times,
    /// Times of grave cases.
    #[setting(en = "Times of severity 2", zh = "二级时限", about_zh = "严重案件的时限。", default = Times { first_response: 60, resolution: 1_080 })]
    pub(crate) severity_2: Times,
    /// Times of ordinary cases.
    #[setting(en = "Times of severity 3", zh = "三级时限", about_zh = "一般案件的时限。", default = Times { first_response: 240, resolution: 2_700 })]
    pub(crate) severity_3: Times,
    /// Times of what can wait.
    #[setting(en = "Times of severity 4", zh = "四级时限", about_zh = "轻微案件的时限。", default = Times { first_response: 540, resolution: 5_400 })]
    pub(crate) severity_4: Times,
    /// Words of the text that tell the cause, where nobody has said. The first that is found counts.
    #[setting(en = "Words for causes", zh = "原因关键词", about_zh = "无人注明原因时按投诉文字推断，以先列出的为准。")]
    #[setting(length(max = 200), default = causes())]
    pub(crate) words: Vec<Words>,
    /// Words of the text that make a case one of severity 1.
    #[setting(en = "Grave words", zh = "重大关键词", about_zh = "投诉文字含这些词时定为一级。")]
    #[setting(length(max = 200), default = grave())]
    pub(crate) grave: Vec<String>,
    /// What is proposed for a cause: a share of the booking's price.
    #[setting(en = "Compensation", zh = "补偿标准", about_zh = "按原因提议退款：订单金额的百分比，不超过上限。")]
    #[setting(length(max = 9), default = shares())]
    pub(crate) compensation: Vec<Share>,
}

/// Working minutes.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Times {
    #[setting(en = "First response", zh = "首次响应（分钟）", range(min = 1, max = 10_000))]
    pub(crate) first_response: u32,
    #[setting(en = "Resolution", zh = "解决（分钟）", range(min = 1, max = 100_000))]
    pub(crate) resolution: u32,
}

/// Words that tell a cause.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Words {
    #[setting(en = "Cause", zh = "原因", length(min = 1, max = 40))]
    pub(crate) cause: String,
    #[setting(en = "Words", zh = "关键词", length(max = 100))]
    pub(crate) words: Vec<String>,
}

/// A share of a booking's price.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Share {
    #[setting(en = "Cause", zh = "原因", length(min = 1, max = 40))]
    pub(crate) cause: String,
    #[setting(en = "Share (%)", zh = "比例（%）", range(min = 0, max = 100))]
    pub(crate) percent: i32,
    #[setting(en = "At most", zh = "上限", range(min = 0))]
    pub(crate) cap: Money,
}

fn listed(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn causes() -> Vec<Words> {
    let of = |cause: &str, words: &[&str]| Words {
        cause: cause.to_owned(),
        words: listed(words),
    };
    vec![
        of(
            "safety",
            &[
                "受伤",
                "车祸",
                "食物中毒",
                "摔",
                "injur",
                "accident",
                "food poisoning",
                "unsafe",
            ],
        ),
        of("refund", &["退款", "退钱", "押金", "refund", "money back", "deposit"]),
        of(
            "force_majeure",
            &[
                "台风",
                "暴雨",
                "地震",
                "航班取消",
                "typhoon",
                "earthquake",
                "strike",
                "cancelled flight",
            ],
        ),
        of(
            "information",
            &[
                "没有告知",
                "未告知",
                "说好的",
                "误导",
                "not told",
                "misleading",
                "promised",
            ],
        ),
        of(
            "price",
            &[
                "太贵",
                "加价",
                "多收",
                "强制购物",
                "overcharged",
                "hidden fee",
                "too expensive",
            ],
        ),
        of(
            "product",
            &[
                "酒店",
                "房间",
                "不符",
                "行程缩水",
                "hotel",
                "room",
                "not as described",
                "itinerary",
            ],
        ),
        of(
            "service_failure",
            &[
                "导游",
                "司机",
                "态度",
                "没人管",
                "guide",
                "driver",
                "rude",
                "nobody came",
            ],
        ),
    ]
}

fn grave() -> Vec<String> {
    listed(&[
        "受伤",
        "医院",
        "救护车",
        "死亡",
        "性骚扰",
        "报警",
        "hospital",
        "ambulance",
        "injured",
        "police",
        "assault",
    ])
}

fn shares() -> Vec<Share> {
    let of = |cause: &str, percent: i32, cap: i64| Share {
        cause: cause.to_owned(),
        percent,
        cap: Money(cap),
    };
    vec![
        of("service_failure", 5, 100_000),
        of("product", 10, 200_000),
        of("information", 5, 50_000),
        of("safety", 10, 300_000),
    ]
}

impl Settings {
    /// Times of a severity.
    pub(crate) fn times(&self, severity: u8) -> &Times {
        match severity {
            1 => &self.severity_1,
            2 => &self.severity_2,
            3 => &self.severity_3,
            _ => &self.severity_4,
        }
    }

    /// What the words of a text tell: what it is about, and whether it is grave.
    pub(crate) fn read(&self, text: &str) -> (Option<Cause>, bool) {
        let causes = self.words.iter().enumerate();
        let causes = causes.flat_map(|(place, entry)| entry.words.iter().map(move |word| (Some(place), word)));
        let grave = self.grave.iter().map(|word| (None, word));
        // by their first bytes, so that a long text is gone through once and not once for each word
        let mut by_first: Vec<Vec<(Option<usize>, Vec<u8>)>> = vec![Vec::new(); 256];
        for (tells, word) in causes.chain(grave) {
            let word = word.trim().to_ascii_lowercase().into_bytes();
            if let Some(first) = word.first() {
                by_first[usize::from(*first)].push((tells, word));
            }
        }
        let text = text.to_ascii_lowercase().into_bytes();
        let (mut told, mut is_grave) = (None, false);
        for (at, first) in text.iter().enumerate() {
            for (tells, word) in &by_first[usize::from(*first)] {
                if text[at..].starts_with(word) {
                    match tells {
                        None => is_grave = true,
                        Some(place) => told = Some(told.map_or(*place, |before: usize| before.min(*place))),
                    }
                }
            }
        }
        (told.and_then(|place| named(&self.words[place].cause)), is_grave)
    }

    /// What is proposed for a cause.
    pub(crate) fn compensation(&self, cause: Cause) -> Option<&Share> {
        self.compensation
            .iter()
            .find(|share| named(&share.cause) == Some(cause))
    }

    /// Refuses causes that there are not, and times that are over before they begin.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        let known = CAUSES.map(|(name, _)| name);
        let words = self.words.iter().map(|entry| &entry.cause).enumerate();
        let shares = self.compensation.iter().map(|share| &share.cause).enumerate();
        let all = words.map(|(place, cause)| (format!("/words/{place}/cause"), cause));
        let all = all.chain(shares.map(|(place, cause)| (format!("/compensation/{place}/cause"), cause)));
        for (path, cause) in all {
            if named(cause).is_none() {
                let (zh, en) = (known.join("、"), known.join(", "));
                problems.at(path, format!("无法识别；可用 {zh}"), format!("is not known; use {en}"));
            }
        }
        for (place, share) in self.compensation.iter().enumerate() {
            if self.compensation[..place]
                .iter()
                .any(|other| other.cause == share.cause)
            {
                problems.at(
                    format!("/compensation/{place}/cause"),
                    "与前面的原因重复，请去掉一个",
                    "is named twice; leave one out",
                );
            }
        }
        for (name, times) in [
            ("severity_1", &self.severity_1),
            ("severity_2", &self.severity_2),
            ("severity_3", &self.severity_3),
            ("severity_4", &self.severity_4),
        ] {
            if times.resolution < times.first_response {
                problems.at(
                    format!("/{name}/resolution"),
                    "不应短于首次响应",
                    "is over before the first response is",
                );
            }
        }
    }
}
