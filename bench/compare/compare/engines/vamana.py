"""The Vamana graphs: Intel's scalable-vs and DiskANN's in-memory index. Degree 64, window 200."""

from pathlib import Path

import numpy as np

from .base import Engine

WINDOWS = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]


class ScalableVs(Engine):
    package = "scalable-vs"
    settings = {"index": "Vamana f32", "graph_max_degree": 64, "window_size": 200, "alpha": 0.95, "metric": "ip"}
    sweep = WINDOWS

    def build(self, base: np.ndarray, folder: Path) -> None:
        import svs

        parameters = svs.VamanaBuildParameters(graph_max_degree=64, window_size=200, alpha=0.95)
        index = svs.Vamana.build(parameters, base, svs.DistanceType.MIP, num_threads=1)
        index.save(*(str(folder / part) for part in ("config", "graph", "data")))

    def open(self, folder: Path) -> None:
        import svs

        config, graph, data = (str(folder / part) for part in ("config", "graph", "data"))
        vectors = svs.VectorDataLoader(data, svs.DataType.float32)
        self.index = svs.Vamana(config, svs.GraphLoader(graph), vectors, svs.DistanceType.MIP, num_threads=1)

    def tune(self, setting) -> None:
        self.index.search_window_size = setting

    def search(self, request):
        return self.index.search(request, self.k)

    def rows_of(self, answer) -> np.ndarray:
        return np.asarray(answer[0]).reshape(-1)

    def batch(self, requests):
        return self.index.search(requests, self.k)

    def batch_rows(self, answer) -> np.ndarray:
        return np.asarray(answer[0])


class Diskann(Engine):
    """The in-memory index has no saved form that holds its vectors: it is built again in every process."""

    package = "diskannpy-rust"
    settings = {"index": "AsyncDiskIndex", "r": 64, "l": 200, "alpha": 1.2, "metric": "l2"}
    sweep = WINDOWS

    def build(self, base: np.ndarray, folder: Path) -> None:
        self._fill(base, folder)
        np.save(folder / "base.npy", base)

    def open(self, folder: Path) -> None:
        self._fill(np.load(folder / "base.npy"), folder)

    def _fill(self, base: np.ndarray, folder: Path) -> None:
        import diskannpy

        settings = {"num_threads": 1, "r": 64, "l": 200, "alpha": 1.2, "distance_metric": "l2"}
        settings |= {"vector_dtype": np.float32, "dimensions": self.dim, "max_points": self.rows + 1}
        self.index = diskannpy.AsyncDiskIndex(str(folder), load_from_file=False, **settings)
        self.index.batch_insert(np.arange(1, self.rows + 1, dtype=np.uint32), base, True, 1)

    def search(self, request):
        return self.index.search(request, self.k, max(self.setting, self.k))

    def rows_of(self, answer) -> np.ndarray:
        return answer.identifiers.astype(np.int64) - 1

    def batch(self, requests):
        return self.index.batch_search(requests, self.k, max(self.setting, self.k), 1)

    def batch_rows(self, answer) -> np.ndarray:
        return answer.identifiers.astype(np.int64) - 1
