//! Goal: the catalog comes back as stored. Method: a catalog of every distance; every single changed byte
//! of the body is refused or read without a panic, every changed byte of the file is refused.
use super::*;
use ruvector_io::MemIo;
use ruvector_types::{
    Codes, FieldIndex, IndexKind, Language, Map, Modifier, PayloadPath, SparseDatatype, SparseVectorConfig,
    TextOptions, Tokenizer, Value, VectorDatatype,
};

/// An index of every kind, one with every option.
fn declared() -> Vec<DeclaredIndex> {
    let text = TextOptions {
        tokenizer: Tokenizer::Prefix,
        token_chars_min: Some(2),
        token_chars_max: Some(9),
        lowercase: false,
        ascii_folding: true,
        stop_languages: [Language::German, Language::Greek].into(),
        stop_words: ["ö".to_owned(), "the".to_owned()].into(),
        stemmer: Some(Language::English),
        phrases: true,
    };
    let integer = IndexKind::Integer {
        lookup: true,
        range: false,
    };
    let kinds = [
        integer,
        IndexKind::Float,
        IndexKind::Datetime,
        IndexKind::Keyword { prefix: false },
        IndexKind::Keyword { prefix: true },
        IndexKind::Uuid,
        IndexKind::Bool,
        IndexKind::Geo,
        IndexKind::Text(text),
        IndexKind::Text(TextOptions::default()),
        IndexKind::Null,
    ];
    let declare = |(kind, number): (IndexKind, u32)| DeclaredIndex {
        number,
        path: PayloadPath::parse(&format!("a[].\"b.{number}\"")).unwrap(),
        index: FieldIndex {
            kind,
            on_disk: number.is_multiple_of(2),
            is_principal: number.is_multiple_of(3),
        },
    };
    kinds.into_iter().zip(0..).map(declare).collect()
}

/// A collection with every option somewhere.
fn entry(id: u64, distance: Distance) -> CatalogEntry {
    let mut config = CollectionConfig::single(384, distance);
    let mut second = VectorConfig {
        dim: 7,
        ..config.vectors[""]
    };
    second.hnsw.profile = GraphProfile::Compact;
    second.quantization = Some(QuantizationConfig::of(Codes::Scalar {
        quantile: id.is_multiple_of(2).then_some(0.99),
    }));
    second.hnsw.payload_m = id.is_multiple_of(2).then_some(8);
    second.hnsw.full_scan_threshold_kib = id.is_multiple_of(3).then_some(10_000);
    second.datatype = [VectorDatatype::Float16, VectorDatatype::Uint8][id as usize % 2];
    config.vectors.insert("title".into(), second);
    config.settings.hnsw.on_disk = true;
    config.settings.read_fan_out_factor = id.is_multiple_of(2).then_some(2);
    let note = (
        "note".to_owned(),
        Value::Array(vec![Value::Null, Value::Int(id as i64)]),
    );
    config.settings.metadata = Map::from([note]);
    config.optimizer.indexing_threshold_kib = id.is_multiple_of(3).then_some(0);
    config.optimizer.flush_interval_s = 5;
    let mut late = VectorConfig::new(9, distance);
    late.multivector = Some(MultiVectorComparator::MaxSim);
    config.vectors.insert("late".into(), late);
    let sparse = SparseVectorConfig {
        full_scan_threshold: id.is_multiple_of(2).then_some(7),
        on_disk: id.is_multiple_of(3),
        datatype: SparseDatatype::Float16,
        modifier: Modifier::Idf,
    };
    config.sparse_vectors.insert("words".into(), sparse);
    config.sparse_vectors.insert("more".into(), Default::default());
    let mut fields = FieldNumbers::of(&config);
    // As if fields had come and gone.
    for (name, is_dense) in [("gone", true), ("title", true), ("left", false), ("words", false)] {
        fields.remove(name);
        fields.add(name, is_dense);
    }
    fields.remove("gone");
    fields.remove("left");
    CatalogEntry {
        id,
        name: format!("collection {id}"),
        config,
        fields,
        next_index: 20,
        indexes: declared(),
    }
}

#[test]
fn round_trip_and_hostile_bytes() {
    let distances = [
        Distance::Cosine,
        Distance::Dot,
        Distance::Euclid,
        Distance::Manhattan,
    ];
    let collections = distances
        .iter()
        .zip(3..)
        .map(|(distance, id)| entry(id, *distance))
        .collect();
    let catalog = Catalog {
        generation: 5,
        next_collection: 9,
        collections,
        aliases: BTreeMap::from([("ä".to_owned(), 3), ("b".to_owned(), 3), ("c".to_owned(), 5)]),
    };
    let body = catalog.encode().unwrap();
    assert_eq!(Catalog::decode(VERSION, 5, &body).unwrap(), catalog);
    for at in 0..body.len() {
        for bit in 0..8 {
            let mut changed = body.clone();
            changed[at] ^= 1 << bit;
            let _ = Catalog::decode(VERSION, 5, &changed);
        }
        assert!(Catalog::decode(VERSION, 5, &body[..at]).is_err());
    }
    let file = swap::seal(KIND, 5, &body);
    for at in 0..file.len() {
        let io = MemIo::new();
        let mut changed = file.clone();
        changed[at] ^= 1;
        io.create("catalog.00000000000000000005")
            .unwrap()
            .append(&changed)
            .unwrap();
        assert!(Catalog::load(&io, "").is_err(), "byte {at}");
    }
    let io = MemIo::new();
    assert_eq!(Catalog::load(&io, "").unwrap(), None);
    catalog.store(&io, "").unwrap();
    assert_eq!(Catalog::load(&io, "").unwrap(), Some(catalog.clone()));
    let stale = Catalog {
        generation: 4,
        ..catalog
    };
    assert!(matches!(
        stale.store(&io, ""),
        Err(StoreError::Stale { newest: 5, .. })
    ));
    // A field without a number would be read as damage: it is not stored.
    let mut unnumbered = Catalog {
        generation: 6,
        ..stale
    };
    let CatalogEntry { config, fields, .. } = &mut unnumbered.collections[0];
    fields.remove(config.vectors.keys().next().unwrap());
    let refused = unnumbered.store(&io, "");
    assert!(
        matches!(refused, Err(StoreError::Unnumbered { .. })),
        "{refused:?}"
    );
    assert_eq!(
        Catalog::load(&io, "").unwrap().map(|catalog| catalog.generation),
        Some(5)
    );
}
