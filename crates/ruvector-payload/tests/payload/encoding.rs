//! Goal: what is encoded comes back, and hostile bytes are refused or read as some value, never worse.
//! Method: random payloads, then the same bytes cut short and with bytes changed; a table of known bytes.

use ruvector_payload::{DecodeError, PayloadRef, ValueRef, compile, decode, encode};
use ruvector_types::{Map, PayloadSelector, Value};

use crate::evaluation::Point;
use crate::generate::Draw;

#[test]
fn payloads_come_back_and_views_agree_with_trees() {
    for seed in 0..5_000 {
        let mut draw = Draw::new(seed);
        let map = draw.map(4);
        let bytes = encode(&map);
        assert_eq!(decode(&bytes), Ok(map.clone()), "seed {seed}");
        let view = PayloadRef::new(&bytes).unwrap();
        assert_eq!(view.len(), map.len(), "seed {seed}");
        for key in ["", "a", "a.b", "aa", "b", "c", "d"] {
            let value = view.get(key).unwrap().map(|value| value.to_value().unwrap());
            assert_eq!(value.as_ref(), map.get(key), "seed {seed}, key {key:?}");
            if let (Some(ValueRef::Array(view)), Some(Value::Array(items))) =
                (PayloadRef::new(&bytes).unwrap().get(key).unwrap(), map.get(key))
            {
                for index in 0..=items.len() {
                    let item = view.get(index).unwrap().map(|item| item.to_value().unwrap());
                    assert_eq!(item.as_ref(), items.get(index), "seed {seed}");
                }
            }
        }
    }
}

#[test]
fn damaged_bytes_never_panic() {
    let mut refused = 0;
    for seed in 0..3_000 {
        let mut draw = Draw::new(seed);
        let mut bytes = encode(&draw.map(4));
        let cut = draw.below(bytes.len());
        assert!(decode(&bytes[..cut]).is_err(), "seed {seed}: cut at {cut}");
        for _ in 0..8 {
            let at = draw.below(bytes.len());
            bytes[at] = draw.of(&[0x00, 0x01, 0x04, 0x07, 0x08, 0x7f, 0x80, 0xff, draw_byte(seed)]);
            let decoded = decode(&bytes);
            refused += usize::from(decoded.is_err());
            if let Ok(map) = &decoded {
                assert_eq!(encode(map), bytes, "seed {seed}: two spellings of one payload");
            }
            if let Ok(payload) = PayloadRef::new(&bytes) {
                let filter = draw.filter(1);
                let _ = compile(&filter).matches(&Point { payload, id: 1 });
                let _ = ruvector_payload::project(&payload, &PayloadSelector::Include(vec![draw.path()]));
            }
        }
    }
    assert!(
        refused > 1_000,
        "only {refused} of 24,000 damaged payloads were refused"
    );
}

fn draw_byte(seed: u64) -> u8 {
    Draw::new(seed).below(256) as u8
}

#[test]
fn known_bytes() {
    assert_eq!(encode(&Map::new()), [8, 1, 0]);
    let map = Map::from([
        ("i".to_owned(), Value::Int(-1)),
        ("s".to_owned(), Value::from("x")),
        ("u".to_owned(), Value::UInt(1 << 63)),
    ]);
    let mut bytes = vec![8, 24, 3, 1, b'i', 3, 1, 1, b's', 6, 1, b'x', 1, b'u', 4];
    bytes.extend([0x80; 9]);
    bytes.extend([1]);
    bytes[1] = bytes.len() as u8 - 2;
    assert_eq!(encode(&map), bytes);
    // A float keeps its bits, a long body its length.
    let long = Map::from([("k".to_owned(), Value::from("y".repeat(40_000).as_str()))]);
    assert_eq!(decode(&encode(&long)), Ok(long));
}

#[test]
fn hostile_bytes_are_named() {
    let refusals: [(&[u8], DecodeError); 12] = [
        (&[], DecodeError::Truncated { missing: 1 }),
        (&[7, 1, 0], DecodeError::NotAnObject { tag: 7 }),
        (&[8, 2, 0], DecodeError::Truncated { missing: 1 }),
        (&[8, 1, 0, 0], DecodeError::TrailingBytes { bytes: 1 }),
        (&[8, 2, 0, 0], DecodeError::TrailingBytes { bytes: 1 }),
        (&[8, 1, 9], DecodeError::Count { items: 9, bytes: 0 }),
        (&[8, 0x81, 0, 0], DecodeError::Varint),
        (&[8, 4, 1, 1, b'a', 9], DecodeError::UnknownTag { tag: 9 }),
        (&[8, 4, 1, 1, 0xff, 0], DecodeError::Utf8),
        (&[8, 7, 2, 1, b'b', 0, 1, b'a', 0], DecodeError::KeyOrder),
        (&[8, 7, 2, 1, b'a', 0, 1, b'a', 0], DecodeError::KeyOrder),
        (&[8, 5, 1, 1, b'a', 4, 5], DecodeError::NotCanonical { number: 5 }),
    ];
    for (bytes, refusal) in refusals {
        assert_eq!(decode(bytes), Err(refusal), "{bytes:?}");
    }
    let huge = [8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    let missing = u64::MAX;
    assert_eq!(decode(&huge), Err(DecodeError::Truncated { missing }));
    let deep = (0..300).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let bytes = encode(&Map::from([("a".to_owned(), deep)]));
    assert_eq!(decode(&bytes), Err(DecodeError::TooDeep { depth_max: 256 }));
    let fitting = (0..254).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let map = Map::from([("a".to_owned(), fitting)]);
    assert_eq!(decode(&encode(&map)), Ok(map));
}
