//! Codes of coupons: eighty random bits in letters that people can read to each other.

use crate::{Entropy, normal};

/// Digits and letters of a code, five bits each: no I, L, O and U, which are taken for others or make words.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code.
const LENGTH: usize = 16;

/// A new code, written in groups of four: `7XQ2-M4KD-0WZH-9PCT`. There are 2⁸⁰, so that trying finds none.
pub fn new(entropy: &dyn Entropy) -> String {
    let mut random = [0; LENGTH];
    entropy.fill(&mut random);
    let mut code = String::with_capacity(LENGTH + 3);
    for (place, byte) in random.into_iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        // 256 is a multiple of 32, so that every letter is as likely as any other
        code.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    }
    code
}

/// The letters of a code however it was typed: case, white space, dashes, width and what cannot be seen do not matter, O is zero, I and L
/// are one. `None` if it cannot be a code.
pub fn normalise(text: &str) -> Option<String> {
    let mut code = String::with_capacity(LENGTH);
    for letter in normal::code(text).chars() {
        let letter = match letter.to_ascii_uppercase() {
            '-' => continue,
            'O' => '0',
            'I' | 'L' => '1',
            letter => letter,
        };
        if !letter.is_ascii() || !LETTERS.contains(&(letter as u8)) || code.len() == LENGTH {
            return None;
        }
        code.push(letter);
    }
    (code.len() == LENGTH).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for (byte, n) in bytes.iter_mut().zip(7..) {
                *byte = n * 5;
            }
        }
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = new(&Counting);
        assert_eq!(code.len(), LENGTH + 3);
        let letters = normalise(&code).expect("a code");
        assert_eq!(letters, code.replace('-', ""));
        assert_eq!(normalise(&code.to_lowercase().replace('-', " ")), Some(letters.clone()));
        for typed in [
            "７ＸＱ２－Ｍ４ＫＤ－０ＷＺＨ－９ＰＣＴ",
            "7xq2 m4kd\n0wzh\t9pct\r\n",
            "\u{feff}7XQ2–M4KD\u{2011}0WZH\u{200b}-9PCT",
            "⑦XQ2-M4KD-0WZH-9PCT",
        ] {
            assert_eq!(normalise(typed).as_deref(), Some("7XQ2M4KD0WZH9PCT"), "{typed:?}");
        }
        assert_eq!(normalise("oil0-0000-0000-0000").as_deref(), Some("0110000000000000"));
        for wrong in [
            "",
            "7XQ2",
            "7XQ2-M4KD-0WZH-9PCU",
            "7XQ2-M4KD-0WZH-9PCT-0",
            "柒XQ2-M4KD-0WZH-9PCT",
            "7XQ2_M4KD_0WZH_9PCT",
        ] {
            assert_eq!(normalise(wrong), None, "{wrong}");
        }
    }
}
