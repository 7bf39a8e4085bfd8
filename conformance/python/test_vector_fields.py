"""Goal: vectors are added to a collection in use and removed from it through the client's own methods; what was written for
one never shows under its name again. Method: every kind of vector, added, written, searched, removed, and back with other
dimensions. Local mode has no such methods, so answers are compared with what was written.
"""

import time

from qdrant_client import models

from world import AsyncCase, GrpcAsyncCase, GrpcSyncCase, SyncCase

NAME = "fields"

DENSE = models.DenseVectorNameConfig(dense=models.DenseVectorConfig(size=3, distance=models.Distance.DOT))
LATE = models.DenseVectorNameConfig(
    dense=models.DenseVectorConfig(
        size=2,
        distance=models.Distance.COSINE,
        multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
        datatype=models.VectorStorageDatatype.FLOAT16,
    )
)
WORDS = models.SparseVectorNameConfig(
    sparse=models.SparseVectorConfig(modifier=models.Modifier.IDF, datatype=models.VectorStorageDatatype.FLOAT16)
)


def dense(size, distance=models.Distance.DOT):
    return models.DenseVectorNameConfig(dense=models.DenseVectorConfig(size=size, distance=distance))


class VectorFields:
    def fill(self, vectors=None):
        self.remote.create_collection(
            NAME, vectors_config=vectors or {"first": models.VectorParams(size=2, distance=models.Distance.DOT)}
        )
        first = "first" if vectors is None else ""
        points = [models.PointStruct(id=n, vector={first: [n, 1]}, payload={"n": n}) for n in range(1, 31)]
        self.remote.upsert(NAME, points=points, wait=True)

    def having(self, name):
        tree = models.Filter(must=[models.HasVectorCondition(has_vector=name)])
        return self.remote.count(NAME, count_filter=tree).count

    def found(self, name, query):
        return [one.id for one in self.remote.query_points(NAME, query=query, using=name, limit=100).points]

    def give(self, name, vector, ids):
        points = [models.PointVectors(id=n, vector={name: vector(n)}) for n in ids]
        self.remote.update_vectors(NAME, points=points, wait=True)

    def test_every_kind(self):
        self.fill()
        sparse = models.SparseVector(indices=[1, 5], values=[1, 2])
        kinds = (
            ("dense", DENSE, lambda n: [n, 0, 1], [1, 0, 0]),
            ("late", LATE, lambda n: [[n, 1], [1, n]], [[1, 0]]),
            ("words", WORDS, lambda n: models.SparseVector(indices=[5, n + 9], values=[1, n]), sparse),
        )
        for name, config, vector, query in kinds:
            done = self.remote.create_vector_name(NAME, name, config)
            self.assertEqual(done.status, models.UpdateStatus.COMPLETED)
            self.assertEqual((self.having(name), self.found(name, query)), (0, []), name)
            self.give(name, vector, range(1, 11))
            self.assertEqual((self.having(name), sorted(self.found(name, query))), (10, list(range(1, 11))), name)
        params = self.remote.get_collection(NAME).config.params
        self.assertEqual((params.vectors["dense"].size, params.vectors["dense"].distance), (3, models.Distance.DOT))
        self.assertEqual(params.vectors["late"].multivector_config, LATE.dense.multivector_config)
        self.assertEqual(params.vectors["late"].datatype, models.Datatype.FLOAT16)
        self.assertEqual(params.sparse_vectors["words"].modifier, models.Modifier.IDF)
        self.assertEqual(params.sparse_vectors["words"].index.datatype, models.Datatype.FLOAT16)
        whole = models.PointStruct(id=40, vector={"first": [0, 1], "dense": [99, 0, 0], "words": sparse})
        self.remote.upsert(NAME, points=[whole], wait=True)
        self.assertEqual(self.found("dense", [1, 0, 0])[0], 40)
        for name, _, vector, query in kinds:
            self.assertEqual(self.remote.delete_vector_name(NAME, name).status, models.UpdateStatus.COMPLETED)
            self.refused(400, lambda: self.found(name, query))
            self.refused(400, lambda: self.give(name, vector, [1]))
            self.assertEqual(self.having(name), 0)
        records, _ = self.remote.scroll(NAME, limit=100, with_vectors=True)
        self.assertEqual(len(records), 31)
        self.assertTrue(all(list(one.vector) == ["first"] for one in records))

    def test_a_name_comes_back(self):
        self.fill()
        for size in (4, 7, 2):
            self.remote.create_vector_name(NAME, "again", dense(size))
            self.assertEqual((self.having("again"), self.found("again", [1] * size)), (0, []))
            self.give("again", lambda n: [n] * size, range(1, 6))
            self.assertEqual(self.found("again", [1] * size), [5, 4, 3, 2, 1])
            self.remote.delete_vector_name(NAME, "again")
        self.remote.create_vector_name(NAME, "again", WORDS)
        self.assertEqual(self.having("again"), 0)

    def test_what_is_there(self):
        self.fill()
        self.remote.create_vector_name(NAME, "more", DENSE)
        # The same again changes nothing; another of that name is refused; one that is not there may be removed.
        self.remote.create_vector_name(NAME, "more", DENSE)
        for config in (dense(4), dense(3, models.Distance.COSINE), WORDS):
            self.assertIn("vector_name", self.refused(400, lambda: self.remote.create_vector_name(NAME, "more", config)))
        self.refused(400, lambda: self.remote.create_vector_name(NAME, "first", WORDS))
        self.refused(400, lambda: self.remote.create_vector_name(NAME, "none", dense(0)))
        self.remote.delete_vector_name(NAME, "nobody")
        self.refused(404, lambda: self.remote.create_vector_name("nobody", "more", DENSE))
        self.refused(404, lambda: self.remote.delete_vector_name("nobody", "more"))

    def test_terms(self):
        self.fill()
        terms = {"wait": False, "ordering": models.WriteOrdering.STRONG, "timeout": 20}
        done = self.remote.create_vector_name(NAME, "more", DENSE, **terms)
        self.assertEqual(done.status, models.UpdateStatus.ACKNOWLEDGED)
        self.give("more", lambda n: [n, 0, 0], [3])
        self.assertEqual(self.found("more", [1, 1, 1]), [3])
        self.assertEqual(self.remote.delete_vector_name(NAME, "more", **terms).status, models.UpdateStatus.ACKNOWLEDGED)
        self.assertEqual(self.having("more"), 0)

    def test_beside_the_unnamed_vector(self):
        self.fill(models.VectorParams(size=2, distance=models.Distance.DOT))
        self.remote.create_vector_name(NAME, "more", DENSE)
        self.give("more", lambda n: [n, 0, 0], [3, 4])
        self.assertEqual(self.found("more", [1, 1, 1]), [4, 3])
        self.assertEqual(self.found("", [1, 0])[0], 30)
        params = self.remote.get_collection(NAME).config.params
        self.assertEqual(sorted(params.vectors), ["", "more"])
        self.remote.delete_vector_name(NAME, "more")
        self.assertEqual(self.remote.get_collection(NAME).config.params.vectors.size, 2)

    def test_the_last_one_may_go(self):
        self.fill()
        self.remote.delete_vector_name(NAME, "first")
        self.assertEqual(self.remote.count(NAME).count, 30)
        self.remote.create_vector_name(NAME, "first", dense(5))
        self.give("first", lambda n: [n] * 5, [1, 2])
        self.assertEqual(self.found("first", [1] * 5), [2, 1])

    def test_the_optimizer_comes_to_rest(self):
        self.fill()
        self.remote.create_vector_name(NAME, "more", DENSE)
        self.give("more", lambda n: [n, 0, 0], range(1, 31))
        self.remote.delete_vector_name(NAME, "more")
        for _ in range(100):
            info = self.remote.get_collection(NAME)
            if info.status == models.CollectionStatus.GREEN:
                break
            time.sleep(0.1)
        self.assertEqual(info.status, models.CollectionStatus.GREEN)
        self.assertEqual(info.points_count, 30)


class VectorFieldsSync(VectorFields, SyncCase):
    pass


class VectorFieldsAsync(VectorFields, AsyncCase):
    pass


class VectorFieldsGrpcSync(VectorFields, GrpcSyncCase):
    pass


class VectorFieldsGrpcAsync(VectorFields, GrpcAsyncCase):
    pass
