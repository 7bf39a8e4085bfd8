#!/usr/bin/env python3
"""Two threads of one process against two processes of one thread, pinned to the same two cores.

Takes a collection that `ruvector bench --engine-dir` has kept, and alternates the two ways. What threads of one process
share (locks, counters, cache lines) shows as a ratio below 1. Prints the ratio of each round; writes --json.

    ruvector bench … --engine-dir DIR
    python3 bench/threads.py --binary target/release/ruvector --engine-dir DIR --base B.npy --queries Q.npy --truth T.npy
"""

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path


def command(options, folder, out, cores, threads):
    """A bench pinned to `cores`."""
    files = [word for name in ("base", "queries", "truth") for word in (f"--{name}", getattr(options, name))]
    line = ["taskset", "--cpu-list", cores, options.binary, "bench", *files, "--metric", options.metric]
    line += ["--sweep", f"ef={options.ef}", "--calls", str(options.calls * threads), "--threads", str(threads)]
    return [*line, "--engine-dir", str(folder), "--reuse", "--json", str(out)]


def qps(out):
    """The queries a second of a report with one point."""
    return json.loads(Path(out).read_text())["points"][0]["qps"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("binary", "engine-dir", "base", "queries", "truth"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--metric", default="cosine")
    parser.add_argument("--ef", type=int, default=24)
    parser.add_argument("--calls", type=int, default=100_000, help="of each thread")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        # A folder is locked by the process that opens it.
        folders = [scratch / "a", scratch / "b"]
        for folder in folders:
            shutil.copytree(options.engine_dir, folder)
        rounds = []
        for _ in range(options.rounds):
            outs = [scratch / "0.json", scratch / "1.json"]
            pair = [
                subprocess.Popen(command(options, folder, out, str(core), 1), stdout=subprocess.DEVNULL)
                for core, (folder, out) in enumerate(zip(folders, outs))
            ]
            if any(process.wait() for process in pair):
                raise SystemExit("a bench failed")
            apart = sum(qps(out) for out in outs)
            both = command(options, folders[0], outs[0], "0,1", 2)
            subprocess.run(both, check=True, stdout=subprocess.DEVNULL)
            together = qps(outs[0])
            rounds.append({"two_processes_qps": apart, "two_threads_qps": together, "ratio": together / apart})
            print(f"two processes {apart:,.0f}, two threads {together:,.0f} QPS: {together / apart:.3f}", flush=True)
    median = statistics.median(entry["ratio"] for entry in rounds)
    print(f"median ratio {median:.3f}")
    if options.json:
        options.json.write_text(json.dumps({"rounds": rounds, "median_ratio": median}, indent=1) + "\n")


if __name__ == "__main__":
    main()
