use super::*;
use encoding_rs::{BIG5, EUC_KR, SHIFT_JIS, WINDOWS_1252};
use posthouse_domain::{Rejection, Words};
use std::io::Cursor;

fn expected(kind: FileKind) -> Expected<'static> {
    Expected {
        kind,
        country: "CN",
        forced: None,
    }
}

fn detected(bytes: &[u8], expected: Expected<'_>) -> Result<Found, Rejection> {
    let unread = || ReadError::File(Rejection::new("unread", Words::default()));
    detect(&mut Cursor::new(bytes), expected, unread).map_err(|error| match error {
        ReadError::File(rejection) => rejection,
        other => panic!("{other:?}"),
    })
}

fn found(bytes: &[u8]) -> Found {
    detected(bytes, expected(FileKind::Customers)).expect("an encoding")
}

fn decoded(bytes: &[u8]) -> String {
    let Found { encoding, mark } = found(bytes);
    let mut text = String::new();
    Decoded::new(&bytes[mark as usize..], encoding)
        .read_to_string(&mut text)
        .expect("UTF-8");
    text
}

fn written(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let (bytes, _, lossy) = encoding.encode(text);
    assert!(!lossy, "{text} in {}", encoding.name());
    bytes.into_owned()
}

#[test]
fn every_encoding_gives_the_same_text() {
    let text = "姓名,手机\n李伟,13800138000\n".repeat(20_000);
    let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(order).collect() };
    let gb = written(GB18030, &text);
    let files: [(Vec<u8>, &Encoding); 6] = [
        (text.clone().into_bytes(), UTF_8),
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), UTF_8),
        (gb.clone(), GB18030),
        ([b"\x84\x31\x95\x33", &*gb].concat(), GB18030),
        ([b"\xff\xfe".to_vec(), utf16(u16::to_le_bytes)].concat(), UTF_16LE),
        ([b"\xfe\xff".to_vec(), utf16(u16::to_be_bytes)].concat(), UTF_16BE),
    ];
    for (bytes, encoding) in files {
        assert_eq!(found(&bytes).encoding, encoding);
        assert!(decoded(&bytes) == text, "{}", encoding.name());
    }
}

#[test]
fn a_broken_byte_does_not_change_the_encoding() {
    let mut bytes = "姓名,手机\n李伟,1\n王芳,2\n".as_bytes().to_vec();
    bytes[16] = 0xff;
    assert_eq!(found(&bytes).encoding, UTF_8);
    assert!(decoded(&bytes).contains('\u{fffd}'));
    let mut bytes = written(GB18030, &"会员号,姓名\nM1,李伟\nM2,王芳\n".repeat(3));
    bytes[15] = 0xff;
    assert_eq!(found(&bytes).encoding, GB18030);
    assert!(decoded(&bytes).contains('\u{fffd}'));
    assert_eq!(found(b"").encoding, UTF_8);
}

#[test]
fn names_with_rare_signs_in_gb18030() {
    // their second bytes are ASCII letters
    let text = "会员号,姓名\nM1,王玥\nM2,李珺\nM3,张玥\n";
    assert_eq!(decoded(&written(GB18030, text)), text);
    let text = "会员号,姓名\nM1,朱镕\nM2,喆\n";
    assert_eq!(decoded(&written(GB18030, text)), text);
}

#[test]
fn gb18030_that_is_utf8_by_chance() {
    let text = "member_no,name\n1,钱伟\n2,郑梅\n3,陆毛\n";
    let bytes = written(GB18030, text);
    assert!(std::str::from_utf8(&bytes).is_ok(), "the trap of this test");
    assert_eq!(decoded(&bytes), text);
    let text = "member_no,name\n1,谢伟\n";
    let bytes = written(GB18030, text);
    assert!(std::str::from_utf8(&bytes).is_ok(), "the trap of this test");
    assert_eq!(decoded(&bytes), text);
}

#[test]
fn other_encodings() {
    let cases = [
        (WINDOWS_1252, "name,phone\nJosé René,1\nZoë,2\n"),
        (BIG5, "姓名,電話\n陳大文,1\n林美玲,2\n"),
        (SHIFT_JIS, "name,phone\nやまだ 太郎,1\nさとう 花子,2\nすずき 一郎,3\n"),
        (EUC_KR, "name,phone\n김철수,1\n이영희,2\n박민수,3\n"),
    ];
    for (encoding, text) in cases {
        let bytes = written(encoding, text);
        match detected(&bytes, expected(FileKind::Customers)) {
            Ok(found) => assert_eq!(found.encoding, encoding, "{text}"),
            // better than a wrong name
            Err(rejection) => assert_eq!(rejection.code, "encoding_unclear", "{text}"),
        }
    }
    for text in [
        "name\nJosé\n",
        "name,price\nTea,£5\n",
        "name\nИван Петров\n",
        "name\nΝίκος Παππάς\n",
        "name\nNguyễn\n",
    ] {
        assert_eq!(found(text.as_bytes()).encoding, UTF_8, "{text}");
    }
}

#[test]
fn what_is_not_clear_is_not_guessed() {
    // GB18030 or Big5: both readings are Chinese, neither is likelier
    let bytes = written(GB18030, "member_no,name\n1,王玥\n");
    let rejection = detected(&bytes, expected(FileKind::Customers)).expect_err("two readings");
    assert_eq!(rejection.code, "encoding_unclear");
    let detail = rejection.detail.to_string();
    assert!(detail.contains("王玥") && detail.contains("--encoding"), "{detail}");
    let forced = Expected {
        forced: Some(GB18030),
        ..expected(FileKind::Customers)
    };
    assert_eq!(detected(&bytes, forced).expect("as it was said").encoding, GB18030);
    // a single letter
    let single = detected("member_no,name\n1,é\n".as_bytes(), expected(FileKind::Customers));
    assert!(single.is_err_and(|rejection| rejection.code == "encoding_unclear"));
}

#[test]
fn text_has_no_zero_bytes() {
    let refused = detected(b"a\0b", expected(FileKind::Customers));
    assert!(refused.is_err_and(|rejection| rejection.code == "file_is_binary"));
}
