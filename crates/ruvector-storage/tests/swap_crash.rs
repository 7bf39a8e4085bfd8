//! Goal: a shard's manifest is always the former or the new one, and all files it names are there, whatever
//! happens to the power. Method: a series of swaps on the simulated disk, stopped at every changing operation,
//! found again in several torn states.
#![allow(clippy::unwrap_used, clippy::panic)]

use ruvector_io::Io;
use ruvector_io::sim::{PowerLoss, SimDisk};
use ruvector_storage::{
    Component, ComponentKind, ComponentName, FieldEntry, Manifest, SegmentEntry, remove_orphans,
    write_component,
};

const DIR: &str = "shard";

fn manifest(generation: u64) -> Manifest {
    let name = ComponentName { generation };
    let field = FieldEntry {
        field: 3,
        vectors: name,
        graph: generation.is_multiple_of(2).then_some(name),
        fast: None,
        codes: None,
    };
    let segment = SegmentEntry {
        id: generation,
        rows: 9,
        ids: name,
        payload: name,
        fields: vec![field],
        ragged: Vec::new(),
        indexes: Vec::new(),
        deletes: generation.is_multiple_of(3).then_some(name),
        delta: None,
    };
    Manifest {
        generation,
        shard: 2,
        epoch: 1,
        applied_seq: generation * 10,
        next_segment: generation + 1,
        segments: vec![segment],
    }
}

/// Stores manifests until the power goes off; the last one acknowledged and the last one tried.
fn run(disk: &SimDisk) -> (u64, u64) {
    if disk.create_dir(DIR).and_then(|()| disk.sync_dir("")).is_err() {
        return (0, 0);
    }
    for generation in 1..=5 {
        let manifest = manifest(generation);
        for file in manifest.segments[0].file_names() {
            let path = format!("{DIR}/{file}");
            if write_component(disk, &path, ComponentKind::Ids, 1, file.as_bytes()).is_err() {
                return (generation - 1, generation - 1);
            }
        }
        if manifest.store(disk, DIR).is_err() {
            return (generation - 1, generation);
        }
    }
    (5, 5)
}

#[test]
fn every_stop_leaves_a_whole_state() {
    let whole = SimDisk::new(0);
    assert_eq!(run(&whole), (5, 5));
    for stop in 0..=whole.ops() {
        let disk = SimDisk::new(0);
        disk.stop_after_op(stop);
        let (stored, tried) = run(&disk);
        for turn in 0..14 {
            let style = [PowerLoss::DurableOnly, PowerLoss::KeepAll, PowerLoss::Torn][turn.min(2)];
            let context = format!("stop {stop} {style:?} {turn}");
            let found = disk.power_loss(stop * 31 + turn as u64, style);
            found.create_dir(DIR).and_then(|()| found.sync_dir("")).unwrap();
            let loaded = Manifest::load(&found, DIR).unwrap_or_else(|e| panic!("{context}: {e}"));
            let generation = loaded.as_ref().map_or(0, |manifest| manifest.generation);
            assert!(
                stored <= generation && generation <= tried,
                "{context}: {generation}"
            );
            let loaded = loaded.unwrap_or(Manifest::empty(2));
            if generation > 0 {
                assert_eq!(loaded, manifest(generation), "{context}");
            }
            remove_orphans(&found, DIR, &loaded).unwrap();
            let names = loaded.segments.iter().flat_map(SegmentEntry::file_names);
            let mut expected: Vec<String> = names.collect();
            for name in &expected {
                let path = format!("{DIR}/{name}");
                let component = Component::open(&found, &path, ComponentKind::Ids).unwrap();
                assert_eq!(component.body().unwrap(), name.as_bytes(), "{context}");
            }
            expected.extend((generation > 0).then(|| format!("manifest.{generation:020}")));
            expected.sort();
            let there: Vec<String> = found
                .list(DIR)
                .unwrap()
                .into_iter()
                .map(|entry| entry.name)
                .collect();
            assert_eq!(there, expected, "{context}");
            manifest(generation + 1).store(&found, DIR).unwrap();
            let after = found.power_loss(0, PowerLoss::DurableOnly);
            assert_eq!(
                Manifest::load(&after, DIR).unwrap(),
                Some(manifest(generation + 1)),
                "{context}"
            );
        }
    }
}

#[test]
fn hostile_manifests_are_refused_or_bounded() {
    let body = manifest(6).encode();
    assert_eq!(
        Manifest::decode(Manifest::VERSION, 6, &body).unwrap(),
        manifest(6)
    );
    for at in 0..body.len() {
        assert!(Manifest::decode(Manifest::VERSION, 6, &body[..at]).is_err());
        for value in [0, 1, 2, 127, 255] {
            let mut changed = body.clone();
            changed[at] = value;
            let _ = Manifest::decode(Manifest::VERSION, 6, &changed);
        }
    }
    let disk = SimDisk::new(0);
    run(&disk);
    disk.flip_bit("shard/manifest.00000000000000000005", 40, 1)
        .unwrap();
    let error = Manifest::load(&disk, DIR).unwrap_err().to_string();
    assert!(error.contains("manifest.00000000000000000005"), "{error}");
}
