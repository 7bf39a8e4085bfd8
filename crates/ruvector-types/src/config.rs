//! Configuration of collections, validated before use. Never holds what a node decides at run time.

use std::collections::BTreeMap;

use crate::{CollectionSettings, Invalid, Limits, Problem, QuantizationConfig, VectorDatatype};

/// How the likeness of two vectors is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distance {
    /// Cosine similarity; vectors are stored normalised. Higher is closer.
    Cosine,
    /// Inner product. Higher is closer.
    Dot,
    /// Euclidean distance. Lower is closer.
    Euclid,
    /// Sum of absolute differences. Lower is closer.
    Manhattan,
}

impl Distance {
    /// Whether a higher score is closer.
    pub fn higher_is_closer(self) -> bool {
        matches!(self, Distance::Cosine | Distance::Dot)
    }
}

/// Graph parameters (Malkov and Yashunin 2016).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HnswConfig {
    /// Links of a node above the base level; the base level has twice as many. 0: there is no graph, searches scan.
    pub m: u32,
    /// Breadth of the search that finds a new node's neighbours.
    pub ef_construct: u32,
    /// What stands beside the links of a sealed segment's graph.
    pub profile: GraphProfile,
    /// KiB of vectors below which a search compares with all of them, whatever a walk of the graph would cost; `None`:
    /// as is cheaper.
    pub full_scan_threshold_kib: Option<u64>,
    /// Threads that build one graph together, at most; 0: as many as the database allows.
    pub threads_max: u32,
    /// Whether graphs stay in their files instead of being copied into resident memory.
    pub on_disk: bool,
    /// Links asked for inside each value of an indexed field. Filtered walks need none of their own: kept to be shown.
    pub payload_m: Option<u32>,
}

/// What stands beside the links of a sealed segment's graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GraphProfile {
    /// The codes of the neighbours, so that one visit reads one piece of memory.
    #[default]
    Fast,
    /// Nothing: searches compare with the field's codes, or its vectors if it has none.
    Compact,
}

impl Default for HnswConfig {
    fn default() -> Self {
        HnswConfig {
            m: 16,
            ef_construct: 200,
            profile: GraphProfile::Fast,
            full_scan_threshold_kib: None,
            threads_max: 0,
            on_disk: false,
            payload_m: None,
        }
    }
}

/// One field of dense vectors, or of several for each point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VectorConfig {
    /// Dimensions, 1 to `vector_dim_max`.
    pub dim: u32,
    /// The distance.
    pub distance: Distance,
    /// The graph.
    pub hnsw: HnswConfig,
    /// Codes kept beside the vectors, if any.
    pub quantization: Option<QuantizationConfig>,
    /// Whether sealed vectors stay in their files instead of being copied into resident memory.
    pub on_disk: bool,
    /// How several vectors of a point are compared; `None`: a point has one.
    pub multivector: Option<MultiVectorComparator>,
    /// How the numbers are kept. They are brought into this form when they are written.
    pub datatype: VectorDatatype,
}

/// How the vectors of two points are compared as wholes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MultiVectorComparator {
    /// Each of the query's with the one nearest to it, summed (late interaction, Khattab and Zaharia 2020).
    MaxSim,
}

/// One field of sparse vectors. Their likeness is the inner product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SparseVectorConfig {
    /// So few points left by a filter, this number excluded, are compared one by one instead of by the index; `None`: as is
    /// cheaper.
    pub full_scan_threshold: Option<u32>,
    /// Whether sealed vectors and their index stay in their files instead of being copied into resident memory.
    pub on_disk: bool,
    /// How the numbers are kept. They are rounded when they are written.
    pub datatype: SparseDatatype,
    /// What the numbers of a query are multiplied with.
    pub modifier: Modifier,
}

/// A field of vectors that is added to a collection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VectorField {
    /// Dense vectors, one or several for each point.
    Vectors(VectorConfig),
    /// Sparse vectors.
    Sparse(SparseVectorConfig),
}

/// How the numbers of sparse vectors are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SparseDatatype {
    /// In 32 bits.
    #[default]
    Float32,
    /// In 16 bits.
    Float16,
}

/// What the numbers of a sparse query are multiplied with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Modifier {
    /// Nothing.
    #[default]
    None,
    /// The rarity of each dimension among the collection's points that have the vector.
    Idf,
}

impl VectorConfig {
    /// Vectors of `dim` components with defaults for the rest.
    pub fn new(dim: u32, distance: Distance) -> VectorConfig {
        VectorConfig {
            dim,
            distance,
            hnsw: HnswConfig::default(),
            quantization: None,
            on_disk: false,
            multivector: None,
            datatype: VectorDatatype::Float32,
        }
    }
}

/// When segments are sealed, merged and repaired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimizerConfig {
    /// Bytes of vectors and payload at which the active segment is frozen.
    pub active_bytes_max: u64,
    /// Rows at which the active segment is frozen.
    pub active_rows_max: u32,
    /// Log bytes since the last seal at which the active segment is frozen whatever its size.
    pub log_bytes_max: u64,
    /// Share of deleted rows above which a sealed segment is rewritten.
    pub deleted_share_max: f64,
    /// Sealed segments that may stand beside each other before they are merged.
    pub segments_max: u32,
    /// Rows below which a sealed segment is not rewritten for its deleted ones.
    pub vacuum_rows_min: u32,
    /// KiB of a field's vectors up to which a segment has no graph of them; 0: no segment has one. `None`: all have.
    pub indexing_threshold_kib: Option<u64>,
    /// Jobs at a time for each shard, at most; there is never more than one. 0: frozen segments are sealed without graphs,
    /// and nothing else is done in the background.
    pub jobs_max: Option<u32>,
    /// KiB from which segments are to be mapped files; all sealed ones are: kept to be shown.
    pub memmap_threshold_kib: Option<u64>,
    /// Seconds between flushes, at least; every acknowledged write is flushed before: kept to be shown.
    pub flush_interval_s: u64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        OptimizerConfig {
            active_bytes_max: 8 << 20,
            active_rows_max: 32_768,
            log_bytes_max: 64 << 20,
            deleted_share_max: 0.1,
            segments_max: 4,
            vacuum_rows_min: 0,
            indexing_threshold_kib: None,
            jobs_max: None,
            memmap_threshold_kib: None,
            flush_interval_s: 0,
        }
    }
}

impl OptimizerConfig {
    /// Whether a segment has a graph of `vectors` vectors of so many bytes.
    pub fn wants_graph(&self, vectors: u64, vector_bytes: u64) -> bool {
        let bytes = vectors.saturating_mul(vector_bytes);
        match (self.jobs_max, self.indexing_threshold_kib) {
            (Some(0), _) | (_, Some(0)) => false,
            (_, Some(kib)) => bytes > kib.saturating_mul(1024),
            (_, None) => true,
        }
    }
}

/// A collection's configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectionConfig {
    /// Fields of dense vectors by name; the unnamed vector is `""`.
    pub vectors: BTreeMap<String, VectorConfig>,
    /// Fields of sparse vectors by name, never one of the others'.
    pub sparse_vectors: BTreeMap<String, SparseVectorConfig>,
    /// Shards, at least 1.
    pub shards: u32,
    /// The optimizer's thresholds.
    pub optimizer: OptimizerConfig,
    /// What holds for it as a whole.
    pub settings: CollectionSettings,
}

impl CollectionConfig {
    /// A collection with one unnamed vector, one shard and defaults for the rest.
    pub fn single(dim: u32, distance: Distance) -> CollectionConfig {
        CollectionConfig {
            vectors: BTreeMap::from([(String::new(), VectorConfig::new(dim, distance))]),
            sparse_vectors: BTreeMap::new(),
            shards: 1,
            optimizer: OptimizerConfig::default(),
            settings: CollectionSettings::default(),
        }
    }

    /// Changes the graphs' parameters of the collection, and with them those of every vector field that had the same.
    pub fn change_hnsw(&mut self, hnsw: HnswConfig) {
        fn follow<T: PartialEq + Copy>(own: &mut T, before: T, after: T) {
            if *own == before {
                *own = after;
            }
        }
        let before = std::mem::replace(&mut self.settings.hnsw, hnsw);
        for vector in self.vectors.values_mut() {
            let own = &mut vector.hnsw;
            follow(&mut own.m, before.m, hnsw.m);
            follow(&mut own.ef_construct, before.ef_construct, hnsw.ef_construct);
            follow(&mut own.profile, before.profile, hnsw.profile);
            let scans = (before.full_scan_threshold_kib, hnsw.full_scan_threshold_kib);
            follow(&mut own.full_scan_threshold_kib, scans.0, scans.1);
            follow(&mut own.threads_max, before.threads_max, hnsw.threads_max);
            follow(&mut own.on_disk, before.on_disk, hnsw.on_disk);
            follow(&mut own.payload_m, before.payload_m, hnsw.payload_m);
        }
    }

    /// Checks every value against `limits`. A collection whose vector fields were all removed is a valid one.
    pub fn validate(&self, limits: &Limits) -> Result<(), Invalid> {
        in_range(
            "shard_number",
            self.shards.into(),
            1,
            limits.shards_max.into(),
            "shards_max",
        )?;
        in_range(
            "vectors",
            (self.vectors.len() + self.sparse_vectors.len()) as u64,
            0,
            limits.vector_fields_max as u64,
            "vector_fields_max",
        )?;
        let bytes_max = limits.vector_name_bytes_max as u64;
        let check_name = |place: &str, name: &str| {
            let bytes = name.len() as u64;
            in_range(place, bytes, 0, bytes_max, "vector_name_bytes_max")
        };
        for (name, vector) in &self.vectors {
            let field = if name.is_empty() {
                "vectors".to_owned()
            } else {
                format!("vectors.{name}")
            };
            check_name("vectors", name)?;
            vector.validate(limits).map_err(|invalid| invalid.within(field))?;
        }
        self.settings.hnsw.validate(limits)?;
        self.settings.validate(limits)?;
        for name in self.sparse_vectors.keys() {
            check_name("sparse_vectors", name)?;
            if name.is_empty() {
                let rule = "a sparse vector needs a name";
                return Err(Invalid::new("sparse_vectors", Problem::BadName { rule }));
            }
            if self.vectors.contains_key(name) {
                let rule = "names a dense vector too";
                let place = format!("sparse_vectors.{name}");
                return Err(Invalid::new(place, Problem::Contradiction { rule }));
            }
        }
        self.optimizer.validate()
    }
}

impl HnswConfig {
    fn validate(&self, limits: &Limits) -> Result<(), Invalid> {
        in_range(
            "hnsw_config.m",
            self.m.into(),
            if self.m == 0 { 0 } else { 2 },
            limits.hnsw_m_max.into(),
            "hnsw_m_max",
        )?;
        let ef_max = limits.hnsw_ef_construct_max.into();
        in_range(
            "hnsw_config.ef_construct",
            self.ef_construct.into(),
            4,
            ef_max,
            "hnsw_ef_construct_max",
        )
    }
}

impl VectorConfig {
    fn validate(&self, limits: &Limits) -> Result<(), Invalid> {
        in_range(
            "size",
            self.dim.into(),
            1,
            limits.vector_dim_max.into(),
            "vector_dim_max",
        )?;
        self.hnsw.validate(limits)?;
        if self.multivector.is_some() && self.quantization.is_some() {
            let rule = "multi-vectors have no codes: leave quantization away";
            return Err(Invalid::new(
                "quantization_config",
                Problem::Contradiction { rule },
            ));
        }
        self.quantization
            .map_or(Ok(()), |quantization| quantization.validate(self.distance))
    }
}

impl OptimizerConfig {
    fn validate(&self) -> Result<(), Invalid> {
        in_range(
            "optimizers_config.active_bytes_max",
            self.active_bytes_max,
            1024,
            1 << 32,
            "4 GiB",
        )?;
        in_range(
            "optimizers_config.active_rows_max",
            self.active_rows_max.into(),
            1,
            1 << 24,
            "16,777,216 rows",
        )?;
        in_range(
            "optimizers_config.log_bytes_max",
            self.log_bytes_max,
            1024,
            1 << 34,
            "16 GiB",
        )?;
        in_range(
            "optimizers_config.segments_max",
            self.segments_max.into(),
            1,
            1024,
            "1,024 segments",
        )?;
        if !(self.deleted_share_max > 0.0 && self.deleted_share_max <= 1.0) {
            let rule = Problem::Contradiction {
                rule: "must be above 0 and at most 1",
            };
            return Err(Invalid::new("optimizers_config.deleted_share_max", rule));
        }
        Ok(())
    }
}

fn in_range(
    field: &str,
    given: u64,
    least: u64,
    limit: u64,
    limit_name: &'static str,
) -> Result<(), Invalid> {
    if given < least {
        return Err(Invalid::new(field, Problem::BelowLimit { given, limit: least }));
    }
    if given > limit {
        return Err(Invalid::new(
            field,
            Problem::AboveLimit {
                given,
                limit,
                limit_name,
            },
        ));
    }
    Ok(())
}
