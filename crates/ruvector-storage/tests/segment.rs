//! Goal: a sealed segment answers as what was written; damage is found where it is, reported, never served;
//! a damaged graph costs the graph only. Method: one segment with a sparse and a dense field, then every file
//! damaged in turn, swapped for another, or removed.
#![allow(clippy::unwrap_used, clippy::panic)]

use ruvector_graph::{GraphParams, LiveGraph, Scratch, Space, Vectors, plain};
use ruvector_io::sim::{PowerLoss, SimDisk};
use ruvector_io::{Io, IoError};
use ruvector_sparse::{BuildPlan, WeightType};
use ruvector_storage::{
    Bitmap, ComponentKind, ComponentName, Element, FieldDims, FieldEntry, OpenComponentError,
    OpenSegmentError, PayloadRowsWriter, PayloadVersion, RaggedEntry, RaggedWriter, RowMap, SealedSegment,
    SegmentEntry, VectorsWriter, encode_ids, file_name, load_deletes, load_delta, write_component,
};
use ruvector_types::{MultiVector, PointId, SparseVector, Vector, VectorDatatype};
use std::sync::Arc;

const DIR: &str = "shard";
const ROWS: u32 = 300;
type Kind = Option<(u32, VectorDatatype)>;

const fn single(dim: u32) -> Kind {
    Some((dim, VectorDatatype::Float32))
}

const DIMS: [Kind; 3] = [single(16), single(5), single(4)];
/// A sparse field and a field of multi-vectors.
const RAGGED_DIMS: [Kind; 2] = [single(0), single(3)];
const NAME: ComponentName = ComponentName { generation: 6 };

fn fields(dense: &[Kind]) -> FieldDims<'_> {
    FieldDims {
        dense,
        ragged: &RAGGED_DIMS,
    }
}

fn path(kind: ComponentKind, field: Option<u32>) -> String {
    format!("{DIR}/{}", file_name(3, kind, field, NAME))
}

fn vector_of(row: u32, dim: u32) -> Vec<f32> {
    (0..dim).map(|d| ((row * 7 + d * 13) % 101) as f32).collect()
}

fn has_field(row: u32, field: u16) -> bool {
    field == 0 || (field == 2 && row % 3 == 1)
}

struct Slices(Vec<Vec<f32>>);

impl Vectors for Slices {
    type Component = f32;

    fn len(&self) -> u32 {
        self.0.len() as u32
    }

    fn vector(&self, ordinal: u32) -> Option<&[f32]> {
        self.0.get(ordinal as usize).map(Vec::as_slice)
    }
}

fn write_field(disk: &SimDisk, field: u16) -> FieldEntry {
    let kind = DIMS[usize::from(field)].unwrap();
    let (dim, place) = (kind.0, path(ComponentKind::Vectors, Some(field.into())));
    let mut writer = VectorsWriter::create(disk, &place, 1, kind).unwrap();
    let mut vectors = Slices(Vec::new());
    for row in (0..ROWS).filter(|row| has_field(*row, field)) {
        writer.push(row, f32::bytes_of(&vector_of(row, dim))).unwrap();
        vectors.0.push(vector_of(row, dim));
    }
    writer.finish().unwrap();
    let params = GraphParams {
        m: 8,
        ef_construct: 40,
        seed: 1,
    };
    let live = LiveGraph::new(params, ROWS);
    let distance = ruvector_simd::distance(ruvector_simd::Metric::Euclid);
    for _ in 0..vectors.len() {
        live.insert(Space::new(&vectors, distance), &mut Scratch::default())
            .unwrap();
    }
    let body = plain::encode(&live, vectors.len(), params).unwrap();
    write_component(
        disk,
        &path(ComponentKind::Graph, Some(field.into())),
        ComponentKind::Graph,
        1,
        &body,
    )
    .unwrap();
    FieldEntry {
        field,
        vectors: NAME,
        graph: Some(NAME),
        fast: None,
        codes: None,
    }
}

fn ragged_of(row: u32, field: u16) -> Vector {
    let count = row % 7 + 1;
    match field {
        0 => Vector::Sparse(SparseVector {
            indices: (0..count).map(|at| at * (row % 3 + 1)).collect(),
            values: vector_of(row, count),
        }),
        _ => Vector::Multi(MultiVector {
            dim: 3,
            numbers: vector_of(row, 3 * count),
        }),
    }
}

fn write_ragged(disk: &SimDisk, field: u16) -> RaggedEntry {
    let place = path(ComponentKind::Ragged, Some(field.into()));
    let mut writer = RaggedWriter::create(disk, &place, 1, RAGGED_DIMS[usize::from(field)].unwrap()).unwrap();
    let mut plan = BuildPlan::default();
    let rows: Vec<u32> = (0..ROWS).filter(|row| has_ragged(*row, field)).collect();
    let vectors: Vec<Vector> = rows.iter().map(|row| ragged_of(*row, field)).collect();
    for (row, vector) in rows.iter().zip(&vectors) {
        writer.push(*row, vector).unwrap();
        if let Vector::Sparse(sparse) = vector {
            plan.push(&sparse.indices);
        }
    }
    writer.finish().unwrap();
    if field > 0 {
        return RaggedEntry {
            field,
            vectors: NAME,
            index: None,
        };
    }
    let (mut build, mut body) = (plan.build(WeightType::Float32), Vec::new());
    for (ordinal, vector) in (0..).zip(&vectors) {
        if let Vector::Sparse(sparse) = vector {
            build.push(ordinal, &sparse.indices, &sparse.values);
        }
    }
    build.end_range(&mut body);
    body.extend(build.finish());
    let kind = ComponentKind::SparseIndex;
    write_component(disk, &path(kind, Some(0)), kind, 1, &body).unwrap();
    RaggedEntry {
        field,
        vectors: NAME,
        index: Some(NAME),
    }
}

fn has_ragged(row: u32, field: u16) -> bool {
    field == 0 || row % 4 == 2
}

fn write_segment(disk: &SimDisk) -> SegmentEntry {
    disk.create_dir(DIR).unwrap();
    let ids: Vec<PointId> = (0..ROWS)
        .map(|row| PointId::Num(u64::from(row) * 17 % 1_009))
        .collect();
    let kind = ComponentKind::Ids;
    write_component(disk, &path(kind, None), kind, 1, &encode_ids(&ids)).unwrap();
    let mut rows = PayloadRowsWriter::create(disk, &path(ComponentKind::Payload, None), 1).unwrap();
    (0..ROWS).for_each(|row| {
        rows.push(u64::from(row) + 100, format!("payload {row}").as_bytes())
            .unwrap()
    });
    rows.finish().unwrap();
    let mut deletes = Bitmap::new();
    deletes.set(7);
    let kind = ComponentKind::Deletes;
    write_component(disk, &path(kind, None), kind, 1, &deletes.encode()).unwrap();
    let mut delta = RowMap::new();
    delta.insert(
        9,
        Arc::new(PayloadVersion {
            version: 400,
            payload: Box::from(*b"new"),
        }),
    );
    let kind = ComponentKind::PayloadDelta;
    write_component(disk, &path(kind, None), kind, 1, &delta.encode()).unwrap();
    SegmentEntry {
        id: 3,
        rows: ROWS,
        ids: NAME,
        payload: NAME,
        fields: vec![write_field(disk, 0), write_field(disk, 2)],
        ragged: vec![write_ragged(disk, 0), write_ragged(disk, 1)],
        indexes: Vec::new(),
        deletes: Some(NAME),
        delta: Some(NAME),
    }
}

#[test]
fn a_segment_answers_as_written() {
    let disk = SimDisk::new(0);
    let entry = write_segment(&disk);
    let segment = SealedSegment::open(&disk, DIR, &entry, fields(&DIMS)).unwrap();
    assert!(segment.fields[1].is_none() && segment.damages().is_empty());
    for row in 0..ROWS {
        assert_eq!(segment.ids.row(&segment.ids.id(row)), Some(row));
        assert_eq!(
            segment.payload.payload(row),
            Some(format!("payload {row}").as_bytes())
        );
        assert_eq!(segment.payload.version(row), Some(u64::from(row) + 100));
        for field in [0, 2] {
            let sealed = segment.fields[usize::from(field)].as_ref().unwrap();
            let ordinal = sealed.vectors.ordinal(row);
            assert_eq!(ordinal.is_some(), has_field(row, field));
            let typed = sealed.vectors.typed::<f32>();
            let vector = ordinal.and_then(|ordinal| typed.vector(ordinal));
            let expected = vector_of(row, sealed.vectors.dim());
            assert_eq!(vector, has_field(row, field).then_some(&expected[..]));
            assert_eq!(sealed.graph.as_ref().unwrap().len(), sealed.vectors.len());
        }
    }
    for (field, sealed) in (0..).zip(&segment.ragged) {
        let sealed = sealed.as_ref().unwrap();
        assert_eq!(sealed.index.is_some(), field == 0);
        for row in 0..ROWS {
            let found = sealed
                .vectors
                .ordinal(row)
                .map(|ordinal| sealed.vectors.to_vector(ordinal).unwrap());
            assert_eq!(found, has_ragged(row, field).then(|| ragged_of(row, field)));
        }
    }
    assert!(load_deletes(&disk, DIR, &entry).unwrap().iter().eq([7]));
    assert_eq!(
        load_delta(&disk, DIR, &entry).unwrap().get(9).unwrap().version,
        400
    );
    let files = segment.disk_bytes() + disk.len(&path(ComponentKind::Deletes, None)).unwrap().unwrap();
    let all: u64 = disk.files().iter().map(|(_, len)| len).sum();
    assert_eq!(
        files
            + disk
                .len(&path(ComponentKind::PayloadDelta, None))
                .unwrap()
                .unwrap(),
        all
    );
    assert!(segment.heap_bytes() < 8_000, "{}", segment.heap_bytes());
}

#[test]
fn damage_is_reported_and_isolated() {
    let whole = SimDisk::new(0);
    let entry = write_segment(&whole);
    for (file, len) in whole.files() {
        for byte in (0..len).step_by(41) {
            let disk = whole.power_loss(0, PowerLoss::KeepAll);
            disk.flip_bit(&file, byte, 2).unwrap();
            let opened = SealedSegment::open(&disk, DIR, &entry, fields(&DIMS));
            let tables_damaged =
                load_deletes(&disk, DIR, &entry).is_err() || load_delta(&disk, DIR, &entry).is_err();
            assert_eq!(
                tables_damaged,
                file.contains(".deletes.") || file.contains(".delta."),
                "{file} {byte}"
            );
            let Ok(segment) = opened else {
                assert!(
                    !file.contains("graph") && !file.contains("sparse"),
                    "{file} {byte}: a damaged graph or index is no error"
                );
                continue;
            };
            assert!(!file.contains(".ids."), "{file} {byte}");
            for component in segment.components() {
                let _ = component.verify_all();
            }
            let damages = segment.damages();
            match tables_damaged {
                true => assert!(damages.is_empty()),
                false => assert_eq!((damages.len(), &*damages[0].path), (1, &file[..]), "{byte}"),
            }
        }
    }
}

#[test]
fn components_that_do_not_fit_are_refused() {
    let disk = SimDisk::new(0);
    let entry = write_segment(&disk);
    let mismatch = |entry: &SegmentEntry, dims: &[Kind]| {
        let opened = SealedSegment::open(&disk, DIR, entry, fields(dims));
        matches!(opened, Err(OpenSegmentError::Mismatch { .. }))
    };
    let (dim, kind) = (single(3), Some((4, VectorDatatype::Float16)));
    assert!(mismatch(&entry, &[single(16), None, dim]) && mismatch(&entry, &[single(16), None, kind]));
    assert!(mismatch(&entry, &DIMS[..2]));
    assert!(mismatch(
        &SegmentEntry {
            rows: 299,
            ..entry.clone()
        },
        &DIMS
    ));
    // A field that was removed is left closed, whatever is there of it.
    let left = SealedSegment::open(&disk, DIR, &entry, fields(&[single(16), single(5), None])).unwrap();
    assert!(left.fields.get(2).is_none_or(Option::is_none) && left.fields[0].is_some());
    assert_eq!(left.entry, entry, "what is there is still named");
    let other = path(ComponentKind::Graph, Some(0));
    disk.remove(&other).unwrap();
    disk.rename(&path(ComponentKind::Graph, Some(2)), &other).unwrap();
    let segment = SealedSegment::open(&disk, DIR, &entry, fields(&DIMS)).unwrap();
    assert_eq!(
        segment.damages().len(),
        2,
        "a graph of another field, and a missing one"
    );
    disk.remove(&path(ComponentKind::Ids, None)).unwrap();
    let missing = SealedSegment::open(&disk, DIR, &entry, fields(&DIMS)).unwrap_err();
    let missing = matches!(
        missing,
        OpenSegmentError::Component(OpenComponentError::Io(IoError::NotFound { .. }))
    );
    assert!(missing);
}
