"""The figures of a set as a table and a plot. Never drops an engine that failed: its line says why.

QPS at a recall is read off the engine's front of measured points (the better of single calls and batch, the best
round at each setting), between two points on a straight line of log QPS over recall; never beyond the last point.
"""

import json
import math
from pathlib import Path

TARGETS = (0.90, 0.95, 0.99)


def write(result: dict, folder: Path) -> Path:
    """Writes <set>.json, <set>.md and <set>.png; returns the path of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    name = result["set"]
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1))
    path = folder / f"{name}.md"
    path.write_text(table(result))
    plot(result, folder / f"{name}.png")
    return path


def best_points(entry: dict) -> list[dict]:
    """For each setting the round with the highest QPS, and the highest batch QPS of all rounds."""
    by_setting: dict[str, list[dict]] = {}
    for one_round in entry["rounds"]:
        for point in one_round["points"]:
            by_setting.setdefault(json.dumps(point["setting"]), []).append(point)
    best = []
    for points in by_setting.values():
        top = dict(max(points, key=lambda point: point["qps"]))
        if "batch_qps" in top:
            top["batch_qps"] = max(point["batch_qps"] for point in points)
        best.append(top)
    return best


def front(pairs: list[tuple[float, float]], lower_is_better: bool = False) -> list[tuple[float, float]]:
    """The (recall, value) pairs that no other beats in both, by rising recall."""
    kept: list[tuple[float, float]] = []
    sign = -1 if lower_is_better else 1
    for recall, value in sorted(pairs, key=lambda pair: (-pair[0], -sign * pair[1])):
        if not kept or sign * value > sign * kept[-1][1]:
            kept.append((recall, value))
    return kept[::-1]


def at(pairs: list[tuple[float, float]], recall: float) -> float | None:
    """The value of a front at a recall; the first point's where all are above it, None where none reaches it."""
    for (low, a), (high, b) in zip([pairs[0], *pairs], pairs):
        if high >= recall:
            if high == low or low >= recall:
                return b if high == low else a
            part = (recall - low) / (high - low)
            return math.exp(math.log(a) + part * (math.log(b) - math.log(a)))
    return None


def qps_front(points: list[dict], batch: bool = True) -> list[tuple[float, float]]:
    pairs = [(point["recall"], point["qps"]) for point in points]
    if batch:
        pairs += [(point["batch_recall"], point["batch_qps"]) for point in points if "batch_qps" in point]
    return front(pairs)


def table(result: dict) -> str:
    """The table in markdown, the fastest at 0.95 first."""
    lines = [
        f"## {result['set']}: {result['rows']:,} × {result['dim']}, k = {result['k']}, cosine",
        "",
        f"{result['date']}, {result['cpu']}, {result['cores']} cores, one thread pinned to one; "
        f"{result['queries']:,} held-out queries, {result['calls']:,} timed calls a setting, best of "
        f"{result['rounds']} rounds in alternation.",
        *_warnings(result),
        "",
        "| engine | version | QPS at 0.90 | 0.95 | 0.99 | one query per call: 0.90 / 0.95 / 0.99 "
        "| p50 / p99 at 0.95, µs | build s (CPU s) | RAM MB | disk MB | spread |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    measured = {name: entry for name, entry in result["engines"].items() if entry["rounds"]}
    order = sorted(measured, key=lambda name: -(at(qps_front(best_points(measured[name])), 0.95) or 0))
    lines += [_line(name, measured[name]) for name in order]
    for name, entry in result["engines"].items():
        if "error" in entry:
            lines.append(f"| {name} | {entry['version']} | {entry['error']} | | | | | | | | |")
    return "\n".join(lines) + "\n"


def _warnings(result: dict) -> list[str]:
    shares = [
        point["share"]
        for entry in result["engines"].values()
        for one_round in entry["rounds"]
        for point in one_round["points"]
        if "share" in point
    ]
    loads = [one_round["load"] for entry in result["engines"].values() for one_round in entry["rounds"]]
    if not loads or (max(loads) < 1.5 and min(shares, default=1) > 0.95):
        return []
    low, high = min(shares, default=1), max(loads)
    return ["", f"**The machine was shared** (load up to {high:.1f}, core share down to {low:.2f}): not for quoting."]


def _line(name: str, entry: dict) -> str:
    points = best_points(entry)
    best, single = qps_front(points), qps_front(points, batch=False)
    p50 = at(front([(p["recall"], p["p50_us"]) for p in points], lower_is_better=True), 0.95)
    p99 = at(front([(p["recall"], p["p99_us"]) for p in points], lower_is_better=True), 0.95)
    cells = [name, entry["version"], *(_number(at(best, target)) for target in TARGETS)]
    cells.append(" / ".join(_number(at(single, target)) for target in TARGETS))
    cells.append(f"{_number(p50)} / {_number(p99)}")
    cells.append(f"{entry['build_s']:,.0f} ({entry['build_cpu_s']:,.0f})")
    cells.append(_number(min(one["ram_bytes"] for one in entry["rounds"]) / 1e6))
    cells.append(_number(entry["disk_bytes"] / 1e6))
    cells.append(_spread(entry))
    return "| " + " | ".join(cells) + " |"


def _spread(entry: dict) -> str:
    """QPS at 0.95 in the worst round, as a share of the best."""
    rounds = [at(qps_front(one["points"]), 0.95) for one in entry["rounds"]]
    if len(rounds) < 2 or None in rounds:
        return "–"
    return f"{min(rounds) / max(rounds):.2f}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def plot(result: dict, path: Path) -> None:
    """Recall against QPS, log scale; up and to the right is better."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(10, 6.5), dpi=120)
    markers = "osv^D<>pP*Xhd8"
    colours = pyplot.get_cmap("tab20").colors
    for number, (name, entry) in enumerate(result["engines"].items()):
        pairs = [pair for pair in qps_front(best_points(entry)) if pair[0] >= 0.8] if entry["rounds"] else []
        if pairs:
            style = {"color": colours[number % 20], "linewidth": 1.3}
            if name == "ruvector":
                style = {"color": "black", "linewidth": 3, "zorder": 10}
            axes.plot(*zip(*pairs), label=name, marker=markers[number % len(markers)], markersize=5, **style)
    for target in TARGETS:
        axes.axvline(target, color="lightgrey", zorder=0)
    axes.set(yscale="log", xlim=(0.8, 1.0), xlabel=f"recall@{result['k']}", ylabel="queries per second, one thread")
    axes.set_title(f"{result['set']}: {result['rows']:,} × {result['dim']}, cosine ({result['cpu']})")
    axes.grid(True, which="both", alpha=0.25)
    axes.legend(loc="lower left")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
