//! Sections a component carries.

use crate::{Guest, engine};
use posthouse_engine::pack;

#[test]
fn sections_round_trip() {
    let plain = Guest::default().build();
    assert!(pack::golden_cases(&plain).expect("a component").is_empty());
    assert_eq!(pack::meta(&plain).expect("a component"), None);

    let cases = br#"[{"name": "one", "today": "2026-01-15", "rows": [{}], "expect": [{"segment": "rare"}]}]"#;
    let packed = pack::attach(&plain, Some(cases), Some(br#"{"sdk": "0.1.0"}"#)).expect("a component");
    assert_eq!(pack::golden_cases(&packed).expect("a component")[0].name(), "one");
    assert_eq!(
        pack::meta(&packed).expect("a component"),
        Some(serde_json::json!({"sdk": "0.1.0"}))
    );
    engine().admit(&packed).expect("sections do not harm");

    let again = pack::attach(&packed, Some(b"[]"), Some(b"{}")).expect("a component");
    assert!(pack::golden_cases(&again).expect("a component").is_empty());
    assert_eq!(pack::attach(&again, None, None).expect("a component"), plain);
}

#[test]
fn what_does_not_fit() {
    let plain = Guest::default().build();
    let problem = |component: &[u8], golden: Option<&[u8]>, meta: Option<&[u8]>| {
        pack::attach(component, golden, meta)
            .expect_err("it does not fit")
            .to_string()
    };
    insta::assert_snapshot!(problem(b"\0asm\x01\0\0\0", None, None), @"not a component, or cut off, at byte 0");
    insta::assert_snapshot!(problem(&plain[..plain.len() - 1], None, None).split(" at").next().unwrap(), @"not a component, or cut off,");
    insta::assert_snapshot!(problem(&plain, Some(br#"[{"name": 1}]"#), None), @"golden cases: invalid type: integer `1`, expected a string at line 1 column 11");
    insta::assert_snapshot!(problem(&plain, None, Some(b"[]")), @"the metadata must be a JSON object");
    insta::assert_snapshot!(pack::componentize(b"\0asm\x01\0\0\0").unwrap_err(), @"the module cannot be made a component; it must be built with the SDK or wit-bindgen: it carries no WIT (no custom section `component-type`)");
    insta::assert_snapshot!(pack::componentize(b"nothing").unwrap_err(), @"the module cannot be made a component; it must be built with the SDK or wit-bindgen: it carries no WIT (no custom section `component-type`)");
}
