"""Times one engine at one setting: one query per call, then all queries in one call. Never times the conversion of
answers, and never mixes the pass that gives the recall with the timed passes."""

import time

import numpy as np


def point(engine, setting, queries: np.ndarray, truth: np.ndarray, calls: int) -> dict:
    """Recall@k, QPS and latencies (µs) at `setting`. `share` is the part of a core that the timed loop got: below
    0.98 somebody else was on it, and the figures are too low."""
    engine.tune(setting)
    requests = [engine.request(query) for query in queries]
    found = [engine.rows_of(engine.search(request)) for request in requests]
    micros, wall_s, cpu_s = _single(engine, requests, calls)
    out = {
        "setting": setting,
        "recall": recall(found, truth, engine.k),
        "qps": len(micros) / wall_s,
        "p50_us": float(np.percentile(micros, 50)),
        "p95_us": float(np.percentile(micros, 95)),
        "p99_us": float(np.percentile(micros, 99)),
        "share": cpu_s / wall_s,
    }
    return out | _batch(engine, queries, truth, calls)


def recall(found, truth: np.ndarray, k: int) -> float:
    """The share of the k true neighbours that were returned, over all queries."""
    hits = sum(len(set(map(int, row[:k])) & set(map(int, true[:k]))) for row, true in zip(found, truth))
    return hits / (k * len(truth))


def _single(engine, requests: list, calls: int) -> tuple[np.ndarray, float, float]:
    """Latencies in µs of `calls` searches, and the wall and CPU seconds of all of them."""
    clock, search = time.perf_counter_ns, engine.search
    nanos = np.empty(calls, np.int64)
    cpu, wall = time.process_time(), time.perf_counter()
    for call in range(calls):
        request = requests[call % len(requests)]
        start = clock()
        search(request)
        nanos[call] = clock() - start
    return nanos / 1000, time.perf_counter() - wall, time.process_time() - cpu


def _batch(engine, queries: np.ndarray, truth: np.ndarray, calls: int) -> dict:
    request = engine.batch_request(queries)
    answer = engine.batch(request)
    if answer is None:
        return {}
    times = []
    for _ in range(max(1, calls // len(queries))):
        start = time.perf_counter()
        engine.batch(request)
        times.append(time.perf_counter() - start)
    return {
        "batch_recall": recall(engine.batch_rows(answer), truth, engine.k),
        "batch_qps": len(queries) / min(times),
    }
