#!/usr/bin/env python3
"""What codes of each width cost and find, with a graph of either profile and without one.

Builds a collection with `ruvector bench` for each of --profiles, gives it each of --codes, as an update of a collection
does, and measures it three times: the
best by their codes not measured exactly (off), two for each result measured (2), and as a search does that says nothing
(default). Prints one row of a table for each breadth; writes --json. Needs numpy. The truth is --truth; where it is not
given, or --rows takes only the first rows of the base, it is computed here.

    python3 bench/quantization.py --binary target/release/ruvector --base base.npy --queries queries.npy \\
        --folder /tmp/quantization --rows 20000 --json quantization.json
"""

import argparse
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np

CODES = "none,rotated1,rotated1.5,rotated2,rotated4,rotated8,scalar,product4,product8,product16,product32,product64"
CODES += ",binary,neural:256,lsh:256"
PROFILES = {"fast": ["--profile", "fast"], "compact": ["--profile", "compact"], "scan": ["--no-graph"]}
RESCORES = {"off": ["--rescore", "false"], "2": ["--rescore", "true", "--oversampling", "2"], "default": []}
HEAD = ("codes", "profile", "rescore", "ef", "recall", "QPS", "p50 µs", "RAM B/point", "disk B/point", "build s")


def far(base, queries, metric):
    """How far every row of `base` is from each query, smaller is closer."""
    if metric == "manhattan":
        return np.stack([np.abs(base - query).sum(1) for query in queries])
    products = queries @ base.T
    return (base**2).sum(1) - 2 * products if metric == "euclid" else -products


def truth(base, queries, metric, k):
    """The k nearest rows of each query, best first."""
    if metric == "cosine":
        base = base / np.maximum(np.linalg.norm(base, axis=1, keepdims=True), 1e-30)
    found = []
    for start in range(0, len(queries), 50):
        distances = far(base, queries[start : start + 50], metric)
        near = np.argpartition(distances, k - 1, axis=1)[:, :k]
        found.append(np.take_along_axis(near, np.take_along_axis(distances, near, 1).argsort(1), 1))
    return np.concatenate(found).astype(np.int32)


def files(options):
    """The flags that name base, queries and truth, cut and computed as asked."""
    base, queries = options.base, options.queries
    known = options.truth
    if options.rows or not known:
        rows = np.load(base, mmap_mode="r")[: options.rows or None].astype(np.float32)
        asked = np.load(queries).astype(np.float32)
        base, known = options.folder / "base.npy", options.folder / "truth.npy"
        np.save(base, rows)
        np.save(known, truth(rows, asked, options.metric, options.k))
    return ["--base", str(base), "--queries", str(queries), "--truth", str(known)]


def bench(options, flags):
    """The report of one run of `ruvector bench`."""
    out = options.folder / "report.json"
    common = ["--metric", options.metric, "--k", str(options.k), "--sweep", options.sweep]
    common += ["--threads", str(options.threads), "--engine-dir", str(options.folder / "collection")]
    command = [options.binary, "bench", *common, *flags, "--json", str(out)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads(out.read_text())


def build(options, named, profile):
    """Makes the collection of a profile, a tenth of its points replaced; the seconds that took."""
    shutil.rmtree(options.folder / "collection", ignore_errors=True)
    disk = ["--on-disk"] if options.on_disk else []
    return bench(options, [*named, *PROFILES[profile], *disk])["build_s"]


def measure(options, named, codes, profile, build_s):
    """A row for each use of the codes and each breadth."""
    change = ["--reuse", "--quantization", codes]
    if options.query_bits and codes != "none":
        change += ["--query-bits", options.query_bits]
    for rescore in ["default"] if codes == "none" else ["default", "2", "off"]:
        report = bench(options, named + change + RESCORES[rescore])
        change = ["--reuse"]
        for point in report["points"]:
            yield {
                "codes": codes,
                "profile": profile,
                "rescore": rescore,
                "ef": point["params"]["ef"],
                "recall": point["recall"],
                "qps": point["qps"],
                "p50_us": point["p50_us"],
                "ram_bytes_per_point": report["ram_bytes_per_point"],
                "disk_bytes_per_point": report["disk_bytes"] / report["n"],
                "build_s": build_s,
                "n": report["n"],
                "dim": report["dim"],
                "cpu": report["cpu"],
            }
            if profile == "scan":
                break


def line(row):
    """A row of the table."""
    cells = [row["codes"], row["profile"], row["rescore"], "" if row["profile"] == "scan" else str(row["ef"])]
    cells += [f"{row['recall']:.4f}", f"{row['qps']:,.0f}", f"{row['p50_us']:.1f}"]
    cells += [f"{row['ram_bytes_per_point']:,.0f}", f"{row['disk_bytes_per_point']:,.0f}", f"{row['build_s']:.1f}"]
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--base", required=True, type=Path)
    parser.add_argument("--queries", required=True, type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--folder", required=True, type=Path, help="for what is made; made if missing")
    parser.add_argument("--metric", default="cosine", choices=["cosine", "dot", "euclid", "manhattan"])
    parser.add_argument("--rows", type=int, default=0, help="only the first of the base; 0: all")
    parser.add_argument("--codes", default=CODES)
    parser.add_argument("--profiles", default=",".join(PROFILES))
    parser.add_argument("--query-bits", choices=["same", "4", "8", "full"])
    parser.add_argument("--on-disk", action="store_true", help="leave vectors in their files")
    parser.add_argument("--sweep", default="ef=32,64,128")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    named, rows = files(options), []
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    for profile in options.profiles.split(","):
        build_s = build(options, named, profile)
        for codes in options.codes.split(","):
            for row in measure(options, named, codes, profile, build_s):
                rows.append(row)
                print(line(row), flush=True)
            if options.json:
                options.json.write_text(json.dumps(rows, indent=1) + "\n")
    shutil.rmtree(options.folder / "collection", ignore_errors=True)


if __name__ == "__main__":
    main()
