"""Builds what is missing, then lets every engine search once a round, in alternation, each in its own process.

Indexes of peers are kept in .data/index and reused while version, settings and set stay. One process at a time; a
failure of an engine is written down as its result.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import peers, ruvector, sets
from .engines import adapter

ONE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
    )
}


class Runner:
    """All that is measured on one set. `engines[name]` collects version, settings, build and the rounds."""

    def __init__(self, options, folder: Path):
        self.options, self.folder = options, folder
        self.prefix = ["taskset", "--cpu-list", str(options.core)]
        self.engines: dict[str, dict] = {}

    def run(self) -> dict[str, dict]:
        """Builds, then the rounds; every second round runs backwards."""
        for name in self.options.engines:
            self.engines[name] = self._prepare(name)
        for round_number in range(self.options.rounds):
            for name in self.options.engines[:: -1 if round_number % 2 else 1]:
                entry = self.engines[name]
                if "error" not in entry:
                    print(f"{self.folder.name}: round {round_number + 1}, {name}", flush=True)
                    self._guard(entry, lambda: entry["rounds"].append(self._search(name, entry)))
        return self.engines

    def _prepare(self, name: str) -> dict:
        if name == ruvector.NAME:
            entry = {"version": ruvector.describe(self.options.ruvector), "settings": {}, "rounds": []}
            self._guard(entry, lambda: entry.update(self._build(name, entry)))
            return entry
        kind = adapter(name)
        entry = {"version": peers.VERSIONS[kind.package], "settings": kind.settings, "rounds": []}
        failure = peers.install(kind.package, Path(__file__).parents[1] / "requirements.txt")
        if failure:
            return entry | {"error": failure}
        self._guard(entry, lambda: entry.update(self._build(name, entry)))
        return entry

    def _build(self, name: str, entry: dict) -> dict:
        folder = sets.DATA / "index" / self.folder.name / name
        record = folder.with_suffix(".json")
        key = {"version": entry["version"], "settings": entry["settings"], "k": self.options.k}
        if name == ruvector.NAME:
            key["binary"] = hashlib.sha256(self.options.ruvector.read_bytes()).hexdigest()
        if record.exists():
            kept = json.loads(record.read_text())
            if kept.pop("key") == key:
                return kept
        print(f"{self.folder.name}: building {name}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if name == ruvector.NAME:
            figures = ruvector.build(self.options.ruvector, self.prefix, self.folder, self.options.k, folder)
        else:
            figures = self._worker("build", name)
        record.write_text(json.dumps({"key": key} | figures))
        return figures

    def _search(self, name: str, entry: dict) -> dict:
        options = self.options
        load = os.getloadavg()[0]
        if name == ruvector.NAME:
            folder = sets.DATA / "index" / self.folder.name / name
            found = ruvector.measure(options.ruvector, self.prefix, self.folder, options.k, options.calls, folder)
        else:
            found = self._worker("search", name)
        return {"load": load, "ram_bytes": found["ram_bytes"], "points": found["points"]}

    def _worker(self, task: str, name: str) -> dict:
        """Runs the worker pinned, and reads its figures."""
        out = sets.DATA / f"{task}.json"
        out.unlink(missing_ok=True)
        command = [*self.prefix, sys.executable, "-m", "compare.worker", task, "--engine", name, "--out", str(out)]
        command += ["--set", str(self.folder), "--index", str(sets.DATA / "index" / self.folder.name / name)]
        command += ["--k", str(self.options.k), "--calls", str(self.options.calls)]
        done = subprocess.run(command, env=os.environ | ONE_THREAD, capture_output=True, text=True)
        if done.returncode != 0 or not out.exists():
            lines = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
            raise RuntimeError(f"{task}: {lines[-1]}")
        return json.loads(out.read_text())

    @staticmethod
    def _guard(entry: dict, action) -> None:
        try:
            action()
        except (RuntimeError, OSError, KeyError, json.JSONDecodeError) as failure:
            entry["error"] = str(failure)
            print(f"  failed: {failure}", flush=True)
