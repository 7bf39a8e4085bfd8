//! Writes a fast graph from vectors and the links of another graph, piece by piece. Never needs the whole output
//! in memory; it does need the rotated vectors.

use ruvector_quant::{EdgeScale, Rotation, encode_bytes, encode_edges};
use ruvector_simd::codes::CodeBits;
use ruvector_simd::{Metric, distance};

use super::DEGREE;
use super::calibrate::{Calibration, Ground, length_squared, squared};
use super::hubs::{self, Hubs, even_sample};
use super::layout::{DIM_MAX, Header, LINK_BYTES, Layout, NO_NODE, NODES_MAX, Tail, VERSION};
use super::truth::Truth;
use crate::access::{Links, Numbers};
use crate::neighbor::Neighbor;

/// Vectors that the centre is the mean of.
const SAMPLE_VECTORS: u32 = 1_024;
/// Vectors that stand for queries when the table of slacks is made, and nodes that have one such.
const SAMPLE_QUERIES: u32 = 1_024;
const NODES_PER_QUERY: u32 = 16;
/// Of these vectors about so many, half where they are fewer, are compared with all, to know what searches should find.
const TRUTH_QUERIES: u32 = 128;
/// Visits of a calibrating search that cost as much as a node encoded.
const VISITS_OF_A_NODE: u32 = 2;
/// Padded dimensions up to which neighbours have codes of two bits: below, the error of one bit makes searches take
/// more visits than the smaller block saves.
const TWO_BITS_PADDED_MAX: usize = 256;
/// Distances that cost as much as a node encoded.
const DISTANCES_OF_A_NODE: u32 = 64;

/// An encoding in progress. Memory: `4·p` bytes a node.
#[derive(Debug)]
pub struct FastEncoder {
    header: Header,
    layout: Layout,
    rotation: Rotation,
    /// The mean of a sample, rotated; taken before the first row is.
    center: Option<Vec<f32>>,
    /// Rotated vectors, `padded` numbers a node, less the centre under the Euclidean metric.
    rotated: Vec<f32>,
    rows_rotated: u32,
    /// Nodes whose vectors cannot be read, ascending: all zero, and nothing leads to them.
    unreadable: Vec<u32>,
    hubs: Option<Hubs>,
    head_written: bool,
    next: u32,
    truth: Option<Truth>,
    /// Nodes compared with the queries of `truth`.
    compared: u32,
    calibration: Calibration,
    calibrated: u32,
    tables_written: bool,
    list: Vec<u32>,
    row: Vec<f32>,
    decoded: Vec<f32>,
}

impl FastEncoder {
    /// Prepares the fast graph of `len` vectors. `None` for a metric or dimension (1 to 65,536) it cannot serve.
    pub fn new(metric: Metric, dim: usize, len: u32, seed: u64) -> Option<FastEncoder> {
        let dim = u32::try_from(dim)
            .ok()
            .filter(|dim| (1..=DIM_MAX).contains(dim))?;
        if metric == Metric::Manhattan || len >= NODES_MAX {
            return None;
        }
        let hub_blocks = hubs::blocks(len);
        let rotation = Rotation::new(dim as usize, seed);
        let bits = match rotation.padded_dim() <= TWO_BITS_PADDED_MAX {
            true => CodeBits::Two,
            false => CodeBits::One,
        };
        let header = Header {
            version: VERSION,
            nodes: len,
            dim,
            metric,
            hub_blocks,
            bits,
            seed,
            deviation: 0.0,
            length_squared: 0.0,
        };
        let layout = Layout::of(&header);
        Some(FastEncoder {
            header,
            layout,
            rotation,
            center: None,
            rotated: Vec::new(),
            rows_rotated: 0,
            unreadable: Vec::new(),
            hubs: None,
            head_written: false,
            next: 0,
            truth: None,
            compared: 0,
            calibration: Calibration::default(),
            calibrated: 0,
            tables_written: false,
            list: Vec::new(),
            row: Vec::new(),
            decoded: Vec::new(),
        })
    }

    /// Bytes of the whole.
    pub fn total_bytes(&self) -> u64 {
        self.layout.total_bytes()
    }

    /// Works on up to `nodes_max` nodes and appends finished bytes to `out`; true when all is written.
    pub fn step(
        &mut self,
        vectors: &impl Numbers,
        links: &impl Links,
        nodes_max: u32,
        out: &mut Vec<u8>,
    ) -> bool {
        let mut left = nodes_max;
        if self.center.is_none() {
            self.center = Some(self.mean(vectors));
            self.rotated
                .reserve_exact(self.layout.padded * self.header.nodes as usize);
        }
        while left > 0 && self.rows_rotated < self.header.nodes {
            self.rotate_next(vectors);
            left -= 1;
        }
        if self.rows_rotated < self.header.nodes {
            return false;
        }
        if !self.head_written {
            if self.choose_hubs(&mut left) {
                return false;
            }
            self.write_head(out);
            self.head_written = true;
        }
        while left > 0 && self.next < self.header.nodes {
            self.write_node(links, out);
            self.next += 1;
            left -= 1;
        }
        while left > 0 && self.next == self.header.nodes && self.compared < self.header.nodes {
            left = left.saturating_sub(self.compare_next());
        }
        while left > 0 && self.compared == self.header.nodes && self.calibrated < self.queries() {
            left = left.saturating_sub(self.calibrate_next(links));
        }
        self.end(out)
    }

    /// Chooses hubs as long as some of `left` is left; true if there is more to choose.
    fn choose_hubs(&mut self, left: &mut u32) -> bool {
        let (nodes, wanted) = (self.header.nodes, self.header.hub_blocks * DEGREE as u32);
        let begun = self.hubs.take();
        let mut hubs = begun.unwrap_or_else(|| Hubs::begin(nodes, wanted, |node| self.is_readable(node)));
        let kernel = distance(Metric::Euclid);
        let mut more = true;
        while *left > 0 && more {
            more = hubs.choose(|a, b| kernel(self.row(a), self.row(b)));
            *left = left.saturating_sub(hubs.cost().div_ceil(DISTANCES_OF_A_NODE));
        }
        self.hubs = Some(hubs);
        more
    }

    /// Writes the tables when all else is done; true if it is the end.
    fn end(&mut self, out: &mut Vec<u8>) -> bool {
        let done = self.compared == self.header.nodes && self.calibrated == self.queries();
        if done && !self.tables_written {
            let slack = self.calibration.slack();
            out.extend_from_slice(&slack.encode());
            out.extend_from_slice(&self.calibration.recalls(&slack).encode());
            self.tables_written = true;
        }
        done
    }

    /// Calibrating searches to be made.
    fn queries(&self) -> u32 {
        (self.header.nodes / NODES_PER_QUERY).min(SAMPLE_QUERIES)
    }

    /// Of so many calibrating searches, one is for a vector whose nearest are known.
    fn truth_one_in(&self) -> u32 {
        (self.queries() / TRUTH_QUERIES).max(2)
    }

    /// Compares the next node with the vectors whose nearest are to be known; what that costs, in nodes encoded.
    fn compare_next(&mut self) -> u32 {
        let node = self.compared;
        self.compared += 1;
        let mut truth = self.truth.take().unwrap_or_else(|| {
            let queries = even_sample(self.header.nodes, self.queries());
            Truth::begin(queries.step_by(self.truth_one_in() as usize).collect())
        });
        if self.is_readable(node) {
            let kernel = distance(self.header.metric);
            truth.compare(node, |query, node| kernel(self.row(query), self.row(node)));
        }
        let cost = truth.len().div_ceil(DISTANCES_OF_A_NODE);
        self.truth = Some(truth);
        cost
    }

    /// Makes the next calibrating search; what it cost, in nodes encoded.
    fn calibrate_next(&mut self, links: &impl Links) -> u32 {
        let mut queries = even_sample(self.header.nodes, self.queries());
        let at = self.calibrated;
        let node = queries.nth(at as usize).unwrap_or(0);
        self.calibrated += 1;
        let one_in = self.truth_one_in();
        let is_known = at.is_multiple_of(one_in) && self.is_readable(node);
        let truth = self.truth.as_ref().filter(|_| is_known);
        let reach = truth.and_then(|truth| truth.reach((at / one_in) as usize));
        let mut calibration = std::mem::take(&mut self.calibration);
        let mut list = std::mem::take(&mut self.list);
        let (metric, kernel) = (self.header.metric, distance(self.header.metric));
        let lengths = length_squared(self.row(node)) + self.header.length_squared;
        let is_near =
            |other: u32| reach.is_some_and(|reach| kernel(self.row(node), self.row(other)) <= reach);
        let ground = Ground {
            nodes: self.header.nodes,
            node,
            is_near: reach.is_some().then_some(&is_near),
            distance: &|other| squared(metric, lengths, kernel(self.row(node), self.row(other))),
            links: &mut |other, out| {
                self.readable_links(links, other, &mut list);
                out.extend(list.iter().take(DEGREE));
            },
        };
        let starts = self.hubs.iter().flat_map(Hubs::chosen).copied();
        let visits = calibration.walk(ground, starts);
        (self.calibration, self.list) = (calibration, list);
        (visits as u32).div_ceil(VISITS_OF_A_NODE)
    }

    fn rotate_next(&mut self, vectors: &impl Numbers) {
        let vector = vectors.numbers(self.rows_rotated, &mut self.decoded);
        if vector.is_none() {
            self.unreadable.push(self.rows_rotated);
        }
        self.rotation.rotate(vector.unwrap_or(&[]), &mut self.row);
        if let (Metric::Euclid, Some(_), Some(center)) = (self.header.metric, vector, &self.center) {
            self.row
                .iter_mut()
                .zip(center)
                .for_each(|(x, center)| *x -= center);
        }
        let peak = self.row.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
        self.header.deviation = self.header.deviation.max(peak / 127.0 / 12f32.sqrt());
        self.header.length_squared = self.header.length_squared.max(length_squared(&self.row));
        self.rotated.extend_from_slice(&self.row);
        self.rows_rotated += 1;
    }

    fn row(&self, node: u32) -> &[f32] {
        &self.rotated[node as usize * self.layout.padded..][..self.layout.padded]
    }

    fn is_readable(&self, node: u32) -> bool {
        self.unreadable.binary_search(&node).is_err()
    }

    /// Header, centre and hubs, coded as seen from the centre.
    fn write_head(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.header.encode());
        let center = self.center.as_deref().unwrap_or_default();
        out.extend(center.iter().flat_map(|x| x.to_le_bytes()));
        let places = self.header.hub_blocks * DEGREE as u32;
        let ids: Vec<u32> = self.hubs.iter().flat_map(Hubs::chosen).copied().collect();
        for place in 0..places as usize {
            out.extend_from_slice(&ids.get(place).copied().unwrap_or(NO_NODE).to_le_bytes());
        }
        // The vectors are already less the centre, or the metric does without that.
        let origin = vec![0.0; self.layout.padded];
        let from = match self.header.metric {
            Metric::Euclid => &origin,
            _ => center,
        };
        for block in 0..self.header.hub_blocks as usize {
            let ids = ids.iter().skip(block * DEGREE).take(DEGREE);
            let neighbors: Vec<&[f32]> = ids.map(|id| self.row(*id)).collect();
            let scale = self.write_block(from, &neighbors, out);
            out.extend_from_slice(&Tail::encode(scale, None));
        }
    }

    fn write_block(&self, center: &[f32], neighbors: &[&[f32]], out: &mut Vec<u8>) -> EdgeScale {
        let start = out.len();
        out.resize(start + self.layout.block, 0);
        let scale = encode_edges(
            (self.header.metric, self.header.bits),
            center,
            neighbors,
            &mut out[start..],
        );
        scale.unwrap_or(EdgeScale { mul: 1.0, add: 1.0 })
    }

    /// The mean of a sample of the vectors, rotated.
    fn mean(&self, vectors: &impl Numbers) -> Vec<f32> {
        let mut sums = vec![0.0f64; self.header.dim as usize];
        let (mut count, mut decoded) = (0.0f64, Vec::new());
        for node in even_sample(self.header.nodes, SAMPLE_VECTORS) {
            let Some(vector) = vectors.numbers(node, &mut decoded) else {
                continue;
            };
            sums.iter_mut()
                .zip(vector)
                .for_each(|(sum, x)| *sum += f64::from(*x));
            count += 1.0;
        }
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / count.max(1.0)) as f32).collect();
        let mut rotated = Vec::new();
        self.rotation.rotate(&mean, &mut rotated);
        if !rotated.iter().all(|x| x.is_finite()) {
            rotated.fill(0.0);
        }
        rotated
    }

    /// The links of a node that can be followed. Of more than fit, the closest: so a list chosen for diversity,
    /// which looks at the closest first, is what it would have been had it been shorter.
    fn read_links(&mut self, links: &impl Links, node: u32) {
        let mut list = std::mem::take(&mut self.list);
        self.readable_links(links, node, &mut list);
        if list.len() > DEGREE {
            let kernel = distance(self.header.metric);
            let near = |id: &u32| Neighbor {
                distance: kernel(self.row(node), self.row(*id)),
                node: *id,
            };
            list.sort_by_cached_key(near);
            list.truncate(DEGREE);
        }
        self.list = list;
    }

    fn readable_links(&self, links: &impl Links, node: u32, list: &mut Vec<u32>) {
        if links.links(node, 0, list).is_err() {
            list.clear();
        }
        list.retain(|id| *id < self.header.nodes && self.is_readable(*id));
    }

    fn write_node(&mut self, links: &impl Links, out: &mut Vec<u8>) {
        let node = self.next;
        self.read_links(links, node);
        for place in 0..DEGREE {
            out.extend_from_slice(&self.list.get(place).copied().unwrap_or(NO_NODE).to_le_bytes());
        }
        let neighbors: Vec<&[f32]> = self.list.iter().map(|id| self.row(*id)).collect();
        let scale = self.write_block(self.row(node), &neighbors, out);
        let start = out.len();
        out.resize(start + self.layout.padded, 0);
        let own = encode_bytes(self.row(node), &mut out[start..]);
        out.extend_from_slice(&Tail::encode(scale, Some(own)));
        debug_assert_eq!(
            LINK_BYTES + out.len() - start + self.layout.block,
            self.layout.stride
        );
    }
}

/// The whole fast graph as bytes; `None` for a metric it cannot serve. Cost: a rotation and about 64 passes over
/// vectors a node, and a comparison with up to 192 others.
pub fn encode(
    metric: Metric,
    dim: usize,
    vectors: &impl Numbers,
    links: &impl Links,
    seed: u64,
) -> Option<Vec<u8>> {
    let mut encoder = FastEncoder::new(metric, dim, vectors.count(), seed)?;
    let mut out = Vec::with_capacity(usize::try_from(encoder.total_bytes()).unwrap_or(0));
    while !encoder.step(vectors, links, u32::MAX, &mut out) {}
    Some(out)
}
