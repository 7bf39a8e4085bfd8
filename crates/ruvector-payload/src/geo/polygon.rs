//! Polygons with holes, in the plane of longitude and latitude. Never follows great circles.
//!
//! A place is in the polygon if the outline winds around it and no hole does; it is not if it lies on an edge of the
//! outline or of a hole. Where an outline crosses itself, all that it winds around is inside.
//!
//! An edge goes straight from corner to corner, as GeoJSON has it: from 170 to −170 it goes the long way through 0,
//! not across the antimeridian, so that an outline around the whole earth means the earth. A polygon across the
//! antimeridian is two polygons, one on each side, or one whose longitudes go on beyond 180 (170 to 190): places are
//! then also looked for a turn further.
//!
//! Edges are kept by latitude in a tree of bands, so that a place meets the edges at its latitude only.

use ruvector_types::{GeoPoint, GeoPolygon};

use super::{Cell, Cover};

/// Bands of latitude that edges are filed under; a power of two.
const BANDS: usize = 256;

/// Wider than any rounding of the tests below, in degrees.
const ROUNDING_DEGREES: f64 = 1e-9;

/// Places inside an outline and outside its holes.
#[derive(Clone, Debug)]
pub(crate) struct Polygon {
    outline: Ring,
    holes: Box<[Ring]>,
    /// Whether places are also looked for a turn further east and west.
    turns: bool,
}

/// One closed line.
#[derive(Clone, Debug, Default)]
struct Ring {
    edges: Box<[Edge]>,
    south: f64,
    north: f64,
    /// Edges by node of the tree: those of node `n` are `filed[starts[n]..starts[n + 1]]`.
    starts: Box<[u32]>,
    filed: Box<[u32]>,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    from: GeoPoint,
    to: GeoPoint,
}

/// Where a place lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Inside,
    Outside,
    Edge,
}

impl Polygon {
    pub(super) fn new(polygon: &GeoPolygon) -> Polygon {
        let rings = || std::iter::once(&polygon.exterior).chain(&polygon.interiors);
        let mut corners = rings().flatten();
        if !corners.all(|corner| corner.lon.is_finite() && corner.lat.is_finite()) {
            return Polygon {
                outline: Ring::default(),
                holes: Box::default(),
                turns: false,
            };
        }
        Polygon {
            outline: Ring::new(&polygon.exterior),
            holes: polygon.interiors.iter().map(|ring| Ring::new(ring)).collect(),
            turns: polygon.exterior.iter().any(|corner| corner.lon.abs() > 180.0),
        }
    }

    pub(super) fn edges(&self) -> usize {
        self.rings().map(|ring| ring.edges.len()).sum()
    }

    /// Edges that [`Polygon::contains`] looks at, at most.
    pub(super) fn looks(&self) -> u64 {
        let turns = self.turns().len() as u64;
        turns * self.rings().map(Ring::looks).sum::<u64>()
    }

    /// Degrees further that a place is looked for.
    fn turns(&self) -> &'static [f64] {
        if self.turns { &[0.0, 360.0, -360.0] } else { &[0.0] }
    }

    pub(super) fn contains(&self, place: GeoPoint) -> bool {
        self.turns().iter().any(|turn| {
            let lon = place.lon + turn;
            self.contains_here(GeoPoint { lon, ..place })
        })
    }

    fn contains_here(&self, place: GeoPoint) -> bool {
        self.outline.side(place) == Side::Inside
            && self.holes.iter().all(|hole| hole.side(place) == Side::Outside)
    }

    pub(super) fn cover(&self, cell: Cell) -> Cover {
        let center = GeoPoint {
            lon: cell.west.midpoint(cell.east),
            lat: cell.south.midpoint(cell.north),
        };
        let crossed = self.turns().iter().any(|turn| {
            let cell = Cell {
                west: cell.west + turn,
                east: cell.east + turn,
                ..cell
            };
            self.rings().any(|ring| ring.may_cross(cell))
        });
        if crossed {
            Cover::Some
        } else if self.contains(center) {
            Cover::All
        } else {
            Cover::None
        }
    }

    fn rings(&self) -> impl Iterator<Item = &Ring> {
        std::iter::once(&self.outline).chain(&self.holes)
    }
}

impl Ring {
    fn new(corners: &[GeoPoint]) -> Ring {
        let next = corners.iter().cycle().skip(1);
        let edges: Box<[Edge]> = corners
            .iter()
            .zip(next)
            .filter(|(from, to)| from != to)
            .map(|(from, to)| Edge { from: *from, to: *to })
            .collect();
        let lats = || corners.iter().map(|corner| corner.lat);
        let mut ring = Ring {
            edges,
            south: lats().fold(f64::INFINITY, f64::min),
            north: lats().fold(f64::NEG_INFINITY, f64::max),
            ..Ring::default()
        };
        ring.file();
        ring
    }

    /// Files every edge under the nodes whose bands it runs through: at most two of each size.
    fn file(&mut self) {
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(self.edges.len());
        for (edge, at) in self.edges.iter().zip(0u32..) {
            let mut first = BANDS + self.band(edge.from.lat.min(edge.to.lat));
            let mut end = BANDS + self.band(edge.from.lat.max(edge.to.lat)) + 1;
            while first < end {
                if first % 2 == 1 {
                    pairs.push((first as u32, at));
                    first += 1;
                }
                if end % 2 == 1 {
                    end -= 1;
                    pairs.push((end as u32, at));
                }
                (first, end) = (first / 2, end / 2);
            }
        }
        pairs.sort_unstable();
        self.starts = (0..=2 * BANDS as u32)
            .map(|node| pairs.partition_point(|pair| pair.0 < node) as u32)
            .collect();
        self.filed = pairs.into_iter().map(|(_, at)| at).collect();
    }

    /// The band of a latitude between the ring's south and north.
    fn band(&self, lat: f64) -> usize {
        let share = (lat - self.south) / (self.north - self.south);
        ((share * BANDS as f64) as usize).min(BANDS - 1)
    }

    /// Edges at one latitude, at most: those of the nodes from a band up to the whole.
    fn looks(&self) -> u64 {
        let filed = |node: usize| u64::from(self.starts[node + 1] - self.starts[node]);
        let up = |band: usize| {
            std::iter::successors(Some(BANDS + band), |node| Some(node / 2).filter(|node| *node > 0))
        };
        match self.edges.is_empty() {
            true => 0,
            false => (0..BANDS)
                .map(|band| up(band).map(filed).sum())
                .max()
                .unwrap_or(0),
        }
    }

    fn side(&self, place: GeoPoint) -> Side {
        if !(self.south..=self.north).contains(&place.lat) || self.edges.is_empty() {
            return Side::Outside;
        }
        let mut winds = 0;
        let mut node = BANDS + self.band(place.lat);
        while node > 0 {
            let filed = &self.filed[self.starts[node] as usize..self.starts[node + 1] as usize];
            for edge in filed.iter().map(|at| &self.edges[*at as usize]) {
                match edge.winds(place) {
                    Some(step) => winds += step,
                    None => return Side::Edge,
                }
            }
            node /= 2;
        }
        if winds == 0 { Side::Outside } else { Side::Inside }
    }

    /// Whether an edge may touch the cell: never false if one does.
    fn may_cross(&self, cell: Cell) -> bool {
        let cell = cell.widened(ROUNDING_DEGREES);
        if cell.north < self.south || cell.south > self.north || self.edges.is_empty() {
            return false;
        }
        // Of every size, the nodes that hold a band of the cell follow each other.
        let (mut first, mut last) = (BANDS + self.band(cell.south), BANDS + self.band(cell.north));
        while last > 0 {
            let filed = &self.filed[self.starts[first] as usize..self.starts[last + 1] as usize];
            if filed.iter().any(|at| self.edges[*at as usize].may_cross(cell)) {
                return true;
            }
            (first, last) = (first / 2, last / 2);
        }
        false
    }
}

impl Edge {
    /// Above zero if the place lies left of the edge, below if right.
    fn left(&self, place: GeoPoint) -> f64 {
        (self.to.lon - self.from.lon) * (place.lat - self.from.lat)
            - (self.to.lat - self.from.lat) * (place.lon - self.from.lon)
    }

    /// What the edge adds to the turns of the ring around the place (Sunday 2001); `None`: the place is on it.
    fn winds(&self, place: GeoPoint) -> Option<i32> {
        let (low, high) = (self.from.lat.min(self.to.lat), self.from.lat.max(self.to.lat));
        if place.lat < low || place.lat > high {
            return Some(0);
        }
        let left = self.left(place);
        let (west, east) = (self.from.lon.min(self.to.lon), self.from.lon.max(self.to.lon));
        if left == 0.0 && west <= place.lon && place.lon <= east {
            return None;
        }
        Some(match (self.from.lat <= place.lat, self.to.lat <= place.lat) {
            (true, false) if left > 0.0 => 1,
            (false, true) if left < 0.0 => -1,
            _ => 0,
        })
    }

    fn may_cross(&self, cell: Cell) -> bool {
        let apart = |a: f64, b: f64, low: f64, high: f64| a.max(b) < low || a.min(b) > high;
        if apart(self.from.lon, self.to.lon, cell.west, cell.east)
            || apart(self.from.lat, self.to.lat, cell.south, cell.north)
        {
            return false;
        }
        // Their boxes meet: the edge passes by only if all corners lie well on one side of it.
        let corner = |lon, lat| self.left(GeoPoint { lon, lat });
        let corners = [
            corner(cell.west, cell.south),
            corner(cell.west, cell.north),
            corner(cell.east, cell.south),
            corner(cell.east, cell.north),
        ];
        let [lon, lat] = [self.to.lon - self.from.lon, self.to.lat - self.from.lat];
        let rounding = (lon.abs() + lat.abs()) * ROUNDING_DEGREES;
        !(corners.iter().all(|left| *left > rounding) || corners.iter().all(|left| *left < -rounding))
    }
}
