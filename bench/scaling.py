#!/usr/bin/env python3
"""How the work of a search grows with the collection: 10,000, 100,000 and 1,000,000 synthetic points × 128.

Makes clustered vectors (1,000 clusters, each of 16 directions of its own and some noise), runs `ruvector bench` on the
first n of them, and reads nodes visited and QPS at recall@10 0.95 off its JSON. Prints a table; writes --json. Needs
numpy and about 4 GB of disk; 1,000,000 points take some minutes to build on 2 cores.

    python3 bench/scaling.py --binary target/release/ruvector --folder /tmp/scaling --json scaling.json
"""

import argparse
import json
import math
import subprocess
from pathlib import Path

import numpy as np

DIM, CLUSTERS, DIRECTIONS, QUERIES, K = 128, 1000, 16, 1000, 10
RECALL = 0.95
EF = "ef=8,10,12,16,20,24,32,40,48,64,96,128,192,256"


def vectors(count, stream):
    """`count` rows, float32; the same first rows whatever the count."""
    shape = np.random.default_rng(1)
    centres = shape.normal(size=(CLUSTERS, DIM)).astype(np.float32)
    bases = (0.6 * shape.normal(size=(CLUSTERS, DIRECTIONS, DIM)) / math.sqrt(DIRECTIONS)).astype(np.float32)
    draw = np.random.default_rng([2, stream])
    out = np.empty((count, DIM), np.float32)
    for start in range(0, count, 10_000):
        size = min(10_000, count - start)
        cluster = draw.integers(CLUSTERS, size=10_000)[:size]
        inside = draw.normal(size=(10_000, DIRECTIONS)).astype(np.float32)[:size]
        noise = draw.normal(size=(10_000, DIM)).astype(np.float32)[:size]
        out[start : start + size] = centres[cluster] + np.einsum("nd,ndk->nk", inside, bases[cluster]) + 0.1 * noise
    return out


def truth(base, queries):
    """The K nearest rows of each query by Euclidean distance."""
    lengths = (base**2).sum(1)
    found = []
    for start in range(0, len(queries), 50):
        far = lengths - 2 * queries[start : start + 50] @ base.T
        near = np.argpartition(far, K, axis=1)[:, :K]
        found.append(np.take_along_axis(near, np.take_along_axis(far, near, 1).argsort(1), 1))
    return np.concatenate(found).astype(np.int32)


def measure(binary, folder, base, queries):
    """The report of `ruvector bench` on `base`."""
    for name, array in (("base", base), ("queries", queries), ("truth", truth(base, queries))):
        np.save(folder / f"{name}.npy", array)
    files = [word for name in ("base", "queries", "truth") for word in (f"--{name}", str(folder / f"{name}.npy"))]
    out = folder / "report.json"
    command = [binary, "bench", *files, "--metric", "euclid", "--k", str(K), "--sweep", EF, "--json", str(out)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads(out.read_text())


def at_recall(points, key):
    """A figure at RECALL, between two points on a straight line of its logarithm; of the first above if all are."""
    points = sorted(points, key=lambda point: point["params"]["ef"])
    for low, high in zip(points, points[1:]):
        if low["recall"] < RECALL <= high["recall"]:
            part = (RECALL - low["recall"]) / (high["recall"] - low["recall"])
            return math.exp((1 - part) * math.log(low[key]) + part * math.log(high[key]))
    return points[0][key] if points[0]["recall"] >= RECALL else float("nan")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--folder", required=True, type=Path, help="for the vectors; made if missing")
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    sizes = [int(size) for size in options.sizes.split(",")]
    base, queries = vectors(max(sizes), 0), vectors(QUERIES, 1)
    rows = []
    print("| points | visited at 0.95 | QPS at 0.95 | p50 µs | build s | RAM MB | disk MB |\n|---|---|---|---|---|---|---|")
    for size in sizes:
        report = measure(options.binary, options.folder, base[:size], queries)
        row = {key: at_recall(report["points"], key) for key in ("nodes_visited", "qps", "p50_us")}
        row |= {"points": size} | {key: report[key] for key in ("build_s", "rss_bytes", "disk_bytes")}
        rows.append(row)
        print(
            f"| {size:,} | {row['nodes_visited']:.1f} | {row['qps']:,.0f} | {row['p50_us']:.1f} | {row['build_s']:.0f} "
            f"| {row['rss_bytes'] / 1e6:,.0f} | {row['disk_bytes'] / 1e6:,.0f} |",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
