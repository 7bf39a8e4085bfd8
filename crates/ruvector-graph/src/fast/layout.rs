//! Where everything lies in a fast graph, and access to it. Never hands out a slice that is not all there.

use std::ops::Range;

use ruvector_quant::{ByteCode, EdgeScale, Rotation};
use ruvector_simd::Metric;
use ruvector_simd::codes::{CodeBits, block_bytes};

use super::DEGREE;
use super::recalls::Recalls;
use super::slack::{Slack, TABLE_BYTES};
use crate::bytes::Bytes;

pub(super) const MAGIC: [u8; 4] = *b"RVFG";
pub(super) const VERSION: u32 = 2;
/// The version without a table of recalls.
const VERSION_WITHOUT_RECALLS: u32 = 1;
pub(super) const HEADER_BYTES: usize = 64;
pub(super) const LINK_BYTES: usize = 4 * DEGREE;
pub(super) const TAIL_BYTES: usize = 64;
/// Beyond, levels of the block kernel's tables become too coarse.
pub(super) const DIM_MAX: u32 = 65_536;
/// No link.
pub(super) const NO_NODE: u32 = u32::MAX;
/// One bit of an id marks candidates in the search.
pub(super) const NODES_MAX: u32 = 1 << 31;

/// Why bytes are not a fast graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FastError {
    /// The header is missing or damaged.
    #[error("the header of the fast graph cannot be read")]
    Header,
    /// The centre is damaged.
    #[error("the centre of the fast graph cannot be read")]
    Center,
    /// The table of slacks is damaged.
    #[error("the slacks of the fast graph cannot be read")]
    Slack,
    /// The table of recalls is damaged.
    #[error("the recalls of the fast graph cannot be read")]
    Recalls,
    /// A header field outside its limits.
    #[error("field {field} of the fast graph's header is out of range: {value}")]
    Field {
        /// The field, as named in the layout.
        field: &'static str,
        /// Its value.
        value: u32,
    },
    /// The length does not follow from the header.
    #[error("the fast graph has {found} bytes, its header asks for {expected}")]
    Length {
        /// Bytes that the header implies.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
}

/// The numbers in the header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) nodes: u32,
    pub(super) dim: u32,
    pub(super) metric: Metric,
    pub(super) hub_blocks: u32,
    pub(super) bits: CodeBits,
    pub(super) seed: u64,
    pub(super) deviation: f32,
    /// The largest squared length of a vector.
    pub(super) length_squared: f32,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let metric = u32::from(self.metric == Metric::Euclid);
        bytes[..4].copy_from_slice(&MAGIC);
        for (at, word) in [self.version, self.nodes, self.dim, metric, self.hub_blocks]
            .into_iter()
            .enumerate()
        {
            bytes[4 + 4 * at..8 + 4 * at].copy_from_slice(&word.to_le_bytes());
        }
        bytes[24..32].copy_from_slice(&self.seed.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.deviation.to_le_bytes());
        bytes[36..40].copy_from_slice(&(self.bits.count() as u32).to_le_bytes());
        bytes[40..44].copy_from_slice(&self.length_squared.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Header, FastError> {
        let word = |at: usize| -> Result<u32, FastError> {
            let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map(u32::from_le_bytes).ok_or(FastError::Header)
        };
        let check = |field, value: u32, good: bool| {
            if good {
                Ok(value)
            } else {
                Err(FastError::Field { field, value })
            }
        };
        check("magic", word(0)?, bytes.get(..4) == Some(&MAGIC))?;
        let known = [VERSION_WITHOUT_RECALLS, VERSION].contains(&word(4)?);
        let version = check("version", word(4)?, known)?;
        let metric = match check("metric", word(16)?, word(16)? < 2)? {
            0 => Metric::Dot,
            _ => Metric::Euclid,
        };
        let bits = match check("bits", word(36)?, matches!(word(36)?, 1 | 2))? {
            1 => CodeBits::One,
            _ => CodeBits::Two,
        };
        Ok(Header {
            version,
            nodes: check("n", word(8)?, word(8)? < NODES_MAX)?,
            dim: check("dim", word(12)?, (1..=DIM_MAX).contains(&word(12)?))?,
            metric,
            hub_blocks: check("h", word(20)?, word(20)? <= 1_024)?,
            seed: u64::from(word(24)?) | u64::from(word(28)?) << 32,
            bits,
            deviation: f32::from_bits(word(32)?),
            length_squared: f32::from_bits(word(40)?),
        })
    }
}

/// Where the parts lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) padded: usize,
    pub(super) block: usize,
    pub(super) stride: usize,
    hubs_at: usize,
    nodes_at: u64,
    hub_blocks: usize,
    nodes: u32,
    has_recalls: bool,
}

impl Layout {
    pub(super) fn of(header: &Header) -> Layout {
        let padded = (header.dim as usize).div_ceil(64) * 64;
        let block = block_bytes(padded, header.bits);
        let hub_blocks = header.hub_blocks as usize;
        let hubs_at = HEADER_BYTES + 4 * padded;
        let nodes_at = (hubs_at + hub_blocks * (LINK_BYTES + block + TAIL_BYTES)) as u64;
        let stride = LINK_BYTES + block + padded + TAIL_BYTES;
        Layout {
            padded,
            block,
            stride,
            hubs_at,
            nodes_at,
            hub_blocks,
            nodes: header.nodes,
            has_recalls: header.version != VERSION_WITHOUT_RECALLS,
        }
    }

    pub(super) fn total_bytes(&self) -> u64 {
        self.recalls().unwrap_or(self.slack()).end
    }

    fn slack(&self) -> Range<u64> {
        let start = self.nodes_at + u64::from(self.nodes) * self.stride as u64;
        start..start + TABLE_BYTES as u64
    }

    fn recalls(&self) -> Option<Range<u64>> {
        let start = self.slack().end;
        self.has_recalls.then_some(start..start + TABLE_BYTES as u64)
    }

    fn node(&self, node: u32) -> Range<u64> {
        let start = self.nodes_at + u64::from(node) * self.stride as u64;
        start..start + self.stride as u64
    }

    /// A node's own code and its tail.
    fn code(&self, node: u32) -> Range<u64> {
        let node = self.node(node);
        node.end - (self.padded + TAIL_BYTES) as u64..node.end
    }

    fn center(&self) -> Range<u64> {
        HEADER_BYTES as u64..self.hubs_at as u64
    }

    fn hub_ids(&self) -> Range<u64> {
        self.hubs_at as u64..(self.hubs_at + self.hub_blocks * LINK_BYTES) as u64
    }

    fn hub(&self, at: usize) -> Range<u64> {
        let size = self.block + TAIL_BYTES;
        let start = (self.hubs_at + self.hub_blocks * LINK_BYTES + at * size) as u64;
        start..start + size as u64
    }
}

/// A fast graph over bytes that someone else keeps, with the rotation that its codes are in.
#[derive(Debug)]
pub struct FastGraph<B> {
    bytes: B,
    pub(super) header: Header,
    pub(super) layout: Layout,
    pub(super) rotation: Rotation,
    pub(super) center: Vec<f32>,
    pub(super) slack: Slack,
    recalls: Option<Recalls>,
}

impl<B: Bytes> FastGraph<B> {
    /// Checks the header, the length, the centre and the tables. Cost: reading those, and the rotation's signs.
    ///
    /// # Errors
    /// [`FastError`].
    pub fn open(bytes: B) -> Result<Self, FastError> {
        let header = Header::decode(bytes.bytes(0..HEADER_BYTES as u64).ok_or(FastError::Header)?)?;
        let layout = Layout::of(&header);
        if layout.total_bytes() != bytes.len() {
            return Err(FastError::Length {
                expected: layout.total_bytes(),
                found: bytes.len(),
            });
        }
        let center = bytes.bytes(layout.center()).ok_or(FastError::Center)?;
        let center: Vec<f32> = center.chunks_exact(4).map(|word| float(word, 0)).collect();
        if !center.iter().all(|x| x.is_finite()) {
            return Err(FastError::Center);
        }
        let slack = bytes.bytes(layout.slack()).and_then(Slack::decode);
        let slack = slack.ok_or(FastError::Slack)?;
        let recalls = match layout.recalls() {
            Some(range) => {
                let recalls = bytes.bytes(range).and_then(Recalls::decode);
                Some(recalls.ok_or(FastError::Recalls)?)
            }
            None => None,
        };
        Ok(FastGraph {
            bytes,
            slack,
            recalls,
            header,
            layout,
            rotation: Rotation::new(header.dim as usize, header.seed),
            center,
        })
    }

    /// Nodes.
    pub fn len(&self) -> u32 {
        self.header.nodes
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Dimension of the vectors.
    pub fn dim(&self) -> u32 {
        self.header.dim
    }

    /// The least breadth at which searches for vectors of the graph itself found so large a share of their ten nearest when it
    /// was written; where none up to 1,448 did, the least that found hardly fewer than that. `None` where nothing was measured:
    /// in small graphs, and in those of earlier versions.
    /// Measured by full vectors: where searches find their way by codes of one bit, half as many may be missed there. Narrow
    /// searches, up to some 50 visits, find less than this says.
    pub fn breadth_of(&self, recall: f32) -> Option<usize> {
        let recall = match self.header.bits {
            CodeBits::One => (1.0 + recall) / 2.0,
            CodeBits::Two => recall,
        };
        self.recalls.and_then(|recalls| recalls.breadth(recall))
    }

    /// The bytes.
    pub fn bytes(&self) -> &B {
        &self.bytes
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> u64 {
        self.layout.padded as u64 * (4 * 4 + 4)
    }

    #[inline]
    pub(super) fn node(&self, node: u32) -> Option<NodeBlock<'_>> {
        if node >= self.header.nodes {
            return None;
        }
        let bytes = self.bytes.bytes(self.layout.node(node))?;
        let (links, rest) = bytes.split_at(LINK_BYTES);
        let (block, rest) = rest.split_at(self.layout.block);
        let (code, tail) = rest.split_at(self.layout.padded);
        Some(NodeBlock {
            links,
            block,
            code,
            tail: Tail(tail),
        })
    }

    #[inline]
    pub(super) fn prefetch(&self, node: u32) {
        self.bytes.prefetch(self.layout.node(node));
    }

    /// A node's own code, and its tail.
    #[inline]
    pub(super) fn code(&self, node: u32) -> Option<(&[u8], Tail<'_>)> {
        if node >= self.header.nodes {
            return None;
        }
        let bytes = self.bytes.bytes(self.layout.code(node))?;
        let (code, tail) = bytes.split_at_checked(self.layout.padded)?;
        Some((code, Tail(tail)))
    }

    #[inline]
    pub(super) fn prefetch_code(&self, node: u32) {
        self.bytes.prefetch(self.layout.code(node));
    }

    /// The hubs' ids, blocks and tails.
    pub(super) fn hubs(&self) -> impl Iterator<Item = (&[u8], &[u8], Tail<'_>)> {
        let ids = self.bytes.bytes(self.layout.hub_ids()).unwrap_or_default();
        ids.chunks_exact(LINK_BYTES).enumerate().filter_map(|(at, ids)| {
            let (block, tail) = self
                .bytes
                .bytes(self.layout.hub(at))?
                .split_at_checked(self.layout.block)?;
            Some((ids, block, Tail(tail)))
        })
    }
}

/// A node's piece of memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeBlock<'a> {
    pub(super) links: &'a [u8],
    pub(super) block: &'a [u8],
    pub(super) code: &'a [u8],
    pub(super) tail: Tail<'a>,
}

/// The numbers at the end of a node or hub.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail<'a>(&'a [u8]);

impl Tail<'_> {
    /// Bytes of a tail.
    pub(super) fn encode(edges: EdgeScale, own: Option<ByteCode>) -> [u8; TAIL_BYTES] {
        let mut bytes = [0; TAIL_BYTES];
        let (scale, norm_squared) = own.map_or((0.0, 0.0), |own| (own.scale, own.norm_squared));
        for (at, number) in [edges.mul, edges.add, scale, norm_squared]
            .into_iter()
            .enumerate()
        {
            bytes[4 * at..4 * at + 4].copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// The units of the block's factors.
    #[inline]
    pub(super) fn edges(&self) -> EdgeScale {
        EdgeScale {
            mul: float(self.0, 0),
            add: float(self.0, 4),
        }
    }

    /// Scale and squared length of the node's own code.
    #[inline]
    pub(super) fn own(&self) -> (f32, f32) {
        (float(self.0, 8), float(self.0, 12))
    }
}

#[inline]
fn float(bytes: &[u8], at: usize) -> f32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    word.map_or(f32::NAN, f32::from_le_bytes)
}

/// The id at a place of a list of links.
#[inline]
pub(super) fn link(links: &[u8], place: usize) -> u32 {
    links
        .get(4 * place..4 * place + 4)
        .and_then(|word| word.try_into().ok())
        .map_or(NO_NODE, u32::from_le_bytes)
}
