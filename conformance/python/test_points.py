"""Goal: points and payloads are written, read and deleted as the client asks. Method: after every change, the whole
collection is compared with local mode's."""

import random

from qdrant_client import models

import data
from world import AsyncCase, GrpcAsyncCase, GrpcSyncCase, SyncCase

NAME = "points"
RED = models.Filter(must=[models.FieldCondition(key="tags", match=models.MatchValue(value="red"))])
CHECK = models.Filter(must=[models.FieldCondition(key="n", range=models.Range(lt=10))])


class Points:
    def setUp(self):
        super().setUp()
        params = {
            "": models.VectorParams(size=data.DIM, distance=models.Distance.COSINE),
            "side": models.VectorParams(size=3, distance=models.Distance.DOT),
        }
        self.change("create_collection", NAME, vectors_config=params[""])
        self.change("create_collection", "named", vectors_config={"a": params[""], "side": params["side"]})

    def compare(self, about, name=NAME):
        answers = []
        for client in (self.remote, self.local):
            found, offset = [], None
            while True:
                page, offset = client.scroll(name, limit=70, offset=offset, with_payload=True, with_vectors=True)
                found += page
                if offset is None:
                    break
            answers.append(sorted(found, key=lambda one: str(one.id)))
        self.same_points(*answers, about)
        remote, local = self.ask("count", name)
        self.assertEqual(remote.count, local.count, about)

    def updated(self, method, *arguments, **named):
        result = self.change(method, NAME, *arguments, wait=True, **named)
        self.assertEqual(result.status, models.UpdateStatus.COMPLETED)
        self.compare((method, named))

    def test_upserts(self):
        points = data.points(2)
        self.updated("upsert", points=points[:200])
        self.updated("upsert", points=data.points(5)[100:300])
        batch = models.Batch(
            ids=[one.id for one in points[:9]],
            vectors=[one.vector for one in points[:9]],
            payloads=[one.payload for one in points[:8]] + [{}],
        )
        self.updated("upsert", points=batch)
        self.change("upload_points", NAME, points=points, batch_size=64, wait=True)
        self.compare("upload_points")
        self.change("upload_collection", NAME, vectors=[one.vector for one in points[:50]], ids=range(1, 51), wait=True)
        self.compare("upload_collection")

    def test_named_vectors(self):
        rng = random.Random(4)
        points = [
            models.PointStruct(id=1, vector={"a": data.vector(rng), "side": [1.0, 2.0, 3.0]}),
            models.PointStruct(id=2, vector={"side": [0.0, 0.5, 1.0]}, payload={"k": 1}),
            models.PointStruct(id=3, vector={}),
        ]
        self.change("upsert", "named", points=points)
        self.compare("named", "named")
        for vectors in (["side"], ["a", "side"], True, False):
            remote, local = self.ask("retrieve", "named", ids=[1, 2, 3], with_vectors=vectors)
            self.same_points(remote, local, vectors)

    def test_retrieve(self):
        self.change("upsert", NAME, points=data.points(2))
        ids = [data.point_id(n) for n in (1, 3, 6, 7, 299, 999)]
        selectors = [True, False, ["city", "deep.a"], models.PayloadSelectorExclude(exclude=["text", "parts[].size"])]
        for selector in selectors + [models.PayloadSelectorInclude(include=["parts[].kind"])]:
            answers = self.ask("retrieve", NAME, ids=ids, with_payload=selector)
            remote, local = (sorted(found, key=lambda one: str(one.id)) for found in answers)
            self.same_points(remote, local, selector)

    def test_payloads(self):
        self.updated("upsert", points=data.points(2))
        self.updated("set_payload", payload={"city": "Bonn", "new": {"a": [1, 2]}}, points=[1, 2, data.point_id(3)])
        self.updated("set_payload", payload={"late": True}, points=RED)
        self.updated("set_payload", payload={"b": 9, "c": [None]}, points=[1, 4, 5], key="deep.a")
        self.updated("overwrite_payload", payload={"only": 1}, points=[7, 8])
        self.updated("overwrite_payload", payload={"city": "Bonn"}, points=CHECK)
        self.updated("delete_payload", keys=["x", "deep.a.b"], points=[1, 2, 4, 5])
        self.updated("delete_payload", keys=["city"], points=RED)
        self.updated("clear_payload", points_selector=[1, 2])
        self.updated("clear_payload", points_selector=models.FilterSelector(filter=RED))

    def test_null_removes_a_key(self):
        """Known divergence: a server of this interface removes a key that is set to null, local mode
        stores the null."""
        self.remote.upsert(NAME, points=data.points(2)[:1])
        before = self.remote.retrieve(NAME, ids=[1])[0].payload
        self.remote.set_payload(NAME, payload={"city": None}, points=[1])
        after = self.remote.retrieve(NAME, ids=[1])[0].payload
        self.assertEqual({**before, "city": None}, {**after, "city": None})
        self.assertIn("city", before)
        self.assertNotIn("city", after)

    def test_vectors(self):
        rng = random.Random(6)
        points = [
            models.PointStruct(id=n, vector={"a": data.vector(rng), "side": [float(n), 2.0, 3.0]}, payload={"n": n})
            for n in range(1, 40)
        ]
        self.change("upsert", "named", points=points)
        single = [models.PointVectors(id=n, vector={"side": [0.5, float(n), 1.0]}) for n in (1, 2, 3)]
        self.change("update_vectors", "named", points=single, wait=True)
        self.compare("one vector of three points", "named")
        both = [models.PointVectors(id=4, vector={"a": data.vector(rng), "side": [9.0, 9.0, 9.0]})]
        self.change("update_vectors", "named", points=both, wait=True)
        self.compare("both vectors", "named")
        self.change("delete_vectors", "named", vectors=["side"], points=[1, 5, 6], wait=True)
        self.compare("without a vector", "named")
        self.change("delete_vectors", "named", vectors=["a", "side"], points=CHECK, wait=True)
        self.compare("without any", "named")
        self.change("update_vectors", "named", points=single, wait=True)
        self.compare("with one again", "named")
        self.updated("upsert", points=data.points(2)[:9])
        self.updated("update_vectors", points=[models.PointVectors(id=1, vector=data.vector(rng))])
        for client in (self.remote, self.local):
            with self.assertRaises((*self.refusals, ValueError, KeyError)):
                client.update_vectors(NAME, points=[models.PointVectors(id=77_777, vector=data.vector(rng))])

    def test_batches_of_writes(self):
        points = data.points(2)
        operations = [
            models.UpsertOperation(upsert=models.PointsList(points=points[:40])),
            models.SetPayloadOperation(set_payload=models.SetPayload(payload={"late": 1}, points=[1, 2])),
            models.OverwritePayloadOperation(overwrite_payload=models.SetPayload(payload={"only": 2}, points=[4])),
            models.DeletePayloadOperation(delete_payload=models.DeletePayload(keys=["city"], points=[5, 7])),
            models.ClearPayloadOperation(clear_payload=models.PointIdsList(points=[8])),
            models.UpdateVectorsOperation(
                update_vectors=models.UpdateVectors(points=[models.PointVectors(id=1, vector=points[50].vector)])
            ),
            models.DeleteVectorsOperation(delete_vectors=models.DeleteVectors(points=[2], vector=[""])),
            models.DeleteOperation(delete=models.FilterSelector(filter=CHECK)),
            models.UpsertOperation(
                upsert=models.PointsBatch(
                    batch=models.Batch(ids=[900], vectors=[points[3].vector], payloads=[{"last": True}])
                )
            ),
        ]
        self.local.batch_update_points(NAME, [one for one in operations if "delete_vectors" not in repr(one)])
        self.local.delete_vectors(NAME, vectors=[""], points=[2])
        results = self.remote.batch_update_points(NAME, operations, wait=True)
        self.assertEqual([one.status for one in results], [models.UpdateStatus.COMPLETED] * len(operations))
        self.compare("batch")
        broken = [operations[0], models.DeleteVectorsOperation(delete_vectors=models.DeleteVectors(points=[2], vector=["no"]))]
        text = self.refused(400, lambda: self.remote.batch_update_points(NAME, broken))
        self.assertIn("operations[1]", text)
        self.compare("a batch that was refused")

    def test_deletes(self):
        self.updated("upsert", points=data.points(2))
        self.updated("delete", points_selector=[1, data.point_id(3), 9_999])
        self.updated("delete", points_selector=models.PointIdsList(points=[4, 5]))
        self.updated("delete", points_selector=models.FilterSelector(filter=RED))
        self.updated("delete", points_selector=CHECK)
        self.updated("upsert", points=data.points(2)[:20])
        self.updated("delete", points_selector=models.Filter())

    def test_scroll(self):
        self.change("upsert", NAME, points=data.points(2))
        for limit in (1, 10):
            remote, local = self.ask("scroll", NAME, limit=limit, scroll_filter=RED)
            self.assertEqual(len(remote[0]), len(local[0]))
            self.assertEqual(remote[1] is None, local[1] is None)

    def test_order_by(self):
        self.change("upsert", NAME, points=data.points(2))
        kinds = models.PayloadSchemaType
        for key, kind in (("n", kinds.INTEGER), ("x", kinds.FLOAT), ("when", kinds.DATETIME)):
            self.remote.create_payload_index(NAME, key, kind)
        starts = {"n": 20, "x": 50.05, "when": "2020-05-01T00:00:00Z"}
        for key, start in starts.items():
            for direction in (models.Direction.ASC, models.Direction.DESC):
                for start_from in (None, start):
                    order = models.OrderBy(key=key, direction=direction, start_from=start_from)
                    for tree in (None, RED):
                        answers = self.ask("scroll", NAME, order_by=order, scroll_filter=tree, limit=1000)
                        values = [[one.payload[key] for one in page] for page, _ in answers]
                        self.assertEqual(*values, order)
                        by_value = [sorted((one.payload[key], str(one.id)) for one in page) for page, _ in answers]
                        self.assertEqual(*by_value, order)
                        answers = self.ask("scroll", NAME, order_by=order, limit=17)
                        self.assertEqual(*[[one.payload[key] for one in page] for page, _ in answers], order)


class PointsSync(Points, SyncCase):
    pass


class PointsAsync(Points, AsyncCase):
    pass


class PointsGrpcSync(Points, GrpcSyncCase):
    pass


class PointsGrpcAsync(Points, GrpcAsyncCase):
    pass
