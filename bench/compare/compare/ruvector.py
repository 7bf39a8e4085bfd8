"""Ourselves: `ruvector bench`, which loads through the write path, replaces a tenth of the points, optimizes,
reopens and searches one query at a time and all in one call. Never touches the engine in another way."""

import json
import os
import subprocess
from pathlib import Path

NAME = "ruvector"
EF = [10, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 192, 256, 384]
ROOT = Path(__file__).resolve().parents[3]


def build_binary() -> Path:
    """The release binary, built by cargo where it is not up to date."""
    subprocess.run(["cargo", "build", "--release", "--package", "ruvector-cli"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    return ROOT / target / "release" / "ruvector"


def build(binary: Path, prefix: list[str], sets: Path, k: int, folder: Path) -> dict:
    """Loads the set into `folder`: figures of the build. `build_cpu_s` is the CPU time of the process until it reopens
    what it has written."""
    process, found = _bench(binary, prefix, sets, k, ["--engine-dir", str(folder), "--sweep", "ef=64"])
    keys = ("build_s", "disk_bytes", "m", "ef_construct", "replaced_points")
    return {key: found[key] for key in keys} | {"build_cpu_s": process}


def measure(binary: Path, prefix: list[str], sets: Path, k: int, calls: int, folder: Path) -> dict:
    """One round on what `build` has left in `folder`."""
    sweep = ["--sweep", "ef=" + ",".join(map(str, EF)), "--calls", str(max(calls, 10_000))]
    _, found = _bench(binary, prefix, sets, k, ["--engine-dir", str(folder), "--reuse", *sweep])
    points = [{"setting": point["params"]["ef"]} | point for point in found["points"]]
    return {"ram_bytes": found["rss_bytes"], "points": points}


def _bench(binary: Path, prefix: list[str], sets: Path, k: int, options: list[str]) -> tuple[float, dict]:
    """Runs the bench: CPU seconds until it reopens the collection, and its JSON."""
    out = sets / "ruvector.json"
    command = [*prefix, str(binary), "bench", "--base", str(sets / "base.npy"), "--metric", "cosine", "--k", str(k)]
    command += ["--queries", str(sets / "queries.npy"), "--truth", str(sets / "truth.npy"), "--json", str(out)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    build_cpu_s, last = 0.0, ""
    for line in process.stderr:
        last = line.strip() or last
        if line.startswith("Reopening"):
            build_cpu_s = _cpu_seconds(process.pid)
    if process.wait() != 0:
        raise RuntimeError(last)
    return build_cpu_s, json.loads(out.read_text())


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def describe(binary: Path) -> str:
    """The version that the binary tells."""
    return subprocess.run([binary, "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]


