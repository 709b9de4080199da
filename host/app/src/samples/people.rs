//! Who the customers are: names as they are written and in Latin letters, cities, telephone numbers, e-mail addresses.

use super::dice::Dice;
use posthouse_domain::{Day, time};
use serde_json::{Value, json};

/// One customer.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) number: u32,
    pub(super) name: String,
    latin: String,
    female: bool,
    birth: Option<Day>,
    city: &'static str,
    language: &'static str,
    phone: Option<String>,
    email: Option<String>,
    /// Given to those who come back.
    pub(super) member_no: Option<String>,
    consent: Option<bool>,
}

const FAMILIES: [(&str, &str, f64); 30] = [
    ("王", "Wang", 7.2),
    ("李", "Li", 7.2),
    ("张", "Zhang", 6.8),
    ("刘", "Liu", 5.2),
    ("陈", "Chen", 5.0),
    ("杨", "Yang", 3.1),
    ("黄", "Huang", 2.5),
    ("赵", "Zhao", 2.2),
    ("吴", "Wu", 2.1),
    ("周", "Zhou", 2.0),
    ("徐", "Xu", 1.6),
    ("孙", "Sun", 1.5),
    ("马", "Ma", 1.4),
    ("朱", "Zhu", 1.3),
    ("胡", "Hu", 1.2),
    ("郭", "Guo", 1.1),
    ("何", "He", 1.1),
    ("林", "Lin", 1.1),
    ("高", "Gao", 1.0),
    ("罗", "Luo", 1.0),
    ("郑", "Zheng", 0.9),
    ("梁", "Liang", 0.8),
    ("谢", "Xie", 0.7),
    ("宋", "Song", 0.7),
    ("唐", "Tang", 0.6),
    ("许", "Xu", 0.6),
    ("邓", "Deng", 0.5),
    ("韩", "Han", 0.5),
    ("欧阳", "Ouyang", 0.1),
    ("司马", "Sima", 0.05),
];
const WOMEN: [(&str, &str); 20] = [
    ("芳", "Fang"),
    ("静", "Jing"),
    ("敏", "Min"),
    ("丽", "Li"),
    ("艳", "Yan"),
    ("娟", "Juan"),
    ("霞", "Xia"),
    ("秀英", "Xiuying"),
    ("婷婷", "Tingting"),
    ("雪梅", "Xuemei"),
    ("雨桐", "Yutong"),
    ("欣怡", "Xinyi"),
    ("梓涵", "Zihan"),
    ("思琪", "Siqi"),
    ("佳怡", "Jiayi"),
    ("晓红", "Xiaohong"),
    ("海燕", "Haiyan"),
    ("玉兰", "Yulan"),
    ("嘉欣", "Jiaxin"),
    ("若曦", "Ruoxi"),
];
const MEN: [(&str, &str); 20] = [
    ("伟", "Wei"),
    ("强", "Qiang"),
    ("磊", "Lei"),
    ("军", "Jun"),
    ("勇", "Yong"),
    ("杰", "Jie"),
    ("涛", "Tao"),
    ("明", "Ming"),
    ("小明", "Xiaoming"),
    ("建国", "Jianguo"),
    ("志强", "Zhiqiang"),
    ("浩然", "Haoran"),
    ("宇轩", "Yuxuan"),
    ("子轩", "Zixuan"),
    ("俊杰", "Junjie"),
    ("文博", "Wenbo"),
    ("国栋", "Guodong"),
    ("海涛", "Haitao"),
    ("天佑", "Tianyou"),
    ("思远", "Siyuan"),
];
const CITIES: [(&str, f64); 14] = [
    ("上海", 18.0),
    ("北京", 16.0),
    ("广州", 10.0),
    ("深圳", 10.0),
    ("杭州", 8.0),
    ("成都", 8.0),
    ("南京", 5.0),
    ("武汉", 5.0),
    ("苏州", 4.0),
    ("重庆", 4.0),
    ("西安", 4.0),
    ("青岛", 3.0),
    ("厦门", 3.0),
    ("长沙", 2.0),
];
/// Guests of another country: names, language, cities, and how their mobile numbers begin.
struct Abroad {
    women: [&'static str; 4],
    men: [&'static str; 4],
    families: [&'static str; 6],
    language: &'static str,
    cities: [&'static str; 2],
    prefix: &'static str,
    digits: usize,
    weight: f64,
}
const ABROAD: [Abroad; 6] = [
    Abroad {
        women: ["Emily", "Olivia", "Grace", "Chloe"],
        men: ["James", "Oliver", "Harry", "Thomas"],
        families: ["Smith", "Taylor", "Brown", "Wilson", "Evans", "O'Brien"],
        language: "en",
        cities: ["London", "Manchester"],
        prefix: "+447400",
        digits: 6,
        weight: 3.0,
    },
    Abroad {
        women: ["Anna", "Lea", "Marie", "Sophie"],
        men: ["Lukas", "Jürgen", "Paul", "Jonas"],
        families: ["Müller", "Schmidt", "Schäfer", "Weiß", "Koch", "Bauer"],
        language: "de",
        cities: ["Berlin", "München"],
        prefix: "+49151",
        digits: 8,
        weight: 2.0,
    },
    Abroad {
        women: ["Camille", "Chloé", "Zoé", "Inès"],
        men: ["Louis", "Théo", "Hugo", "François"],
        families: ["Martin", "Bernard", "Lefèvre", "Dubois", "Girard", "Noël"],
        language: "fr",
        cities: ["Paris", "Lyon"],
        prefix: "+33612",
        digits: 6,
        weight: 2.0,
    },
    Abroad {
        women: ["さくら Sakura", "陽菜 Hina", "美咲 Misaki", "結衣 Yui"],
        men: ["翔太 Shota", "蓮 Ren", "大輔 Daisuke", "健 Ken"],
        families: [
            "佐藤 Sato",
            "鈴木 Suzuki",
            "高橋 Takahashi",
            "田中 Tanaka",
            "渡辺 Watanabe",
            "伊藤 Ito",
        ],
        language: "ja",
        cities: ["東京", "大阪"],
        prefix: "+8190",
        digits: 8,
        weight: 3.0,
    },
    Abroad {
        women: ["Wei Ling", "Hui Min", "Siti", "Priya"],
        men: ["Jun Wei", "Kai", "Ahmad", "Arjun"],
        families: ["Tan", "Lim", "Ng", "Lee", "Wong", "Goh"],
        language: "en",
        cities: ["Singapore", "Singapore"],
        prefix: "+6591",
        digits: 6,
        weight: 3.0,
    },
    Abroad {
        women: ["Sofía", "Lucía", "María", "Elena"],
        men: ["Mateo", "Hugo", "Andrés", "Íñigo"],
        families: ["García", "López", "Núñez", "Sánchez", "Pérez", "Ibáñez"],
        language: "es",
        cities: ["Madrid", "Barcelona"],
        prefix: "+34612",
        digits: 6,
        weight: 1.0,
    },
];
const MOBILE: [&str; 12] = [
    "130", "135", "136", "138", "139", "150", "158", "159", "182", "186", "188", "189",
];
const MAIL: [&str; 3] = ["example.com", "example.net", "mail.example.org"];

impl Person {
    /// The customer of this number.
    pub(super) fn make(dice: &mut Dice, number: u32, today: Day, returns: bool) -> Self {
        let female = dice.happens(0.54);
        let (name, latin, city, language, phone) = if dice.happens(0.86) {
            chinese(dice, number, female)
        } else {
            foreign(dice, number, female)
        };
        let birth = dice
            .happens(0.6)
            .then(|| today - (18.0 * 365.25 + dice.fraction().powf(0.8) * 55.0 * 365.25) as Day);
        let (by_phone, by_mail) = (dice.happens(0.88), dice.happens(0.5));
        let letters: String = latin
            .to_lowercase()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        let mail = format!(
            "{}{number}@{}",
            if letters.is_empty() { "guest" } else { &letters },
            dice.one(&MAIL)
        );
        Self {
            number,
            name,
            latin,
            female,
            birth,
            city,
            language,
            // everyone is known by something
            phone: (by_phone || !by_mail).then_some(phone),
            email: by_mail.then_some(mail),
            member_no: (returns && dice.happens(0.8)).then(|| format!("M{number:06}")),
            consent: dice.happens(0.7).then(|| dice.happens(0.72)),
        }
    }

    /// The customer as a record names them: sometimes by one identity, sometimes by all.
    pub(super) fn customer(&self, dice: &mut Dice) -> Value {
        let known = [
            ("phone", &self.phone),
            ("email", &self.email),
            ("member_no", &self.member_no),
        ];
        let all: Vec<Value> = known
            .into_iter()
            .filter_map(|(kind, value)| Some(json!({ "kind": kind, "value": value.as_ref()? })))
            .collect();
        let identities = if dice.happens(0.3) {
            vec![dice.one(&all).clone()]
        } else {
            all
        };
        json!({ "identities": identities })
    }

    /// The customer with everything that is known of them.
    pub(super) fn introduction(&self) -> Value {
        let known = [
            ("phone", &self.phone),
            ("email", &self.email),
            ("member_no", &self.member_no),
        ];
        let identities: Vec<Value> = known
            .into_iter()
            .filter_map(|(kind, value)| Some(json!({ "kind": kind, "value": value.as_ref()? })))
            .collect();
        let mut attributes = json!({
            "name_latin": self.latin, "gender": if self.female { "female" } else { "male" }, "home_city": self.city, "language": self.language,
        });
        if let Some(birth) = self.birth {
            attributes["birth_date"] = time::day_text(birth).into();
        }
        if let Some(consent) = self.consent {
            attributes["consent_marketing"] = consent.into();
        }
        json!({ "identities": identities, "name": self.name, "attributes": attributes })
    }
}

/// Different numbers for different customers: 7,919 has no factor in common with a power of ten.
fn digits(number: u32, digits: usize) -> String {
    let room = 10u64.pow(digits as u32);
    format!("{:0digits$}", (u64::from(number) * 7_919 + 10_473_529) % room)
}

type Details = (String, String, &'static str, &'static str, String);

fn chinese(dice: &mut Dice, number: u32, female: bool) -> Details {
    let family = dice.weighted(&FAMILIES, |family| family.2);
    let given = dice.one(if female { &WOMEN } else { &MEN });
    let city = dice.weighted(&CITIES, |city| city.1).0;
    let phone = format!("{}{}", MOBILE[number as usize % MOBILE.len()], digits(number, 8));
    (
        format!("{}{}", family.0, given.0),
        format!("{} {}", given.1, family.1),
        city,
        "zh",
        phone,
    )
}

fn foreign(dice: &mut Dice, number: u32, female: bool) -> Details {
    let country = dice.weighted(&ABROAD, |country| country.weight);
    let given = *dice.one(if female { &country.women } else { &country.men });
    let family = *dice.one(&country.families);
    // a name that is not written in Latin letters has its spelling behind it
    let (name, latin) = match (family.split_once(' '), given.split_once(' ')) {
        (Some((family, family_latin)), Some((given, given_latin))) => {
            (format!("{family}{given}"), format!("{given_latin} {family_latin}"))
        }
        _ => (format!("{given} {family}"), format!("{given} {family}")),
    };
    let city = *dice.one(&country.cities);
    (
        name,
        latin,
        city,
        country.language,
        format!("{}{}", country.prefix, digits(number, country.digits)),
    )
}
