"""The HNSW libraries: hnswlib, usearch, faiss and alayalite. Each at M 16 / degree 32 and ef_construction 200."""

from pathlib import Path

import numpy as np

from .base import Engine

EF = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536]


class Hnswlib(Engine):
    package = "hnswlib"
    settings = {"M": 16, "ef_construction": 200, "space": "ip"}
    sweep = EF

    def build(self, base: np.ndarray, folder: Path) -> None:
        import hnswlib

        index = hnswlib.Index(space="ip", dim=self.dim)
        index.init_index(max_elements=self.rows, M=16, ef_construction=200, random_seed=100)
        index.add_items(base, num_threads=1)
        index.save_index(str(folder / "index.bin"))

    def open(self, folder: Path) -> None:
        import hnswlib

        self.index = hnswlib.Index(space="ip", dim=self.dim)
        self.index.load_index(str(folder / "index.bin"), max_elements=self.rows)

    def tune(self, setting) -> None:
        self.index.set_ef(setting)

    def search(self, request):
        return self.index.knn_query(request, self.k, num_threads=1)

    def rows_of(self, answer) -> np.ndarray:
        return answer[0][0]

    def batch(self, requests):
        return self.index.knn_query(requests, self.k, num_threads=1)

    def batch_rows(self, answer) -> np.ndarray:
        return answer[0]


class Usearch(Engine):
    package = "usearch"
    settings = {"connectivity": 16, "expansion_add": 200, "metric": "ip", "dtype": "f32"}
    sweep = EF

    def build(self, base: np.ndarray, folder: Path) -> None:
        from usearch.index import Index

        index = Index(ndim=self.dim, metric="ip", dtype="f32", connectivity=16, expansion_add=200)
        index.add(np.arange(self.rows, dtype=np.uint64), base, threads=1)
        index.save(str(folder / "index.usearch"))

    def open(self, folder: Path) -> None:
        from usearch.index import Index

        self.index = Index(ndim=self.dim, metric="ip", dtype="f32", connectivity=16, expansion_add=200)
        self.index.load(str(folder / "index.usearch"))

    def tune(self, setting) -> None:
        self.index.expansion_search = setting

    def search(self, request):
        return self.index.search(request, self.k, threads=1)

    def rows_of(self, answer) -> np.ndarray:
        return np.asarray(answer.keys)

    def batch(self, requests):
        return self.index.search(requests, self.k, threads=1)

    def batch_rows(self, answer) -> np.ndarray:
        return np.asarray(answer.keys)


class FaissHnsw(Engine):
    package = "faiss-cpu"
    settings = {"index": "HNSW32,Flat", "efConstruction": 200, "metric": "inner product"}
    sweep = EF

    def build(self, base: np.ndarray, folder: Path) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        index = faiss.IndexHNSWFlat(self.dim, 32, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 200
        index.add(base)
        faiss.write_index(index, str(folder / "index.faiss"))

    def open(self, folder: Path) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        self.index = faiss.read_index(str(folder / "index.faiss"))

    def tune(self, setting) -> None:
        self.index.hnsw.efSearch = setting

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


class Alayalite(Engine):
    package = "alayalite"
    settings = {"index": "hnsw", "max_nbrs": 32, "ef_construction": 200, "quantization": "none", "metric": "ip"}
    sweep = EF

    def _new(self):
        from alayalite import Index
        from alayalite.schema import IndexParams

        settings = {"index_type": "hnsw", "quantization_type": "none", "metric": "ip", "max_nbrs": 32}
        settings |= {"data_type": np.float32, "id_type": np.uint32, "capacity": self.rows}
        return Index("index", IndexParams(**settings))

    def build(self, base: np.ndarray, folder: Path) -> None:
        from alayalite.schema import save_schema

        index = self._new()
        index.fit(base, ef_construction=200, num_threads=1)
        saved = folder / "index"
        saved.mkdir()
        save_schema(str(saved / "schema.json"), index.save(str(saved)))

    def open(self, folder: Path) -> None:
        from alayalite import Index

        self.index = Index.load(str(folder), "index")

    def search(self, request):
        return self.index.search(request, self.k, max(self.setting, self.k))

    def batch(self, requests):
        return self.index.batch_search(requests, self.k, max(self.setting, self.k), 1)
