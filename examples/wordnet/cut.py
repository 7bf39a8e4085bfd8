"""Cuts the 5,000 rows of this example out of the 20,000-row set.

Usage: python3 cut.py SOURCE_FOLDER   (standard library only; writes into this script's folder)

SOURCE_FOLDER holds wordnet-20k.vectors.npy (float16 [20000, 384]) and wordnet-20k.payload.jsonl.
Method: a stratified sample over `lexname` (45 kinds). A kind's share grows with the square root of its
size, so that small kinds (noun.food, verb.weather) are well represented. Inside a kind, words that
people know come first: those that occur most often in the glosses of the whole set, with a bonus for
single short words in small letters, ties in a seeded random order. Rows keep their order. The same input gives the same bytes.
"""

import collections
import json
import math
import pathlib
import random
import re
import struct
import sys

ROWS, DIMENSIONS, SEED = 5_000, 384, 2026


def gloss_counts(payloads):
    """How many glosses hold each run of one to three words."""
    counts = collections.Counter()
    for payload in payloads:
        words = re.findall(r"[a-z']+", payload["gloss"].lower())
        runs = {" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words))}
        counts.update(runs)
    return counts


def quotas(sizes, total):
    """Shares of `total` that grow with the square root of each kind's size, never above the size."""
    shares = {kind: 0 for kind in sizes}
    while (missing := total - sum(shares.values())) > 0:
        open_kinds = {k: math.sqrt(n) for k, n in sizes.items() if shares[k] < n}
        weight = sum(open_kinds.values())
        before = sum(shares.values())
        for kind, root in sorted(open_kinds.items()):
            shares[kind] = min(sizes[kind], shares[kind] + int(missing * root / weight))
        if sum(shares.values()) == before:
            for kind in sorted(open_kinds, key=open_kinds.get)[-missing:]:
                shares[kind] += 1
    return shares


def choose(payloads):
    """The chosen row numbers, ascending."""
    counts = gloss_counts(payloads)
    tie = random.Random(SEED)
    kinds = collections.defaultdict(list)
    for row, payload in enumerate(payloads):
        word = payload["word"]
        is_plain = re.fullmatch(r"[a-z]{3,10}", word) is not None
        known = min(counts[word.lower()], 50) + (5 if is_plain else 0)
        rank = (-known, tie.random())
        kinds[payload["lexname"]].append((rank, row))
    share = quotas({kind: len(rows) for kind, rows in kinds.items()}, ROWS)
    return sorted(row for kind, rows in kinds.items() for _, row in sorted(rows)[: share[kind]])


def npy_header(rows):
    text = f"{{'descr': '<f2', 'fortran_order': False, 'shape': ({rows}, {DIMENSIONS}), }}"
    text += " " * (-(10 + len(text) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("ascii")


def main():
    source = pathlib.Path(sys.argv[1])
    target = pathlib.Path(__file__).resolve().parent
    lines = (source / "wordnet-20k.payload.jsonl").read_text(encoding="utf-8").splitlines()
    vectors = (source / "wordnet-20k.vectors.npy").read_bytes()
    head, width = len(npy_header(len(lines))), DIMENSIONS * 2
    if vectors[:head] != npy_header(len(lines)) or len(vectors) != head + len(lines) * width:
        sys.exit("wordnet-20k.vectors.npy is not float16 [rows of the payload file, 384]")
    rows = choose([json.loads(line) for line in lines])
    cut = b"".join(vectors[head + row * width : head + (row + 1) * width] for row in rows)
    (target / "vectors.npy").write_bytes(npy_header(len(rows)) + cut)
    (target / "payload.jsonl").write_text("".join(lines[row] + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
