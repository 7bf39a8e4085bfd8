//! Goal: vectors of every type come back by ordinal and row, or not at all, in as many bytes as their type takes. Method:
//! random subsets of rows; a flipped bit hides the vectors of its region only; hostile trailers are refused.
use super::*;
use crate::testing::{Random, component};
use half::f16;
use ruvector_graph::Vectors;
use ruvector_io::{MemIo, Region};

fn write<T: Element>(rows: &[u32], dim: u32) -> Vec<u8> {
    let io = MemIo::new();
    let mut writer = VectorsWriter::create(&io, "v", 1, (dim, T::DATATYPE)).unwrap();
    for row in rows {
        writer
            .push(*row, T::bytes_of(&vector_of::<T>(*row, dim)))
            .unwrap();
    }
    assert_eq!(writer.finish().unwrap() as usize, rows.len());
    io.read("v", u64::MAX).unwrap()
}

fn vector_of<T: Element>(row: u32, dim: u32) -> Vec<T> {
    (0..dim).map(|d| T::of(((row * 31 + d) % 256) as f32)).collect()
}

fn open(file: Vec<u8>) -> VectorBlock {
    let component = Component::from_region("v", Region::from_vec(file), ComponentKind::Vectors);
    VectorBlock::open(component.unwrap()).unwrap()
}

/// Bytes of the body of 900 vectors of 33 numbers at most, all of which have the field.
fn round_trip<T: Element + PartialEq>() -> u64 {
    let mut random = Random::new(5);
    let mut bytes = 0;
    for share in [0, 30, 70, 100] {
        let rows: Vec<u32> = (0..900).filter(|_| random.below(100) < share).collect();
        let block = open(write::<T>(&rows, 33));
        assert_eq!((block.len() as usize, block.dim()), (rows.len(), 33));
        assert_eq!(block.rows.dense, share == 100 || share == 0);
        assert_eq!(block.last_row(), rows.last().copied());
        let (typed, mut decoded) = (block.typed::<T>(), Vec::new());
        for (ordinal, row) in (0..).zip(&rows) {
            let expected = vector_of::<T>(*row, 33);
            assert_eq!(block.row(ordinal), *row);
            assert_eq!(typed.vector(ordinal), Some(&expected[..]));
            let values: Vec<f32> = expected.iter().map(|number| number.value()).collect();
            assert_eq!(block.numbers(ordinal, &mut decoded), Some(&values[..]));
        }
        for row in 0..1_000 {
            let ordinal = rows.binary_search(&row).ok().map(|ordinal| ordinal as u32);
            assert_eq!(block.ordinal(row), ordinal);
        }
        assert_eq!(typed.vector(block.len()), None);
        bytes = block.component().len();
    }
    bytes
}

#[test]
fn round_trip_of_every_type() {
    let sizes = [round_trip::<f32>(), round_trip::<f16>(), round_trip::<u8>()];
    assert_eq!(
        sizes.map(|bytes| bytes - TRAILER_BYTES),
        [4, 2, 1].map(|each| 900 * 33 * each)
    );
    let io = MemIo::new();
    let mut writer = VectorsWriter::create(&io, "v", 1, (2, VectorDatatype::Float32)).unwrap();
    writer.push(3, &[0; 8]).unwrap();
    assert!(writer.push(3, &[0; 8]).is_err() && writer.push(4, &[0; 4]).is_err());
    drop(writer);
    assert_eq!(io.len("v").unwrap(), None, "an unfinished file stays behind");
    let bytes = open(write::<u8>(&[0, 1], 4));
    assert_eq!(bytes.typed::<f32>().vector(0), None, "vectors of another type");
}

#[test]
fn numbers_are_what_they_are_stored_as() {
    let half = |number| f16::of(number).value();
    assert_eq!(half(0.1), 0.099_975_586);
    assert_eq!([2_049.0, 65_504.0].map(half), [2_048.0, 65_504.0]);
    assert_eq!([0.0, 7.9, 255.0].map(u8::of), [0, 7, 255]);
    // What is stored stays what it is.
    for bits in 0..=u16::MAX {
        let number = f16::from_bits(bits).to_f32();
        assert!(number.is_nan() || half(number) == number, "{number}");
    }
    for byte in 0..=u8::MAX {
        assert_eq!(u8::of(byte.value()), byte);
    }
}

#[test]
fn damage_is_local_and_hostile_bytes_are_refused() {
    let rows: Vec<u32> = (0..600).collect();
    let mut file = write::<f32>(&rows, 100);
    file[64 + 65_536 + 10] ^= 1;
    let block = open(file);
    let lost: Vec<u32> = (0..600)
        .filter(|ordinal| block.bytes(*ordinal).is_none())
        .collect();
    assert_eq!(lost, (163..328).collect::<Vec<u32>>());
    let trailer = |version: u8, kind: u8| {
        let head = [version, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, kind];
        [&head[..], &[0; 15]].concat()
    };
    let bodies = [(1, 0, 48), (2, 1, 24), (2, 2, 12)]
        .map(|(version, kind, bytes)| [vec![0; bytes], trailer(version, kind)].concat());
    // Each version has its own types.
    for (version, kind, bytes) in [
        (1, 1, 48),
        (1, 2, 24),
        (1, 9, 48),
        (2, 0, 48),
        (2, 3, 12),
        (3, 0, 48),
    ] {
        let body = [vec![0; bytes], trailer(version, kind)].concat();
        let opened = VectorBlock::open(component(ComponentKind::Vectors, &body));
        assert!(opened.is_err(), "version {version}, type {kind}");
    }
    let mut random = Random::new(6);
    for body in bodies {
        assert!(VectorBlock::open(component(ComponentKind::Vectors, &body)).is_ok());
        for _ in 0..3_000 {
            let mut bytes = body.clone();
            bytes.truncate(bytes.len() - random.below(2) as usize * random.below(80) as usize % bytes.len());
            for _ in 0..2 {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.below(6) as u8;
            }
            if let Ok(block) = VectorBlock::open(component(ComponentKind::Vectors, &bytes)) {
                let mut decoded = Vec::new();
                let mut bounded = |at| {
                    block
                        .numbers(at, &mut decoded)
                        .is_none_or(|vector| vector.len() <= 48)
                };
                assert!((0..5).all(|at| bounded(at) && block.ordinal(at).is_none_or(|o| block.row(o) == at)));
            }
        }
    }
}
