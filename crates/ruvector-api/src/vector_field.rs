//! Body of `PUT …/vectors/{vector_name}`: a vector field added to a collection that is in use. Takes what a field of a new
//! collection takes; what it leaves out is as the collection's fields have it.

use ruvector_types::{CollectionConfig, SparseVectorConfig, VectorConfig, VectorField};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::ApiError;
use crate::collection::{VectorBase, VectorParams};
use crate::collection_view::Shown;
use crate::vector_kinds::{SparseIndexParams, SparseVectorParams, WireDatatype, WireModifier};

/// Either `dense` or `sparse`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateVectorField {
    /// Dense vectors, one or several for each point.
    pub(crate) dense: Option<VectorParams>,
    /// Sparse vectors.
    pub(crate) sparse: Option<NewSparseVector>,
}

/// A field of sparse vectors.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSparseVector {
    /// What the numbers of a query are multiplied with; nothing if absent.
    pub(crate) modifier: Option<WireModifier>,
    /// How the numbers are kept: `float32` or `float16`; `float32` if absent. The same as `index.datatype`.
    pub(crate) datatype: Option<WireDatatype>,
    /// The inverted index.
    pub(crate) index: Option<SparseIndexParams>,
}

impl CreateVectorField {
    /// The field, what it leaves out as `collection` has it.
    pub fn into_field(self, collection: &CollectionConfig) -> Result<VectorField, ApiError> {
        match (self.dense, self.sparse) {
            (Some(dense), None) => dense_field(dense, collection).map(VectorField::Vectors),
            (None, Some(sparse)) => sparse.into_config().map(VectorField::Sparse),
            (None, None) => Err(ApiError::Missing {
                field: "dense, sparse".to_owned(),
                what: "one of them is needed",
            }),
            (Some(_), Some(_)) => Err(ApiError::rule("dense, sparse", "give one of them")),
        }
    }
}

/// Codes that the collection's fields share are this one's too, if they serve its vectors.
fn dense_field(params: VectorParams, collection: &CollectionConfig) -> Result<VectorConfig, ApiError> {
    let names_codes = params.quantization_config.is_some();
    let shown = Shown::of(collection);
    let base = VectorBase {
        hnsw: shown.hnsw,
        quantization: shown.quantization,
    };
    let mut vector = params.into_config("dense", base)?;
    let serves = |codes: &ruvector_types::QuantizationConfig| codes.validate(vector.distance).is_ok();
    if !names_codes {
        let codes = vector.quantization.filter(serves);
        vector.quantization = codes.filter(|_| vector.multivector.is_none());
    }
    Ok(vector)
}

impl NewSparseVector {
    fn into_config(self) -> Result<SparseVectorConfig, ApiError> {
        let mut index = self.index.unwrap_or_default();
        if self.datatype.is_some() && index.datatype.is_some() {
            let rule = "is given twice, as index.datatype too";
            return Err(ApiError::rule("sparse.datatype", rule));
        }
        index.datatype = self.datatype.or(index.datatype);
        let params = SparseVectorParams {
            index: Some(index),
            modifier: self.modifier,
        };
        params.into_config("sparse")
    }
}
