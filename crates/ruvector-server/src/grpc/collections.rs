//! Calls on collections: create, list, describe, change, delete. Never touches points.

use ruvector_api::ApiError;
use ruvector_api::proto::messages as m;
use ruvector_core::ErrorKind;

use crate::health;
use crate::job::Job;

pub(super) fn health(_: &Job, _: m::HealthCheckRequest) -> Result<m::HealthCheckReply, ApiError> {
    Ok(m::HealthCheckReply {
        title: health::TITLE.to_owned(),
        version: health::QDRANT_VERSION.to_owned(),
        commit: health::COMMIT.map(str::to_owned),
    })
}

pub(super) fn create(
    job: &Job,
    request: m::CreateCollection,
) -> Result<m::CollectionOperationResponse, ApiError> {
    let (name, config) = request.into_config(job.limits())?;
    job.database.create_collection(&name, config)?;
    Ok(m::CollectionOperationResponse::of(true, job.seconds()))
}

pub(super) fn update(
    job: &Job,
    request: m::UpdateCollection,
) -> Result<m::CollectionOperationResponse, ApiError> {
    let name = request.collection_name.clone();
    let changes = request.into_changes(&job.database.collection(&name)?.config())?;
    if !changes.is_empty() {
        job.database.update_quantization(&name, &changes)?;
    }
    Ok(m::CollectionOperationResponse::of(true, job.seconds()))
}

pub(super) fn delete(
    job: &Job,
    request: m::DeleteCollection,
) -> Result<m::CollectionOperationResponse, ApiError> {
    let name = request.into_name()?;
    let was_there = job.database.delete_collection(&name)?;
    Ok(m::CollectionOperationResponse::of(was_there, job.seconds()))
}

pub(super) fn describe(
    job: &Job,
    request: m::GetCollectionInfoRequest,
) -> Result<m::GetCollectionInfoResponse, ApiError> {
    let collection = job.database.collection(&request.collection_name)?;
    let (config, info, indexes) = (collection.config(), collection.info(), collection.indexes());
    Ok(m::GetCollectionInfoResponse::of(&config, &info, &indexes, job.seconds()))
}

pub(super) fn list(
    job: &Job,
    _: m::ListCollectionsRequest,
) -> Result<m::ListCollectionsResponse, ApiError> {
    let names = job.database.collection_names();
    Ok(m::ListCollectionsResponse::of(names, job.seconds()))
}

pub(super) fn exists(
    job: &Job,
    request: m::CollectionExistsRequest,
) -> Result<m::CollectionExistsResponse, ApiError> {
    let exists = match job.database.collection(&request.collection_name) {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(error.into()),
    };
    Ok(m::CollectionExistsResponse::of(exists, job.seconds()))
}
