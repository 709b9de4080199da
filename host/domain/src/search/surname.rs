//! Family names that are not said as their characters usually are.

use super::Unit;

/// How a family name of one character is said; several where families differ.
const SINGLE: [(char, &[&str]); 74] = [
    ('曾', &["zeng"]),
    ('单', &["shan"]),
    ('仇', &["qiu"]),
    ('查', &["zha"]),
    ('区', &["ou"]),
    ('解', &["xie"]),
    ('盖', &["ge", "gai"]),
    ('任', &["ren"]),
    ('华', &["hua"]),
    ('朴', &["piao", "pu"]),
    ('费', &["fei", "bi"]),
    ('吕', &["lv", "lu"]),
    ('尉', &["wei"]),
    ('乐', &["yue", "le"]),
    ('缪', &["miao"]),
    ('覃', &["qin", "tan"]),
    ('翟', &["zhai", "di"]),
    ('冼', &["xian"]),
    ('洗', &["xian"]),
    ('折', &["she"]),
    ('召', &["shao"]),
    ('种', &["chong"]),
    ('重', &["chong"]),
    ('祭', &["zhai"]),
    ('纪', &["ji"]),
    ('宁', &["ning"]),
    ('甯', &["ning"]),
    ('石', &["shi"]),
    ('沈', &["shen"]),
    ('柏', &["bai", "bo"]),
    ('阚', &["kan"]),
    ('隗', &["wei", "kui"]),
    ('谌', &["chen", "shen"]),
    ('晟', &["cheng"]),
    ('郗', &["xi", "chi"]),
    ('么', &["yao"]),
    ('卜', &["bu"]),
    ('褚', &["chu"]),
    ('车', &["che"]),
    ('盛', &["sheng"]),
    ('秘', &["bi"]),
    ('逄', &["pang"]),
    ('逢', &["pang", "feng"]),
    ('繁', &["po"]),
    ('员', &["yun", "yuan"]),
    ('过', &["guo"]),
    ('干', &["gan"]),
    ('句', &["gou"]),
    ('要', &["yao"]),
    ('占', &["zhan"]),
    ('相', &["xiang"]),
    ('应', &["ying"]),
    ('宿', &["su"]),
    ('那', &["na"]),
    ('牟', &["mou", "mu"]),
    ('贾', &["jia"]),
    ('贲', &["ben"]),
    ('冯', &["feng"]),
    ('曲', &["qu"]),
    ('桂', &["gui"]),
    ('炅', &["gui"]),
    ('能', &["nai"]),
    ('难', &["nan", "ning"]),
    ('黑', &["he", "hei"]),
    ('都', &["du"]),
    ('长', &["chang"]),
    ('余', &["yu"]),
    ('佘', &["she"]),
    ('俞', &["yu"]),
    ('於', &["yu"]),
    ('奇', &["qi"]),
    ('藏', &["zang"]),
    ('臧', &["zang"]),
    ('葛', &["ge"]),
];

/// How family names of two characters are said.
const DOUBLE: [(&str, [&str; 2]); 20] = [
    ("尉迟", ["yu", "chi"]),
    ("万俟", ["mo", "qi"]),
    ("长孙", ["zhang", "sun"]),
    ("澹台", ["tan", "tai"]),
    ("单于", ["chan", "yu"]),
    ("令狐", ["ling", "hu"]),
    ("呼延", ["hu", "yan"]),
    ("皇甫", ["huang", "fu"]),
    ("夏侯", ["xia", "hou"]),
    ("诸葛", ["zhu", "ge"]),
    ("鲜于", ["xian", "yu"]),
    ("濮阳", ["pu", "yang"]),
    ("淳于", ["chun", "yu"]),
    ("申屠", ["shen", "tu"]),
    ("乐正", ["yue", "zheng"]),
    ("宰父", ["zai", "fu"]),
    ("亓官", ["qi", "guan"]),
    ("拓跋", ["tuo", "ba"]),
    ("纳兰", ["na", "lan"]),
    ("欧阳", ["ou", "yang"]),
];

/// Puts the readings of the family name before the others, and returns them, one list for each of its characters: empty if the name
/// begins with no family name that is said otherwise.
pub(super) fn put_first(name: &str, units: &mut [Unit]) -> Vec<Vec<String>> {
    let known: Vec<Vec<String>> = match DOUBLE.iter().find(|(family, _)| name.starts_with(family)) {
        Some((_, said)) => said.iter().map(|syllable| vec![(*syllable).to_owned()]).collect(),
        None => SINGLE
            .iter()
            .find(|(family, _)| name.starts_with(*family))
            .map(|(_, said)| vec![said.iter().map(|syllable| (*syllable).to_owned()).collect()])
            .unwrap_or_default(),
    };
    for (unit, said) in units.iter_mut().zip(&known) {
        let others = std::mem::take(&mut unit.readings);
        unit.readings.clone_from(said);
        unit.readings
            .extend(others.into_iter().filter(|reading| !said.contains(reading)));
    }
    known
}
