//! Goal: health and reflection answer as their own interfaces say, answers are packed for those who take them so, and a
//! packed message is read. Method: their messages, written by hand.

use flate2::read::GzDecoder;
use prost::Message;
use ruvector_api::proto::messages as m;
use std::io::{Read, Write};

use crate::answers::{creation, filled};
use crate::caller::{Caller, OK, framed};

#[test]
fn health() {
    let caller = Caller::new();
    for service in ["", "qdrant.Qdrant", "qdrant.Points", "qdrant.Collections"] {
        let request = prost_types::FileDescriptorProto {
            name: Some(service.to_owned()),
            ..Default::default()
        };
        // A text in field 1, as grpc.health.v1.HealthCheckRequest has it.
        let answer = caller.bytes("/grpc.health.v1.Health/Check", &request.encode_to_vec());
        assert_eq!((answer.code, &answer.bytes[5..]), (OK, &[8, 1][..]), "{service}");
    }
    let reply: m::HealthCheckReply = caller.ok("/qdrant.Qdrant/HealthCheck", &m::HealthCheckRequest {});
    assert_eq!(
        (reply.title.as_str(), reply.version.as_str()),
        ("ruvector - vector database", "1.19.0")
    );
}

#[test]
fn reflection() {
    let caller = Caller::new();
    for version in ["v1", "v1alpha"] {
        let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        // list_services = 7
        let answer = caller.bytes(&path, &[0x3a, 1, b'*']);
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        for service in [
            "qdrant.Points",
            "qdrant.Collections",
            "qdrant.Snapshots",
            "qdrant.Qdrant",
            "grpc.health.v1.Health",
        ] {
            assert!(text.contains(service), "{version}: {service}");
        }
        // file_containing_symbol = 4
        let symbol = b"qdrant.SearchPoints";
        let answer = caller.bytes(&path, &[&[0x22, symbol.len() as u8][..], symbol].concat());
        assert!(
            String::from_utf8_lossy(&answer.bytes).contains("sparse_indices"),
            "{version}"
        );
    }
}

#[test]
fn gzip_both_ways() {
    let caller = filled(m::Distance::Dot);
    let path = "/qdrant.Collections/List";
    for number in 0..100 {
        let create = creation(&format!("{}{number}", "long ".repeat(30)), m::Distance::Dot);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&create.encode_to_vec()).unwrap();
        let body = framed(1, &packed.finish().unwrap());
        let answer = caller.raw(
            "/qdrant.Collections/Create",
            &[("grpc-encoding", Some("gzip"))],
            body,
        );
        assert_eq!(answer.code, OK, "{}", answer.text);
    }
    let plain = caller.bytes(path, &[]);
    let accept = [("grpc-accept-encoding", Some("identity, deflate, gzip"))];
    let packed = caller.raw(path, &accept, framed(0, &[]));
    assert_eq!((plain.bytes[0], packed.bytes[0]), (0, 1));
    assert_eq!(packed.headers["grpc-encoding"], "gzip");
    let mut bytes = Vec::new();
    GzDecoder::new(&packed.bytes[5..])
        .read_to_end(&mut bytes)
        .unwrap();
    let list = |bytes: &[u8]| m::ListCollectionsResponse::decode(bytes).unwrap().collections;
    assert_eq!(list(&bytes), list(&plain.bytes[5..]));
    assert_eq!(list(&bytes).len(), 101);
}
