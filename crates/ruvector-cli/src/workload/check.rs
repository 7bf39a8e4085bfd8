//! Whether acknowledged points are there: read by id, and found by a search for their own vectors. Never takes a
//! point for lost because an approximate search has missed it.

use ruvector_core::{Collection, Ctx};
use ruvector_types::{PayloadSelector, PointId, SearchRequest, VectorSelector};
use serde_json::{Value, json};

use super::data::Data;
use super::population::Holding;
use crate::error::CliError;

/// Similarity from which two vectors are the same one, stored and read back.
const SAME: f32 = 0.9999;

/// What was looked for, and what was not there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Check {
    pub(crate) checked: u64,
    /// Not read by id, or with another vector.
    pub(crate) lost: u64,
    /// Missed by the search, found by the exact one.
    pub(crate) missed: u64,
    /// Found by neither.
    pub(crate) unfindable: u64,
}

impl Check {
    /// Looks for one point.
    pub(crate) fn point(
        &mut self,
        collection: &Collection,
        data: &mut Data,
        (id, row): Holding,
        ef: u32,
    ) -> Result<(), CliError> {
        self.checked += 1;
        let vector = data.vector(row)?;
        let (context, id) = (Ctx::default(), PointId::Num(id));
        let ids = std::slice::from_ref(&id);
        let records = collection.get(&context, ids, &PayloadSelector::None, &VectorSelector::All)?;
        let same = records
            .first()
            .and_then(|record| record.vectors.as_ref()?.get("")?.dense());
        if !same.is_some_and(|read| similarity(read, &vector) > SAME) {
            self.lost += 1;
        }
        let mut request = SearchRequest::nearest(vector, data.k);
        request.params.hnsw_ef = Some(ef);
        if !finds(collection, &request, &id)? {
            request.params.exact = true;
            match finds(collection, &request, &id)? {
                true => self.missed += 1,
                false => self.unfindable += 1,
            }
        }
        Ok(())
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "checked": self.checked,
            "lost": self.lost,
            "missed_by_search": self.missed,
            "unfindable": self.unfindable,
        })
    }

    pub(crate) fn line(&self, name: &str) -> String {
        format!(
            "{name}: {} points looked for, {} lost, {} missed by the search, {} by the exact search, too",
            self.checked, self.lost, self.missed, self.unfindable
        )
    }
}

fn finds(collection: &Collection, request: &SearchRequest, id: &PointId) -> Result<bool, CliError> {
    let found = collection.search(&Ctx::default(), request)?;
    Ok(found.iter().any(|point| point.id == *id))
}

fn similarity(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
