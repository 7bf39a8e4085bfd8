"""The command line: makes the sets, runs the engines, writes the reports. Decides nothing about how to measure."""

import argparse
import os
import sys
import time
from pathlib import Path

from . import report, rounds, ruvector, sets
from .engines import REGISTRY

RESULTS = Path(__file__).resolve().parent.parent / "results"


def main() -> None:
    options = parse()
    if ruvector.NAME in options.engines:
        options.ruvector = Path(options.ruvector).resolve() if options.ruvector else ruvector.build_binary()
    for name in options.sets:
        folder = sets.make(name)
        started = time.strftime("%Y-%m-%d %H:%M")
        engines = rounds.Runner(options, folder).run()
        result = {"set": name, "date": started} | machine() | shape(folder)
        result |= {"k": options.k, "rounds": options.rounds, "calls": options.calls, "engines": engines}
        path = report.write(result, RESULTS)
        print(path.read_text())


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/compare/run", description="Measures ruvector beside its peers.")
    known = [ruvector.NAME, *REGISTRY]
    parser.add_argument("--sets", default="glove100,wordnet117k", help=f"of {', '.join(sets.MAKERS)}")
    parser.add_argument("--engines", default=",".join(known), help=f"of {', '.join(known)}")
    parser.add_argument("--rounds", type=int, default=3, help="how often every engine searches (default 3)")
    parser.add_argument("--calls", type=int, default=2000, help="timed calls for each setting (default 2000)")
    parser.add_argument("--k", type=int, default=10, help="neighbours asked for (default 10)")
    parser.add_argument("--core", type=int, default=(os.cpu_count() or 1) - 1, help="the core to pin to (default last)")
    parser.add_argument("--quick", action="store_true", help="one round with 1,000 calls: for a first look")
    parser.add_argument("--ruvector", metavar="BINARY", help="measure this binary instead of building one")
    options = parser.parse_args()
    options.sets, options.engines = options.sets.split(","), options.engines.split(",")
    unknown = (set(options.sets) - set(sets.MAKERS)) | (set(options.engines) - set(known))
    if unknown:
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; see --help")
    if options.quick:
        options.rounds, options.calls = 1, 1000
    return options


def machine() -> dict:
    """The processor's name and the number of cores."""
    names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return {"cpu": names[0] if names else "unknown processor", "cores": os.cpu_count()}


def shape(folder: Path) -> dict:
    """The sizes of a set."""
    import numpy as np

    rows, dim = np.load(folder / "base.npy", mmap_mode="r").shape
    return {"rows": rows, "dim": dim, "queries": len(np.load(folder / "queries.npy", mmap_mode="r"))}


if __name__ == "__main__":
    main()
