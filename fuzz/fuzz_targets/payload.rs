//! Encoded payloads and edits: any bytes are read or refused; the lazy view and the decoder agree; what is read
//! is the same once written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvector_payload::{PayloadRef, apply, decode, decode_edit, encode, encode_edit, project};
use ruvector_types::{Map, PayloadPath, PayloadSelector};

fuzz_target!(|bytes: &[u8]| {
    let decoded = decode(bytes);
    if let Ok(view) = PayloadRef::new(bytes) {
        assert_eq!(view.to_map().is_ok(), decoded.is_ok());
        walk(&view);
    } else {
        assert!(decoded.is_err());
    }
    if let Ok(map) = &decoded {
        let written = encode(map);
        let again = decode(&written).expect("written by us");
        assert_eq!(encode(&again), written);
    }
    if let Ok(edit) = decode_edit(bytes) {
        let written = encode_edit(&edit);
        assert_eq!(
            encode_edit(&decode_edit(&written).expect("written by us")),
            written
        );
        let mut map = decoded.unwrap_or_else(|_| Map::new());
        apply(&edit, &mut map);
        let once = encode(&map);
        apply(&edit, &mut map);
        assert_eq!(encode(&map), once, "replay relies on it");
    }
});

/// Every lazy way into a payload.
fn walk(view: &PayloadRef<'_>) {
    let _ = (view.len(), view.is_empty(), view.get("a"), view.get(""));
    view.iter().take(1_000).for_each(drop);
    let paths: Vec<PayloadPath> = ["a", "a.b", "a[]", "a[].b", "b[1]"]
        .iter()
        .flat_map(|p| PayloadPath::parse(p))
        .collect();
    for selector in [
        PayloadSelector::All,
        PayloadSelector::Include(paths.clone()),
        PayloadSelector::Exclude(paths),
    ] {
        let _ = project(view, &selector);
    }
}
