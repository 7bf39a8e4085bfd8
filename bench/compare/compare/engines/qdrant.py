"""Qdrant's engine, embedded (qdrant-edge-py): one segment, HNSW m 16, ef_construct 200, vectors in RAM."""

from pathlib import Path

import numpy as np

from .base import Engine

BATCH = 1000


class QdrantEdge(Engine):
    package = "qdrant-edge-py"
    settings = {"m": 16, "ef_construct": 200, "segments": 1, "metric": "dot", "search_threads": 1}
    sweep = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536]

    def _config(self):
        import qdrant_edge as q

        graph = q.HnswIndexConfig(m=16, ef_construct=200, full_scan_threshold=10, max_indexing_threads=1)
        vectors = q.EdgeVectorParams(size=self.dim, distance=q.Distance.Dot, hnsw_config=graph)
        optimizers = q.EdgeOptimizersConfig(
            default_segment_number=1, max_segment_size=100_000_000, indexing_threshold=1000
        )
        return q.EdgeConfig(vectors=vectors, hnsw_config=graph, optimizers=optimizers, max_search_threads=1)

    def build(self, base: np.ndarray, folder: Path) -> None:
        import qdrant_edge as q

        shard = q.EdgeShard.create(str(folder), self._config())
        for start in range(0, self.rows, BATCH):
            rows = base[start : start + BATCH].tolist()
            points = [q.Point(start + offset, row) for offset, row in enumerate(rows)]
            shard.update(q.UpdateOperation.upsert_points(points))
        shard.optimize()
        shard.flush()
        shard.close()

    def open(self, folder: Path) -> None:
        import qdrant_edge as q

        self.shard = q.EdgeShard.load(str(folder))

    def tune(self, setting) -> None:
        import qdrant_edge as q

        self.parameters = q.SearchParams(hnsw_ef=setting)

    def request(self, query: np.ndarray):
        import qdrant_edge as q

        return q.SearchRequest(q.Query.Nearest(query.tolist()), self.k, params=self.parameters)

    def search(self, request):
        return self.shard.search(request)

    def rows_of(self, answer) -> np.ndarray:
        return np.array([point.id for point in answer])

    def batch_request(self, queries: np.ndarray):
        import qdrant_edge as q

        requests = [
            q.QueryRequest(self.k, query=q.Query.Nearest(query.tolist()), params=self.parameters) for query in queries
        ]
        return q.QueryBatchRequest(requests)

    def batch(self, requests):
        return self.shard.query_batch(requests)

    def batch_rows(self, answer) -> np.ndarray:
        return np.array([[point.id for point in points] for points in answer])
