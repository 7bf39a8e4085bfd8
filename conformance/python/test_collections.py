"""Goal: collections come, are described and go as the client asks. Method: every call of the client about collections,
answers compared with local mode where it keeps what is asked, else with what was declared."""

import functools
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

    def test_payloads_alone(self):
        self.change("create_collection", "payloads", vectors_config={})
        points = [models.PointStruct(id=at, vector={}, payload={"at": at}) for at in range(1, 6)]
        self.change("upsert", "payloads", points=points)
        late = models.Filter(must=[models.FieldCondition(key="at", range=models.Range(gte=3))])
        remote, local = self.ask("count", "payloads", count_filter=late)
        self.assertEqual((remote.count, local.count), (3, 3))
        remote, local = self.ask("scroll", "payloads", scroll_filter=late, with_vectors=True)
        self.assertEqual([one.payload for one in remote[0]], [one.payload for one in local[0]])

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
        self.assertAlmostEqual(config.quantization_config.scalar.quantile, 0.99, places=6)  # 32 bits in a message
        self.assertTrue(self.remote.update_collection("options", quantization_config=models.Disabled.DISABLED))
        self.assertIsNone(self.remote.get_collection("options").config.quantization_config)

    def test_every_option_is_shown_again(self):
        optimizers = models.OptimizersConfigDiff(
            deleted_threshold=0.4,
            vacuum_min_vector_number=500,
            default_segment_number=6,
            memmap_threshold=20000,
            indexing_threshold=0,
            flush_interval_sec=5,
            max_optimization_threads=1,
            prevent_unoptimized=False,
        )
        hnsw = models.HnswConfigDiff(
            m=12, ef_construct=90, full_scan_threshold=10000, max_indexing_threads=1, on_disk=True, payload_m=8
        )
        self.remote.create_collection(
            "options",
            vectors_config=NAMED,
            replication_factor=2,
            write_consistency_factor=2,
            sharding_method=models.ShardingMethod.AUTO,
            hnsw_config=hnsw,
            optimizers_config=optimizers,
            strict_mode_config=models.StrictModeConfig(enabled=False),
            metadata={"owner": "us", "since": 2024},
        )
        config = self.remote.get_collection("options").config
        for name in hnsw.model_dump(exclude_none=True):
            self.assertEqual(getattr(config.hnsw_config, name), getattr(hnsw, name), name)
        for name in optimizers.model_dump(exclude_none=True, exclude={"prevent_unoptimized"}):
            self.assertEqual(getattr(config.optimizer_config, name), getattr(optimizers, name), name)
        self.assertEqual((config.params.replication_factor, config.params.write_consistency_factor), (2, 2))
        self.assertEqual(config.metadata, {"owner": "us", "since": 2024})
        self.assertEqual(config.params.vectors["body"].hnsw_config.m, 8)

    def test_update(self):
        self.change("create_collection", "named", vectors_config=NAMED, metadata={"owner": "us", "since": 2024})
        self.assertTrue(
            self.remote.update_collection(
                "named",
                vectors_config={
                    "title": models.VectorParamsDiff(
                        on_disk=False,
                        hnsw_config=models.HnswConfigDiff(ef_construct=50),
                        quantization_config=models.ScalarQuantization(
                            scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8)
                        ),
                    )
                },
                optimizers_config=models.OptimizersConfigDiff(
                    indexing_threshold=0, max_optimization_threads=models.MaxOptimizationThreadsSetting.AUTO
                ),
                hnsw_config=models.HnswConfigDiff(m=24),
                collection_params=models.CollectionParamsDiff(replication_factor=3, read_fan_out_factor=1),
                strict_mode_config=models.StrictModeConfig(enabled=False),
                metadata={"owner": "you", "since": None, "more": [1]},
                timeout=10,
            )
        )
        config = self.remote.get_collection("named").config
        title, body = config.params.vectors["title"], config.params.vectors["body"]
        self.assertEqual((title.on_disk, title.hnsw_config.m, title.hnsw_config.ef_construct), (False, 24, 50))
        self.assertEqual(title.quantization_config.scalar.type, models.ScalarType.INT8)
        self.assertEqual((body.hnsw_config.m, body.quantization_config), (8, None))
        self.assertEqual((config.hnsw_config.m, config.optimizer_config.indexing_threshold), (24, 0))
        self.assertEqual((config.params.replication_factor, config.params.read_fan_out_factor), (3, 1))
        self.assertEqual(config.metadata, {"owner": "you", "more": [1]})

    def test_graphs_wait_until_they_are_asked_for(self):
        count = 3000
        off, on = (models.OptimizersConfigDiff(indexing_threshold=kib) for kib in (0, 1))
        self.change("create_collection", "bulk", vectors_config=PLAIN, optimizers_config=off)
        points = [models.PointStruct(id=n, vector=[n % 7, n % 11, n % 13, 1.0]) for n in range(count)]
        self.change("upsert", "bulk", points=points, wait=True)
        self.wait("bulk", lambda info: info.segments_count and info.status == models.CollectionStatus.GREEN)
        self.assertEqual(self.remote.get_collection("bulk").indexed_vectors_count, 0)
        self.assertTrue(self.remote.update_collection("bulk", optimizers_config=on))
        self.wait("bulk", lambda info: info.indexed_vectors_count == count)
        remote, local = self.ask("query_points", "bulk", query=[1.0, 2.0, 3.0, 1.0], limit=5)
        self.assertTrue(all(abs(a.score - b.score) < 1e-4 for a, b in zip(remote.points, local.points)))

    def wait(self, name, reached):
        for _ in range(300):
            if reached(self.remote.get_collection(name)):
                return
            time.sleep(0.1)
        self.fail(self.remote.get_collection(name))

    def test_aliases(self):
        for number, name in enumerate(("blue", "green")):
            self.change("create_collection", name, vectors_config=PLAIN)
            self.change("upsert", name, points=[models.PointStruct(id=number, vector=[1.0, 0, 0, 0])], wait=True)
        create = lambda alias, name: models.CreateAliasOperation(
            create_alias=models.CreateAlias(collection_name=name, alias_name=alias)
        )
        delete = lambda alias: models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))
        rename = lambda old, new: models.RenameAliasOperation(
            rename_alias=models.RenameAlias(old_alias_name=old, new_alias_name=new)
        )
        steps = [
            [create("live", "blue"), create("old", "blue")],
            [delete("live"), create("live", "green")],
            [rename("old", "older"), create("live", "blue"), delete("absent")],
            [delete("older")],
        ]
        for actions in steps:
            self.assertTrue(self.change("update_collection_aliases", change_aliases_operations=actions))
            remote, local = self.ask("get_aliases")
            pairs = lambda found: sorted((one.alias_name, one.collection_name) for one in found.aliases)
            self.assertEqual(pairs(remote), pairs(local))
            for name in ("blue", "green", "absent"):
                remote, local = self.ask("get_collection_aliases", name)
                self.assertEqual(pairs(remote), pairs(local))
            remote, local = self.ask("query_points", "live", query=[1.0, 0, 0, 0])
            self.assertEqual([one.id for one in remote.points], [one.id for one in local.points])
        point = models.PointStruct(id=7, vector=[0, 1.0, 0, 0], payload={"a": 1})
        self.change("upsert", "live", points=[point], wait=True)
        self.assertEqual(self.remote.count("blue").count, 2)
        self.assertEqual(self.remote.get_collection("live").points_count, 2)
        self.assertTrue(self.remote.collection_exists("live"))
        self.assertEqual([one.name for one in self.remote.get_collections().collections], ["blue", "green"])
        self.assertTrue(self.remote.delete_collection("blue"))
        self.assertEqual(self.remote.get_aliases().aliases, [])
        self.assertFalse(self.remote.collection_exists("live"))

    def test_refusals(self):
        self.remote.create_collection("one", vectors_config=PLAIN)
        alias = models.CreateAlias(collection_name="one", alias_name="other")
        self.remote.update_collection_aliases([models.CreateAliasOperation(create_alias=alias)])
        taken = models.CreateAlias(collection_name="one", alias_name="one")
        missing = models.RenameAlias(old_alias_name="absent", new_alias_name="x")
        texts = [
            (409, "Collection `one` already exists!", lambda: self.remote.create_collection("one", PLAIN)),
            (400, "Alias with the same name already exists", lambda: self.remote.create_collection("other", PLAIN)),
            (404, "Not found: Collection `absent` doesn't exist!", lambda: self.remote.get_collection("absent")),
            (
                409,
                "already exists",
                lambda: self.remote.update_collection_aliases([models.CreateAliasOperation(create_alias=taken)]),
            ),
            (
                404,
                "doesn't exist",
                lambda: self.remote.update_collection_aliases([models.RenameAliasOperation(rename_alias=missing)]),
            ),
        ]
        for status, text, call in texts:
            self.assertIn(text, self.refused(status, call))
        refused = [
            {"optimizers_config": models.OptimizersConfigDiff(max_segment_size=1000)},
            {"optimizers_config": models.OptimizersConfigDiff(memmap_threshold=0)},
            {"optimizers_config": models.OptimizersConfigDiff(prevent_unoptimized=True)},
            {"hnsw_config": models.HnswConfigDiff(memory=models.Memory.PINNED)},
            {"strict_mode_config": models.StrictModeConfig(enabled=True, max_query_limit=5)},
            {"on_disk_payload": False},
            {"sharding_method": models.ShardingMethod.CUSTOM},
            {"wal_config": models.WalConfigDiff(wal_capacity_mb=8)},
        ]
        for options in refused:
            call = functools.partial(self.remote.create_collection, "two", vectors_config=PLAIN, **options)
            self.assertIn(next(iter(options)), self.refused(400, call))
        calls = [
            (409, lambda: self.remote.create_collection("one", vectors_config=PLAIN)),
            (404, lambda: self.remote.get_collection("absent")),
            (404, lambda: self.remote.upsert("absent", points=[models.PointStruct(id=1, vector=[1.0])])),
            (400, lambda: self.remote.upsert("one", points=[models.PointStruct(id=1, vector=[1.0])])),
            (400, lambda: self.remote.query_points("one", query=[1.0])),
        ]
        for status, call in calls:
            self.refused(status, call)


class CollectionsSync(Collections, SyncCase):
    pass


class CollectionsAsync(Collections, AsyncCase):
    pass


class CollectionsGrpcSync(Collections, GrpcSyncCase):
    pass


class CollectionsGrpcAsync(Collections, GrpcAsyncCase):
    pass
