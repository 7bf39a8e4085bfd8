//! Query parameters: `wait`, `timeout`, `ordering`, `consistency`. Never lets an unknown one pass unseen.

use std::time::Duration;

use axum::extract::Query;
use axum::http::Uri;
use ruvector_api::ApiError;
use ruvector_core::Wait;

/// What the query string asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    /// When a write answers; `acknowledged` at once if absent.
    pub(crate) wait: Wait,
    /// A shorter (or longer) time than the server's for this request.
    pub(crate) timeout: Option<Duration>,
}

const KNOWN: &str = "is unknown; there are wait, timeout, ordering and consistency";

impl Params {
    /// Reads and checks the query string.
    ///
    /// There is one copy of every point and one sequence of writes for each shard, so every `ordering` and
    /// every `consistency` is kept; values outside their sets are refused.
    pub(crate) fn read(uri: &Uri) -> Result<Params, ApiError> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| ApiError::BadUrl)?;
        let mut params = Params {
            wait: Wait::Accepted,
            timeout: None,
        };
        for (name, value) in pairs {
            let rule = match name.as_str() {
                "wait" => match value.as_str() {
                    "true" => {
                        params.wait = Wait::Durable;
                        None
                    }
                    "false" => {
                        params.wait = Wait::Accepted;
                        None
                    }
                    _ => Some("takes true or false"),
                },
                "timeout" => match value.parse::<u32>() {
                    Ok(seconds @ 1..=3600) => {
                        params.timeout = Some(Duration::from_secs(seconds.into()));
                        None
                    }
                    _ => Some("takes whole seconds from 1 to 3600"),
                },
                "ordering" => {
                    let known = matches!(value.as_str(), "weak" | "medium" | "strong");
                    (!known).then_some("takes weak, medium or strong")
                }
                "consistency" => {
                    let known = matches!(value.as_str(), "majority" | "quorum" | "all")
                        || value.parse::<u32>().is_ok_and(|copies| copies >= 1);
                    (!known).then_some("takes majority, quorum, all or a number of copies")
                }
                _ => Some(KNOWN),
            };
            if let Some(rule) = rule {
                return Err(ApiError::BadParameter { name, rule });
            }
        }
        Ok(params)
    }
}
