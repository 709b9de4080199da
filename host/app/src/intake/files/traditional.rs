//! The characters of Taiwan and Hong Kong in the words that files are read by: headers, statuses, units. What people are called is left
//! as it is written.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Each with the simplified one behind it, as far as our words have it.
const PAIRS: &str = "與与業业東东兩两為为舉举產产億亿價价會会傳传體体關关冊册寫写別别單单歷历曆历發发號号員员團团國国圓圆復复複复實实\
    幣币帶带廢废開开錄录總总態态願愿戶户擇择護护報报數数無无時时機机來来檔档歐欧匯汇沒没遊游點点狀状確确碼码種种稱称稅税簽签類类\
    係系繫系約约紐纽線线結结絕绝統统編编聯联絡络營营計计訂订認认記记許许證证話话詢询詳详語语說说貨货輸输進进選选郵邮銖铢銷销鎊镑\
    門门閉闭間间隊队陽阳陸陆韓韩項项須须預预題题額额臺台萬万兒儿農农優优緊紧費费註注屬属購购暫暂條条筆笔個个區区漢汉當当諮咨彙汇電电動动見见內内\
    嬰婴蘭兰";

static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let all: Vec<char> = PAIRS.chars().collect();
    all.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
});

/// The simplified character for a traditional one; any other as it is.
pub(super) fn simplified(c: char) -> char {
    if c < '\u{4e00}' {
        return c;
    }
    SIMPLIFIED.get(&c).copied().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::super::synonyms::{BOOKINGS, CUSTOMERS};
    use super::super::words::{CURRENCIES, FLAGS, GENDERS, KINDS, MARKS, SCALES, STATUSES};
    use super::*;
    use posthouse_domain::normal::is_ideograph;

    /// What files are read by.
    fn words() -> String {
        let mut words: String = BOOKINGS.iter().chain(CUSTOMERS).map(|(_, names)| *names).collect();
        words.extend(MARKS.iter().map(|(sign, _)| *sign));
        words.extend(SCALES.iter().map(|(word, _)| *word));
        for list in [&CURRENCIES[..], &STATUSES[..], &FLAGS[..], &GENDERS[..], &KINDS[..]] {
            words.extend(list.iter().flat_map(|(_, spellings)| spellings.iter().copied()));
        }
        words
    }

    #[test]
    fn pairs_are_pairs() {
        assert_eq!(PAIRS.chars().count(), 2 * SIMPLIFIED.len(), "each once");
        for simple in SIMPLIFIED.values() {
            assert_eq!(simplified(*simple), *simple, "{simple} is simplified");
        }
    }

    #[test]
    fn every_word_can_be_written_in_traditional_characters() {
        for c in words().chars().filter(|c| is_ideograph(*c)) {
            assert_eq!(simplified(c), c, "a word with {c} is never found");
            let written = c.to_string();
            let only_simplified = encoding_rs::BIG5.encode(&written).2;
            let has_pair = SIMPLIFIED.values().any(|simple| *simple == c);
            assert!(!only_simplified || has_pair, "{c} has no traditional character");
        }
    }
}
