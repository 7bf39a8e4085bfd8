//! What the graph needs of its surroundings: vectors by ordinal and links by node. Never owns either.

use std::fmt::Debug;
use std::sync::Arc;

/// Vectors by ordinal, 0..len. All have the dimension of the query.
pub trait Vectors {
    /// What a vector is made of: `f32`, or `i8` for the code rows of a graph under construction.
    type Component: Copy + Debug;

    /// How many ordinals there are. May grow while a search runs; the search keeps to its first answer.
    fn len(&self) -> u32;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The vector of `ordinal`. `None`: it cannot be read (a damaged block, an ordinal out of range); the graph
    /// then passes over it.
    fn vector(&self, ordinal: u32) -> Option<&[Self::Component]>;

    /// A hint that `vector(ordinal)` follows soon; see [`ruvector_simd::prefetch`].
    fn prefetch(&self, ordinal: u32) {
        let _ = ordinal;
    }
}

/// Vectors by ordinal as numbers in single precision, whatever they are kept as.
pub trait Numbers {
    /// How many ordinals there are.
    fn count(&self) -> u32;

    /// The numbers of `ordinal`: where they lie, or decoded into `buffer`. `None`: as for [`Vectors::vector`].
    fn numbers<'a>(&'a self, ordinal: u32, buffer: &'a mut Vec<f32>) -> Option<&'a [f32]>;
}

impl<V: Vectors<Component = f32> + ?Sized> Numbers for V {
    fn count(&self) -> u32 {
        self.len()
    }

    #[inline]
    fn numbers<'a>(&'a self, ordinal: u32, _: &'a mut Vec<f32>) -> Option<&'a [f32]> {
        self.vector(ordinal)
    }
}

/// Links by node and level.
pub trait Links {
    /// Where a search starts, at the highest level that is in use. `None`: no node is linked.
    fn entry(&self) -> Option<Entry>;

    /// Clears `out` and fills it with the nodes that `node` links to at `level`: none where the node does not
    /// reach that level. Ids at or above the caller's count of vectors are the caller's to drop.
    ///
    /// # Errors
    /// [`Unreadable`] when the list is damaged; `out` then holds nothing of use.
    fn links(&self, node: u32, level: u8, out: &mut Vec<u32>) -> Result<(), Unreadable>;

    /// A hint that the level-0 links of `node` follow soon.
    fn prefetch(&self, node: u32) {
        let _ = node;
    }
}

/// The node where every search starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its ordinal.
    pub node: u32,
    /// The highest level it is linked at.
    pub level: u8,
}

/// A link list that cannot be read: damaged bytes, or ids that the graph cannot contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the links of node {node} at level {level} cannot be read")]
pub struct Unreadable {
    /// The node whose list it is.
    pub node: u32,
    /// The level of the list.
    pub level: u8,
}

/// A distance over vectors of `C`: smaller is closer.
pub type Distance<C> = fn(&[C], &[C]) -> f32;

/// A distance that knows more than the two vectors: of a query prepared for codes, say.
pub type DistanceOf<'a, C> = &'a (dyn Fn(&[C], &[C]) -> f32 + Sync);

/// Vectors and the distance that compares them.
pub struct Space<'a, V: Vectors + ?Sized> {
    /// The vectors of the graph's nodes.
    pub vectors: &'a V,
    distance: Measure<'a, V::Component>,
}

enum Measure<'a, C> {
    Function(Distance<C>),
    Closure(DistanceOf<'a, C>),
}

impl<C> Clone for Measure<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Measure<'_, C> {}

impl<V: Vectors + ?Sized> std::fmt::Debug for Space<'_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Space")
            .field("vectors", &self.vectors.len())
            .finish_non_exhaustive()
    }
}

impl<V: Vectors + ?Sized> Clone for Space<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: Vectors + ?Sized> Copy for Space<'_, V> {}

impl<'a, V: Vectors + ?Sized> Space<'a, V> {
    /// `distance` over `vectors`.
    pub fn new(vectors: &'a V, distance: Distance<V::Component>) -> Self {
        let distance = Measure::Function(distance);
        Self { vectors, distance }
    }

    /// As [`Space::new`], with a distance that knows more than the vectors. Queries may then have another form than
    /// vectors, an empty one too, if `distance` knows them.
    pub fn with(vectors: &'a V, distance: DistanceOf<'a, V::Component>) -> Self {
        let distance = Measure::Closure(distance);
        Self { vectors, distance }
    }

    /// The distance of two vectors; NaN (an overflow) counts as infinitely far.
    #[inline]
    pub(crate) fn between(self, a: &[V::Component], b: &[V::Component]) -> f32 {
        let distance = match self.distance {
            Measure::Function(distance) => distance(a, b),
            Measure::Closure(distance) => distance(a, b),
        };
        if distance.is_nan() {
            f32::INFINITY
        } else {
            distance
        }
    }

    /// The distance from `a` to a node, infinite when the node's vector cannot be read.
    pub(crate) fn to_node(self, a: &[V::Component], node: u32) -> f32 {
        self.vectors
            .vector(node)
            .map_or(f32::INFINITY, |b| self.between(a, b))
    }
}

impl<T: Links + ?Sized> Links for &T {
    fn entry(&self) -> Option<Entry> {
        (**self).entry()
    }

    fn links(&self, node: u32, level: u8, out: &mut Vec<u32>) -> Result<(), Unreadable> {
        (**self).links(node, level, out)
    }

    fn prefetch(&self, node: u32) {
        (**self).prefetch(node);
    }
}

impl<T: Links + ?Sized> Links for Arc<T> {
    fn entry(&self) -> Option<Entry> {
        (**self).entry()
    }

    fn links(&self, node: u32, level: u8, out: &mut Vec<u32>) -> Result<(), Unreadable> {
        (**self).links(node, level, out)
    }

    fn prefetch(&self, node: u32) {
        (**self).prefetch(node);
    }
}

/// The highest level at which `node` has links, 0 when only there or nowhere. The graph's entry counts as being
/// on the entry's level even when it is alone there. Lists that cannot be read count as empty.
pub(crate) fn linked_level(links: &impl Links, node: u32, buffer: &mut Vec<u32>) -> u8 {
    let Some(entry) = links.entry() else { return 0 };
    if entry.node == node {
        return entry.level;
    }
    (1..=entry.level)
        .rev()
        .find(|&level| links.links(node, level, buffer).is_ok() && !buffer.is_empty())
        .unwrap_or(0)
}
