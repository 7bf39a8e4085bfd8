//! Writes a fast graph from vectors and the links of another graph, piece by piece. Never needs the whole output
//! in memory; it does need the rotated vectors.

use ruvector_quant::{ByteCode, Rotation, encode_bytes, encode_edges};
use ruvector_simd::Metric;

use super::DEGREE;
use super::layout::{HEADER_BYTES, Header, LINK_BYTES, Layout, NO_NODE, TAIL_BYTES};
use crate::access::{Links, Vectors};

/// Nodes that the estimate of the factors' scale looks at.
const SAMPLE_NODES: u32 = 256;
/// Blocks of hubs of a graph of at least 32 times as many nodes.
const HUB_BLOCKS: u32 = 8;

/// An encoding in progress. Memory: `4·p` bytes a node.
#[derive(Debug)]
pub struct FastEncoder {
    header: Header,
    layout: Layout,
    rotation: Rotation,
    /// Rotated vectors, `padded` numbers a node; an unreadable one is all zero and has no links to it.
    rotated: Vec<f32>,
    rows_rotated: u32,
    next: u32,
    list: Vec<u32>,
}

impl FastEncoder {
    /// Prepares the fast graph of the `len` vectors that `links` connect. `None` for a metric it cannot serve.
    pub fn new(metric: Metric, dim: usize, len: u32, seed: u64) -> Option<FastEncoder> {
        if metric == Metric::Manhattan || dim == 0 {
            return None;
        }
        let hub_blocks = (len / (32 * DEGREE as u32)).clamp(1, HUB_BLOCKS);
        let dim = u32::try_from(dim).ok()?;
        let header = Header {
            nodes: len,
            dim,
            metric,
            hub_blocks,
            seed,
            scale: 1.0,
            deviation: 0.0,
        };
        let rotation = Rotation::new(dim as usize, seed);
        let rotated = Vec::with_capacity(rotation.padded_dim() * len as usize);
        let layout = Layout::of(&header);
        Some(FastEncoder {
            header,
            layout,
            rotation,
            rotated,
            rows_rotated: 0,
            next: 0,
            list: Vec::new(),
        })
    }

    /// Bytes of the whole.
    pub fn total_bytes(&self) -> u64 {
        self.layout.total_bytes()
    }

    /// Works on up to `nodes_max` nodes and appends finished bytes to `out`; true when all is written.
    pub fn step(
        &mut self,
        vectors: &impl Vectors,
        links: &impl Links,
        nodes_max: u32,
        out: &mut Vec<u8>,
    ) -> bool {
        let mut left = nodes_max;
        while left > 0 && self.rows_rotated < self.header.nodes {
            self.rotate_next(vectors);
            left -= 1;
        }
        if self.rows_rotated < self.header.nodes {
            return false;
        }
        if left > 0 && self.next == 0 {
            self.write_head(links, out);
        }
        while left > 0 && self.next < self.header.nodes {
            self.write_node(links, out);
            self.next += 1;
            left -= 1;
        }
        self.next == self.header.nodes
    }

    fn rotate_next(&mut self, vectors: &impl Vectors) {
        let mut row = Vec::new();
        let zero = [];
        self.rotation
            .rotate(vectors.vector(self.rows_rotated).unwrap_or(&zero), &mut row);
        let peak = row.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
        self.header.deviation = self.header.deviation.max(peak / 127.0 / 12f32.sqrt());
        self.rotated.extend_from_slice(&row);
        self.rows_rotated += 1;
    }

    fn row(&self, node: u32) -> &[f32] {
        &self.rotated[node as usize * self.layout.padded..][..self.layout.padded]
    }

    /// Header and hubs: an even sample of the nodes, coded as seen from the mean of all vectors.
    fn write_head(&mut self, links: &impl Links, out: &mut Vec<u8>) {
        self.header.scale = self.edge_scale(links);
        out.extend_from_slice(&self.header.encode());
        let places = self.header.hub_blocks * DEGREE as u32;
        let count = places.min(self.header.nodes);
        let hub = |at: u32| (u64::from(at) * u64::from(self.header.nodes) / u64::from(count.max(1))) as u32;
        let ids: Vec<u32> = (0..count).map(hub).collect();
        for place in 0..places as usize {
            out.extend_from_slice(&ids.get(place).copied().unwrap_or(NO_NODE).to_le_bytes());
        }
        let mean = self.mean();
        for block in 0..self.header.hub_blocks as usize {
            let ids = ids.iter().skip(block * DEGREE).take(DEGREE);
            let neighbors: Vec<&[f32]> = ids.map(|id| self.row(*id)).collect();
            let start = out.len();
            out.resize(start + self.layout.block, 0);
            encode_edges(
                self.header.metric,
                &mean,
                &neighbors,
                self.header.scale,
                &mut out[start..],
            );
        }
        debug_assert_eq!(out.len() % HEADER_BYTES, 0);
    }

    fn mean(&self) -> Vec<f32> {
        let mut sums = vec![0.0f64; self.layout.padded];
        for row in self.rotated.chunks_exact(self.layout.padded) {
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, x)| *sum += f64::from(*x));
        }
        sums.into_iter()
            .map(|sum| (sum / f64::from(self.header.nodes.max(1))) as f32)
            .collect()
    }

    /// The mean squared length of edges: in its units, factors stay well within f16.
    fn edge_scale(&mut self, links: &impl Links) -> f32 {
        let step = (self.header.nodes / SAMPLE_NODES).max(1);
        let (mut sum, mut count) = (0.0f64, 0u32);
        for node in (0..self.header.nodes).step_by(step as usize) {
            self.read_links(links, node);
            for id in &self.list {
                let pairs = self.row(node).iter().zip(self.row(*id));
                sum += f64::from(pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f32>());
                count += 1;
            }
        }
        let mean = (sum / f64::from(count.max(1))) as f32;
        if mean > 0.0 && mean.is_finite() { mean } else { 1.0 }
    }

    fn read_links(&mut self, links: &impl Links, node: u32) {
        if links.links(node, 0, &mut self.list).is_err() {
            self.list.clear();
        }
        self.list.retain(|id| *id < self.header.nodes);
        self.list.truncate(DEGREE);
    }

    fn write_node(&mut self, links: &impl Links, out: &mut Vec<u8>) {
        let node = self.next;
        self.read_links(links, node);
        for place in 0..DEGREE {
            out.extend_from_slice(&self.list.get(place).copied().unwrap_or(NO_NODE).to_le_bytes());
        }
        let neighbors: Vec<&[f32]> = self.list.iter().map(|id| self.row(*id)).collect();
        let start = out.len();
        out.resize(start + self.layout.stride - LINK_BYTES, 0);
        let (block, rest) = out[start..].split_at_mut(self.layout.block);
        encode_edges(
            self.header.metric,
            self.row(node),
            &neighbors,
            self.header.scale,
            block,
        );
        let (code, tail) = rest.split_at_mut(self.layout.padded);
        let ByteCode {
            scale, norm_squared, ..
        } = encode_bytes(self.row(node), code);
        debug_assert_eq!(tail.len(), TAIL_BYTES);
        tail[..4].copy_from_slice(&scale.to_le_bytes());
        tail[4..8].copy_from_slice(&norm_squared.to_le_bytes());
    }
}

/// The whole fast graph as bytes; `None` for a metric it cannot serve. Cost: a rotation and about 64 passes over
/// vectors a node.
pub fn encode(
    metric: Metric,
    dim: usize,
    vectors: &impl Vectors,
    links: &impl Links,
    seed: u64,
) -> Option<Vec<u8>> {
    let mut encoder = FastEncoder::new(metric, dim, vectors.len(), seed)?;
    let mut out = Vec::with_capacity(usize::try_from(encoder.total_bytes()).unwrap_or(0));
    while !encoder.step(vectors, links, u32::MAX, &mut out) {}
    Some(out)
}
