//! How much a text looks like one that somebody wrote.

use encoding_rs::{BIG5, Encoding, GB18030};

/// What speaks for a text and what against it, counted in letters beyond ASCII.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Likeness {
    pub(super) likely: u32,
    pub(super) unlikely: u32,
}

impl Likeness {
    /// Looks at every word of `text`, read in `encoding`, that has a letter beyond ASCII.
    pub(super) fn of(text: &str, encoding: &'static Encoding) -> Self {
        let mut likeness = Self::default();
        for word in text.split(|c: char| !(c.is_alphabetic() || is_strange(c))) {
            likeness.word(word, encoding);
        }
        likeness.likely += lone_signs(text);
        likeness
    }

    /// Four of five letters speak for it.
    pub(super) fn is_good(self) -> bool {
        self.likely > 0 && self.likely >= 4 * self.unlikely
    }

    /// As many letters speak against it as for it.
    pub(super) fn is_bad(self) -> bool {
        self.likely <= self.unlikely
    }

    fn word(&mut self, word: &str, encoding: &'static Encoding) {
        let foreign = word.chars().filter(|c| !c.is_ascii()).count() as u32;
        if foreign == 0 {
            return;
        }
        let scripts: Vec<Script> = word.chars().map(Script::of).collect();
        let has = |script: Script| scripts.contains(&script);
        if has(Script::Strange) {
            self.unlikely += foreign;
        } else if has(Script::Han) {
            if has(Script::Cyrillic) || has(Script::Greek) || has(Script::Latin) {
                self.unlikely += foreign;
            } else {
                self.han(word, encoding);
            }
        } else if has(Script::Kana) || has(Script::Hangul) {
            self.likely += foreign;
        } else {
            self.alphabetic(&scripts, foreign);
        }
    }

    /// Chinese: a name or a word has two signs or more, most of them common, and does not grow out of a Latin word.
    fn han(&mut self, word: &str, encoding: &'static Encoding) {
        let glued = word.chars().zip(word.chars().skip(1)).any(|(one, next)| {
            one.is_ascii_lowercase() && !next.is_ascii() || next.is_ascii_lowercase() && !one.is_ascii()
        });
        let signs: Vec<char> = word.chars().filter(|c| !c.is_ascii()).collect();
        if glued {
            self.unlikely += signs.len() as u32;
        } else if signs.len() > 1 {
            let common = |c: char| Script::of(c) == Script::Kana || is_common(c, encoding);
            let common = signs.iter().filter(|c| common(**c)).count() as u32;
            self.likely += common;
            self.unlikely += signs.len() as u32 - common;
        }
    }

    /// Alphabets do not mix, and a Latin word is not made of accents alone.
    fn alphabetic(&mut self, scripts: &[Script], foreign: u32) {
        let has = |script: Script| scripts.contains(&script);
        let latin = has(Script::Latin) || has(Script::Ascii);
        let alphabets = [latin, has(Script::Greek), has(Script::Cyrillic), has(Script::Other)];
        let mixed = alphabets.iter().filter(|has| **has).count() > 1;
        let accents_alone = has(Script::Latin) && !has(Script::Ascii);
        if mixed || (accents_alone && scripts.len() > 1) {
            self.unlikely += foreign;
        } else if scripts.len() > 1 {
            self.likely += foreign;
        }
    }
}

/// Signs as they stand beside amounts and in names, £ ° ·, away from letters beyond ASCII.
fn lone_signs(text: &str) -> u32 {
    let (mut count, mut before) = (0, ' ');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        let sign = ('\u{a1}'..='\u{bf}').contains(&c);
        count += u32::from(sign && before.is_ascii() && after.is_ascii());
        before = c;
    }
    count
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Ascii,
    Latin,
    Greek,
    Cyrillic,
    Kana,
    Hangul,
    Han,
    Other,
    /// What nobody writes: private use, controls, letters of dead alphabets that a wrong reading finds.
    Strange,
}

impl Script {
    fn of(c: char) -> Self {
        match u32::from(c) {
            0..=0x7f => Self::Ascii,
            _ if is_strange(c) => Self::Strange,
            0xc0..=0x17f | 0x1a0..=0x1b0 | 0x1cd..=0x1dc | 0x218..=0x21b | 0x1e00..=0x1eff => Self::Latin,
            0x386..=0x3ce => Self::Greek,
            0x400..=0x45f | 0x490..=0x491 => Self::Cyrillic,
            0x3041..=0x30ff => Self::Kana,
            0xac00..=0xd7a3 => Self::Hangul,
            0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff | 0x3005..=0x3007 => Self::Han,
            // Latin letters of phonetic alphabets, half-width kana, archaic Cyrillic
            0x180..=0x2ff | 0x460..=0x48f | 0x492..=0x52f | 0xff61..=0xff9f | 0x3d0..=0x3ff => Self::Strange,
            _ => Self::Other,
        }
    }
}

fn is_strange(c: char) -> bool {
    matches!(u32::from(c), 0x80..=0x9f | 0xe000..=0xf8ff | 0xf0000.. | 0xfffd)
}

/// Whether the sign is among the common ones of simplified or of traditional writing: the first level of GB 2312 or of Big5. An encoding made
/// for one of the two is measured by that one.
fn is_common(c: char, encoding: &'static Encoding) -> bool {
    let mut one = [0; 4];
    let text = &*c.encode_utf8(&mut one);
    let code = |encoding: &'static Encoding| {
        let (bytes, _, unknown) = encoding.encode(text);
        (!unknown && bytes.len() == 2).then(|| (bytes[0], bytes[1]))
    };
    let simplified = || code(GB18030).is_some_and(|(lead, trail)| (0xb0..=0xd7).contains(&lead) && trail >= 0xa1);
    let traditional = || code(BIG5).is_some_and(|(lead, _)| (0xa4..=0xc6).contains(&lead));
    (encoding != BIG5 && simplified()) || (encoding != GB18030 && traditional())
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::UTF_8;

    #[test]
    fn texts_that_somebody_wrote() {
        let cases = [
            "钱伟 郑梅 陆毛",
            "姓名,手机\n李伟,1\n王芳,2",
            "陳大文 林美玲",
            "José René Zoë Müller",
            "Иван Петров",
            "Νίκος",
            "山田さん",
            "김철수",
            "£100",
        ];
        for text in cases {
            assert!(
                Likeness::of(text, UTF_8).is_good(),
                "{text}: {:?}",
                Likeness::of(text, UTF_8)
            );
        }
    }

    #[test]
    fn texts_that_a_wrong_encoding_makes() {
        for text in [
            "Ǯΰ",
            "寮犱笁",
            "Jos茅 Ren茅",
            "M眉ller",
            "ÀîÎ°",
            "\u{e123}\u{e124}",
            "ﾀﾁ王",
        ] {
            assert!(
                Likeness::of(text, UTF_8).is_bad(),
                "{text}: {:?}",
                Likeness::of(text, UTF_8)
            );
        }
        assert_eq!(Likeness::of("plain 123", UTF_8), Likeness::default());
    }
}
