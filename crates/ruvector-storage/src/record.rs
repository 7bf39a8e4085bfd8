//! One record of the write-ahead log. Operations are resolved: ids, never filters or conditions.
//!
//! ```text
//! 0 record bytes u32, a multiple of 8, this header and padding included
//! 4 crc32c u32 of all that follows in the record
//! 8 seq u64 │ 16 durable seq u64 of the shard when appended │ 24 epoch u64 │ 32 shard u32
//! 36 kind u16 (1 upsert, 2 delete, 3 edit payload, 4 upsert of any kinds) │ 38 flags u16 (0)
//! 40 siblings u32 │ siblings × (shard u32, seq u64) │ operation │ zeros to 8
//! upsert, of any kinds: points u32 │ points, see log_point.rs
//! delete:       ids u32 │ ids
//! edit payload: ids u32 │ ids │ edit bytes u32 │ edit
//! id:           kind u8 (0 number, 1 UUID, 2 string) │ u64, u128, or bytes u16 and UTF-8
//! ```

use ruvector_types::PointId;

use crate::log_point::{LogPoint, dense_only};
use crate::wire::{Malformed, Reader, put, put_id, u32_at};

/// Bytes of the longest record.
pub const RECORD_BYTES_MAX: u32 = 1 << 30;
pub(crate) const RECORD_HEADER_BYTES: usize = 40;

/// An operation in the log of one shard.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// Its number in the shard, without gaps.
    pub seq: u64,
    /// Term of the shard's primary that wrote it.
    pub epoch: u64,
    /// The shard.
    pub shard: u32,
    /// The other shards' records of the same batch, as (shard, seq); empty for one-shard batches.
    pub siblings: Vec<(u32, u64)>,
    /// What to do.
    pub operation: LogOperation,
}

/// A resolved operation.
#[derive(Clone, Debug, PartialEq)]
pub enum LogOperation {
    /// Writes whole points.
    Upsert(Vec<LogPoint>),
    /// Deletes points.
    Delete(Vec<PointId>),
    /// Changes payloads only.
    EditPayload {
        /// The points.
        ids: Vec<PointId>,
        /// The edit, encoded by the payload crate.
        edit: Box<[u8]>,
    },
}

/// Why bytes are no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeRecordError {
    /// The bytes end before the record does.
    #[error("record of {bytes_needed} bytes, {bytes} there")]
    Short {
        /// Bytes there.
        bytes: usize,
        /// Bytes the record says it has, or a header's.
        bytes_needed: usize,
    },
    /// The length cannot be one of a record.
    #[error("no record has {bytes} bytes")]
    BadLength {
        /// The length found.
        bytes: u32,
    },
    /// The checksum does not match.
    #[error("checksum does not match")]
    BadChecksum,
    /// The checksum matches and the content breaks the format.
    #[error(transparent)]
    Malformed(Malformed),
}

/// The fixed part of a record whose checksum matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHead {
    pub(crate) bytes: usize,
    pub(crate) seq: u64,
    pub(crate) durable_seq: u64,
    pub(crate) shard: u32,
}

impl LogRecord {
    /// Appends the encoded record to `out`. `durable_seq` is what the shard knows to be durable now.
    /// A record beyond [`RECORD_BYTES_MAX`] is encoded but will not be decoded; the log refuses it.
    pub fn encode(&self, durable_seq: u64, out: &mut Vec<u8>) {
        let start = out.len();
        put!(
            out,
            0u64,
            self.seq,
            durable_seq,
            self.epoch,
            self.shard,
            self.operation.kind(),
            0u16
        );
        put!(out, self.siblings.len() as u32);
        for (shard, seq) in &self.siblings {
            put!(out, *shard, *seq);
        }
        self.operation.encode(out);
        out.resize(start + (out.len() - start).next_multiple_of(8), 0);
        let bytes = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
        let crc = crc32c::crc32c(&out[start + 8..]);
        out[start..start + 4].copy_from_slice(&bytes.to_le_bytes());
        out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
    }

    /// Reads the record at the start of `bytes`; the record, its durable seq, and the bytes it takes.
    pub fn decode(bytes: &[u8]) -> Result<(LogRecord, u64, usize), DecodeRecordError> {
        let head = RecordHead::read(bytes)?;
        let mut reader = Reader::new(&bytes[..head.bytes]);
        let (record, durable_seq) = decode_body(&mut reader).map_err(DecodeRecordError::Malformed)?;
        Ok((record, durable_seq, head.bytes))
    }
}

impl RecordHead {
    /// Reads and verifies the record at the start of `bytes` without decoding its operation.
    pub(crate) fn read(bytes: &[u8]) -> Result<RecordHead, DecodeRecordError> {
        let short = |bytes_needed| DecodeRecordError::Short {
            bytes: bytes.len(),
            bytes_needed,
        };
        let (Some(length), Some(crc)) = (u32_at(bytes, 0), u32_at(bytes, 4)) else {
            return Err(short(RECORD_HEADER_BYTES));
        };
        let fits = length as usize >= RECORD_HEADER_BYTES + 4 && length <= RECORD_BYTES_MAX;
        if !fits || length % 8 != 0 {
            return Err(DecodeRecordError::BadLength { bytes: length });
        }
        let record = bytes
            .get(..length as usize)
            .ok_or_else(|| short(length as usize))?;
        if crc32c::crc32c(&record[8..]) != crc {
            return Err(DecodeRecordError::BadChecksum);
        }
        RecordHead::fields(record).map_err(DecodeRecordError::Malformed)
    }

    /// The fields of a record's first 40 bytes, nothing checked.
    pub(crate) fn fields(record: &[u8]) -> Result<RecordHead, Malformed> {
        let mut reader = Reader::new(record);
        let bytes = reader.u32()? as usize;
        reader.u32()?;
        let (seq, durable_seq, _epoch) = (reader.u64()?, reader.u64()?, reader.u64()?);
        Ok(RecordHead {
            bytes,
            seq,
            durable_seq,
            shard: reader.u32()?,
        })
    }
}

impl LogOperation {
    fn kind(&self) -> u16 {
        match self {
            LogOperation::Upsert(points) if dense_only(points) => 1,
            LogOperation::Upsert(_) => 4,
            LogOperation::Delete(_) => 2,
            LogOperation::EditPayload { .. } => 3,
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            LogOperation::Upsert(points) => {
                put!(out, points.len() as u32);
                let any_kind = !dense_only(points);
                points.iter().for_each(|point| point.encode(any_kind, out));
            }
            LogOperation::Delete(ids) => encode_ids(ids, out),
            LogOperation::EditPayload { ids, edit } => {
                encode_ids(ids, out);
                put!(out, edit.len() as u32);
                out.extend_from_slice(edit);
            }
        }
    }

    fn decode(kind: u16, reader: &mut Reader<'_>) -> Result<LogOperation, Malformed> {
        match kind {
            1 | 4 => {
                let (count, capacity) = reader.count(12)?;
                let mut points = Vec::with_capacity(capacity);
                for _ in 0..count {
                    points.push(LogPoint::decode(kind == 4, reader)?);
                }
                if (kind == 4) == dense_only(&points) {
                    return Err(reader.malformed("another kind of record holds such points"));
                }
                Ok(LogOperation::Upsert(points))
            }
            2 => decode_ids(reader).map(LogOperation::Delete),
            3 => {
                let ids = decode_ids(reader)?;
                let bytes = reader.u32()?;
                let edit = reader.take(bytes as usize)?.into();
                Ok(LogOperation::EditPayload { ids, edit })
            }
            _ => Err(reader.malformed("unknown kind of operation")),
        }
    }
}

fn encode_ids(ids: &[PointId], out: &mut Vec<u8>) {
    put!(out, ids.len() as u32);
    ids.iter().for_each(|id| put_id(id, out));
}

fn decode_ids(reader: &mut Reader<'_>) -> Result<Vec<PointId>, Malformed> {
    let (count, capacity) = reader.count(4)?;
    let mut ids = Vec::with_capacity(capacity);
    for _ in 0..count {
        ids.push(reader.id()?);
    }
    Ok(ids)
}

fn decode_body(reader: &mut Reader<'_>) -> Result<(LogRecord, u64), Malformed> {
    reader.u64()?;
    let (seq, durable_seq, epoch, shard) = (reader.u64()?, reader.u64()?, reader.u64()?, reader.u32()?);
    let (kind, flags) = (reader.u16()?, reader.u16()?);
    if flags != 0 {
        return Err(reader.malformed("unknown flags"));
    }
    let (count, capacity) = reader.count(12)?;
    let mut siblings = Vec::with_capacity(capacity);
    for _ in 0..count {
        siblings.push((reader.u32()?, reader.u64()?));
    }
    let operation = LogOperation::decode(kind, reader)?;
    let padding = reader.remaining();
    if padding >= 8 || reader.take(padding)?.iter().any(|byte| *byte != 0) {
        return Err(reader.malformed("bad padding"));
    }
    let record = LogRecord {
        seq,
        epoch,
        shard,
        siblings,
        operation,
    };
    Ok((record, durable_seq))
}

#[cfg(test)]
pub(crate) mod tests {
    //! Goal: records come back as written; other bytes are refused. Method: random records, single changed
    //! bytes, and changed bytes under a corrected checksum.
    use super::*;
    use crate::testing::Random;
    use ruvector_types::{MultiVector, SparseVector, Vector};

    fn random_vector(random: &mut Random, any_kind: bool) -> Vector {
        let numbers = |count: u64| (0..count).map(|number| number as f32).collect();
        match random.below(if any_kind { 3 } else { 1 }) {
            0 => Vector::Dense(numbers(random.below(60))),
            1 => {
                let count = random.below(40);
                let indices = (0..count as u32).map(|index| index * 7 + 1).collect();
                let values = numbers(count);
                Vector::Sparse(SparseVector { indices, values })
            }
            _ => {
                let (dim, rows) = (1 + random.below(5), 1 + random.below(5));
                let numbers = numbers(dim * rows);
                Vector::Multi(MultiVector {
                    dim: dim as u32,
                    numbers,
                })
            }
        }
    }

    pub(crate) fn random_record(random: &mut Random, seq: u64, shard: u32) -> LogRecord {
        let id = |random: &mut Random| match random.below(3) {
            0 => PointId::Num(random.next()),
            1 => PointId::Uuid(u128::from(random.next()) << 64 | 1),
            _ => PointId::parse(&format!("name {}", random.below(1_000))).unwrap(),
        };
        let ids = |random: &mut Random| (0..random.below(5)).map(|_| id(random)).collect::<Vec<_>>();
        let operation = match random.below(4) {
            0 => LogOperation::Delete(ids(random)),
            1 => LogOperation::EditPayload {
                ids: ids(random),
                edit: random.bytes(9).into(),
            },
            _ => {
                let mut points = Vec::new();
                let sparse = random.below(2) == 1;
                for id in ids(random) {
                    let vectors = (0..random.below(3))
                        .map(|field| (field as u16, random_vector(random, sparse)))
                        .collect();
                    let length = random.below(300);
                    points.push(LogPoint {
                        id,
                        vectors,
                        payload: random.bytes(length).into(),
                    });
                }
                LogOperation::Upsert(points)
            }
        };
        LogRecord {
            seq,
            epoch: 3,
            shard,
            siblings: (0..random.below(3))
                .map(|other| (other as u32, random.below(50)))
                .collect(),
            operation,
        }
    }

    /// Goal: a record is of the one kind that its points need. Method: points, encoded as of either kind.
    #[test]
    fn another_kind_than_the_points_need_is_refused() {
        let sparse = SparseVector {
            indices: vec![3],
            values: vec![1.0],
        };
        let point = |vector: Option<Vector>| LogPoint {
            id: PointId::Num(7),
            vectors: vector.map(|vector| (0, vector)).into_iter().collect(),
            payload: [8, 1, 0].into(),
        };
        let dense = Vector::Dense(vec![1.0, 2.0]);
        let (dense, bare) = (point(Some(dense)), point(None));
        let sparse = point(Some(Vector::Sparse(sparse)));
        let decode = |any_kind: bool, points: &[&LogPoint]| {
            let mut bytes = Vec::new();
            put!(bytes, points.len() as u32);
            points.iter().for_each(|point| point.encode(any_kind, &mut bytes));
            let mut reader = Reader::new(&bytes);
            LogOperation::decode(if any_kind { 4 } else { 1 }, &mut reader)
        };
        for points in [&[][..], &[&bare], &[&dense], &[&dense, &bare]] {
            assert!(decode(false, points).is_ok(), "{points:?}");
            let refused = decode(true, points).unwrap_err();
            assert_eq!(refused.rule, "another kind of record holds such points");
        }
        assert!(decode(true, &[&dense, &sparse]).is_ok());
    }

    #[test]
    fn round_trip_and_hostile_bytes() {
        for seed in 0..300 {
            let mut random = Random::new(seed);
            let record = random_record(&mut random, seed + 1, 2);
            let mut bytes = vec![0; 8];
            record.encode(seed, &mut bytes);
            let bytes = bytes.split_off(8);
            let decoded = LogRecord::decode(&bytes).unwrap();
            assert_eq!(decoded, (record, seed, bytes.len()), "seed {seed}");
            for _ in 0..30 {
                let mut changed = bytes.clone();
                let at = random.below(changed.len() as u64) as usize;
                changed[at] ^= 1 << random.below(8);
                assert!(LogRecord::decode(&changed).is_err(), "seed {seed} byte {at}");
                let crc = crc32c::crc32c(&changed[8..]);
                changed[4..8].copy_from_slice(&crc.to_le_bytes());
                let _ = LogRecord::decode(&changed);
                assert!(LogRecord::decode(&bytes[..at]).is_err());
            }
        }
    }
}
