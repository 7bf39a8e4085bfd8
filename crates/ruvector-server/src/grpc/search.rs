//! Calls that search. Never writes.

use ruvector_api::proto::messages as m;
use ruvector_api::{ApiError, QueryBatch};

use crate::job::Job;

pub(super) fn search(job: &Job, request: m::SearchPoints) -> Result<m::SearchResponse, ApiError> {
    let (name, request) = request.into_request(job.limits())?;
    let found = job.database.collection(&name)?.search(&job.ctx, &request)?;
    Ok(m::SearchResponse::of(found, job.seconds()))
}

pub(super) fn search_batch(
    job: &Job,
    request: m::SearchBatchPoints,
) -> Result<m::SearchBatchResponse, ApiError> {
    let (name, requests) = request.into_requests(job.limits())?;
    let found = job
        .database
        .collection(&name)?
        .search_batch(&job.ctx, &requests)?;
    Ok(m::SearchBatchResponse::of(found, job.seconds()))
}

pub(super) fn query(job: &Job, request: m::QueryPoints) -> Result<m::QueryResponse, ApiError> {
    let (name, request) = request.into_request(job.limits())?;
    let found = match request.into_search() {
        Ok(search) => job.database.collection(&name)?.search(&job.ctx, &search)?,
        Err(query) => job.database.query(&job.ctx, &name, &query)?,
    };
    Ok(m::QueryResponse::of(found, job.seconds()))
}

pub(super) fn query_batch(
    job: &Job,
    request: m::QueryBatchPoints,
) -> Result<m::QueryBatchResponse, ApiError> {
    let (name, requests) = request.into_requests(job.limits())?;
    let found = match requests {
        QueryBatch::Searches(searches) => job
            .database
            .collection(&name)?
            .search_batch(&job.ctx, &searches)?,
        QueryBatch::Queries(queries) => job.database.query_batch(&job.ctx, &name, &queries)?,
    };
    Ok(m::QueryBatchResponse::of(found, job.seconds()))
}

pub(super) fn recommend(job: &Job, request: m::RecommendPoints) -> Result<m::RecommendResponse, ApiError> {
    let (name, request) = request.into_request(job.limits())?;
    let found = job.database.query(&job.ctx, &name, &request)?;
    Ok(m::RecommendResponse::of(found, job.seconds()))
}

pub(super) fn recommend_batch(
    job: &Job,
    request: m::RecommendBatchPoints,
) -> Result<m::RecommendBatchResponse, ApiError> {
    let (name, requests) = request.into_requests(job.limits())?;
    let found = job.database.query_batch(&job.ctx, &name, &requests)?;
    Ok(m::RecommendBatchResponse::of(found, job.seconds()))
}
