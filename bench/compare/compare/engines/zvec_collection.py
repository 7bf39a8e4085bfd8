"""zvec: a collection with a Vamana graph over 7-bit codes and exact rescoring, and one with HNSW.

Searches by `query_internal_ids` on a read-only collection, its fastest call; ids are resolved outside the timing.
"""

from pathlib import Path

import numpy as np

from .base import Engine

BATCH = 1000


class ZvecVamana(Engine):
    package = "zvec"
    settings = {"index": "Vamana", "max_degree": 64, "search_list_size": 100, "codes": "UNIFORM_UINT7, rescored"}
    sweep = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768]

    def index(self, zvec):
        """The parameters of the vector index."""
        return zvec.VamanaIndexParam(
            metric_type=zvec.MetricType.L2,
            max_degree=64,
            search_list_size=100,
            use_contiguous_memory=True,
            quantize_type=zvec.QuantizeType.UNIFORM_UINT7,
            use_flat_contiguous_memory=True,
        )

    def parameter(self, zvec, ef: int):
        """The parameters of a search."""
        return zvec.VamanaQueryParam(ef_search=ef, is_using_refiner=True)

    def build(self, base: np.ndarray, folder: Path) -> None:
        import zvec

        zvec.init(query_threads=1, optimize_threads=1)
        field = zvec.VectorSchema("v", zvec.DataType.VECTOR_FP32, self.dim, index_param=self.index(zvec))
        schema = zvec.CollectionSchema(name="compare", vectors=field)
        collection = zvec.create_and_open(path=str(folder / "collection"), schema=schema)
        for start in range(0, self.rows, BATCH):
            rows = base[start : start + BATCH]
            collection.insert([zvec.Doc(id=str(start + i), vectors={"v": row}) for i, row in enumerate(rows)])
        collection.optimize(zvec.OptimizeOption(concurrency=1))
        collection.flush()

    def open(self, folder: Path) -> None:
        import zvec

        zvec.init(query_threads=1, optimize_threads=1)
        option = zvec.CollectionOption(read_only=True, enable_mmap=False)
        self.collection = zvec.open(path=str(folder / "collection"), option=option)

    def request(self, query: np.ndarray):
        import zvec

        return zvec.Query("v", vector=query, param=self.parameter(zvec, self.setting))

    def search(self, request):
        return self.collection.query_internal_ids(request, topk=self.k)

    def rows_of(self, answer) -> np.ndarray:
        return np.array([int(key) for key in self.collection.resolve_internal_ids(answer)])


class ZvecHnsw(ZvecVamana):
    settings = {"index": "HNSW", "m": 32, "ef_construction": 200, "codes": "none"}

    def index(self, zvec):
        return zvec.HnswIndexParam(
            metric_type=zvec.MetricType.IP, m=32, ef_construction=200, use_contiguous_memory=True
        )

    def parameter(self, zvec, ef: int):
        return zvec.HnswQueryParam(ef=ef)
