"""Goal: collections come, are described and go as the client asks. Method: every call of the client about collections,
answers compared with local mode where it keeps what is asked, else with what was declared."""

import importlib.metadata
import time

from qdrant_client import models
from qdrant_client.common.version_check import is_compatible

import data
from world import AsyncCase, GrpcAsyncCase, GrpcSyncCase, SyncCase

PLAIN = models.VectorParams(size=4, distance=models.Distance.COSINE)
NAMED = {
    "title": models.VectorParams(size=3, distance=models.Distance.EUCLID, on_disk=True),
    "body": models.VectorParams(size=5, distance=models.Distance.MANHATTAN, hnsw_config=models.HnswConfigDiff(m=8)),
}


class Collections:
    def test_version_is_one_the_client_takes(self):
        info = self.remote.info()
        self.assertTrue(is_compatible(importlib.metadata.version("qdrant-client"), info.version), info)

    def test_life(self):
        for name, params in (("plain", PLAIN), ("named", NAMED)):
            self.assertTrue(self.change("create_collection", name, vectors_config=params))
        remote, local = self.ask("get_collections")
        self.assertEqual(sorted(one.name for one in remote.collections), sorted(one.name for one in local.collections))
        for name in ("plain", "absent"):
            remote, local = self.ask("collection_exists", name)
            self.assertEqual(remote, local)
        self.change("recreate_collection", "plain", vectors_config=PLAIN)
        self.assertTrue(self.change("delete_collection", "named"))
        remote, local = self.ask("collection_exists", "named")
        self.assertEqual((remote, local), (False, False))

    def test_description(self):
        self.change("create_collection", "named", vectors_config=NAMED)
        vectors = {"title": [1.0, 2.0, 3.0], "body": [0.5] * 5}
        self.change("upsert", "named", points=[models.PointStruct(id=1, vector=vectors)])
        remote, local = self.ask("get_collection", "named")
        self.assertEqual(remote.points_count, local.points_count)
        for _ in range(300):  # yellow until the server's background work is done
            if self.remote.get_collection("named").status == models.CollectionStatus.GREEN:
                break
            time.sleep(0.1)
        self.assertEqual(self.remote.get_collection("named").status, models.CollectionStatus.GREEN)
        self.assertEqual(remote.payload_schema, local.payload_schema)
        for name, params in NAMED.items():
            shown = remote.config.params.vectors[name]
            self.assertEqual((shown.size, shown.distance), (params.size, params.distance))
        self.assertTrue(remote.config.params.vectors["title"].on_disk)
        # What the collection shows for all vectors holds for those that show nothing of their own.
        for name, links in (("title", 16), ("body", 8)):
            shown = remote.config.params.vectors[name].hnsw_config or remote.config.hnsw_config
            self.assertEqual(shown.m, links)

    def test_options_of_creation(self):
        self.assertTrue(
            self.remote.create_collection(
                "options",
                vectors_config=PLAIN,
                shard_number=2,
                replication_factor=1,
                on_disk_payload=True,
                hnsw_config=models.HnswConfigDiff(m=24, ef_construct=80),
                optimizers_config=models.OptimizersConfigDiff(deleted_threshold=0.3),
                quantization_config=models.ScalarQuantization(
                    scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
                ),
                timeout=10,
            )
        )
        config = self.remote.get_collection("options").config
        self.assertEqual((config.hnsw_config.m, config.hnsw_config.ef_construct), (24, 80))
        self.assertEqual(config.params.shard_number, 2)
        self.assertEqual(config.quantization_config.scalar.quantile, 0.99)
        self.assertTrue(self.remote.update_collection("options", quantization_config=models.Disabled.DISABLED))
        self.assertIsNone(self.remote.get_collection("options").config.quantization_config)

    def test_refusals(self):
        self.remote.create_collection("one", vectors_config=PLAIN)
        calls = [
            (409, lambda: self.remote.create_collection("one", vectors_config=PLAIN)),
            (404, lambda: self.remote.get_collection("absent")),
            (404, lambda: self.remote.upsert("absent", points=[models.PointStruct(id=1, vector=[1.0])])),
            (400, lambda: self.remote.upsert("one", points=[models.PointStruct(id=1, vector=[1.0])])),
            (400, lambda: self.remote.query_points("one", query=[1.0])),
        ]
        for status, call in calls:
            self.refused(status, call)
        text = self.refused(404, lambda: self.remote.get_collection("absent"))
        self.assertIn("Not found: collection", text)
        self.assertIn("does not exist", text)


class CollectionsSync(Collections, SyncCase):
    pass


class CollectionsAsync(Collections, AsyncCase):
    pass


class CollectionsGrpcSync(Collections, GrpcSyncCase):
    pass


class CollectionsGrpcAsync(Collections, GrpcAsyncCase):
    pass
