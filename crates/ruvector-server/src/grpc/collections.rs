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
    let limits = job.limits();
    let (name, update) = request.into_update(limits)?;
    job.database
        .update_config(&name, |config| update.apply(config, limits))?;
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
    Ok(m::GetCollectionInfoResponse::of(
        &config,
        &info,
        &indexes,
        job.seconds(),
    ))
}

pub(super) fn list(job: &Job, _: m::ListCollectionsRequest) -> Result<m::ListCollectionsResponse, ApiError> {
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

pub(super) fn change_aliases(
    job: &Job,
    request: m::ChangeAliases,
) -> Result<m::CollectionOperationResponse, ApiError> {
    let actions = request.into_actions(job.limits())?;
    job.database.change_aliases(&actions)?;
    Ok(m::CollectionOperationResponse::of(true, job.seconds()))
}

pub(super) fn list_aliases(job: &Job, _: m::ListAliasesRequest) -> Result<m::ListAliasesResponse, ApiError> {
    Ok(m::ListAliasesResponse::of(job.database.aliases(), job.seconds()))
}

pub(super) fn list_aliases_of(
    job: &Job,
    request: m::ListCollectionAliasesRequest,
) -> Result<m::ListAliasesResponse, ApiError> {
    let name = request.collection_name;
    let aliases = job.database.aliases_of(&name).into_iter();
    let aliases = aliases.map(|alias| (alias, name.clone())).collect();
    Ok(m::ListAliasesResponse::of(aliases, job.seconds()))
}
