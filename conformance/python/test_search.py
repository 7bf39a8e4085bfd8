"""Goal: searches find what local mode finds, in its order and with its scores. Method: random queries over every
distance, with filters, pages and thresholds, alone and in batches; local mode compares with every vector, and so few
points are searched exactly by the server too."""

import random

from qdrant_client import models

import data
from world import AsyncCase, GrpcAsyncCase, GrpcSyncCase, SyncCase

NAME = "search"
THRESHOLDS = {"Cosine": 0.2, "Dot": 0.1, "Euclid": 1.9, "Manhattan": 4.5}


class Searches:
    def fill(self, distance):
        self.change("create_collection", NAME, vectors_config=models.VectorParams(size=data.DIM, distance=distance))
        self.change("upsert", NAME, points=data.points(11))

    def test_queries(self):
        for distance in models.Distance:
            self.fill(distance)
            rng = random.Random(distance.value)
            for _ in range(8):
                query = data.vector(rng)
                for options in (
                    {"limit": 10, "with_payload": True, "with_vectors": True},
                    {"limit": 5, "offset": 7},
                    {"limit": 50, "score_threshold": THRESHOLDS[distance.value]},
                    {"limit": 10, "query_filter": data.random_filter(rng), "with_payload": ["city"]},
                    {"limit": 10, "search_params": models.SearchParams(hnsw_ef=200, exact=True)},
                ):
                    remote, local = self.ask("query_points", NAME, query=query, **options)
                    self.same_scores(remote.points, local.points, (distance, options))
            self.change("delete_collection", NAME)

    def test_forms_of_a_query(self):
        self.fill(models.Distance.COSINE)
        query = data.vector(random.Random(1))
        forms = [query, models.NearestQuery(nearest=query)]
        try:
            import numpy

            forms.append(numpy.array(query, dtype=numpy.float32))
        except ImportError:
            pass
        for form in forms:
            remote, local = self.ask("query_points", NAME, query=form, limit=6)
            self.same_scores(remote.points, local.points, type(form))

    def test_named_vectors(self):
        params = {
            "a": models.VectorParams(size=data.DIM, distance=models.Distance.EUCLID),
            "b": models.VectorParams(size=3, distance=models.Distance.COSINE),
        }
        self.change("create_collection", NAME, vectors_config=params)
        rng = random.Random(6)
        points = []
        for number in range(1, 80):
            vectors = {"a": data.vector(rng), "b": data.vector(rng, 3)}
            if number % 5 == 0:
                del vectors[rng.choice("ab")]
            points.append(models.PointStruct(id=number, vector=vectors, payload={"n": number}))
        self.change("upsert", NAME, points=points)
        for name, dim in (("a", data.DIM), ("b", 3)):
            query = data.vector(rng, dim)
            for vectors in (False, True, [name]):
                remote, local = self.ask("query_points", NAME, query=query, using=name, limit=9, with_vectors=vectors)
                self.same_scores(remote.points, local.points, (name, vectors))
            tree = models.Filter(must=[models.HasVectorCondition(has_vector=name)])
            remote, local = self.ask("count", NAME, count_filter=tree)
            self.assertEqual(remote.count, local.count)

    def test_batches(self):
        self.fill(models.Distance.DOT)
        rng = random.Random(8)
        requests = [
            models.QueryRequest(
                query=data.vector(rng),
                limit=rng.randrange(1, 20),
                offset=rng.choice([None, 3]),
                filter=data.random_filter(rng) if rng.random() < 0.5 else None,
                with_payload=rng.random() < 0.5,
                with_vector=rng.random() < 0.5,
            )
            for _ in range(25)
        ]
        remote, local = self.ask("query_batch_points", NAME, requests=requests)
        self.assertEqual(len(remote), len(local))
        for ours, theirs, request in zip(remote, local, requests):
            self.same_scores(ours.points, theirs.points, request)


class SearchesSync(Searches, SyncCase):
    pass


class SearchesAsync(Searches, AsyncCase):
    pass


class SearchesGrpcSync(Searches, GrpcSyncCase):
    pass


class SearchesGrpcAsync(Searches, GrpcAsyncCase):
    pass
