//! Goal: an alias always stands for one collection or the other, never for none, and a name for one thing only.
//! Method: random actions against a map and across reopens; searches through an alias while it is switched; a switch
//! stopped at every operation of the simulated disk, and what each style of power loss leaves of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ruvector_core::types::*;
use ruvector_core::{Ctx, Database, DatabaseOptions, ErrorKind, Wait};
use ruvector_io::sim::{PowerLoss, SimDisk};
use ruvector_io::{Io, MemIo};

fn open(io: Arc<dyn Io>) -> Result<Database, ruvector_core::Error> {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    Database::open(io, options)
}

fn create(alias: &str, collection: &str) -> AliasAction {
    AliasAction::Create {
        alias: alias.to_owned(),
        collection: collection.to_owned(),
    }
}

fn delete(alias: &str) -> AliasAction {
    AliasAction::Delete {
        alias: alias.to_owned(),
    }
}

fn rename(from: &str, to: &str) -> AliasAction {
    AliasAction::Rename {
        from: from.to_owned(),
        to: to.to_owned(),
    }
}

/// A collection with one point that carries its number.
fn collection(database: &Database, name: &str, number: u64) {
    let config = CollectionConfig::single(2, Distance::Dot);
    database.create_collection(name, config).unwrap();
    let point = Point {
        id: PointId::Num(number),
        vectors: NamedVectors::from([(String::new(), vec![1.0, 0.0].into())]),
        payload: Map::new(),
    };
    let upsert = WriteOp::Upsert(Upsert {
        points: vec![point],
        ..Upsert::default()
    });
    let handle = database.collection(name).unwrap();
    handle.write(&Ctx::default(), upsert, Wait::Durable).unwrap();
}

/// The number of the collection that is searched by this name.
fn found(database: &Database, name: &str) -> PointId {
    let request = SearchRequest::nearest(vec![1.0, 0.0], 1);
    let hits = database
        .collection(name)
        .unwrap()
        .search(&Ctx::default(), &request);
    hits.unwrap()[0].id.clone()
}

/// What `actions` make of `model`, or that they are refused.
fn model_change(
    model: &BTreeMap<String, String>,
    actions: &[AliasAction],
) -> Option<BTreeMap<String, String>> {
    let mut next = model.clone();
    for action in actions {
        match action {
            AliasAction::Create { alias, collection } => {
                if alias.starts_with('c') || !["c0", "c1", "c2"].contains(&collection.as_str()) {
                    return None;
                }
                next.insert(alias.clone(), collection.clone());
            }
            AliasAction::Delete { alias } => drop(next.remove(alias)),
            AliasAction::Rename { from, to } => {
                if to.starts_with('c') {
                    return None;
                }
                let collection = next.remove(from)?;
                next.insert(to.clone(), collection);
            }
        }
    }
    Some(next)
}

#[test]
fn aliases_are_those_of_the_model() {
    let io = MemIo::new();
    let mut database = open(Arc::new(io.clone())).unwrap();
    for number in 0..3 {
        collection(&database, &format!("c{number}"), number);
    }
    let mut state = 7_u64;
    let mut below = |count: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % count
    };
    let names = ["a", "b", "d", "c1"];
    let collections = ["c0", "c1", "c2", "a", "absent"];
    let mut model = BTreeMap::new();
    for round in 0..400 {
        let actions: Vec<AliasAction> = (0..1 + below(3))
            .map(|_| {
                let (one, other) = (names[below(4) as usize], names[below(4) as usize]);
                match below(4) {
                    0 => delete(one),
                    1 => rename(one, other),
                    _ => create(one, collections[below(5) as usize]),
                }
            })
            .collect();
        let outcome = database.change_aliases(&actions);
        match model_change(&model, &actions) {
            Some(next) => {
                outcome.unwrap();
                model = next;
            }
            None => assert!(outcome.is_err(), "{actions:?}"),
        }
        assert_eq!(database.aliases(), model, "{actions:?}");
        for (alias, name) in &model {
            let number = name[1..].parse().unwrap();
            assert_eq!(found(&database, alias), PointId::Num(number));
            assert!(database.aliases_of(name).contains(alias));
        }
        if round % 50 == 0 {
            database.close().unwrap();
            database = open(Arc::new(io.clone())).unwrap();
        }
    }
}

#[test]
fn a_name_is_one_thing_and_goes_with_its_collection() {
    let io = MemIo::new();
    let database = open(Arc::new(io.clone())).unwrap();
    collection(&database, "one", 1);
    collection(&database, "two", 2);
    database
        .change_aliases(&[create("live", "one"), create("new", "two")])
        .unwrap();
    let config = || CollectionConfig::single(2, Distance::Dot);
    let kind = |outcome: Result<(), ruvector_core::Error>| outcome.unwrap_err().kind();
    assert_eq!(
        kind(database.create_collection("live", config())),
        ErrorKind::Invalid
    );
    assert_eq!(
        kind(database.create_collection("one", config())),
        ErrorKind::Conflict
    );
    assert_eq!(
        kind(database.change_aliases(&[create("two", "one")])),
        ErrorKind::Conflict
    );
    assert_eq!(
        kind(database.change_aliases(&[create("x", "live")])),
        ErrorKind::NotFound
    );
    assert_eq!(
        kind(database.change_aliases(&[rename("x", "y")])),
        ErrorKind::NotFound
    );
    assert_eq!(
        kind(database.change_aliases(&[create("a/b", "one")])),
        ErrorKind::Invalid
    );
    // Of several actions, none is carried out if one is refused.
    assert_eq!(
        kind(database.change_aliases(&[create("live", "two"), rename("x", "y")])),
        ErrorKind::NotFound
    );
    assert_eq!(found(&database, "live"), PointId::Num(1));
    // An index is declared through the alias; the alias is no collection to delete.
    let path = PayloadPath::parse("word").unwrap();
    let index = FieldIndex {
        kind: IndexKind::Keyword { prefix: false },
        on_disk: false,
        is_principal: false,
    };
    database.create_index("live", &path, index).unwrap();
    assert!(database.collection("one").unwrap().indexes().contains_key(&path));
    assert!(!database.delete_collection("live").unwrap());
    assert!(database.delete_collection("one").unwrap());
    assert_eq!(
        database.aliases(),
        BTreeMap::from([("new".to_owned(), "two".to_owned())])
    );
    assert_eq!(
        database.collection("live").unwrap_err().kind(),
        ErrorKind::NotFound
    );
    database.create_collection("live", config()).unwrap();
    database.close().unwrap();
    let database = open(Arc::new(io)).unwrap();
    assert_eq!(database.aliases().len(), 1);
}

#[test]
fn there_are_as_many_as_the_limit_says() {
    let io = MemIo::new();
    let open = |aliases_max| {
        let limits = Limits {
            aliases_max,
            ..Limits::default()
        };
        let options = DatabaseOptions {
            maintenance_threads: 0,
            limits,
            ..DatabaseOptions::default()
        };
        Database::open(Arc::new(io.clone()), options).unwrap()
    };
    let database = open(3);
    collection(&database, "one", 1);
    collection(&database, "two", 2);
    for alias in ["a", "b", "c"] {
        database.change_aliases(&[create(alias, "one")]).unwrap();
    }
    let error = database.change_aliases(&[create("d", "one")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(
        error
            .to_string()
            .contains("3 aliases are the limit (aliases_max)")
    );
    // Moved, renamed, and one for another.
    let changes = [
        create("a", "two"),
        rename("b", "e"),
        delete("c"),
        create("d", "one"),
    ];
    database.change_aliases(&changes).unwrap();
    assert!(database.aliases().keys().eq(["a", "d", "e"]));
    database.close().unwrap();
    // More than a limit that was lowered: they may still be moved and deleted.
    let database = open(1);
    let changes = [create("a", "one"), rename("d", "c"), delete("e")];
    database.change_aliases(&changes).unwrap();
    assert!(database.change_aliases(&[create("f", "one")]).is_err());
    assert!(database.aliases().keys().eq(["a", "c"]));
}

#[test]
fn searches_never_miss_an_alias_that_is_switched() {
    const SWITCHES: u64 = 1_000;
    let database = open(Arc::new(MemIo::new())).unwrap();
    collection(&database, "one", 1);
    collection(&database, "two", 2);
    database.change_aliases(&[create("live", "one")]).unwrap();
    let (done, searches) = (AtomicBool::new(false), AtomicU64::new(0));
    /// Ends the searches, also where the test fails.
    struct End<'a>(&'a AtomicBool);
    impl Drop for End<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }
    std::thread::scope(|scope| {
        let end = End(&done);
        let searchers = [(); 2].map(|()| {
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    let id = found(&database, "live");
                    assert!(id == PointId::Num(1) || id == PointId::Num(2));
                    searches.fetch_add(1, Ordering::AcqRel);
                }
            })
        });
        for number in 0..SWITCHES {
            let to = ["two", "one"][number as usize % 2];
            database
                .change_aliases(&[delete("live"), create("live", to)])
                .unwrap();
            assert_eq!(found(&database, "live"), PointId::Num(2 - number % 2));
        }
        let failed = || searchers.iter().any(|searcher| searcher.is_finished());
        while searches.load(Ordering::Acquire) < SWITCHES && !failed() {
            std::thread::yield_now();
        }
        drop(end);
    });
}

/// Creates two collections and an alias, switches it twice, deletes what it left; the name searched last and the one
/// being written. Stops at the first error.
fn script(disk: &SimDisk) -> (Option<&'static str>, Option<&'static str>) {
    let (mut before, mut after) = (None, None);
    let _ = (|| -> Result<(), ruvector_core::Error> {
        let database = open(Arc::new(disk.clone()))?;
        for name in ["one", "two"] {
            database.create_collection(name, CollectionConfig::single(2, Distance::Dot))?;
        }
        for to in ["one", "two", "one"] {
            after = Some(to);
            database.change_aliases(&[delete("live"), create("live", to)])?;
            before = after;
        }
        database.delete_collection("two")?;
        Ok(())
    })();
    (before, after)
}

#[test]
fn a_switch_survives_the_loss_of_power() {
    let whole = SimDisk::new(1);
    assert_eq!(script(&whole), (Some("one"), Some("one")));
    for stop in 0..whole.ops() {
        let disk = SimDisk::new(1);
        disk.stop_after_op(stop);
        let (before, after) = script(&disk);
        for (style, salt) in [
            (PowerLoss::DurableOnly, 0),
            (PowerLoss::KeepAll, 0),
            (PowerLoss::Torn, 1),
            (PowerLoss::Torn, 2),
        ] {
            let left = disk.power_loss(salt + 31 * stop, style);
            let database = open(Arc::new(left)).unwrap();
            let alias = database.aliases().get("live").cloned();
            let alias = alias.as_deref();
            assert!(alias == before || alias == after, "{stop} {style:?}: {alias:?}");
            if let Some(name) = alias {
                assert_eq!(database.collection("live").unwrap().name(), name);
            }
        }
    }
}
