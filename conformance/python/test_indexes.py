"""Goal: payload indexes are declared, shown and dropped as the client asks, and facets count what local mode counts.
Method: every type by name and with its options; the description read back; facets with and without filters."""

from qdrant_client import models

import data
from world import AsyncCase, GrpcAsyncCase, GrpcSyncCase, SyncCase

NAME = "indexes"
DECLARED = {
    "city": models.KeywordIndexParams(type="keyword", is_tenant=True, on_disk=True),
    "n": models.IntegerIndexParams(type="integer", lookup=True, range=True, is_principal=True),
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
        for key, params in DECLARED.items():
            shown, wanted = schema[key].params.model_dump(), params.model_dump(exclude_none=True)
            self.assertEqual({name: shown[name] for name in wanted}, wanted)
        for key in DECLARED:
            self.remote.delete_payload_index(NAME, key)
        self.assertEqual(self.schema(), {})

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
