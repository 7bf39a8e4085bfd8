//! Goal: conditions that JSON and messages say in different words mean the same. Method: each on a small collection, the
//! points counted.

use ruvector_api::proto::messages as m;

use crate::answers::{filled, named};

#[test]
fn a_test_without_bounds_asks_for_the_kind_alone() {
    let caller = filled(m::Distance::Dot);
    let on = |key: &str| m::FieldCondition {
        key: named(key),
        ..Default::default()
    };
    let (range, times) = (Some(m::Range::default()), Some(m::DatetimeRange::default()));
    let values_count = Some(m::ValuesCount::default());
    let table = [
        (m::FieldCondition { range, ..on("n") }, 3),
        (m::FieldCondition { range, ..on("m") }, 0),
        (
            m::FieldCondition {
                datetime_range: times,
                ..on("n")
            },
            0,
        ),
        (
            m::FieldCondition {
                values_count,
                ..on("m")
            },
            3,
        ),
    ];
    for (field, expected) in table {
        let said = format!("{field:?}");
        let condition = m::Condition {
            condition_one_of: Some(m::condition::ConditionOneOf::Field(field)),
        };
        let count = m::CountPoints {
            collection_name: named("c"),
            filter: Some(m::Filter {
                must: vec![condition],
                ..Default::default()
            }),
            ..Default::default()
        };
        let counted: m::CountResponse = caller.ok("/qdrant.Points/Count", &count);
        assert_eq!(counted.result.unwrap().count, expected, "{said}");
    }
}
