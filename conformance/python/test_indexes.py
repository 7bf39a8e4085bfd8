"""Goal: payload indexes are declared, shown and dropped as the client asks, and facets count what local mode counts.
Method: every type by name and with its options; the description read back; facets with and without filters."""

from qdrant_client import models

import data
from world import AsyncCase, GrpcAsyncCase, GrpcSyncCase, SyncCase

NAME = "indexes"
DECLARED = {
    "city": models.KeywordIndexParams(type="keyword", is_tenant=True, on_disk=True, prefix=True),
    "n": models.IntegerIndexParams(type="integer", lookup=True, range=True, is_principal=True, enable_hnsw=False),
    "x": models.FloatIndexParams(type="float", on_disk=False, is_principal=False),
    "when": models.DatetimeIndexParams(type="datetime", is_principal=True),
    "flag": models.BoolIndexParams(type="bool"),
    "place": models.GeoIndexParams(type="geo", on_disk=True),
    "uid": models.UuidIndexParams(type="uuid", is_tenant=False),
    "text": models.TextIndexParams(
        type="text",
        tokenizer=models.TokenizerType.MULTILINGUAL,
        min_token_len=2,
        max_token_len=20,
        lowercase=True,
        ascii_folding=True,
        phrase_matching=True,
        stopwords=models.StopwordsSet(languages=["english"], custom=["noted"]),
        stemmer=models.SnowballParams(type="snowball", language="english"),
    ),
}


class Indexes:
    def setUp(self):
        super().setUp()
        params = models.VectorParams(size=data.DIM, distance=models.Distance.DOT)
        self.change("create_collection", NAME, vectors_config=params)
        self.change("upsert", NAME, points=data.points(9))

    def schema(self):
        return self.remote.get_collection(NAME).payload_schema

    def test_by_name(self):
        for kind in models.PayloadSchemaType:
            key = f"by_{kind.value}"
            result = self.remote.create_payload_index(NAME, key, field_schema=kind, wait=True)
            self.assertEqual(result.status, models.UpdateStatus.COMPLETED)
            self.assertEqual(self.schema()[key].data_type, kind)
            self.remote.delete_payload_index(NAME, key, wait=True)
            self.assertNotIn(key, self.schema())

    def test_with_options(self):
        for key, params in DECLARED.items():
            self.remote.create_payload_index(NAME, key, field_schema=params)
        schema = self.schema()
        self.assertEqual(sorted(schema), sorted(DECLARED))
        self.shown_as_declared(schema)
        # Kept over a restart, and what is shown declares the same again.
        self.server.restart()
        self.remote = self.open_client(self.server)
        self.addCleanup(self.remote.close)
        self.shown_as_declared(self.schema())
        for key, info in self.schema().items():
            self.remote.create_payload_index(NAME, key, field_schema=info.params)
        self.shown_as_declared(self.schema())
        for key in DECLARED:
            self.remote.delete_payload_index(NAME, key)
        self.assertEqual(self.schema(), {})

    def shown_as_declared(self, schema):
        for key, params in DECLARED.items():
            shown, wanted = schema[key].params.model_dump(), params.model_dump(exclude_none=True)
            self.assertEqual({name: shown[name] for name in wanted}, wanted)
            self.assertEqual(shown["enable_hnsw"], False)

    def test_integers_declared_for_one_purpose(self):
        conditions = [
            data.field("n", match=models.MatchValue(value=7)),
            data.field("n", match=models.MatchAny(any=[1, 7, 30])),
            data.field("n", match=models.MatchExcept(**{"except": [1, 7, 30]})),
            data.field("n", range=models.Range(gte=7, lt=30)),
        ]
        for lookup, span in [(True, True), (False, True), (True, False)]:
            params = models.IntegerIndexParams(type="integer", lookup=lookup, range=span)
            self.remote.create_payload_index(NAME, "n", field_schema=params, wait=True)
            shown = self.schema()["n"].params
            self.assertEqual((shown.lookup, shown.range), (lookup, span))
            for condition in conditions:
                tree = models.Filter(must=[condition])
                self.assertEqual(*[one.count for one in self.ask("count", NAME, count_filter=tree)], condition)
            ordered = lambda: self.remote.scroll(NAME, order_by="n", limit=3)
            facet = lambda: self.remote.facet(NAME, "n")
            for call, served in [(ordered, span), (facet, lookup)]:
                if served:
                    call()
                else:
                    self.assertIn("index", self.refused(400, call))
        params = models.IntegerIndexParams(type="integer", lookup=False, range=False)
        refusal = self.refused(400, lambda: self.remote.create_payload_index(NAME, "n", field_schema=params))
        self.assertIn("lookup, range or both", refusal)

    def test_a_tokenizer_that_is_not_served(self):
        params = models.TextIndexParams(type="text", tokenizer=models.TokenizerType.CODE)
        self.assertIn("tokenizer", self.refused(400, lambda: self.remote.create_payload_index(NAME, "t", params)))

    def test_prefixes(self):
        for prefix in (True, False):
            params = models.KeywordIndexParams(type="keyword", prefix=prefix)
            self.remote.create_payload_index(NAME, "city", field_schema=params, wait=True)
            self.assertEqual(bool(self.schema()["city"].params.prefix), prefix)
            for start in ("", "L", "San", "san", "Berlin"):
                tree = models.Filter(must=[data.field("city", match=models.MatchPrefix(prefix=start))])
                self.assertEqual(*[one.count for one in self.ask("count", NAME, count_filter=tree)], start)

    def test_points_with_a_value(self):
        payloads = [point.payload for point in data.points(9)]
        holds = {
            "city": (models.PayloadSchemaType.KEYWORD, lambda one: "city" in one),
            "tags": (models.PayloadSchemaType.KEYWORD, lambda one: bool(one.get("tags"))),
            "n": (models.PayloadSchemaType.INTEGER, lambda one: "n" in one),
            "when": (models.PayloadSchemaType.DATETIME, lambda one: "when" in one),
            "place": (models.PayloadSchemaType.GEO, lambda one: "place" in one),
            "text": (models.PayloadSchemaType.TEXT, lambda one: "text" in one),
            # Of another type than the field's values.
            "flag": (models.PayloadSchemaType.INTEGER, lambda one: False),
        }
        for key, (kind, _) in holds.items():
            self.remote.create_payload_index(NAME, key, field_schema=kind, wait=True)
        count = lambda: {key: info.points for key, info in self.schema().items()}
        wanted = lambda: {key: sum(map(holds[key][1], payloads)) for key in holds}
        self.assertEqual(count(), wanted())
        self.remote.delete(NAME, points_selector=[data.point_id(n) for n in range(1, 31)], wait=True)
        self.remote.delete_payload(NAME, keys=["n"], points=[data.point_id(n) for n in range(31, 61)], wait=True)
        payloads = payloads[30:]
        for payload in payloads[:30]:
            payload.pop("n", None)
        self.assertEqual(count(), wanted())

    def test_facets(self):
        kinds = models.PayloadSchemaType
        indexes = {"city": kinds.KEYWORD, "tags": kinds.KEYWORD, "n": kinds.INTEGER}
        indexes |= {"flag": kinds.BOOL, "uid": kinds.UUID}
        for key, kind in indexes.items():
            self.remote.create_payload_index(NAME, key, kind)
        red = models.Filter(must=[models.FieldCondition(key="tags", match=models.MatchValue(value="red"))])
        for key in indexes:
            for tree in (None, red):
                answers = self.ask("facet", NAME, key=key, facet_filter=tree, limit=1000, exact=True)
                counts = [{(type(hit.value), hit.value): hit.count for hit in one.hits} for one in answers]
                self.assertEqual(*counts, (key, tree))
                answers = self.ask("facet", NAME, key=key, facet_filter=tree, limit=3, exact=True)
                self.assertEqual(*[[hit.count for hit in one.hits] for one in answers], (key, tree))


class IndexesSync(Indexes, SyncCase):
    pass


class IndexesAsync(Indexes, AsyncCase):
    pass


class IndexesGrpcSync(Indexes, GrpcSyncCase):
    pass


class IndexesGrpcAsync(Indexes, GrpcAsyncCase):
    pass
