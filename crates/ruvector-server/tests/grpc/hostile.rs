//! Goal: nothing that is sent breaks the server or takes memory without end: every answer has a code that blames the
//! sender, and the server goes on. Method: bytes that are no frames, no messages, or too much of them.

use prost::Message;
use ruvector_api::proto::messages::{self as m, condition::ConditionOneOf};
use ruvector_server::ServerConfig;

use crate::answers::{creation, filled};
use crate::caller::{Answer, Caller, DEADLINE, EXHAUSTED, INVALID, OK, UNIMPLEMENTED, framed};

const SEARCH: &str = "/qdrant.Points/Search";

fn alive(caller: &Caller) {
    let reply: m::HealthCheckReply = caller.ok("/qdrant.Qdrant/HealthCheck", &m::HealthCheckRequest {});
    assert_eq!(reply.version, "1.19.0");
}

fn expect(answer: &Answer, code: i32, says: &str) {
    let same = answer.code == code && answer.text.contains(says);
    assert!(same, "wanted {code} {says}: {} {}", answer.code, answer.text);
}

/// A field of a message inside another, by its number.
fn inside(number: u64, message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(number << 3 | 2, &mut bytes);
    prost::encoding::encode_varint(message.len() as u64, &mut bytes);
    bytes.extend_from_slice(message);
    bytes
}

#[test]
fn what_is_no_message_is_refused() {
    let caller = filled(m::Distance::Dot);
    let good = m::SearchPoints {
        collection_name: "c".to_owned(),
        vector: vec![1.0, 2.0, 3.0],
        limit: 1,
        ..Default::default()
    };
    let good = good.encode_to_vec();
    for length in 0..good.len() {
        let answer = caller.bytes(SEARCH, &good[..length]);
        assert!([INVALID, 5].contains(&answer.code), "{length}: {answer:?}");
    }
    assert_eq!(caller.bytes(SEARCH, &good).code, OK);
    // One byte changed at a time, and bytes that follow no rule at all.
    let mut seed = 9_u64;
    for at in 0..good.len() {
        for flip in [1, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= flip;
            let code = caller.bytes(SEARCH, &bytes).code;
            assert!(
                [OK, INVALID, 5, UNIMPLEMENTED].contains(&code),
                "byte {at}: {code}"
            );
        }
        let noise: Vec<u8> = (0..at * 3)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 33) as u8
            })
            .collect();
        assert!(
            [INVALID, 5].contains(&caller.bytes(SEARCH, &noise).code),
            "{noise:?}"
        );
    }
    expect(
        &caller.bytes(SEARCH, &inside(200, b"")),
        INVALID,
        "qdrant.SearchPoints has no field number 200",
    );
    expect(
        &caller.bytes(SEARCH, &inside(4, b"x")),
        INVALID,
        "qdrant.SearchPoints.limit is of another type",
    );
    alive(&caller);
}

#[test]
fn what_is_no_frame_is_refused() {
    let caller = Caller::new();
    let health = "/qdrant.Qdrant/HealthCheck";
    let cases: [(&[u8], i32, &str); 6] = [
        (b"", INVALID, "ends early"),
        (b"\0\0\0", INVALID, "ends early"),
        (b"\0\0\0\0\x05ab", INVALID, "ends early"),
        (b"\0\0\0\0\0\0\0\0\0\0", INVALID, "more than one message"),
        (b"\x07\0\0\0\0", INVALID, "neither 0 nor 1"),
        (b"\x01\0\0\0\0", UNIMPLEMENTED, "content-encoding"),
    ];
    for (body, code, says) in cases {
        expect(&caller.raw(health, &[], body.to_vec()), code, says);
    }
    let snappy = [("grpc-encoding", Some("snappy"))];
    expect(
        &caller.raw(health, &snappy, framed(1, b"abc")),
        UNIMPLEMENTED,
        "snappy",
    );
    let gzip = [("grpc-encoding", Some("gzip"))];
    expect(&caller.raw(health, &gzip, framed(1, b"abc")), INVALID, "gzip");
    for media in [Some("application/json"), Some("application/grpc-web"), None] {
        let answer = caller.raw(health, &[("content-type", media)], framed(0, b""));
        expect(&answer, INVALID, "content-type");
    }
    for time in ["1", "S", "-1S", "123456789S", "1x"] {
        let answer = caller.raw(health, &[("grpc-timeout", Some(time))], framed(0, b""));
        expect(&answer, INVALID, "grpc-timeout");
    }
    let answer = caller.raw(health, &[("grpc-timeout", Some("1n"))], framed(0, b""));
    expect(&answer, DEADLINE, "no answer");
    alive(&caller);
}

#[test]
fn what_is_nested_without_end_is_refused() {
    let caller = filled(m::Distance::Dot);
    for levels in [20, 31, 33, 49, 51, 90, 2_000] {
        let mut filter = Vec::new();
        for _ in 0..levels {
            // must[0].filter
            filter = inside(2, &inside(4, &filter));
        }
        let mut request = m::CountPoints {
            collection_name: "c".to_owned(),
            ..Default::default()
        }
        .encode_to_vec();
        request.extend(inside(2, &filter));
        let answer = caller.bytes("/qdrant.Points/Count", &request);
        let wanted = if levels < 32 { OK } else { INVALID };
        assert_eq!(answer.code, wanted, "{levels}: {}", answer.text);
        let place = format!(
            "{}must[0].filter: 33 is above the limit",
            "must[0].filter.".repeat(31)
        );
        assert!(
            levels < 32
                || answer
                    .text
                    .ends_with(&format!("filter.{place} 32 (filter_depth_max)"))
        );
    }
    alive(&caller);
}

#[test]
fn a_filter_of_many_conditions_is_refused_by_the_first_too_many() {
    let caller = filled(m::Distance::Dot);
    let condition = |key: &str| m::Condition {
        condition_one_of: Some(ConditionOneOf::IsNull(m::IsNullCondition { key: key.to_owned() })),
    };
    let search = |conditions: usize| m::SearchPoints {
        collection_name: "c".to_owned(),
        vector: vec![1.0, 2.0, 3.0],
        limit: 1,
        filter: Some(m::Filter {
            must: vec![condition("a"); 96],
            should: vec![condition("b"); conditions],
            ..Default::default()
        }),
        ..Default::default()
    };
    let batch = m::SearchBatchPoints {
        collection_name: "c".to_owned(),
        // Each filter is counted by itself.
        search_points: vec![search(4_000), search(4_000), search(10_000)],
        ..Default::default()
    };
    let (code, text) = caller.refused("/qdrant.Points/SearchBatch", &batch);
    let place = "search_points[2].filter.should[4096]: 4097 is above the limit 4096 (filter_conditions_max)";
    assert!(code == INVALID && text.ends_with(place), "{code} {text}");
    alive(&caller);
}

#[test]
fn what_takes_too_much_memory_is_refused() {
    let config = ServerConfig {
        body_bytes_max: 1 << 20,
        bodies_bytes_max: 4 << 20,
        ..ServerConfig::default()
    };
    let caller = Caller::with(config);
    let _: m::CollectionOperationResponse =
        caller.ok("/qdrant.Collections/Create", &creation("c", m::Distance::Dot));
    // Two bytes each on the wire, hundreds in memory.
    let searches = [0x12, 0].repeat(400_000);
    expect(
        &caller.bytes("/qdrant.Points/SearchBatch", &searches),
        EXHAUSTED,
        "bodies_bytes_max",
    );
    let points = [0x1a, 0].repeat(400_000);
    expect(
        &caller.bytes("/qdrant.Points/Upsert", &points),
        EXHAUSTED,
        "bodies_bytes_max",
    );
    let large = caller.bytes(SEARCH, &inside(2, &vec![0; 2 << 20]));
    expect(&large, EXHAUSTED, "body_bytes_max");
    // A few bytes that inflate beyond the limit.
    let packed = {
        use std::io::Write;
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        writer.write_all(&vec![0; 64 << 20]).unwrap();
        writer.finish().unwrap()
    };
    let answer = caller.raw(SEARCH, &[("grpc-encoding", Some("gzip"))], framed(1, &packed));
    expect(&answer, EXHAUSTED, "body_bytes_max");
    alive(&caller);
}
