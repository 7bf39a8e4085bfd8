"""Goal: a filter keeps the points that local mode keeps. Method: every condition alone, then random trees; counted,
scrolled to the end, and searched; before there are payload indexes and with all of them."""

import random

from qdrant_client import models

import data
from world import AsyncCase, GrpcAsyncCase, GrpcSyncCase, SyncCase

NAME = "filters"
INDEXES = {
    "city": models.PayloadSchemaType.KEYWORD,
    "tags": models.PayloadSchemaType.KEYWORD,
    "n": models.PayloadSchemaType.INTEGER,
    "x": models.PayloadSchemaType.FLOAT,
    "flag": models.PayloadSchemaType.BOOL,
    "when": models.PayloadSchemaType.DATETIME,
    "place": models.PayloadSchemaType.GEO,
    "uid": models.PayloadSchemaType.UUID,
    "deep.a.b": models.PayloadSchemaType.INTEGER,
    "text": models.TextIndexParams(type="text", tokenizer="word", lowercase=True, phrase_matching=True),
}


class Filters:
    def setUp(self):
        super().setUp()
        params = models.VectorParams(size=data.DIM, distance=models.Distance.DOT)
        self.change("create_collection", NAME, vectors_config=params)
        self.change("upsert", NAME, points=data.points(1))

    def compare(self, tree):
        remote, local = self.ask("count", NAME, count_filter=tree, exact=True)
        self.assertEqual(remote.count, local.count, tree)
        (remote, _), (local, _) = self.ask("scroll", NAME, scroll_filter=tree, limit=1000)
        order = lambda one: str(one.id)
        self.same_points(sorted(remote, key=order), sorted(local, key=order), tree)
        query = data.vector(random.Random(3))
        remote, local = self.ask("query_points", NAME, query=query, query_filter=tree, limit=7)
        self.same_scores(remote.points, local.points, tree)
        return len(local.points)

    def test_every_condition(self):
        for indexed in (False, True):
            if indexed:
                for key, schema in INDEXES.items():
                    self.remote.create_payload_index(NAME, key, schema)
            for seed in range(3):
                for condition in data.conditions(random.Random(seed)):
                    with self.subTest(indexed=indexed, condition=condition):
                        self.compare(models.Filter(must=[condition]))
                        self.compare(models.Filter(must_not=condition))

    def test_at_least_none_is_refused(self):
        none = models.MinShould(conditions=[models.HasIdCondition(has_id=[1])], min_count=0)
        tree = models.Filter(must=[models.Filter(min_should=none)])
        with self.assertRaises(ValueError):
            self.local.count(NAME, count_filter=tree)
        self.assertIn("min_count", self.refused(400, lambda: self.remote.count(NAME, count_filter=tree)))

    def test_random_trees(self):
        for indexed in (False, True):
            if indexed:
                for key, schema in INDEXES.items():
                    self.remote.create_payload_index(NAME, key, schema)
            rng = random.Random(7)
            matched = sum(self.compare(data.random_filter(rng)) > 0 for _ in range(80))
            self.assertGreater(matched, 30)


class FiltersSync(Filters, SyncCase):
    pass


class FiltersAsync(Filters, AsyncCase):
    pass


class FiltersGrpcSync(Filters, GrpcSyncCase):
    pass


class FiltersGrpcAsync(Filters, GrpcAsyncCase):
    pass
