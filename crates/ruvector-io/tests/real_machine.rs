//! Checks what only the real backend has: mappings that fault, allocated bytes, threads, clocks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(unix)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ruvector_io::{Io, IoError, MemIo, RESIDENT_ALIGN_BYTES, RealIo, ResidentBudget};

// Goal: a mapped file that shrinks, or whose disk fails, never ends the process, and says so.
// Method: truncate mapped files behind the backend's back; read every byte, from two threads; then map
// again, so that slots of faulted mappings are used a second time.
#[test]
fn truncated_mapping_reads_zeros() {
    let dir = tempfile::tempdir().unwrap();
    let io = RealIo::open(dir.path()).unwrap();
    for round in 0..3 {
        for name in ["cut", "whole"] {
            let _ = io.remove(name);
            io.create(name).unwrap().append(&[7; 300_000]).unwrap();
        }
        let (cut, whole) = (io.map("cut").unwrap(), io.map("whole").unwrap());
        assert!(!cut.faulted() && !whole.faulted(), "round {round}");
        std::fs::OpenOptions::new()
            .write(true)
            .open(dir.path().join("cut"))
            .unwrap()
            .set_len(10)
            .unwrap();
        let other = cut.clone();
        let count = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == 7).count();
        let beside = std::thread::spawn(move || count(&other));
        assert_eq!(count(&cut), 10, "round {round}");
        assert_eq!(beside.join().unwrap(), 10, "round {round}");
        assert_eq!(count(&whole), 300_000, "round {round}");
        assert!(cut.faulted() && !whole.faulted(), "round {round}");
    }
}

// Goal: disk use is what the file system allocated. Method: a file, a second name for it, a directory.
#[test]
fn disk_bytes_counts_a_file_once() {
    let dir = tempfile::tempdir().unwrap();
    let io = RealIo::open(dir.path()).unwrap();
    io.create_dir("d").unwrap();
    let file = io.create("d/file").unwrap();
    file.append(&[1; 1 << 20]).unwrap();
    file.sync().unwrap();
    let before = io.disk_bytes("").unwrap();
    assert!(((1 << 20)..(2 << 20)).contains(&before), "{before}");
    io.hard_link("d/file", "d/again").unwrap();
    assert_eq!(io.disk_bytes("").unwrap(), before);
    assert!(matches!(io.disk_bytes("missing"), Err(IoError::NotFound { .. })));
}

// Goal: threads run, report panics, and exist only here; clock, randomness and memory are real.
// Method: one thread that ends well, one that panics; plausible values of the rest.
#[test]
fn threads_clock_and_randomness() {
    let dir = tempfile::tempdir().unwrap();
    let io = RealIo::open(dir.path()).unwrap();
    let ran = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&ran);
    assert!(
        io.spawn("works", Box::new(move || seen.store(true, Ordering::Release)))
            .unwrap()
            .join()
    );
    assert!(ran.load(Ordering::Acquire));
    assert!(
        !io.spawn("panics", Box::new(|| panic!("on purpose")))
            .unwrap()
            .join()
    );
    assert!(matches!(
        io.spawn("\0", Box::new(|| {})),
        Err(IoError::BadPath { .. })
    ));
    assert!(matches!(
        MemIo::new().spawn("none", Box::new(|| {})),
        Err(IoError::NoThreads { .. })
    ));
    assert!(io.monotonic() <= io.monotonic());
    assert!(io.wall_clock_ms() > 1_700_000_000_000);
    assert_ne!(io.random_u64(), io.random_u64());
    assert!(ruvector_io::raise_open_files_limit() > 0);
    if cfg!(target_os = "linux") {
        assert!(io.memory().resident_bytes > 0);
    }
}

// Goal: a root is a directory. Method: open over a file, and twice over the same directory.
#[test]
fn root_must_be_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), b"").unwrap();
    assert!(RealIo::open(&dir.path().join("file")).is_err());
    assert!(RealIo::open(&dir.path().join("file/below")).is_err());
    RealIo::open(&dir.path().join("new/root"))
        .unwrap()
        .create("f")
        .unwrap();
    assert_eq!(
        RealIo::open(&dir.path().join("new/root"))
            .unwrap()
            .len("f")
            .unwrap(),
        Some(0)
    );
}

// Goal: resident memory holds what was put there, aligned, within its budget, which it gives back; only the real
// backend has any. Method: odd pieces into room of odd sizes, one piece too many, more room than there is; and a
// mapped file whose pages were let go.
#[test]
fn resident_memory_is_aligned_and_budgeted() {
    let dir = tempfile::tempdir().unwrap();
    let io = RealIo::open(dir.path()).unwrap();
    let budget = ResidentBudget::new(10 << 20);
    assert!(budget.take((10 << 20) + 1).is_none() && budget.take(u64::MAX).is_none());
    for bytes in [1usize, 4_097, (2 << 20) + 77, 9 << 20] {
        let content: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        let room = budget.take(bytes as u64).unwrap();
        let mut buffer = io.allocate_resident("copy", room).unwrap().unwrap();
        for piece in content.chunks(60_000) {
            assert_eq!(buffer.append(piece), Some(piece));
        }
        assert_eq!(buffer.append(&[1]), None);
        let resident = buffer.finish("copy").unwrap();
        let found = resident.get(0, bytes).unwrap();
        assert!(found == content, "{bytes} bytes");
        assert_eq!(found.as_ptr() as usize % RESIDENT_ALIGN_BYTES, 0);
        assert_eq!((resident.get(0, bytes + 1), resident.len()), (None, bytes));
        assert_eq!(budget.free_bytes(), (10 << 20) - bytes as u64);
    }
    assert_eq!(budget.free_bytes(), 10 << 20);
    let none = MemIo::new().allocate_resident("copy", budget.take(5).unwrap());
    assert!(none.unwrap().is_none());

    io.create("file").unwrap().append(&[9; 300_000]).unwrap();
    let region = io.map("file").unwrap();
    assert!(region.iter().all(|byte| *byte == 9));
    region.release(64..200_000);
    region.release(250_000..1 << 40);
    assert!(region.iter().all(|byte| *byte == 9) && !region.faulted());
    if cfg!(target_os = "linux") {
        let memory = io.memory();
        assert!(memory.physical_bytes > memory.resident_bytes, "{memory:?}");
    }
}
