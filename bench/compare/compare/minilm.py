"""Sentence vectors of all-MiniLM-L6-v2, computed with numpy from the weights in a package.

Reads the safetensors file itself and computes the six BERT layers, so that no deep-learning framework is needed.
Texts are grouped by their number of tokens: a batch has no padding and no mask. Never reaches the network.
"""

import json
import struct
from pathlib import Path

import numpy as np

HEADS = 12
LAYERS = 6
WIDTH = 384
TOKENS_MAX = 256
TOKENS_PER_BATCH = 2048
GELU_ROWS = 32


class MiniLm:
    """The model; `folder` holds model.safetensors and tokenizer.json."""

    def __init__(self, folder: Path):
        from tokenizers import Tokenizer

        self.weights = read_safetensors(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(TOKENS_MAX)

    def tokens(self, texts: list[str]) -> list[list[int]]:
        """The token numbers of each text, [CLS] and [SEP] included."""
        return [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]

    def embed(self, ids: np.ndarray) -> np.ndarray:
        """Unit vectors, float32 [texts, 384], of token numbers [texts, tokens] (all texts of one length)."""
        w = self.weights
        x = w["embeddings.word_embeddings.weight"][ids]
        x = x + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x += w["embeddings.token_type_embeddings.weight"][0]
        x = self._norm("embeddings.LayerNorm", x)
        for layer in range(LAYERS):
            x = self._layer(f"encoder.layer.{layer}", x)
        pooled = x.mean(axis=1)
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)

    def _layer(self, name: str, x: np.ndarray) -> np.ndarray:
        texts, tokens, _ = x.shape

        def heads(part):
            y = self._dense(f"{name}.attention.self.{part}", x)
            return y.reshape(texts, tokens, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)

        query, key, value = heads("query"), heads("key"), heads("value")
        scores = (query @ key.transpose(0, 1, 3, 2)) / np.float32(np.sqrt(WIDTH // HEADS))
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(texts, tokens, WIDTH)
        attended = self._dense(f"{name}.attention.output.dense", mixed)
        attended += x
        x = self._norm(f"{name}.attention.output.LayerNorm", attended)
        wide = gelu(self._dense(f"{name}.intermediate.dense", x))
        out = self._dense(f"{name}.output.dense", wide)
        out += x
        return self._norm(f"{name}.output.LayerNorm", out)

    def _dense(self, name: str, x: np.ndarray) -> np.ndarray:
        flat = x.reshape(-1, x.shape[-1]) @ self.weights[f"{name}.weight"].T
        flat += self.weights[f"{name}.bias"]
        return flat.reshape(*x.shape[:-1], -1)

    def _norm(self, name: str, x: np.ndarray) -> np.ndarray:
        x = x - x.mean(axis=-1, keepdims=True)
        x /= np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + np.float32(1e-12))
        x *= self.weights[f"{name}.weight"]
        x += self.weights[f"{name}.bias"]
        return x


def gelu(x: np.ndarray) -> np.ndarray:
    """x * Phi(x) in place, a few rows at a time so that they stay in the cache."""
    rows = x.reshape(-1, x.shape[-1])
    for start in range(0, len(rows), GELU_ROWS):
        _gelu_rows(rows[start : start + GELU_ROWS])
    return x


def _gelu_rows(x: np.ndarray) -> None:
    """The error function by Abramowitz and Stegun 7.1.26 (absolute error below 2e-7)."""
    z = np.abs(x)
    z *= np.float32(1 / np.sqrt(2))
    t = np.float32(1) / (np.float32(1) + np.float32(0.3275911) * z)
    poly = t * np.float32(1.061405429)
    for term in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        poly += np.float32(term)
        poly *= t
    np.square(z, out=z)
    np.negative(z, out=z)
    np.exp(z, out=z)
    poly *= z
    erf = np.copysign(np.float32(1) - poly, x)
    erf += np.float32(1)
    x *= erf
    x *= np.float32(0.5)


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """The float32 tensors of a safetensors file, by name."""
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    (length,) = struct.unpack("<Q", raw[:8].tobytes())
    header = json.loads(raw[8 : 8 + length].tobytes())
    tensors = {}
    for name, info in header.items():
        if name != "__metadata__" and info["dtype"] == "F32":
            start, end = info["data_offsets"]
            data = np.array(raw[8 + length + start : 8 + length + end]).view(np.float32)
            tensors[name] = data.reshape(info["shape"])
    return tensors
