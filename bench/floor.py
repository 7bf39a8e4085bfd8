#!/usr/bin/env python3
"""The recall floor: recall@10 by default, without a filter and under twelve, of vectors in clusters and without structure.

Draws each set from a fixed seed (GloVe comes from bench/compare, if it was made there), gives every point a random number and
its cluster among 1,000, and asks 300 queries that are not in the set: without a filter, and under filters that keep 50, 10, 1
and 0.1 % of the points, at random, near the query or far from it. Truth is exact, by numpy. `ruvector bench` loads by upserts,
replaces a tenth, optimizes, reopens and declares the indexes; no search names a breadth. Writes a table and, with --json, the
figures. The least of all filters counts.

    bench/compare/.venv/bin/python bench/floor.py --binary target/release/ruvector --folder /tmp/floor
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from filters import SHARES, clusters, must, sets

SEED, QUERIES, K, FLOOR = 11, 300, 10, 0.95


def normal(draw, count, dim):
    return draw.standard_normal((count, dim), dtype=np.float32)


def even(draw, count, dim):
    return draw.random((count, dim), dtype=np.float32)


def clustered(draw, count, dim):
    centres = normal(np.random.default_rng(SEED), 300, dim)
    return centres[draw.integers(0, 300, count)] + 0.5 * normal(draw, count, dim)


def glove(_draw, count, _dim):
    name = "queries" if count == QUERIES else "base"
    return np.load(sets.DATA / "glove100" / f"{name}.npy")[:count]


SETS = {
    "normal, 128-d": (normal, 100_000, 128, "cosine"),
    "normal, 384-d": (normal, 30_000, 384, "cosine"),
    "normal, 32-d": (normal, 50_000, 32, "cosine"),
    "uniform, 64-d": (even, 50_000, 64, "euclid"),
    "uniform, 128-d": (even, 50_000, 128, "cosine"),
    "300 clusters, 96-d": (clustered, 60_000, 96, "cosine"),
    "GloVe, 100-d": (glove, 340_479, 100, "cosine"),
}


def cases(centres, cluster, queries, r):
    """(group, query, filter, mask) of every search."""
    sizes = np.bincount(cluster, minlength=len(centres))
    for query, vector in enumerate(queries):
        near = (centres @ vector).argsort()[::-1]
        start = (query * 0.618) % 0.49
        yield "none", query, None, np.ones(len(r), bool)
        for name, share in SHARES.items():
            low = start if share < 0.5 else 0.0
            number = lambda low, share: {"key": "r", "range": {"gte": low, "lt": low + share}}  # noqa: E731
            yield f"random {name}", query, must(number(low, share)), (r >= low) & (r < low + share)
            for kind, order in (("near", near), ("far", near[::-1])):
                # A thousandth of the points are fewer than lie in a cluster: a twentieth of a fiftieth.
                wanted, cut = (share, 1.0) if share >= 0.01 else (0.02, share / 0.02)
                taken = order[: int(np.searchsorted(np.cumsum(sizes[order]), wanted * len(r))) + 1]
                mask = np.isin(cluster, taken) & ((r >= start) & (r < start + cut) if cut < 1.0 else True)
                test = {"key": "c", "match": {"any": sorted(int(value) for value in taken)}}
                yield f"{kind} {name}", query, must(test, number(start, cut) if cut < 1.0 else None), mask


def write(folder, name):
    """Files of a set; what its metric is."""
    make, count, dim, metric = SETS[name]
    draw = np.random.default_rng(SEED + 1)
    base, queries = make(draw, count, dim), make(draw, QUERIES, dim)
    unit, directions = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in (base, queries))
    scores = directions @ unit.T if metric == "cosine" else 2 * queries @ base.T - (base * base).sum(1)
    centres, cluster = clusters(unit)
    r = np.random.default_rng(SEED + 2).random(count).round(6)
    np.save(folder / "base.npy", base)
    np.save(folder / "queries.npy", queries)
    rows = zip(r.tolist(), cluster.tolist())
    (folder / "payload.jsonl").write_text("".join(json.dumps({"r": r, "c": c}) + "\n" for r, c in rows))
    with open(folder / "filters.jsonl", "w", encoding="utf-8") as out:
        for group, query, condition, mask in cases(centres, cluster, directions, r):
            allowed = np.flatnonzero(mask)
            truth = allowed[np.argsort(-scores[query][allowed], kind="stable")[:K]]
            line = {"group": group, "query": query, "filter": condition, "truth": truth.tolist()}
            out.write(json.dumps(line) + "\n")
    return metric


def measure(options, folder, metric):
    """Figures of `ruvector bench` by group."""
    command = [options.binary, "bench", "--metric", metric, "--sweep", "ef=64", "--json", str(folder / "out.json")]
    for flag, name in (("base", "base.npy"), ("queries", "queries.npy"), ("payload", "payload.jsonl"),
                       ("filters", "filters.jsonl"), ("engine-dir", "engine")):
        command += [f"--{flag}", str(folder / name)]
    for index in ("r:float", "c:integer"):
        command += ["--index", index]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    report = json.loads((folder / "out.json").read_text())
    keep = ("recall", "ef_taken", "nodes_visited", "p50_us", "qps", "ways")
    figures = {part["group"]: {key: part[key] for key in keep} for part in report["filters"]}
    figures["none, ef 64"] = {key: report["points"][0][key] for key in ("recall", "p50_us", "qps")}
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/ruvector")
    parser.add_argument("--folder", type=Path, required=True, help="where the sets are made, one after the other, and removed")
    parser.add_argument("--sets", nargs="*", default=list(SETS), help="some of them: " + "; ".join(SETS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    print("| vectors | breadth | recall | p50 µs | recall at 64 | p50 µs | filtered, least | under |\n" + 8 * "|---" + "|")
    found = {}
    for name in options.sets:
        if SETS[name][0] is glove and not (sets.DATA / "glove100" / "base.npy").exists():
            print(f"| {name} | not made: see bench/compare | | | | | | |")
            continue
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            found[name] = figures = measure(options, Path(folder), write(Path(folder), name))
        plain, narrow = figures["none"], figures["none, ef 64"]
        least = min((group for group in figures if not group.startswith("none")), key=lambda g: figures[g]["recall"])
        print(f"| {SETS[name][1]:,} {name} | {plain['ef_taken']} | {plain['recall']:.3f} | {plain['p50_us']:.0f} "
              f"| {narrow['recall']:.3f} | {narrow['p50_us']:.0f} | {figures[least]['recall']:.3f} | {least} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    low = [name for name in found if any(part["recall"] < FLOOR for group, part in found[name].items()
                                         if not group.startswith("none"))]
    if low:
        raise SystemExit(f"below {FLOOR} under a filter: {', '.join(low)}")


if __name__ == "__main__":
    main()
