//! Goal: include and exclude keep what Qdrant keeps. Method: a table on one payload; random payloads and paths beside a plain
//! walk of the tree that compares every path at every step.

use ruvector_payload::{PayloadRef, encode, project};
use ruvector_types::{Map, PayloadPath, PayloadSelector, Step, Value};

use crate::generate::Draw;

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let entries = entries.map(|(key, value)| (key.to_owned(), value));
    Value::Object(Map::from(entries))
}

fn array<const N: usize>(items: [Value; N]) -> Value {
    Value::Array(items.to_vec())
}

fn paths(texts: &[&str]) -> Vec<PayloadPath> {
    let parse = |text: &&str| PayloadPath::parse(text).unwrap();
    texts.iter().map(parse).collect()
}

#[test]
fn include_and_exclude() {
    let n = |number: i64| Value::from(number);
    let item = |x: i64| object([("x", n(x)), ("y", n(0))]);
    let x = |number: i64| object([("x", n(number))]);
    let y = || object([("y", n(0))]);
    let Value::Object(payload) = object([
        ("a", object([("b", n(1)), ("c", n(2))])),
        ("l", array([item(1), item(2), n(3)])),
        ("s", n(4)),
    ]) else {
        panic!("an object was built");
    };
    let included: [(&[&str], Value); 9] = [
        (&["s"], object([("s", n(4))])),
        (&["a.b"], object([("a", object([("b", n(1))]))])),
        (&["a.b", "a"], object([("a", object([("b", n(1)), ("c", n(2))]))])),
        (&["a.z"], object([("a", object([]))])),
        (&["s.z"], object([("s", n(4))])),
        (&["z"], object([])),
        (&["l[].x"], object([("l", array([x(1), x(2), n(3)]))])),
        (&["l.x"], object([("l", array([]))])),
        (&["l[1].y"], object([("l", array([y()]))])),
    ];
    let bytes = encode(&payload);
    let view = PayloadRef::new(&bytes).unwrap();
    for (texts, expected) in included {
        let got = project(&view, &PayloadSelector::Include(paths(texts))).unwrap();
        assert_eq!(Value::Object(got), expected, "include {texts:?}");
    }
    let with = |key: &str, value: Option<Value>| {
        let mut map = payload.clone();
        map.remove(key);
        map.extend(value.map(|value| (key.to_owned(), value)));
        map
    };
    let excluded: [(&[&str], Map); 6] = [
        (&["s"], with("s", None)),
        (&["a.b"], with("a", Some(object([("c", n(2))])))),
        (&["l[].x"], with("l", Some(array([y(), y(), n(3)])))),
        (&["l[]"], with("l", Some(array([])))),
        (&["l[0]"], with("l", Some(array([item(2), n(3)])))),
        (&["l.x", "z", "s.q"], payload.clone()),
    ];
    for (texts, expected) in excluded {
        let got = project(&view, &PayloadSelector::Exclude(paths(texts))).unwrap();
        assert_eq!(got, expected, "exclude {texts:?}");
    }
    assert_eq!(project(&view, &PayloadSelector::All).unwrap(), payload);
    assert_eq!(project(&view, &PayloadSelector::None).unwrap(), Map::new());
}

/// What is kept of a value from which paths have `ahead` to go.
fn kept(value: &Value, ahead: &[&[Step]], include: bool) -> Option<Value> {
    if ahead.is_empty() || ahead.iter().any(|steps| steps.is_empty()) {
        return (ahead.is_empty() != include).then(|| value.clone());
    }
    let by = |fits: &dyn Fn(&Step) -> bool| -> Vec<&[Step]> {
        let going = ahead.iter().filter(|steps| fits(&steps[0]));
        going.map(|steps| &steps[1..]).collect()
    };
    Some(match value {
        Value::Object(map) => {
            let entries = map.iter().filter_map(|(key, value)| {
                let inside = by(&|step| matches!(step, Step::Key(name) if name == key));
                Some((key.clone(), kept(value, &inside, include)?))
            });
            Value::Object(entries.collect())
        }
        Value::Array(items) => {
            let items = items.iter().enumerate().filter_map(|(index, item)| {
                let index = Step::Index(index as u32);
                kept(item, &by(&|step| *step == Step::Each || *step == index), include)
            });
            Value::Array(items.collect())
        }
        scalar => scalar.clone(),
    })
}

#[test]
fn as_a_plain_walk_keeps() {
    for seed in 0..50_000 {
        let mut draw = Draw::new(seed);
        let payload = draw.map(3);
        let paths: Vec<PayloadPath> = (0..1 + draw.below(6)).map(|_| draw.path()).collect();
        let steps: Vec<&[Step]> = paths.iter().map(PayloadPath::steps).collect();
        let bytes = encode(&payload);
        let view = PayloadRef::new(&bytes).unwrap();
        let whole = Value::Object(payload.clone());
        for (selector, include) in [
            (PayloadSelector::Include(paths.clone()), true),
            (PayloadSelector::Exclude(paths.clone()), false),
        ] {
            let got = project(&view, &selector).unwrap();
            let wanted = kept(&whole, &steps, include);
            assert_eq!(Some(Value::Object(got)), wanted, "seed {seed}: {selector:?}");
        }
    }
}
