#!/usr/bin/env python3
"""Recall over REST in every state of a collection: loading, killed with -9, restarted, settled, churned.

Starts its own server in a new folder, upserts the base in batches with wait=true, kills the server right after the
last acknowledgement, and goes on from there. Prints one line a state. Needs numpy.

    python3 bench/states.py --binary target/release/ruvector --base B.npy --queries Q.npy --truth T.npy --payload P.jsonl
"""

import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

K = 10


class Server:
    """A server process on a folder, and one keep-alive connection to it."""

    def __init__(self, binary, storage, port):
        self.command = [binary, "serve", "--storage", storage, "--http-port", str(port), "--grpc-port", str(port + 1)]
        self.port = port

    def start(self):
        """Starts it; returns the seconds until it answers that it is ready."""
        begin = time.monotonic()
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while time.monotonic() - begin < 60:
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
                self.connection.connect()
                self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connection.request("GET", "/ready")
                response = self.connection.getresponse()
                response.read()
                if response.status == 200:
                    return time.monotonic() - begin
            except OSError:
                time.sleep(0.005)
        sys.exit("the server does not get ready")

    def kill(self):
        """kill -9."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def call(self, method, path, body=None):
        """One request; the result, or the end of the program with the server's message."""
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, {"content-type": "application/json"})
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200:
            sys.exit(f"{method} {path}: {response.status} {answer[:400]!r}")
        return json.loads(answer)


class Collection:
    """The collection under test, and what is known of it."""

    def __init__(self, server, options):
        load = lambda path: np.load(path).astype(np.float32)
        self.server, self.batch = server, options.batch
        self.base, self.queries, self.truth = load(options.base), load(options.queries), np.load(options.truth)
        with open(options.payload, encoding="utf-8") as lines:
            self.payloads = [json.loads(line) for line in lines]
        self.deleted = set()

    def create(self):
        size = self.base.shape[1]
        self.server.call("PUT", "/collections/states", {"vectors": {"size": size, "distance": "Cosine"}})

    def upsert(self, ids):
        for at in range(0, len(ids), self.batch):
            part = ids[at : at + self.batch]
            points = [{"id": i, "vector": self.base[i].tolist(), "payload": self.payloads[i]} for i in part]
            self.server.call("PUT", "/collections/states/points?wait=true", {"points": points})
        self.deleted -= set(ids)

    def delete(self, ids):
        for at in range(0, len(ids), self.batch):
            self.server.call("POST", "/collections/states/points/delete?wait=true", {"points": ids[at : at + self.batch]})
        self.deleted |= set(ids)

    def search(self, query, exact=False):
        body = {"vector": query.tolist(), "limit": K, "params": {"exact": exact}}
        answer = self.server.call("POST", "/collections/states/points/search", body)
        return [(hit["id"], hit["score"]) for hit in answer["result"]], answer["time"]

    def exact_answers(self):
        return [self.search(query, exact=True)[0] for query in self.queries]

    def info(self):
        return self.server.call("GET", "/collections/states")["result"]

    def settle(self):
        begin = time.monotonic()
        while self.info()["status"] != "green":
            time.sleep(0.2)
        return time.monotonic() - begin

    def report(self, state):
        found, wanted, times = 0, 0, []
        for query, truth in zip(self.queries, self.truth):
            nearest = [i for i in truth.tolist() if i not in self.deleted][:K]
            hits, seconds = self.search(query)
            found += len({i for i, _ in hits} & set(nearest))
            wanted += len(nearest)
            times.append(seconds * 1e6)
        info = self.info()
        figures = f"{info['segments_count']} segments, {info['points_count']} points, {info['status']}"
        print(f"| {state} | {found / wanted:.4f} | {statistics.median(times):.0f} | {figures} |", flush=True)


def run(collection, server):
    """Goes through the states; exits with an error where an acknowledged point or an exact answer is lost."""
    print("| state | recall@10 | server p50 µs | collection |\n|---|---|---|---|")
    server.start()
    collection.create()
    everything = list(range(len(collection.base)))
    begin = time.monotonic()
    collection.upsert(everything)
    loaded = time.monotonic() - begin
    server.kill()
    print(f"| *loaded in {loaded:.1f} s, killed with -9, ready after {server.start():.2f} s* | | | |")
    count = server.call("POST", "/collections/states/points/count", {"exact": True})["result"]["count"]
    if count != len(everything):
        sys.exit(f"{count} of {len(everything)} acknowledged points are there")
    collection.report("at once after the restart")
    answers = collection.exact_answers()
    server.kill()
    server.start()
    if collection.exact_answers() != answers:
        sys.exit("exact answers differ after a restart")
    print(f"| *settled in {collection.settle():.0f} s* | | | |")
    collection.report("settled")
    if collection.exact_answers() != answers:
        sys.exit("exact answers differ after optimization")
    before = collection.info()
    begin = time.monotonic()
    body = {"payload": {"seen": True}, "filter": {"must": [{"is_empty": {"key": "seen"}}]}}
    server.call("POST", "/collections/states/points/payload?wait=true", body)
    print(f"| *one payload field set on all by filter in {time.monotonic() - begin:.2f} s* | | | |")
    if collection.info()["graph_insertions"] != before["graph_insertions"]:
        sys.exit("a payload update inserted into a graph")
    churned = [i for i in everything if i % 10 < 3]
    collection.delete(churned)
    collection.report("30 % deleted")
    collection.upsert(churned)
    collection.report("the same upserted again")
    collection.settle()
    collection.report("settled again")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/ruvector")
    for name in ("base", "queries", "truth", "payload"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--port", type=int, default=17333)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as storage:
        server = Server(options.binary, storage, options.port)
        try:
            run(Collection(server, options), server)
        finally:
            server.process.terminate()
            server.process.wait()


if __name__ == "__main__":
    main()
