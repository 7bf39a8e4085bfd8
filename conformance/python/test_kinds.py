"""Goal: sparse vectors and multi-vectors are stored, found and scored as local mode does. Method: random points that have
some of the fields, changed and deleted between the questions; local mode compares with every vector. Texts are encoded by
the server alone: local mode cannot, and so they are compared with the formula.
"""

import random

from qdrant_client import models

import data
from world import AsyncCase, GrpcAsyncCase, GrpcSyncCase, SyncCase, near

NAME = "kinds"


def sparse(rng):
    indices = sorted({rng.randrange(rng.choice([4, 12, 40])) for _ in range(rng.randrange(1, 9))})
    return models.SparseVector(indices=indices, values=[rng.uniform(0.2, 4) for _ in indices])


def multi(rng, dim=3):
    return [data.vector(rng, dim) for _ in range(rng.randrange(1, 5))]


class Kinds:
    def same_vectors(self, ours, theirs, about):
        if isinstance(theirs, models.SparseVector):
            self.assertEqual(ours.indices, theirs.indices, about)
            self.assertTrue(all(near(a, b) for a, b in zip(ours.values, theirs.values)), about)
        elif isinstance(theirs, list) and theirs and isinstance(theirs[0], list):
            self.assertEqual(len(ours), len(theirs), about)
            for one, other in zip(ours, theirs):
                super().same_vectors(one, other, about)
        else:
            super().same_vectors(ours, theirs, about)

    def fill_sparse(self, modifier):
        self.change(
            "create_collection",
            NAME,
            vectors_config={},
            sparse_vectors_config={"words": models.SparseVectorParams(modifier=modifier), "more": models.SparseVectorParams()},
        )
        rng = random.Random(3)
        points = []
        for number in range(1, 160):
            vectors = {"words": sparse(rng), "more": sparse(rng)}
            if number % 4 == 0:
                del vectors[rng.choice(["words", "more"])]
            points.append(models.PointStruct(id=number, vector=vectors, payload={"city": rng.choice(["Rome", "Oslo"])}))
        self.change("upsert", NAME, points=points)
        self.change("delete", NAME, points_selector=[5, 7, 9, 50])
        self.change("upsert", NAME, points=[models.PointStruct(id=3, vector={"words": sparse(rng)}, payload={"city": "Rome"})])
        return rng

    def test_sparse(self):
        for modifier in (None, models.Modifier.IDF):
            rng = self.fill_sparse(modifier)
            rome = models.Filter(must=[models.FieldCondition(key="city", match=models.MatchValue(value="Rome"))])
            for _ in range(10):
                query = sparse(rng)
                for options in (
                    {"limit": 10, "with_payload": True, "with_vectors": True},
                    {"limit": 5, "offset": 4},
                    {"limit": 200, "score_threshold": 6.5},
                    {"limit": 20, "query_filter": rome, "with_vectors": ["words"]},
                ):
                    for using in ("words", "more"):
                        asked = {"query": query, "using": using, **options}
                        remote, local = self.ask("query_points", NAME, **asked)
                        self.same_scores(remote.points, local.points, (modifier, asked))
            tree = models.Filter(must=[models.HasVectorCondition(has_vector="words")])
            remote, local = self.ask("count", NAME, count_filter=tree)
            self.assertEqual(remote.count, local.count)
            remote, local = self.ask("scroll", NAME, limit=200, with_vectors=True)
            self.same_points(remote[0], local[0], modifier)
            self.change("delete_collection", NAME)

    def test_multi(self):
        for distance in models.Distance:
            params = models.VectorParams(
                size=3,
                distance=distance,
                multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
            )
            config = {"late": params, "one": models.VectorParams(size=2, distance=distance)}
            self.change("create_collection", NAME, vectors_config=config)
            rng = random.Random(distance.value)
            points = []
            for number in range(1, 120):
                vectors = {"late": multi(rng), "one": data.vector(rng, 2)}
                if number % 5 == 0:
                    del vectors["late"]
                points.append(models.PointStruct(id=number, vector=vectors, payload={"n": number}))
            self.change("upsert", NAME, points=points)
            self.change("delete", NAME, points_selector=[5, 7, 9, 50])
            low = models.Filter(must=[models.FieldCondition(key="n", range=models.Range(lt=60))])
            for _ in range(8):
                query = multi(rng)
                for options in (
                    {"limit": 10, "with_payload": True, "with_vectors": True},
                    {"limit": 5, "offset": 4},
                    {"limit": 20, "query_filter": low},
                ):
                    remote, local = self.ask("query_points", NAME, query=query, using="late", **options)
                    self.same_scores(remote.points, local.points, (distance, options))
            self.change("delete_collection", NAME)

    def test_configuration_is_shown(self):
        sparse_params = models.SparseVectorParams(
            modifier=models.Modifier.IDF,
            index=models.SparseIndexParams(on_disk=True, full_scan_threshold=7, datatype=models.Datatype.FLOAT16),
        )
        late = models.VectorParams(
            size=3,
            distance=models.Distance.DOT,
            multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
        )
        self.remote.create_collection(NAME, vectors_config={"late": late}, sparse_vectors_config={"words": sparse_params})
        params = self.remote.get_collection(NAME).config.params
        self.assertEqual(params.sparse_vectors, {"words": sparse_params})
        self.assertEqual(params.vectors["late"].multivector_config, late.multivector_config)

    def test_texts(self):
        self.remote.create_collection(
            NAME,
            vectors_config={},
            sparse_vectors_config={"text": models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        texts = ["A fox jumps over dogs.", "Dogs sleep; the dog dreams.", "Nothing here"]

        def document(text, **options):
            return models.Document(text=text, model="Qdrant/bm25", options=options or None)

        points = [models.PointStruct(id=at, vector={"text": document(text)}) for at, text in enumerate(texts)]
        self.remote.upsert(NAME, points=points)
        found = self.remote.query_points(NAME, query=document("dog"), using="text", with_vectors=True).points
        self.assertEqual([one.id for one in found], [1, 0])
        # Stop words are left out and stems counted: sleep, dream and twice dog; fox, jump, over? and dog.
        norm = 1.2 * (0.25 + 0.75 * 4 / 256)
        dog = max(found[0].vector["text"].values)
        self.assertTrue(near(dog, 2 * 2.2 / (2 + norm)), found[0])
        self.assertEqual(len(found[0].vector["text"].indices), 3)
        none = self.remote.query_points(NAME, query=document("the and"), using="text").points
        self.assertEqual(none, [])
        plain = self.remote.query_points(NAME, query=document("dog", language="none"), using="text").points
        self.assertEqual([one.id for one in plain], [1, 0])


class KindsSync(Kinds, SyncCase):
    pass


class KindsAsync(Kinds, AsyncCase):
    pass


class KindsGrpcSync(Kinds, GrpcSyncCase):
    pass


class KindsGrpcAsync(Kinds, GrpcAsyncCase):
    pass
