//! What is saved on a basket. Its rules are those of campaigns.

use super::{Apart, Point, Previewed, template};
use crate::output::counted;
use posthouse_domain::{Words, words};

pub(super) const POINT: Point = Point {
    name: "promotion",
    rule: "promotion",
    decides: "What is saved on a basket",
    template: template!("promotion"),
    tested: |test| {
        let number = |key: &str| test[key].as_u64().unwrap_or(0);
        [
            Words::same(counted(number("baskets_tried"), "basket")),
            words!(
                "{fuel} fuel a call",
                "每次调用燃料 {fuel}",
                fuel = number("fuel_per_call")
            ),
        ]
    },
    next: |digest| {
        words!(
            "\n\nThe plan of a campaign names it:\n\n  \"rule\": {{\"digest\": \"{digest}\", \"config\": {{}}}}\n\nPOST /api/v1/campaigns creates a campaign; a running one takes it by POST /api/v1/campaigns/KEY/amendments. docs/campaigns.md shows both.",
            "\n\n在活动方案中写明：\n\n  \"rule\": {{\"digest\": \"{digest}\", \"config\": {{}}}}\n\nPOST /api/v1/campaigns 创建活动；进行中的活动用 POST /api/v1/campaigns/KEY/amendments 变更。见 docs/campaigns.zh-CN.md。"
        )
    },
    effect: Some(|| {
        words!(
            "Quotes from now on get what it offers; open ones keep their price.",
            "此后的报价按它给出优惠；未确认的报价价格不变。"
        )
    }),
    meanwhile: || words!("its campaign offers nothing", "其活动不给优惠"),
    previewed: Previewed::Nothing,
    apart: Some(Apart {
        spelled: || words!("promotion/KEY for the rule of a campaign", "活动的规则写 promotion/KEY"),
        refused: |key| {
            words!(
                "the rule of a campaign is activated with it. Before its start the plan names another rule (PATCH /api/v1/campaigns/{key}); in force it takes one by an amendment, which is previewed on its latest quotes and approved by another key (POST /api/v1/campaigns/{key}/amendments). `posthouse plugin push FILE` uploads the component that both name by its digest",
                "活动的规则随活动启用。开始前请在方案中改用另一条规则（PATCH /api/v1/campaigns/{key}）；生效后通过变更（POST /api/v1/campaigns/{key}/amendments），变更会用最近的报价预览，并由另一把密钥批准。组件用 `posthouse plugin push FILE` 上传，两处都写其摘要"
            )
        },
        hint: || {
            words!(
                "A promotion is activated with a campaign whose plan names its digest; see docs/campaigns.md",
                "促销插件随活动启用，由活动方案写明其摘要；见 docs/campaigns.zh-CN.md"
            )
        },
    }),
};
