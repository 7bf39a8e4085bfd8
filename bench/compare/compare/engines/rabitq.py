"""SymphonyQG of rabitqlib: a graph of fixed degree with 1-bit codes beside the links, raw vectors for the nodes."""

from pathlib import Path

import numpy as np

from .base import Engine


class Symqg32(Engine):
    package = "rabitqlib"
    degree = 32
    settings = {"index": "SymphonyQG", "max_degree": 32, "ef_construction": 200, "metric": "l2"}
    sweep = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]

    def build(self, base: np.ndarray, folder: Path) -> None:
        from rabitqlib import SymqgIndex

        index = SymqgIndex(self.dim, self.degree, "l2")
        index.build(base, self.settings["ef_construction"], num_threads=1)
        index.save(str(folder / "index.symqg"))

    def open(self, folder: Path) -> None:
        from rabitqlib import SymqgIndex

        self.index = SymqgIndex.load(str(folder / "index.symqg"))

    def request(self, query: np.ndarray):
        return query.reshape(1, -1)

    def search(self, request):
        return self.index.search(request, self.k, self.setting)

    def rows_of(self, answer) -> np.ndarray:
        return np.asarray(answer[0]).reshape(-1)

    def batch(self, requests):
        return self.index.search_batch(requests, self.k, self.setting)

    def batch_rows(self, answer) -> np.ndarray:
        return np.asarray(answer[0])


class Symqg64(Symqg32):
    degree = 64
    settings = {"index": "SymphonyQG", "max_degree": 64, "ef_construction": 200, "metric": "l2"}
