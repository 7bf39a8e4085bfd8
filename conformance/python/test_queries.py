"""Goal: queries of every kind and of several stages find what local mode finds, with its scores. Method: random queries
over every distance on a small collection, so that both compare exactly.

What local mode and the server are known to see differently is kept out here, with the reason:
- `should` at two levels: local mode lets one level's alternatives stand in for the other's; the server wants both filters;
- thresholds of recommendations by examples under Euclid and Manhattan: local mode takes those scores for distances; the
  server knows that more is better, and that a score equal to the threshold passes;
- equal scores cut by the limit of an inner stage, or by the offset of a fusion: either may keep any of them;
- a query without `query` over prefetches: local mode lists what they found by id, the server refuses, as Qdrant's does;
- thresholds of stages ordered by a value, by id or by chance: local mode ignores them, the server compares them with 1.
"""

import random

from qdrant_client import models

import data
from world import AsyncCase, GrpcAsyncCase, GrpcSyncCase, SyncCase

NAME, LENDER = "queries", "lender"


def must(rng):
    low = rng.randrange(30)
    return models.Filter(must=[data.field("n", range=models.Range(gte=low, lt=low + 20))])


class Queries:
    def fill(self, distance):
        for name, seed in ((NAME, 21), (LENDER, 22)):
            params = models.VectorParams(size=data.DIM, distance=distance)
            self.change("create_collection", name, vectors_config=params)
            self.change("upsert", name, points=data.points(seed, 120))
        self.remote.create_payload_index(NAME, "n", models.PayloadSchemaType.INTEGER, wait=True)

    def drop(self):
        for name in (NAME, LENDER):
            self.change("delete_collection", name)

    def input(self, rng):
        return data.vector(rng) if rng.random() < 0.5 else data.point_id(rng.randrange(1, 120))

    def inputs(self, rng, least):
        return [self.input(rng) for _ in range(rng.randrange(least, 4))]

    def by_vectors(self, rng):
        kind = rng.randrange(5)
        if kind == 0:
            return self.input(rng)
        if kind == 1:
            return models.NearestQuery(nearest=self.input(rng))
        if kind == 2:
            recommend = models.RecommendInput(positive=self.inputs(rng, 1), negative=self.inputs(rng, 0))
        else:
            strategy = [models.RecommendStrategy.BEST_SCORE, models.RecommendStrategy.SUM_SCORES][kind - 3]
            recommend = models.RecommendInput(
                positive=self.inputs(rng, 0), negative=self.inputs(rng, 1), strategy=strategy
            )
        return models.RecommendQuery(recommend=recommend)

    def prefetch(self, rng, depth=1):
        inner = [self.prefetch(rng, depth - 1) for _ in range(rng.randrange(3))] if depth else None
        return models.Prefetch(
            prefetch=inner or None,
            query=self.by_vectors(rng),
            filter=must(rng) if rng.random() < 0.3 else None,
            limit=rng.choice([None, 5, 30]),
            params=models.SearchParams(exact=True) if rng.random() < 0.3 else None,
        )

    def fusion(self, rng, count):
        weights = [rng.choice([0.5, 1.0, 3.0]) for _ in range(count)]
        return rng.choice(
            [
                models.FusionQuery(fusion=models.Fusion.RRF),
                models.FusionQuery(fusion=models.Fusion.DBSF),
                models.RrfQuery(rrf=models.Rrf(k=rng.randrange(1, 60))),
                models.RrfQuery(rrf=models.Rrf(weights=weights)),
            ]
        )

    def check(self, about, **options):
        remote, local = self.ask("query_points", NAME, **options)
        self.same_scores(remote.points, local.points, (about, options))

    def each_distance(self, test):
        for distance in models.Distance:
            self.fill(distance)
            test(distance, random.Random(distance.value))
            self.drop()

    def test_one_stage(self):
        def test(distance, rng):
            for _ in range(40):
                page = {"limit": rng.randrange(1, 30), "offset": rng.choice([None, 4])}
                narrowed = must(rng) if rng.random() < 0.3 else None
                lookup = models.LookupLocation(collection=LENDER) if rng.random() < 0.2 else None
                self.check(
                    distance,
                    query=self.by_vectors(rng),
                    query_filter=narrowed,
                    lookup_from=lookup,
                    with_payload=rng.random() < 0.5,
                    with_vectors=rng.random() < 0.5,
                    **page,
                )
            self.check(distance, limit=7, offset=3, with_payload=True)

        self.each_distance(test)

    def test_stages(self):
        def test(distance, rng):
            for _ in range(40):
                stages = [self.prefetch(rng) for _ in range(rng.randrange(1, 4))]
                fused = rng.random() < 0.6
                self.check(
                    distance,
                    prefetch=stages,
                    query=self.fusion(rng, len(stages)) if fused else self.by_vectors(rng),
                    query_filter=must(rng) if rng.random() < 0.3 else None,
                    limit=rng.choice([5, 200]),
                    offset=None if fused else rng.choice([None, 2]),
                    with_payload=["city"],
                )

        self.each_distance(test)

    def test_diversity(self):
        def test(distance, rng):
            for _ in range(20):
                mmr = models.Mmr(
                    diversity=rng.choice([None, 0.0, 0.3, 0.9]), candidates_limit=rng.choice([None, 20, 60])
                )
                query = models.NearestQuery(nearest=self.input(rng), mmr=mmr)
                prefetch = self.prefetch(rng, 0) if rng.random() < 0.3 else None
                remote, local = self.ask("query_points", NAME, query=query, prefetch=prefetch, limit=8)
                ours, theirs = ([str(one.id) for one in found.points] for found in (remote, local))
                self.assertEqual(ours, theirs, (distance, mmr))
                self.same_scores(remote.points, local.points, (distance, mmr))

        self.each_distance(test)

    def test_values_and_chance(self):
        self.fill(models.Distance.COSINE)
        rng = random.Random(4)
        for direction in models.Direction:
            for prefetch in (None, self.prefetch(rng, 0)):
                order = models.OrderByQuery(order_by=models.OrderBy(key="n", direction=direction))
                remote, local = self.ask("query_points", NAME, query=order, prefetch=prefetch, limit=25)
                ours, theirs = ([one.order_value for one in found.points] for found in (remote, local))
                self.assertEqual(ours, theirs)
        sample = models.SampleQuery(sample=models.Sample.RANDOM)
        remote, local = self.ask("query_points", NAME, query=sample, query_filter=must(rng), limit=200)
        self.assertEqual({str(one.id) for one in remote.points}, {str(one.id) for one in local.points})
        self.assertEqual({one.score for one in remote.points}, {one.score for one in local.points})

    def test_kinds(self):
        fields = {
            "vectors_config": {
                "dense": models.VectorParams(size=4, distance=models.Distance.COSINE),
                "multi": models.VectorParams(
                    size=3,
                    distance=models.Distance.DOT,
                    multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
                ),
            },
            "sparse_vectors_config": {"plain": models.SparseVectorParams()},
        }
        self.change("create_collection", NAME, **fields)
        rng = random.Random(12)

        def given(name):
            if name == "dense":
                return data.vector(rng, 4)
            if name == "multi":
                return [data.vector(rng, 3) for _ in range(rng.randrange(1, 4))]
            indices = sorted(rng.sample(range(20), rng.randrange(3, 8)))
            return models.SparseVector(indices=indices, values=[rng.uniform(0.1, 2) for _ in indices])

        names = ["dense", "multi", "plain"]
        points = [models.PointStruct(id=n, vector={name: given(name) for name in names}) for n in range(1, 61)]
        self.change("upsert", NAME, points=points)
        for name in ["multi", "plain"] * 12:
            examples = [given(name), rng.randrange(1, 60)]
            strategies = [*models.RecommendStrategy]
            queries = [models.NearestQuery(nearest=rng.randrange(1, 60)), given(name)]
            for strategy in strategies:
                recommend = models.RecommendInput(positive=examples, negative=[given(name)], strategy=strategy)
                queries.append(models.RecommendQuery(recommend=recommend))
            prefetch = models.Prefetch(query=data.vector(rng, 4), using="dense", limit=25)
            for query in queries:
                for before in (None, prefetch):
                    self.check(name, query=query, using=name, prefetch=before, limit=12)
            sources = [prefetch, models.Prefetch(query=given(name), using=name, limit=7)]
            self.check(name, query=models.FusionQuery(fusion=models.Fusion.DBSF), prefetch=sources, limit=50)
            mmr = models.NearestQuery(nearest=given(name), mmr=models.Mmr(diversity=0.4, candidates_limit=15))
            self.check(name, query=mmr, using=name, limit=50)

    def test_batches(self):
        self.fill(models.Distance.EUCLID)
        rng = random.Random(9)
        requests = [
            models.QueryRequest(query=self.by_vectors(rng), prefetch=rng.choice([None, self.prefetch(rng)]), limit=9)
            for _ in range(30)
        ]
        remote, local = self.ask("query_batch_points", NAME, requests=requests)
        for ours, theirs, request in zip(remote, local, requests, strict=True):
            self.same_scores(ours.points, theirs.points, request)


class QueriesSync(Queries, SyncCase):
    pass


class QueriesAsync(Queries, AsyncCase):
    pass


class QueriesGrpcSync(Queries, GrpcSyncCase):
    pass


class QueriesGrpcAsync(Queries, GrpcAsyncCase):
    pass
