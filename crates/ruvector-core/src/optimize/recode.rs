//! Writes the codes of one field of a sealed segment, a bounded number of vectors a step, and puts them in the place of
//! those it had. Never touches ids, payloads, vectors or graphs, and searches go on meanwhile.

use std::sync::Arc;

use ruvector_graph::Numbers;
use ruvector_quant::{Compression, Encoder, Quantization, SAMPLE_ROWS_MAX, Space, Width};
use ruvector_storage::{CodesWriter, ComponentKind, ComponentName, SealedField, SealedSegment, file_name};
use ruvector_types::{CodeWidth, Codes};

use super::Jobs;
use super::fast::ROTATION_SEED;
use crate::collection::Core;
use crate::kernels::Compared;
use crate::schema::FieldSchema;
use crate::shard::Shard;
use crate::view::ShardView;
use crate::{Error, ErrorKind};

/// Vectors below which a segment is searched as fast without codes.
const CODED_VECTORS_MIN: u32 = 256;
/// Codes of a field that is not quantized but has the fast layout, and the vectors from which it has them: with fewer, a
/// filter that keeps a tenth keeps few.
const SIEVE_CODES: Codes = Codes::Rotated(CodeWidth::One);
const SIEVED_VECTORS_MIN: u32 = 8_192;

/// Vectors coded in one step.
const CODE_VECTORS: u32 = 2_048;

/// Codes being written.
#[derive(Debug)]
pub(crate) struct Recode {
    segment: u64,
    field: usize,
    source: Arc<SealedSegment>,
    /// What is to be there; `None` takes away what is.
    build: Option<Build>,
}

/// Codes that a field's vectors do not allow: not tried again until the configuration asks for others, or the segment is
/// written again.
#[derive(Debug)]
pub(crate) struct RefusedCodes {
    segment: u64,
    field: usize,
    codes: Codes,
    reason: String,
}

#[derive(Debug)]
struct Build {
    schema: Arc<FieldSchema>,
    codes: Codes,
    encoder: Encoder,
    writer: CodesWriter,
    name: ComponentName,
    next: u32,
    row: Vec<u8>,
}

impl Core {
    /// The first field of a segment whose codes are not what the configuration asks for, and can be.
    pub(super) fn field_to_code(&self, jobs: &Jobs, id: u64, sealed: &SealedSegment) -> Option<usize> {
        let (wanted, schema) = (self.quantization.load(), self.schema.load());
        let differs = |(field, slot): (usize, &Option<Box<SealedField>>)| {
            let slot = slot.as_ref().filter(|_| schema.dense(field).is_some())?;
            let codes = self.codes_wanted(&wanted, field, slot);
            let place = (id, field);
            let refused = |refused: &RefusedCodes| {
                (refused.segment, refused.field) == place && Some(refused.codes) == codes
            };
            (slot.codes_sound() != codes && !jobs.refused.iter().any(refused)).then_some(field)
        };
        sealed.fields.iter().enumerate().find_map(differs)
    }

    /// Why codes that the configuration asks for could not be made. Of codes that are made for filtered scans alone nobody
    /// is told: searches do without.
    pub(super) fn refused_codes(&self, jobs: &Jobs) -> Option<String> {
        let wanted = self.quantization.load();
        let is_asked = |refused: &&RefusedCodes| wanted.get(refused.field).is_some_and(Option::is_some);
        let found = jobs.refused.iter().find(is_asked);
        found.map(|refused| refused.reason.clone())
    }

    /// Forgets refusals of codes that are not wanted any more, and of segments that are gone.
    pub(super) fn forget_refused(&self, jobs: &mut Jobs, view: &ShardView) {
        let wanted = self.quantization.load();
        jobs.refused.retain(|refused| {
            let config = wanted.get(refused.field).copied().flatten();
            config.map_or(SIEVE_CODES, |config| config.codes) == refused.codes
                && view.segments.iter().any(|segment| segment.id == refused.segment)
        });
    }

    fn codes_wanted(
        &self,
        wanted: &[Option<ruvector_types::QuantizationConfig>],
        field: usize,
        slot: &SealedField,
    ) -> Option<Codes> {
        let config = wanted.get(field).copied().flatten();
        match config {
            Some(config) => Some(config.codes).filter(|_| slot.vectors.len() >= CODED_VECTORS_MIN),
            // Short codes for the searches whose filters keep few points.
            None => {
                Some(SIEVE_CODES).filter(|_| slot.fast.is_some() && slot.vectors.len() >= SIEVED_VECTORS_MIN)
            }
        }
    }

    /// One piece of the codes of segment `id`.
    pub(super) fn advance_recode(
        &self,
        shard: &Shard,
        jobs: &mut Jobs,
        view: &ShardView,
        id: u64,
    ) -> Result<(), Error> {
        let Some(sealed) = view.sealed(id) else {
            return Ok(());
        };
        let running = jobs.recode.take();
        let same = |recode: &Recode| recode.segment == id && Arc::ptr_eq(&recode.source, sealed);
        let mut recode = match running.filter(same) {
            Some(recode) => recode,
            None => match self.start_recode(shard, jobs, id, sealed)? {
                Some(recode) => recode,
                None => return Ok(()),
            },
        };
        match recode.step()? {
            true => self.finish_recode(shard, jobs, recode),
            false => {
                jobs.recode = Some(recode);
                Ok(())
            }
        }
    }

    fn start_recode(
        &self,
        shard: &Shard,
        jobs: &mut Jobs,
        id: u64,
        sealed: &Arc<SealedSegment>,
    ) -> Result<Option<Recode>, Error> {
        let Some(field) = self.field_to_code(jobs, id, sealed) else {
            return Ok(None);
        };
        let schema = self.schema.load();
        let slot = sealed.fields.get(field).and_then(Option::as_ref);
        let (Some(schema), Some(slot)) = (schema.dense(field), slot) else {
            return Ok(None);
        };
        let build = match self.codes_wanted(&self.quantization.load(), field, slot) {
            None => None,
            Some(codes) => {
                let encoder = match train(codes, schema, slot) {
                    Ok(encoder) => encoder,
                    Err(error) => {
                        jobs.refused.push(RefusedCodes {
                            segment: id,
                            field,
                            codes,
                            reason: error.to_string(),
                        });
                        return Ok(None);
                    }
                };
                let name = jobs.next_name(None);
                let file = file_name(id, ComponentKind::Codes, Some(field as u32), name);
                let path = format!("{}/{file}", shard.dir);
                let row_bytes = encoder.code_bytes();
                let seq = shard.counter(&shard.committed_seq);
                let writer = CodesWriter::create(self.io.clone(), &path, seq, row_bytes as u32)
                    .map_err(|error| Error::storage("writing codes", error))?;
                Some(Build {
                    schema: schema.clone(),
                    codes,
                    encoder,
                    writer,
                    name,
                    next: 0,
                    row: vec![0; row_bytes],
                })
            }
        };
        Ok(Some(Recode {
            segment: id,
            field,
            source: sealed.clone(),
            build,
        }))
    }

    /// Puts the codes in place: the manifest first, then the states in memory.
    fn finish_recode(&self, shard: &Shard, jobs: &mut Jobs, recode: Recode) -> Result<(), Error> {
        let Recode {
            segment,
            field,
            source,
            build,
        } = recode;
        let name = match build {
            None => None,
            Some(build) => {
                let finished = build.writer.finish(build.codes, &build.encoder);
                finished.map_err(|error| Error::storage("writing codes", error))?;
                Some(build.name)
            }
        };
        let mut entry = source.entry.clone();
        for slot in entry
            .fields
            .iter_mut()
            .filter(|slot| usize::from(slot.field) == field)
        {
            slot.codes = name;
        }
        self.replace_components(shard, jobs, (segment, source), &entry)
    }
}

impl Recode {
    /// Codes some vectors; true when there are no more.
    fn step(&mut self) -> Result<bool, Error> {
        let Some(build) = &mut self.build else {
            return Ok(true);
        };
        let Some(slot) = self.source.fields.get(self.field).and_then(Option::as_ref) else {
            return Ok(true);
        };
        let end = build.next.saturating_add(CODE_VECTORS).min(slot.vectors.len());
        let vectors = Compared::new(&slot.vectors, &build.schema.kernels);
        let mut buffer = Vec::new();
        for ordinal in build.next..end {
            let vector = vectors.numbers(ordinal, &mut buffer).ok_or_else(|| {
                let text = format!("segment {} holds damaged vectors and is not coded", self.segment);
                Error::corrupt(text)
            })?;
            let coded = build.encoder.encode(vector, &mut build.row);
            coded.map_err(|error| {
                Error::new(ErrorKind::Internal, "quantization", "a vector cannot be coded").because(error)
            })?;
            let written = build.writer.push(&build.row);
            written.map_err(|error| Error::storage("writing codes", error))?;
        }
        build.next = end;
        Ok(end == slot.vectors.len())
    }
}

/// Learns an encoder from an even sample of a field's vectors.
fn train(codes: Codes, schema: &FieldSchema, slot: &SealedField) -> Result<Encoder, Error> {
    let stride = slot.vectors.len().div_ceil(SAMPLE_ROWS_MAX as u32).max(1);
    let vectors = Compared::new(&slot.vectors, &schema.kernels);
    let ordinals = || (0..slot.vectors.len()).step_by(stride as usize);
    // Those that lie in single precision are not copied.
    let mut decoded: Vec<Vec<f32>> = ordinals().map(|_| Vec::new()).collect();
    let sample: Vec<&[f32]> = ordinals()
        .zip(&mut decoded)
        .filter_map(|(ordinal, buffer)| vectors.numbers(ordinal, buffer))
        .collect();
    let space = Space {
        dim: schema.dim as usize,
        metric: schema.metric,
        seed: ROTATION_SEED,
    };
    Encoder::train(family(codes), space, &sample).map_err(|error| {
        let text = format!("the codes of vector {:?} cannot be learned", schema.name);
        Error::new(ErrorKind::NotSupported, "quantization", text).because(error)
    })
}

/// The family of codes that serves a configuration.
fn family(codes: Codes) -> Quantization {
    match codes {
        Codes::Rotated(width) | Codes::Binary(width) => Quantization::Rotated {
            width: match width {
                CodeWidth::One => Width::One,
                CodeWidth::OneAndHalf => Width::OneAndHalf,
                CodeWidth::Two => Width::Two,
                CodeWidth::Four => Width::Four,
                CodeWidth::Eight => Width::Eight,
            },
        },
        Codes::Scalar { quantile } => Quantization::Scalar { quantile },
        Codes::Product { compression } => Quantization::Product {
            compression: match compression {
                4 => Compression::X4,
                8 => Compression::X8,
                16 => Compression::X16,
                32 => Compression::X32,
                _ => Compression::X64,
            },
        },
        Codes::Neural { bits } => Quantization::Neural { bits },
        Codes::Lsh { bits } => Quantization::Lsh { bits },
    }
}
