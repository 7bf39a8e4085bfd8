//! Log files and records: any bytes are read or refused, and what is read is written back byte for byte.
//! Never touches a file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvector_storage::{LogRecord, replay};

fuzz_target!(|bytes: &[u8]| {
    // As a file, as what follows a sound header, and as a record: the latter two with checksums that fit, which
    // chance would hardly find.
    let headed = [&header()[..], bytes].concat();
    let record = sealed(bytes);
    let records = [&header()[..], &record, bytes].concat();
    for file in [bytes, &headed, &records] {
        let Ok(scan) = replay::scan(file) else { continue };
        for pair in scan.records.windows(2) {
            assert_eq!(pair[0].record.seq + 1, pair[1].record.seq);
        }
        for found in &scan.records {
            check(&found.record, found.durable_seq, &file[found.offset as usize..]);
        }
    }
    for bytes in [bytes, &record] {
        if let Ok((record, durable_seq, used)) = LogRecord::decode(bytes) {
            check(&record, durable_seq, &bytes[..used]);
        }
    }
});

fn check(record: &LogRecord, durable_seq: u64, bytes: &[u8]) {
    let mut written = Vec::new();
    record.encode(durable_seq, &mut written);
    assert!(bytes.starts_with(&written));
}

/// The header of the file of shard 0 that starts with record 1.
fn header() -> Vec<u8> {
    let mut header = b"RVLG".to_vec();
    header.extend([
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    header.extend(crc32c::crc32c(&header).to_le_bytes());
    header
}

/// The bytes as a record whose length and checksum are right.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut record = bytes.to_vec();
    record.resize(bytes.len().next_multiple_of(8).max(48), 0);
    let len = record.len() as u32;
    record[..4].copy_from_slice(&len.to_le_bytes());
    let crc = crc32c::crc32c(&record[8..]);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
    record
}
