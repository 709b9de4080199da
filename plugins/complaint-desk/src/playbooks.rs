//! What is done in a crisis, by its kind.

use posthouse_sdk::prelude::*;

macro_rules! playbooks {
    ($($key:literal $zh:literal $en:literal { $($role:literal $hours:literal $step_zh:literal $step_en:literal;)+ })+) => {
        pub(crate) const ALL: &[Playbook] = &[$(Playbook {
            key: $key,
            title: Localized::new($zh, $en),
            steps: &[$(PlaybookStep { role: $role, hours: $hours, text: Localized::new($step_zh, $step_en) }),+],
        }),+];
    };
}

playbooks! {
    "service-failure" "服务失误" "Service failure" {
        "complaint-officer" 2 "联系全部受影响客人，致歉并说明处理时间" "Call everybody who was touched, apologise, and say when they hear again";
        "crm-lead" 8 "查明哪一环节出错，暂停涉事人员接团" "Find out what went wrong, and take whoever did it off the next departures";
        "crm-lead" 24 "确定统一补偿标准并通知处理组" "Decide on one compensation for all, and tell the desks";
        "crm-specialist" 72 "整改并复查下一团" "Put it right, and check the next departure";
    }
    "product" "产品问题" "Product fault" {
        "crm-lead" 4 "停售该产品，通知在售渠道" "Stop selling the product, and tell every channel";
        "complaint-officer" 8 "向已出行和待出行客人说明实际情况与选择" "Tell those who travel and those who will what is true, and what they can choose";
        "finance" 24 "核对退改费用，与供应商确认责任" "Work out refunds and changes, and settle with the supplier who is answerable";
        "crm-lead" 72 "修订产品说明后再恢复销售" "Correct the description before it is sold again";
    }
    "information" "信息误导" "Wrong information" {
        "marketing-specialist" 2 "撤下有误的页面和宣传" "Take down the pages and advertisements that are wrong";
        "complaint-officer" 8 "逐一告知已预订客人更正后的信息" "Tell everybody who has booked what is right";
        "crm-lead" 24 "决定可免费退改的范围" "Decide who may cancel or change without a fee";
    }
    "emergency" "突发事件" "Emergency" {
        "guide" 1 "确认全团安全，报告人数和位置" "Make sure that everybody is safe, and report how many and where";
        "crm-lead" 1 "成立应急小组，联系保险和当地救援" "Call the emergency team together, and reach insurers and rescue on the spot";
        "complaint-officer" 2 "告知家属，指定一名联系人" "Tell the families, and name one person they can reach";
        "crm-lead" 12 "安排返程、住宿或医疗" "Arrange the way home, a bed, or a doctor";
        "finance" 48 "整理凭证，启动理赔" "Gather receipts, and begin the claims";
    }
    "malicious" "恶意攻击" "Malicious attack" {
        "marketing-specialist" 2 "留存证据，不与对方争论" "Keep evidence, and do not argue in public";
        "crm-lead" 8 "核实事实，统一对外口径" "Establish the facts, and agree on one statement";
        "owner" 24 "必要时委托律师发函" "Have a lawyer write, where that is needed";
    }
}

/// The playbook of a cause.
pub(crate) fn of(cause: Cause) -> &'static str {
    match cause {
        Cause::Product => "product",
        Cause::Information | Cause::Price => "information",
        Cause::ForceMajeure | Cause::Safety => "emergency",
        Cause::Malicious => "malicious",
        _ => "service-failure",
    }
}
