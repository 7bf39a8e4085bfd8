//! Vector fields added and removed as messages, turned into the JSON side's request, whose rules are the rules. Never looks
//! at a collection.

use super::collection::{datatype_name, distance_name, modifier, multivector, sparse_datatype};
use super::given::{narrow, required};
use super::messages::{self as m, create_vector_name_request::VectorConfig};
use super::update::{Write, write};
use crate::ApiError;
use crate::collection::VectorParams;
use crate::vector_field::{CreateVectorField, NewSparseVector};

impl m::CreateVectorNameRequest {
    /// The field's name and what it is.
    pub fn into_write(self) -> Result<Write<(String, CreateVectorField)>, ApiError> {
        let m::CreateVectorNameRequest {
            collection_name,
            wait,
            vector_name,
            vector_config,
            timeout,
            ordering,
        } = self;
        let field = match required(vector_config, "vector_config", "dense_config or sparse_config")? {
            VectorConfig::DenseConfig(given) => CreateVectorField {
                dense: Some(dense(given).map_err(|error| error.within("dense_config"))?),
                sparse: None,
            },
            VectorConfig::SparseConfig(given) => CreateVectorField {
                dense: None,
                sparse: Some(sparse(given).map_err(|error| error.within("sparse_config"))?),
            },
        };
        write(collection_name, (wait, ordering, timeout), (vector_name, field))
    }
}

impl m::DeleteVectorNameRequest {
    /// The field's name.
    pub fn into_write(self) -> Result<Write<String>, ApiError> {
        let m::DeleteVectorNameRequest {
            collection_name,
            wait,
            vector_name,
            timeout,
            ordering,
        } = self;
        write(collection_name, (wait, ordering, timeout), vector_name)
    }
}

fn dense(given: m::DenseVectorCreationConfig) -> Result<VectorParams, ApiError> {
    let m::DenseVectorCreationConfig {
        size,
        distance,
        multivector_config,
        datatype,
    } = given;
    Ok(VectorParams {
        size: narrow(size, "size")?,
        distance: distance_name(distance)?,
        hnsw_config: None,
        datatype: datatype.map(datatype_name).transpose()?.flatten(),
        quantization_config: None,
        on_disk: None,
        memory: None,
        multivector_config: multivector_config.map(multivector).transpose()?,
    })
}

fn sparse(given: m::SparseVectorCreationConfig) -> Result<NewSparseVector, ApiError> {
    let m::SparseVectorCreationConfig {
        modifier: weighed,
        datatype,
    } = given;
    let datatype = datatype.map(|number| sparse_datatype(number, "datatype"));
    Ok(NewSparseVector {
        modifier: weighed.map(modifier).transpose()?,
        datatype: datatype.transpose()?.flatten(),
        index: None,
    })
}
