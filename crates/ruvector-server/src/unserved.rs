//! Paths of Qdrant's interface that this server knows and does not serve, so that the refusal says what is missing.
//! Never serves one.

use ruvector_api::ApiError;

/// `*` stands for one segment, a final `**` for any number of them.
const UNSERVED: [(&str, &str); 16] = [
    ("/snapshots/**", "snapshots are not served"),
    ("/collections/*/snapshots/**", "snapshots are not served"),
    (
        "/collections/*/shards/**",
        "points are placed on shards by their id; there are no shard keys",
    ),
    ("/collections/*/cluster", "the server is one node, not a cluster"),
    ("/cluster/**", "the server is one node, not a cluster"),
    ("/quotas", "there are no quotas"),
    ("/issues", "no issues are collected"),
    ("/telemetry", "no telemetry is collected"),
    ("/metrics", "metrics are not served"),
    (
        "/collections/*/optimizations",
        "the optimizer's steps are not listed; the collection's status tells whether it works",
    ),
    ("/collections/*/points/query/groups", "results are not grouped"),
    ("/collections/*/points/search/groups", "results are not grouped"),
    (
        "/collections/*/points/recommend/groups",
        "results are not grouped",
    ),
    (
        "/collections/*/points/search/matrix/*",
        "distance matrices are not computed",
    ),
    ("/collections/*/points/discover/**", "discovery is not served"),
    ("/locks", "there are no locks"),
];

/// The refusal of a path that is known and not served.
pub(crate) fn refusal(path: &str) -> Option<ApiError> {
    let (_, what) = UNSERVED.iter().find(|(pattern, _)| matches(pattern, path))?;
    let field = path.to_owned();
    Some(ApiError::NotSupported { field, what })
}

fn matches(pattern: &str, path: &str) -> bool {
    let mut segments = path.trim_end_matches('/').split('/');
    for wanted in pattern.split('/') {
        match (wanted, segments.next()) {
            ("**", _) => return true,
            ("*", Some(segment)) if !segment.is_empty() => {}
            (wanted, Some(segment)) if wanted == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    //! Goal: known paths are refused in words, others are not. Method: examples of each kind of pattern.
    use super::refusal;

    #[test]
    fn patterns() {
        for path in [
            "/snapshots",
            "/snapshots/one",
            "/collections/c/snapshots/recover",
            "/cluster/",
            "/collections/c/points/search/matrix/pairs",
        ] {
            assert!(refusal(path).is_some(), "{path}");
        }
        for path in [
            "/",
            "/collections",
            "/collections/snapshots",
            "/collections/c/points/search/matrix",
            "/quotas/x",
        ] {
            assert!(refusal(path).is_none(), "{path}");
        }
    }
}
