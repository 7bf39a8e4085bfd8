//! Goal: edits do what Qdrant's do, survive the log, and may be replayed.
//! Method: a table of cases; random sequences applied once and twice; encoded, decoded and damaged.

use ruvector_payload::{DecodeError, Edit, apply, decode_edit, edited_bytes_min, encode, encode_edit};
use ruvector_types::{Map, PayloadPath, Value};

use crate::generate::Draw;

fn edit(draw: &mut Draw) -> Edit {
    match draw.below(8) {
        0..=3 => Edit::Set {
            payload: draw.map(2),
            path: (!draw.one_in(3)).then(|| draw.path()),
        },
        4 if draw.one_in(3) => Edit::Overwrite(draw.map(3)),
        5 if draw.one_in(3) => Edit::Clear,
        _ => {
            let paths = draw.below(3);
            Edit::Delete((0..paths).map(|_| draw.path()).collect())
        }
    }
}

#[test]
fn a_sequence_applied_twice_is_a_sequence_applied_once() {
    for seed in 0..100_000 {
        let mut draw = Draw::new(seed);
        let mut map = draw.map(3);
        let before = map.clone();
        let edits: Vec<Edit> = (0..1 + draw.below(6)).map(|_| edit(&mut draw)).collect();
        for edit in &edits {
            let least = edited_bytes_min(edit, &map);
            apply(edit, &mut map);
            assert!(
                encode(&map).len() as u64 >= least,
                "seed {seed}: {least} {edit:?}"
            );
        }
        let once = map.clone();
        edits.iter().for_each(|edit| apply(edit, &mut map));
        assert_eq!(map, once, "seed {seed}\nbefore {before:?}\nedits {edits:#?}");
    }
}

#[test]
fn edits_survive_the_log_and_damage_is_refused() {
    for seed in 0..5_000 {
        let mut draw = Draw::new(seed);
        let edit = edit(&mut draw);
        let mut bytes = encode_edit(&edit);
        assert_eq!(decode_edit(&bytes), Ok(edit), "seed {seed}");
        let cut = draw.below(bytes.len());
        assert!(decode_edit(&bytes[..cut]).is_err(), "seed {seed}: cut at {cut}");
        for _ in 0..8 {
            let at = draw.below(bytes.len());
            bytes[at] = draw.below(256) as u8;
            let _ = decode_edit(&bytes);
        }
    }
    assert_eq!(decode_edit(&[2, 4]), Err(DecodeError::EditVersion { version: 2 }));
    assert_eq!(decode_edit(&[1, 9]), Err(DecodeError::EditKind { kind: 9 }));
    assert!(matches!(
        decode_edit(&[1, 3, 1, 2, 1, b'.']),
        Err(DecodeError::EditPath(_))
    ));
    // The log's bytes: set {"k": 1} in the object at a[].b.
    let edit = Edit::Set {
        payload: object([("k", 1.into())]),
        path: Some(PayloadPath::parse("a[].b").unwrap()),
    };
    let bytes = b"\x01\x01\x02\x05a[].b\x08\x05\x01\x01k\x03\x02";
    assert_eq!(encode_edit(&edit), bytes);
}

/// Goal: what takes more memory than there is is known before it is made. Method: keys for each item of arrays of arrays.
#[test]
fn what_each_item_would_take_is_counted() {
    let rows = Value::Array(vec![Value::Null; 1_000]);
    let map = object([("a", Value::Array(vec![rows; 1_000]))]);
    let least = |path: &str, payload: Map| {
        let path = Some(PayloadPath::parse(path).unwrap());
        edited_bytes_min(&Edit::Set { payload, path }, &map)
    };
    let long = || object([("k", "x".repeat(1 << 20).as_str().into())]);
    assert!(least("a[][]", long()) > 1 << 39);
    assert!((1_000 << 20..1_001 << 20).contains(&least("a[]", long())));
    assert!(least("a[][].first.second", Map::new()) > 11_000_000);
    assert_eq!(least("b[]", long()), 0, "an array is made, with nothing in it");
    assert_eq!(least("a[1000]", long()), 0, "no such item");
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Map {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn array<const N: usize>(items: [Value; N]) -> Value {
    Value::Array(items.to_vec())
}

#[test]
fn set_and_delete_at_paths() {
    let one = || Value::from(1);
    let k = || Value::Object(object([("k", one())]));
    let with = |value: Value| object([("a", value)]);
    let cases = [
        // missing objects are created, siblings stay
        ("a.b", with(Value::Object(object([("z", one())]))), {
            with(Value::Object(object([("b", k()), ("z", one())])))
        }),
        // what is in the way is replaced
        ("a.b", with(one()), with(Value::Object(object([("b", k())])))),
        ("a", with(array([one()])), with(k())),
        // each item; items that are no objects are replaced
        ("a[]", with(array([one(), k()])), with(array([k(), k()]))),
        ("a[]", with(one()), with(array([]))),
        ("a[1]", with(array([one(), one()])), with(array([one(), k()]))),
        ("a[2]", with(array([one()])), with(array([one()]))),
        // merging into an existing object
        (
            "a",
            with(Value::Object(object([("k", 2.into()), ("z", one())]))),
            { with(Value::Object(object([("k", one()), ("z", one())]))) },
        ),
    ];
    for (path, mut map, expected) in cases {
        let edit = Edit::Set {
            payload: object([("k", one())]),
            path: Some(PayloadPath::parse(path).unwrap()),
        };
        apply(&edit, &mut map);
        assert_eq!(map, expected, "set at {path}");
    }
    let deletions = [
        ("a", with(one()), Map::new()),
        ("a.k", with(k()), with(Value::Object(Map::new()))),
        ("a.x.y", with(k()), with(k())),
        ("b", with(k()), with(k())),
        ("a[]", with(array([one()])), with(array([]))),
        ("a[0]", with(array([one()])), with(array([one()]))),
        ("a[].k", with(array([k(), one()])), {
            with(array([Value::Object(Map::new()), one()]))
        }),
        ("a[0].k", with(array([k(), k()])), {
            with(array([Value::Object(Map::new()), k()]))
        }),
    ];
    for (path, mut map, expected) in deletions {
        apply(&Edit::Delete(vec![PayloadPath::parse(path).unwrap()]), &mut map);
        assert_eq!(map, expected, "delete {path}");
    }
    let mut map = object([("a", one()), ("b", one())]);
    let payload = object([("a", Value::Null), ("c", one())]);
    apply(&Edit::Set { payload, path: None }, &mut map);
    assert_eq!(map, object([("b", one()), ("c", one())]), "null removes its key");
}
