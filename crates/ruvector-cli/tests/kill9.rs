//! Goal: what the server acknowledged with wait=true survives kill -9; batches are whole.
//! Method: 20 rounds on one folder: start, compare everything with the model, write from four threads until the
//! process is killed at a random moment. Each thread has its own ids and one operation in flight, so after a
//! restart its points must be exactly the acknowledged ones, or those with the one in flight applied whole.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use std::collections::BTreeMap;
use std::time::Duration;

use harness::{Server, agent, request};
use serde_json::{Value, json};

const ROUNDS: u64 = 20;
const THREADS: u64 = 4;
const IDS: u64 = 40;
const SEED: u64 = 0x5eed_0002;

/// What a point holds: the number its vector and payload were written with, and the one set later.
#[derive(Clone, Debug, PartialEq)]
struct Content {
    written: u64,
    set: Option<u64>,
}

type Model = BTreeMap<u64, Content>;

#[derive(Clone, Debug)]
enum Op {
    Upsert(Vec<u64>, u64),
    Delete(Vec<u64>),
    Set(Vec<u64>, u64),
}

impl Op {
    fn apply(&self, model: &mut Model) {
        match self {
            Op::Upsert(ids, number) => {
                for id in ids {
                    let content = Content {
                        written: *number,
                        set: None,
                    };
                    model.insert(*id, content);
                }
            }
            Op::Delete(ids) => model.retain(|id, _| !ids.contains(id)),
            Op::Set(ids, number) => {
                for id in ids {
                    if let Some(content) = model.get_mut(id) {
                        content.set = Some(*number);
                    }
                }
            }
        }
    }

    fn send(&self, agent: &ureq::Agent, url: &str) -> Option<Value> {
        let points = format!("{url}/collections/k/points");
        match self {
            Op::Upsert(ids, number) => {
                let point = |id: &u64| json!({"id": id, "vector": [*number as f32, 1.0], "payload": {"written": number}});
                let body = json!({"points": ids.iter().map(point).collect::<Vec<_>>()});
                request(agent, "PUT", &format!("{points}?wait=true"), &body)
            }
            Op::Delete(ids) => request(
                agent,
                "POST",
                &format!("{points}/delete?wait=true"),
                &json!({"points": ids}),
            ),
            Op::Set(ids, number) => {
                let body = json!({"payload": {"set": number}, "points": ids});
                request(agent, "POST", &format!("{points}/payload?wait=true"), &body)
            }
        }
    }
}

struct Random(u64);

impl Random {
    /// SplitMix64 (Steele, Lea, Flood 2014), below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % limit
    }

    fn op(&mut self, thread: u64, number: u64) -> Op {
        let count = 1 + self.below(8);
        let ids = (0..count).map(|_| thread * IDS + self.below(IDS)).collect();
        match self.below(10) {
            0..=4 => Op::Upsert(ids, number),
            5..=6 => Op::Delete(ids),
            _ => Op::Set(ids, number),
        }
    }
}

/// Everything the server holds, vectors checked against their payloads.
fn read_all(agent: &ureq::Agent, url: &str) -> Model {
    let body = json!({"limit": 10_000, "with_payload": true, "with_vector": true});
    let page = request(
        agent,
        "POST",
        &format!("{url}/collections/k/points/scroll"),
        &body,
    )
    .unwrap();
    assert!(page["next_page_offset"].is_null());
    let points = page["points"].as_array().unwrap();
    let read = |point: &Value| {
        let written = point["payload"]["written"].as_u64().unwrap();
        assert_eq!(point["vector"], json!([written as f32, 1.0]), "{point}");
        let set = point["payload"]["set"].as_u64();
        (point["id"].as_u64().unwrap(), Content { written, set })
    };
    points.iter().map(read).collect()
}

/// Writes until the server is gone; returns the acknowledged state, the operation in flight, and how many were
/// acknowledged.
fn write(url: &str, thread: u64, round: u64, mut model: Model) -> (Model, Op, u64) {
    let agent = agent();
    let mut random = Random(SEED ^ (round << 32) ^ (thread << 16));
    for turn in 1.. {
        let op = random.op(thread, round * 1_000_000 + turn);
        match op.send(&agent, url) {
            Some(answer) => {
                assert_eq!(answer["status"], "completed");
                op.apply(&mut model);
            }
            None => return (model, op, turn - 1),
        }
    }
    unreachable!("the loop ends with the server");
}

#[test]
fn acknowledged_writes_survive() {
    println!("seed {SEED:#x}");
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(SEED);
    let mut pending: Vec<(Model, Option<Op>)> = vec![(Model::new(), None); THREADS as usize];
    let mut acknowledged: u64 = 0;
    for round in 0..ROUNDS {
        let mut server = Server::start(folder.path());
        let agent = agent();
        if round == 0 {
            let small = json!({"vectors": {"size": 2, "distance": "Dot"}, "shard_number": 2,
                               "optimizers_config": {"active_rows_max": 60}});
            request(&agent, "PUT", &format!("{}/collections/k", server.url), &small).unwrap();
        }
        let found = read_all(&agent, &server.url);
        let mut models = Vec::new();
        for (thread, (sure, in_flight)) in pending.iter().enumerate() {
            let ids = thread as u64 * IDS..(thread as u64 + 1) * IDS;
            let mine: Model = found
                .range(ids)
                .map(|(id, content)| (*id, content.clone()))
                .collect();
            let mut perhaps = sure.clone();
            if let Some(op) = in_flight {
                op.apply(&mut perhaps);
            }
            assert!(
                mine == *sure || mine == perhaps,
                "round {round}, thread {thread}, in flight {in_flight:?}\nacknowledged {sure:?}\nfound {mine:?}"
            );
            models.push(mine);
        }
        let url = server.url.clone();
        let wait = Duration::from_millis(20 + random.below(400));
        pending = std::thread::scope(|scope| {
            let url = url.as_str();
            let writers: Vec<_> = (0..THREADS)
                .zip(models)
                .map(|(thread, model)| scope.spawn(move || write(url, thread, round, model)))
                .collect();
            std::thread::sleep(wait);
            server.kill();
            let finished = writers.into_iter().map(|writer| writer.join().unwrap());
            let keep = |(model, op, count)| {
                acknowledged += count;
                (model, Some(op))
            };
            finished.map(keep).collect()
        });
    }
    println!("{acknowledged} operations were acknowledged");
    assert!(acknowledged > ROUNDS, "the server hardly ever answered");
}
