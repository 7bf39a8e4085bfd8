//! Calls that write and read points, and declare their indexes and vector fields. Never searches.

use ruvector_api::ApiError;
use ruvector_api::proto::{Write, messages as m};
use ruvector_types::WriteOp;

use crate::job::Job;
use crate::{indexes, vector_fields};

type Written = Result<m::PointsOperationResponse, ApiError>;

/// Hands a write to the engine.
fn write(job: &Job, write: Write<WriteOp>) -> Written {
    let collection = job.database.collection(&write.collection)?;
    let outcome = collection.write(&job.ctx, write.op, write.wait)?;
    Ok(m::PointsOperationResponse::of(
        Some(outcome),
        write.wait,
        job.seconds(),
    ))
}

pub(super) fn upsert(job: &Job, request: m::UpsertPoints) -> Written {
    write(job, request.into_write(job.limits())?)
}

pub(super) fn delete(job: &Job, request: m::DeletePoints) -> Written {
    write(job, request.into_write(job.limits())?)
}

pub(super) fn update_vectors(job: &Job, request: m::UpdatePointVectors) -> Written {
    write(job, request.into_write(job.limits())?)
}

pub(super) fn delete_vectors(job: &Job, request: m::DeletePointVectors) -> Written {
    write(job, request.into_write(job.limits())?)
}

pub(super) fn set_payload(job: &Job, request: m::SetPayloadPoints) -> Written {
    write(job, request.into_set(job.limits())?)
}

pub(super) fn overwrite_payload(job: &Job, request: m::SetPayloadPoints) -> Written {
    write(job, request.into_overwrite(job.limits())?)
}

pub(super) fn delete_payload(job: &Job, request: m::DeletePayloadPoints) -> Written {
    write(job, request.into_write(job.limits())?)
}

pub(super) fn clear_payload(job: &Job, request: m::ClearPayloadPoints) -> Written {
    write(job, request.into_write(job.limits())?)
}

pub(super) fn update_batch(
    job: &Job,
    request: m::UpdateBatchPoints,
) -> Result<m::UpdateBatchResponse, ApiError> {
    let writes = request.into_writes(job.limits())?;
    let collection = job.database.collection(&writes.collection)?;
    let outcomes = collection.write_batch(&job.ctx, writes.op, writes.wait)?;
    Ok(m::UpdateBatchResponse::of(&outcomes, writes.wait, job.seconds()))
}

pub(super) fn create_index(job: &Job, request: m::CreateFieldIndexCollection) -> Written {
    let write = request.into_write()?;
    let (path, index) = &write.op;
    indexes::declare(job, &write.collection, (path, index), write.wait)?;
    Ok(m::PointsOperationResponse::of(None, write.wait, job.seconds()))
}

pub(super) fn delete_index(job: &Job, request: m::DeleteFieldIndexCollection) -> Written {
    let write = request.into_write()?;
    job.database.drop_index(&write.collection, &write.op)?;
    Ok(m::PointsOperationResponse::of(None, write.wait, job.seconds()))
}

pub(super) fn add_vector_field(job: &Job, request: m::CreateVectorNameRequest) -> Written {
    let write = request.into_write()?;
    let (name, field) = write.op;
    vector_fields::declare(job, (&write.collection, &name), field)?;
    Ok(m::PointsOperationResponse::of(None, write.wait, job.seconds()))
}

pub(super) fn remove_vector_field(job: &Job, request: m::DeleteVectorNameRequest) -> Written {
    let write = request.into_write()?;
    job.database.remove_vector_field(&write.collection, &write.op)?;
    Ok(m::PointsOperationResponse::of(None, write.wait, job.seconds()))
}

pub(super) fn get(job: &Job, request: m::GetPoints) -> Result<m::GetResponse, ApiError> {
    let wanted = request.into_request(job.limits())?;
    let collection = job.database.collection(&wanted.collection)?;
    let found = collection.get(&job.ctx, &wanted.ids, &wanted.with_payload, &wanted.with_vectors)?;
    Ok(m::GetResponse::of(found, job.seconds()))
}

pub(super) fn scroll(job: &Job, request: m::ScrollPoints) -> Result<m::ScrollResponse, ApiError> {
    let (name, request) = request.into_request(job.limits())?;
    let page = job.database.collection(&name)?.scroll(&job.ctx, &request)?;
    Ok(m::ScrollResponse::of(page, job.seconds()))
}

pub(super) fn count(job: &Job, request: m::CountPoints) -> Result<m::CountResponse, ApiError> {
    let (name, request) = request.into_request(job.limits())?;
    let count = job.database.collection(&name)?.count(&job.ctx, &request)?;
    Ok(m::CountResponse::of(count, job.seconds()))
}

pub(super) fn facet(job: &Job, request: m::FacetCounts) -> Result<m::FacetResponse, ApiError> {
    let (name, request) = request.into_request(job.limits())?;
    let hits = job.database.collection(&name)?.facet(&job.ctx, &request)?;
    Ok(m::FacetResponse::of(hits, job.seconds()))
}
