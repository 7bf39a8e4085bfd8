//! Goal: a search by words finds the live points that have one, with the scores of BM25 over the whole collection, wherever
//! the points are: in memory, sealed, changed since, moved by the optimizer. Method: a plain BM25 in double precision over
//! the payloads as a map holds them, compared after every kind of write and after the optimizer; pages are parts of the
//! whole list, so equal scores stand in the order of ids.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, ErrorKind, Trace, Wait, Way};
use ruvector_io::MemIo;
use ruvector_testkit::Random;

const WORDS: [&str; 14] = [
    "the", "hare", "runs", "fast", "slow", "tortoise", "field", "burrow", "ear", "long", "swift", "animal",
    "Hare", "THE",
];

/// What the collection holds.
type Texts = BTreeMap<u64, Map>;

fn open(shards: u32) -> (Database, Collection) {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    let database = Database::open(Arc::new(MemIo::new()), options).unwrap();
    let mut config = CollectionConfig::single(2, Distance::Dot);
    config.shards = shards;
    config.optimizer.active_rows_max = 128;
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    (database, collection)
}

fn declare(database: &Database, options: TextOptions) {
    let index = FieldIndex {
        kind: IndexKind::Text(options),
        on_disk: false,
        is_principal: false,
    };
    database
        .create_index("c", &PayloadPath::key("gloss"), index)
        .unwrap();
}

fn text(random: &mut Random) -> Value {
    let words = random.below(12);
    let words: Vec<&str> = (0..words)
        .map(|_| WORDS[random.below(WORDS.len()).min(random.below(WORDS.len()))])
        .collect();
    Value::from(words.join(" ").as_str())
}

fn payload(random: &mut Random) -> Map {
    let gloss = match random.below(12) {
        0 => Value::Int(3),
        1 => Value::Array(vec![text(random), Value::Null, text(random)]),
        _ => text(random),
    };
    let mut payload = Map::from([("n".to_owned(), Value::Int(random.below(5) as i64))]);
    if !random.one_in(15) {
        payload.insert("gloss".to_owned(), gloss);
    }
    payload
}

fn write(collection: &Collection, op: WriteOp) {
    collection.write(&Ctx::default(), op, Wait::Durable).unwrap();
}

fn upsert(collection: &Collection, texts: &mut Texts, ids: impl Iterator<Item = u64>, random: &mut Random) {
    let points: Vec<Point> = ids
        .map(|id| Point {
            id: PointId::Num(id),
            vectors: NamedVectors::new(),
            payload: payload(random),
        })
        .collect();
    for point in &points {
        let PointId::Num(id) = point.id else { panic!() };
        texts.insert(id, point.payload.clone());
    }
    let upsert = Upsert {
        points,
        ..Upsert::default()
    };
    write(collection, WriteOp::Upsert(upsert));
}

fn change(collection: &Collection, texts: &mut Texts, ids: impl Iterator<Item = u64>, random: &mut Random) {
    for id in ids {
        let payload = Map::from([("gloss".to_owned(), text(random))]);
        texts.get_mut(&id).unwrap().extend(payload.clone());
        write(
            collection,
            WriteOp::SetPayload {
                payload,
                path: None,
                points: PointSelector::Ids(vec![PointId::Num(id)]),
            },
        );
    }
}

fn request(text: &str, limit: usize) -> TextSearchRequest {
    TextSearchRequest {
        path: PayloadPath::key("gloss"),
        text: text.to_owned(),
        limit,
        offset: 0,
        filter: None,
        score_threshold: None,
        with_payload: PayloadSelector::None,
        with_vectors: VectorSelector::None,
    }
}

fn found(collection: &Collection, request: &TextSearchRequest) -> Vec<(u64, f32)> {
    let found = collection.search_text(&Ctx::default(), request).unwrap();
    let pair = |hit: ScoredPoint| match hit.id {
        PointId::Num(id) => (id, hit.score),
        other => panic!("{other}"),
    };
    found.into_iter().map(pair).collect()
}

/// The words of a payload, by the plainest code.
fn words_of(payload: &Map) -> Vec<String> {
    let cut = |value: &Value| match value {
        Value::String(text) => text.split(' ').map(str::to_lowercase).collect(),
        _ => Vec::new(),
    };
    let words: Vec<String> = match payload.get("gloss") {
        Some(Value::Array(items)) => items.iter().flat_map(cut).collect(),
        Some(value) => cut(value),
        None => Vec::new(),
    };
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

/// BM25 of every point that has a word.
fn scores(texts: &Texts, query: &str, kept: impl Fn(&Map) -> bool) -> BTreeMap<u64, f64> {
    let documents: BTreeMap<u64, Vec<String>> = texts
        .iter()
        .map(|(id, payload)| (*id, words_of(payload)))
        .filter(|(_, words)| !words.is_empty())
        .collect();
    let count = documents.len() as f64;
    let average = documents.values().map(Vec::len).sum::<usize>() as f64 / count;
    let mut scores = BTreeMap::new();
    for word in query.split(' ').map(str::to_lowercase) {
        let having = documents.values().filter(|words| words.contains(&word)).count() as f64;
        let idf = (1.0 + (count - having + 0.5) / (having + 0.5)).ln();
        for (id, words) in documents.iter().filter(|(id, _)| kept(&texts[id])) {
            let times = words.iter().filter(|other| **other == word).count() as f64;
            let norm = 1.2 * (0.25 + 0.75 * words.len() as f64 / average);
            if times > 0.0 {
                *scores.entry(*id).or_default() += idf * times * 2.2 / (times + norm);
            }
        }
    }
    scores
}

/// Ids and order are right; scores too, where no deleted row counts.
fn check(collection: &Collection, texts: &Texts, random: &mut Random, counts_deleted: bool) {
    for _ in 0..6 {
        let query: Vec<&str> = (0..1 + random.below(4)).map(|_| random.of(&WORDS)).collect();
        let mut request = request(&query.join(" "), 5_000);
        let wanted_n = random.below(5) as i64;
        let is_filtered = random.one_in(2);
        if is_filtered {
            request.filter = Some(Filter::must(Condition::Field(FieldCondition {
                path: PayloadPath::key("n"),
                test: FieldTest::Match(Match::Integer(wanted_n)),
            })));
        }
        let kept = |payload: &Map| !is_filtered || payload.get("n") == Some(&Value::Int(wanted_n));
        let expected = scores(texts, &request.text, kept);
        let all = found(collection, &request);
        let mut ids: Vec<u64> = all.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        assert_eq!(ids, expected.keys().copied().collect::<Vec<_>>(), "{request:?}");
        assert!(
            all.is_sorted_by(|a, b| a.1 > b.1 || (a.1 == b.1 && a.0 < b.0)),
            "{request:?}"
        );
        for (id, score) in all.iter().filter(|_| !counts_deleted) {
            let wanted = expected[id];
            let error = (f64::from(*score) - wanted).abs();
            assert!(
                error <= 1e-4 * wanted.max(1.0),
                "{id}: {score}, {wanted}: {request:?}"
            );
        }
        // A page is a part of the whole, and a threshold cuts it off.
        let middle = all.get(all.len() / 2).map(|(_, score)| *score);
        let above = all
            .iter()
            .filter(|(_, score)| middle.is_none_or(|least| *score >= least));
        let above: Vec<(u64, f32)> = above.copied().collect();
        request.score_threshold = middle;
        assert_eq!(found(collection, &request), above);
        (request.limit, request.offset) = (1 + random.below(9), random.below(9));
        let page = above.iter().skip(request.offset).take(request.limit);
        assert_eq!(found(collection, &request), page.copied().collect::<Vec<_>>());
    }
}

#[test]
fn scores_are_those_of_the_whole_collection() {
    for seed in 0..6 {
        let mut random = Random::new(seed);
        let (database, collection) = open(1 + seed as u32 % 2);
        let mut texts = Texts::new();
        if seed % 3 == 0 {
            declare(&database, TextOptions::default());
        }
        for batch in 0..8 {
            upsert(&collection, &mut texts, batch * 50..batch * 50 + 50, &mut random);
        }
        if seed % 3 == 2 {
            collection.optimize().unwrap();
        }
        if seed % 3 > 0 {
            declare(&database, TextOptions::default());
        }
        // In memory, or sealed without an index; then sealed into several segments; then one a shard.
        check(&collection, &texts, &mut random, false);
        let before = found(&collection, &request("the swift tortoise", 5_000));
        while database.step().unwrap() {}
        check(&collection, &texts, &mut random, false);
        collection.optimize().unwrap();
        check(&collection, &texts, &mut random, false);
        let after = found(&collection, &request("the swift tortoise", 5_000));
        assert_eq!(after, before, "seed {seed}");

        // Payloads changed in sealed segments; then more points in memory.
        change(&collection, &mut texts, (0..60).step_by(2), &mut random);
        check(&collection, &texts, &mut random, false);
        upsert(&collection, &mut texts, 400..450, &mut random);
        check(&collection, &texts, &mut random, false);
        change(&collection, &mut texts, (10..440).step_by(31), &mut random);
        check(&collection, &texts, &mut random, false);

        // Deleted and replaced points are not found; their rows count until they are rewritten.
        let gone: Vec<u64> = (0..430).step_by(7).collect();
        gone.iter().for_each(|id| drop(texts.remove(id)));
        let gone = gone.into_iter().map(PointId::Num).collect();
        write(&collection, WriteOp::Delete(PointSelector::Ids(gone)));
        check(&collection, &texts, &mut random, true);
        upsert(&collection, &mut texts, 20..40, &mut random);
        change(&collection, &mut texts, (20..40).step_by(3), &mut random);
        check(&collection, &texts, &mut random, true);
        collection.optimize().unwrap();
        check(&collection, &texts, &mut random, false);
    }
}

#[test]
fn the_index_says_what_words_are() {
    let (database, collection) = open(1);
    let point = |id, gloss: &str| Point {
        id: PointId::Num(id),
        vectors: NamedVectors::new(),
        payload: Map::from([("gloss".to_owned(), Value::from(gloss))]),
    };
    let upsert = Upsert {
        points: vec![point(1, "the runners ran"), point(2, "a run, running")],
        ..Upsert::default()
    };
    write(&collection, WriteOp::Upsert(upsert));
    let refused = collection
        .search_text(&Ctx::default(), &request("run", 5))
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(
        refused.to_string().contains("\"gloss\" has no text index"),
        "{refused}"
    );

    let options = TextOptions {
        stemmer: Some(Language::English),
        stop_languages: [Language::English].into(),
        ..TextOptions::default()
    };
    declare(&database, options);
    for _ in 0..2 {
        let ids = |text: &str| -> Vec<u64> {
            let found = found(&collection, &request(text, 5));
            found.into_iter().map(|(id, _)| id).collect()
        };
        assert_eq!(ids("runs"), [2]);
        assert_eq!(ids("runner running"), [2, 1]);
        assert!(ids("the a").is_empty() && ids("!").is_empty() && ids("nobody").is_empty());
        // A word that is given twice counts twice.
        let score = |text: &str| found(&collection, &request(text, 1))[0].1;
        assert!((score("run run") - 2.0 * score("run")).abs() < 1e-5);
        collection.optimize().unwrap();
    }
    for (text, says) in [
        ("", "must not be empty"),
        (" \n", "must not be empty"),
        (&"a ".repeat(10_000), "query_text_bytes_max"),
    ] {
        let refused = collection
            .search_text(&Ctx::default(), &request(text, 5))
            .unwrap_err();
        assert!(refused.to_string().contains(says), "{refused}");
    }
}

#[test]
fn a_search_is_traced() {
    let mut random = Random::new(9);
    let (database, collection) = open(2);
    declare(&database, TextOptions::default());
    let mut texts = Texts::new();
    upsert(&collection, &mut texts, 0..100, &mut random);
    collection.optimize().unwrap();
    upsert(&collection, &mut texts, 100..120, &mut random);
    let trace = Arc::new(Trace::detailed());
    let ctx = Ctx {
        trace: Some(trace.clone()),
        ..Ctx::default()
    };
    collection.search_text(&ctx, &request("hare", 5)).unwrap();
    let segments = trace.segments();
    assert_eq!(segments.iter().map(|segment| segment.points).sum::<u64>(), 120);
    assert_eq!(segments.iter().filter(|segment| segment.sealed).count(), 2);
    assert!(segments.len() == 4 && segments.iter().all(|segment| segment.ways == [Way::Text]));
}
