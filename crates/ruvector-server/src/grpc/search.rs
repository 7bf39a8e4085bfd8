//! Calls that search. Never writes.

use ruvector_api::ApiError;
use ruvector_api::proto::{AnyRequest, messages as m};
use ruvector_types::ScoredPoint;

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
    let found = job.database.collection(&name)?.search_batch(&job.ctx, &requests)?;
    Ok(m::SearchBatchResponse::of(found, job.seconds()))
}

fn one(job: &Job, name: &str, request: AnyRequest) -> Result<Vec<ScoredPoint>, ApiError> {
    let request = request.into_search()?;
    Ok(job.database.collection(name)?.search(&job.ctx, &request)?)
}

fn several(job: &Job, name: &str, requests: Vec<AnyRequest>) -> Result<Vec<Vec<ScoredPoint>>, ApiError> {
    let requests = requests.into_iter().map(AnyRequest::into_search);
    let requests = requests.collect::<Result<Vec<_>, _>>()?;
    Ok(job.database.collection(name)?.search_batch(&job.ctx, &requests)?)
}

pub(super) fn query(job: &Job, request: m::QueryPoints) -> Result<m::QueryResponse, ApiError> {
    let (name, request) = request.into_request(job.limits())?;
    let found = one(job, &name, request)?;
    Ok(m::QueryResponse::of(found, job.seconds()))
}

pub(super) fn query_batch(
    job: &Job,
    request: m::QueryBatchPoints,
) -> Result<m::QueryBatchResponse, ApiError> {
    let (name, requests) = request.into_requests(job.limits())?;
    let found = several(job, &name, requests)?;
    Ok(m::QueryBatchResponse::of(found, job.seconds()))
}

pub(super) fn recommend(job: &Job, request: m::RecommendPoints) -> Result<m::RecommendResponse, ApiError> {
    let (name, request) = request.into_request(job.limits())?;
    let found = one(job, &name, request)?;
    Ok(m::RecommendResponse::of(found, job.seconds()))
}

pub(super) fn recommend_batch(
    job: &Job,
    request: m::RecommendBatchPoints,
) -> Result<m::RecommendBatchResponse, ApiError> {
    let (name, requests) = request.into_requests(job.limits())?;
    let found = several(job, &name, requests)?;
    Ok(m::RecommendBatchResponse::of(found, job.seconds()))
}
