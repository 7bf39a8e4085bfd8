"""The partitioned scans: ScaNN, and faiss IVF with 4-bit product codes (FastScan) and exact rescoring."""

import math
from pathlib import Path

import numpy as np

from .base import Engine


class Scann(Engine):
    package = "scann"
    settings = {"leaves": "2 sqrt(n)", "dims_per_block": 2, "anisotropic_threshold": 0.2, "training": "all rows"}
    sweep = [
        [leaves, reorder]
        for leaves, reorders in (
            (6, (20, 40)),
            (10, (30, 60)),
            (16, (30, 60, 100)),
            (24, (40, 80, 120)),
            (36, (50, 100, 150)),
            (54, (60, 120, 200)),
            (80, (80, 150, 250)),
            (120, (100, 200, 350)),
            (180, (150, 300, 500)),
            (280, (200, 400, 700)),
        )
        for reorder in reorders
    ]

    def build(self, base: np.ndarray, folder: Path) -> None:
        import scann

        leaves = int(2 * math.sqrt(self.rows))
        builder = scann.scann_ops_pybind.builder(base, self.k, "dot_product")
        builder = builder.tree(num_leaves=leaves, num_leaves_to_search=20, training_sample_size=self.rows)
        builder = builder.score_ah(2, anisotropic_quantization_threshold=0.2).reorder(100)
        builder.set_n_training_threads(1).build().serialize(str(folder))

    def open(self, folder: Path) -> None:
        import scann

        self.index = scann.scann_ops_pybind.load_searcher(str(folder))

    def search(self, request):
        leaves, reorder = self.setting
        return self.index.search(request, self.k, reorder, leaves)

    def rows_of(self, answer) -> np.ndarray:
        return np.asarray(answer[0])

    def batch(self, requests):
        leaves, reorder = self.setting
        return self.index.search_batched(requests, self.k, reorder, leaves)

    def batch_rows(self, answer) -> np.ndarray:
        return np.asarray(answer[0])


class FaissIvfPq(Engine):
    package = "faiss-cpu"
    settings = {"index": "IVF(2 sqrt(n)),PQ(d/2)x4fs,RFlat", "metric": "inner product"}
    sweep = [
        [nprobe, factor]
        for nprobe, factors in (
            (2, (2, 4)),
            (4, (3, 6)),
            (8, (4, 8)),
            (16, (5, 10)),
            (32, (8, 16)),
            (64, (12, 24)),
            (128, (16, 32)),
            (256, (32,)),
        )
        for factor in factors
    ]

    def build(self, base: np.ndarray, folder: Path) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        lists = int(2 * math.sqrt(self.rows))
        name = f"IVF{lists},PQ{self.dim // 2}x4fs,RFlat"
        index = faiss.index_factory(self.dim, name, faiss.METRIC_INNER_PRODUCT)
        index.train(base)
        index.add(base)
        faiss.write_index(index, str(folder / "index.faiss"))

    def open(self, folder: Path) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        self.index = faiss.read_index(str(folder / "index.faiss"))
        self.inner = faiss.extract_index_ivf(self.index)

    def tune(self, setting) -> None:
        self.inner.nprobe, self.index.k_factor = setting

    def request(self, query: np.ndarray):
        return query.reshape(1, -1)

    def search(self, request):
        return self.index.search(request, self.k)

    def rows_of(self, answer) -> np.ndarray:
        return answer[1][0]

    def batch(self, requests):
        return self.index.search(requests, self.k)

    def batch_rows(self, answer) -> np.ndarray:
        return answer[1]
