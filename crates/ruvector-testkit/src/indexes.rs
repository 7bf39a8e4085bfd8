//! Random payload indexes, and what only they serve: pages in the order of values, and facets.

use ruvector_types::{
    FacetRequest, FieldIndex, IndexKind, OrderBy, OrderValue, PayloadPath, PayloadSelector, ScrollRequest,
    TextOptions, VectorSelector,
};

use crate::values::{FLOATS, INTS, TIMES, UINTS};
use crate::{Generator, Random};

impl Random {
    /// An index of any kind, mostly one that fits what the path usually leads to.
    pub fn index(&mut self, path: &PayloadPath) -> FieldIndex {
        let kind = match (path.to_string().as_str(), self.one_in(4)) {
            ("tag" | "tag[]" | "deep.tag", false) => IndexKind::Keyword { prefix: false },
            ("key", false) => IndexKind::Uuid,
            ("flag", false) => IndexKind::Bool,
            ("when", false) => IndexKind::Datetime,
            ("place", false) => IndexKind::Geo,
            ("text", false) => self.text_index(),
            ("n" | "u" | "a.b[].c" | "list[].a" | "deep.a", false) => self.number_index(),
            _ => self.any_index(),
        };
        FieldIndex {
            kind,
            on_disk: self.one_in(2),
            is_principal: self.one_in(4),
        }
    }

    fn number_index(&mut self) -> IndexKind {
        match self.below(4) {
            0 => IndexKind::Float,
            1 => IndexKind::Integer {
                lookup: false,
                range: true,
            },
            2 => IndexKind::Integer {
                lookup: true,
                range: false,
            },
            _ => IndexKind::Integer {
                lookup: true,
                range: true,
            },
        }
    }

    /// Words as they are without an index, so that an index changes no answer.
    fn text_index(&mut self) -> IndexKind {
        IndexKind::Text(TextOptions {
            phrases: self.one_in(2),
            ..TextOptions::default()
        })
    }

    fn any_index(&mut self) -> IndexKind {
        match self.below(9) {
            0 => IndexKind::Keyword { prefix: false },
            1 => IndexKind::Uuid,
            2 => IndexKind::Bool,
            3 => IndexKind::Datetime,
            4 => IndexKind::Geo,
            5 => self.text_index(),
            6 => IndexKind::Null,
            _ => self.number_index(),
        }
    }

    fn start(&mut self, times: bool) -> OrderValue {
        match self.below(4) {
            _ if times => OrderValue::Time(self.of(&TIMES).1.unwrap_or(1)),
            0 => OrderValue::Float(self.of(&FLOATS)),
            1 => OrderValue::UInt(self.of(&UINTS)),
            _ => OrderValue::Int(self.of(&INTS)),
        }
    }
}

impl Generator {
    /// A page in the order of values of a field, times or numbers.
    pub fn ordered_page(&mut self, path: PayloadPath, times: bool) -> ScrollRequest {
        ScrollRequest {
            from: None,
            order_by: Some(OrderBy {
                path,
                descending: self.random.one_in(2),
                start_from: self.random.one_in(2).then(|| self.random.start(times)),
            }),
            limit: self.random.within(1..=40),
            filter: self.random.one_in(2).then(|| self.filter(1)),
            with_payload: PayloadSelector::None,
            with_vectors: VectorSelector::None,
        }
    }

    /// A facet that must be exact.
    pub fn facet(&mut self, path: PayloadPath) -> FacetRequest {
        FacetRequest {
            path,
            limit: self.random.within(1..=8),
            filter: self.random.one_in(2).then(|| self.filter(1)),
            exact: true,
        }
    }
}
