//! How a field of dense vectors compares them. Queries are in single precision, stored vectors of the field's type; one
//! match on the type for a whole segment, none for a vector. Never rounds a query.

use half::f16;
use ruvector_graph::{Numbers, Space, Vectors};
use ruvector_simd::{DistanceFn, Kernels, MixedFn};
use ruvector_storage::{Element, VectorBlock, decoded};
use ruvector_types::{Distance, VectorConfig, VectorDatatype};

use crate::fields::metric;

/// The kernels of a field; of those of other types nothing is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldKernels {
    pub(crate) datatype: VectorDatatype,
    /// Whether stored vectors keep their lengths, though the angle alone counts: bytes by cosine.
    is_angular: bool,
    single: DistanceFn,
    half: DistanceFn<f16>,
    bytes: DistanceFn<u8>,
    to_half: MixedFn<f32, f16>,
    to_bytes: MixedFn<f32, u8>,
}

impl FieldKernels {
    pub(crate) fn of(config: &VectorConfig) -> FieldKernels {
        let (metric, kernels) = (metric(config.distance), Kernels::detect());
        let is_cosine = config.distance == Distance::Cosine;
        FieldKernels {
            datatype: config.datatype,
            is_angular: is_cosine && config.datatype == VectorDatatype::Uint8,
            single: kernels.f32.of(metric),
            half: kernels.f16.of(metric),
            bytes: kernels.u8.of(metric),
            to_half: kernels.f32_f16.of(metric),
            to_bytes: kernels.f32_u8.of(metric),
        }
    }

    /// The distance of a stored vector from a query; `None` if the bytes are no vector.
    pub(crate) fn distance(&self, query: &[f32], stored: &[u8]) -> Option<f32> {
        Some(finite(match self.datatype {
            VectorDatatype::Float32 => f32::from_query(self, query, f32::of_bytes(stored)?),
            VectorDatatype::Float16 => f16::from_query(self, query, f16::of_bytes(stored)?),
            VectorDatatype::Uint8 => u8::from_query(self, query, stored),
        }))
    }

    /// The numbers of a stored vector; `None` if the bytes are no vector.
    pub(crate) fn decoded(&self, stored: &[u8]) -> Option<Vec<f32>> {
        decoded(self.datatype, stored)
    }

    /// As [`FieldKernels::decoded`], as a query that is to be compared with others.
    pub(crate) fn as_query(&self, stored: &[u8]) -> Option<Vec<f32>> {
        let mut query = self.decoded(stored)?;
        let dim = query.len();
        self.make_query(&mut query, dim);
        Some(query)
    }

    /// Makes of vectors that may be stored ones such as stored ones are compared with: where those keep their lengths, these
    /// have length 1.
    pub(crate) fn make_query(&self, numbers: &mut [f32], dim: usize) {
        if self.is_angular {
            for row in numbers.chunks_exact_mut(dim.max(1)) {
                ruvector_simd::normalize(row);
            }
        }
    }

    /// The negated cosine of an angle whose negated product and lengths are these.
    fn angle(&self, product: f32, stored: &[u8]) -> f32 {
        // Where angles count, the kernel's distance is the negated product.
        let squared = -(self.bytes)(stored, stored);
        // What has no direction is as far as what stands upright on it.
        if squared > 0.0 {
            product / squared.sqrt()
        } else {
            0.0
        }
    }
}

/// A number that stored vectors of some field are made of.
pub(crate) trait Stored: Element {
    /// The distance of a stored vector from a query.
    fn from_query(kernels: &FieldKernels, query: &[f32], stored: &[Self]) -> f32;

    /// The distance of two stored vectors, where it is one kernel's.
    fn kernel(kernels: &FieldKernels) -> Option<DistanceFn<Self>>;

    /// The distance of two stored vectors.
    fn between(kernels: &FieldKernels, a: &[Self], b: &[Self]) -> f32;

    /// The query itself, where it is of this type.
    fn as_stored(query: &[f32]) -> Option<&[Self]> {
        let _ = query;
        None
    }
}

impl Stored for f32 {
    #[inline]
    fn from_query(kernels: &FieldKernels, query: &[f32], stored: &[f32]) -> f32 {
        (kernels.single)(query, stored)
    }

    fn kernel(kernels: &FieldKernels) -> Option<DistanceFn> {
        Some(kernels.single)
    }

    fn between(kernels: &FieldKernels, a: &[f32], b: &[f32]) -> f32 {
        (kernels.single)(a, b)
    }

    fn as_stored(query: &[f32]) -> Option<&[f32]> {
        Some(query)
    }
}

impl Stored for f16 {
    #[inline]
    fn from_query(kernels: &FieldKernels, query: &[f32], stored: &[f16]) -> f32 {
        (kernels.to_half)(query, stored)
    }

    fn kernel(kernels: &FieldKernels) -> Option<DistanceFn<f16>> {
        Some(kernels.half)
    }

    fn between(kernels: &FieldKernels, a: &[f16], b: &[f16]) -> f32 {
        (kernels.half)(a, b)
    }
}

impl Stored for u8 {
    #[inline]
    fn from_query(kernels: &FieldKernels, query: &[f32], stored: &[u8]) -> f32 {
        let distance = (kernels.to_bytes)(query, stored);
        match kernels.is_angular {
            true => kernels.angle(distance, stored),
            false => distance,
        }
    }

    fn kernel(kernels: &FieldKernels) -> Option<DistanceFn<u8>> {
        Some(kernels.bytes).filter(|_| !kernels.is_angular)
    }

    fn between(kernels: &FieldKernels, a: &[u8], b: &[u8]) -> f32 {
        let distance = (kernels.bytes)(a, b);
        match kernels.is_angular {
            true => kernels.angle(kernels.angle(distance, a), b),
            false => distance,
        }
    }
}

/// An overflow on the way counts as infinitely far, and no distance is -0: it would go before 0, whatever the ids.
pub(crate) fn finite(distance: f32) -> f32 {
    if distance.is_nan() {
        f32::INFINITY
    } else {
        distance + 0.0
    }
}

/// Runs `work` on stored vectors and the distance between them.
pub(crate) fn in_space<T: Stored, V: Vectors<Component = T>, R>(
    vectors: &V,
    kernels: &FieldKernels,
    work: impl FnOnce(Space<'_, V>) -> R,
) -> R {
    let between = |a: &[T], b: &[T]| T::between(kernels, a, b);
    match T::kernel(kernels) {
        Some(kernel) => work(Space::new(vectors, kernel)),
        None => work(Space::with(vectors, &between)),
    }
}

/// Sealed vectors in single precision, as graphs of codes and codes are made of them: the metric's kernel compares them as
/// the field's kernels do what is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compared<'a> {
    block: &'a VectorBlock,
    is_angular: bool,
}

impl<'a> Compared<'a> {
    pub(crate) fn new(block: &'a VectorBlock, kernels: &FieldKernels) -> Compared<'a> {
        let is_angular = kernels.is_angular;
        Compared { block, is_angular }
    }
}

impl Numbers for Compared<'_> {
    fn count(&self) -> u32 {
        self.block.len()
    }

    #[inline]
    fn numbers<'a>(&'a self, ordinal: u32, buffer: &'a mut Vec<f32>) -> Option<&'a [f32]> {
        if !self.is_angular {
            return self.block.numbers(ordinal, buffer);
        }
        // Of this type none lie as they are compared: all are in the buffer.
        self.block.numbers(ordinal, buffer)?;
        ruvector_simd::normalize(buffer);
        Some(buffer)
    }
}

/// Runs an expression on a block's vectors, typed.
macro_rules! with_typed {
    ($block:expr, $typed:ident => $body:expr) => {
        match $block.datatype() {
            ruvector_types::VectorDatatype::Float32 => {
                let $typed = &$block.typed::<f32>();
                $body
            }
            ruvector_types::VectorDatatype::Float16 => {
                let $typed = &$block.typed::<half::f16>();
                $body
            }
            ruvector_types::VectorDatatype::Uint8 => {
                let $typed = &$block.typed::<u8>();
                $body
            }
        }
    };
}
pub(crate) use with_typed;
