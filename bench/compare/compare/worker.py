"""The process of one peer: `build` makes and saves its index, `search` opens it and measures. Prints nothing of
use; the figures go into a JSON file. Started by `rounds.py`, pinned to one core, with one thread for every library."""

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np

from . import measure
from .engines import adapter

ENOUGH_RECALL = 0.996


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["build", "search"])
    for name in ("engine", "set", "index", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--calls", type=int, default=2000)
    arguments = parser.parse_args()
    figures = build(arguments) if arguments.task == "build" else search(arguments)
    Path(arguments.out).write_text(json.dumps(figures))


def build(arguments: argparse.Namespace) -> dict:
    """Wall and CPU seconds of the build, saving included, and the bytes of the saved index."""
    base = np.load(Path(arguments.set) / "base.npy")
    engine = adapter(arguments.engine)(*base.shape, arguments.k)
    folder = Path(arguments.index)
    wall, cpu = time.perf_counter(), _cpu_seconds()
    engine.build(base, folder)
    return {
        "build_s": time.perf_counter() - wall,
        "build_cpu_s": _cpu_seconds() - cpu,
        "disk_bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
    }


def search(arguments: argparse.Namespace) -> dict:
    """All points of the sweep up to a recall of 0.996, and the resident bytes that opening and searching took."""
    sets = Path(arguments.set)
    rows, dim = np.load(sets / "base.npy", mmap_mode="r").shape
    queries, truth = np.load(sets / "queries.npy"), np.load(sets / "truth.npy")
    engine = adapter(arguments.engine)(rows, dim, arguments.k)
    before = _resident_bytes()
    engine.open(Path(arguments.index))
    points = []
    for setting in engine.sweep:
        points.append(measure.point(engine, setting, queries, truth, arguments.calls))
        if points[-1]["recall"] >= ENOUGH_RECALL:
            break
    return {"ram_bytes": _resident_bytes() - before, "points": points}


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
