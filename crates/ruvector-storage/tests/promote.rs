//! Goal: a promoted component answers as the file did when it was written, whatever becomes of the file; one with
//! damage is never promoted, and says where. Method: random ranges before and after, regions a step, a flipped bit
//! in each region in turn, the file overwritten and cut behind the mapping.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use ruvector_io::{Io, MemIo, RealIo, ResidentBudget};
use ruvector_storage::{Component, ComponentKind, write_component};

const KIND: ComponentKind = ComponentKind::Vectors;
const REGION_BYTES: usize = 65_536;
const HEADER_BYTES: usize = 64;
const LEN: usize = 5 * REGION_BYTES + 777;

fn body() -> Vec<u8> {
    (0..LEN as u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 23) as u8)
        .collect()
}

fn open(io: &dyn Io, name: &str) -> Component {
    write_component(io, name, KIND, 1, &body()).unwrap();
    Component::open(io, name, KIND).unwrap()
}

/// Promotes with a budget without end; the steps it took.
fn promote(component: &Component, io: &dyn Io, regions_max: usize) -> usize {
    let budget = ResidentBudget::new(u64::MAX);
    let mut left = component.promote(io, &budget).unwrap();
    let mut steps = 0;
    while let Some(promotion) = left {
        left = promotion.step(regions_max).unwrap();
        steps += 1;
    }
    steps
}

/// Ranges of every size, by a fixed linear congruential generator.
fn check_ranges(component: &Component, body: &[u8]) {
    let mut state = 7u64;
    for _ in 0..2_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let start = (state >> 33) as usize % (LEN + 1);
        let end = (start + (state >> 7) as usize % (3 * REGION_BYTES)).min(LEN);
        let found = component.bytes(start as u64..end as u64);
        assert!(found == Some(&body[start..end]), "{start}..{end}");
    }
    assert_eq!(component.bytes(0..LEN as u64 + 1), None);
    assert_eq!(component.bytes(u64::MAX - 1..u64::MAX), None);
    let backwards = std::ops::Range { start: 9, end: 8 };
    assert_eq!(component.bytes(backwards), None);
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 4;
    // In place: the mapping sees it, as it would see a disk that changes its mind.
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all(&bytes).unwrap();
}

#[test]
fn answers_as_the_file_did() {
    let dir = tempfile::tempdir().unwrap();
    let io = RealIo::open(dir.path()).unwrap();
    let component = open(&io, "c");
    let held = component.clone();
    check_ranges(&component, &body());
    let before = component.bytes(10..100).unwrap();
    assert!(component.is_promotable());
    // 6 regions to copy and 6 to let go of, four a step.
    assert_eq!(promote(&component, &io, 4), 4);
    assert!(held.is_promoted() && !held.is_promotable() && held.fully_verified());
    assert_eq!(
        (held.promoted_bytes(), before),
        (LEN as u64, &body()[10..100]),
        "a slice of the mapping lives on"
    );
    assert_eq!(held.bytes(0..64).unwrap().as_ptr() as usize % 64, 0);
    check_ranges(&held, &body());

    flip(&dir.path().join("c"), HEADER_BYTES + 3 * REGION_BYTES + 5);
    check_ranges(&held, &body());
    assert_eq!(held.damage(), None, "nobody has read the file since");
    assert_eq!(held.scrub_step(10).damaged, 1, "the scrub reads the file");
    assert_eq!(held.damage().unwrap().region, Some(3));
    let file = std::fs::OpenOptions::new().write(true).open(dir.path().join("c"));
    file.unwrap().set_len(0).unwrap();
    check_ranges(&held, &body());
    assert!(!held.scrub_step(10).finished || held.damage().is_some());
    check_ranges(&held, &body());
}

#[test]
fn damage_is_reported_and_not_promoted() {
    let dir = tempfile::tempdir().unwrap();
    let io = RealIo::open(dir.path()).unwrap();
    for region in 0..6 {
        let name = format!("c{region}");
        let component = open(&io, &name);
        flip(
            &dir.path().join(&name),
            HEADER_BYTES + region * REGION_BYTES + 700,
        );
        promote(&component, &io, 1);
        assert!(!component.is_promoted() && !component.is_promotable());
        assert_eq!(component.damage().unwrap().region, Some(region as u32));
        for other in 0..6 {
            let start = (other * REGION_BYTES) as u64;
            let found = component.bytes(start..start + 10);
            assert_eq!(found.is_none(), other == region, "region {other} of {region}");
        }
        assert!(
            component
                .promote(&io, &ResidentBudget::new(u64::MAX))
                .unwrap()
                .is_none()
        );
    }
}

#[test]
fn keeps_within_the_budget() {
    let dir = tempfile::tempdir().unwrap();
    let io = RealIo::open(dir.path()).unwrap();
    let component = open(&io, "c");
    let budget = ResidentBudget::new(LEN as u64 - 1);
    assert!(component.promote(&io, &budget).unwrap().is_none() && component.is_promotable());
    let budget = ResidentBudget::new(LEN as u64);
    let promotion = component.promote(&io, &budget).unwrap().unwrap();
    assert_eq!(budget.free_bytes(), 0);
    let promotion = promotion.step(2).unwrap();
    drop(promotion);
    assert_eq!(budget.free_bytes(), LEN as u64, "given up half-way");
    let mut left = component.promote(&io, &budget).unwrap();
    while let Some(promotion) = left {
        left = promotion.step(100).unwrap();
    }
    assert_eq!((budget.free_bytes(), component.is_promoted()), (0, true));
    drop(component);
    assert_eq!(budget.free_bytes(), LEN as u64, "given back with the component");

    let memory = MemIo::new();
    let component = open(&memory, "c");
    assert_eq!(promote(&component, &memory, 4), 0);
    assert!(!component.is_promoted() && !component.is_promotable());
    check_ranges(&component, &body());
}
