//! Goal: a filter that is sent as a message means what it meant. Method: random filters of every kind, made a message and
//! read back as the server reads it: the same tree, or a refusal where a message cannot say it.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use ruvector_api::proto::{filter_message, messages as m};
use ruvector_testkit::Generator;
use ruvector_types::{CollectionConfig, Condition, Distance, FieldTest, Filter, Limits, Match, Text};

/// Whether messages can say it.
fn is_sayable(filter: &Filter) -> bool {
    let lists = [&filter.must, &filter.should, &filter.must_not];
    let min_should = filter.min_should.iter().map(|min| &min.conditions);
    lists
        .into_iter()
        .chain(min_should)
        .flatten()
        .all(|condition| match condition {
            Condition::Field(field) => match &field.test {
                FieldTest::Match(value) => !matches!(value, Match::UInt(_)),
                FieldTest::MatchAny(list) | FieldTest::MatchExcept(list) => {
                    let strings = list.iter().filter(|value| matches!(value, Match::Keyword(_)));
                    let integers = list.iter().filter(|value| matches!(value, Match::Integer(_)));
                    strings.count() == list.len() || integers.count() == list.len()
                }
                FieldTest::ExactRange(_) => false,
                FieldTest::Text(text) => !matches!(text, Text::Prefix(_)),
                _ => true,
            },
            Condition::Nested { filter, .. } | Condition::Filter(filter) => is_sayable(filter),
            Condition::HasId(_) | Condition::HasVector(_) => true,
        })
}

#[test]
fn a_message_means_the_same() {
    let limits = Limits::default();
    let mut generator = Generator::new(1, &CollectionConfig::single(4, Distance::Dot));
    let (mut same, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let filter = generator.filter(2);
        if filter.validate(&limits).is_err() {
            continue;
        }
        let Ok(message) = filter_message(&filter, "filter") else {
            assert!(!is_sayable(&filter), "{filter:?}");
            refused += 1;
            continue;
        };
        assert!(is_sayable(&filter), "{filter:?}");
        let count = m::CountPoints {
            collection_name: "c".to_owned(),
            filter: Some(message),
            ..Default::default()
        };
        let (_, read) = count.into_request(&limits).unwrap();
        assert_eq!(read.filter.unwrap(), filter);
        same += 1;
    }
    assert!(same > 8_000 && refused > 500, "{same} {refused}");
}
