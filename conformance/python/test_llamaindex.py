"""Goal: LlamaIndex's store works over the server as it is. Method: add, search, filtered search, hybrid search and delete
through `QdrantVectorStore`, compared with what the texts say."""

import unittest

import qdrant_client
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)
from llama_index.vector_stores.qdrant import QdrantVectorStore

from test_langchain import TEXTS, Bag, counts
from world import Server


def node(number, text):
    return TextNode(
        id_=f"00000000-0000-4000-8000-{number:012}",
        text=text,
        embedding=Bag().embed_query(text),
        metadata={"number": number, "fruit": text.split()[1]},
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"document {number % 3}")},
    )


def sparse(texts):
    found = [counts(text) for text in texts]
    return [list(one) for one in found], [list(one.values()) for one in found]


class LlamaIndex(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)
        how = self.server.how()
        self.clients = (qdrant_client.QdrantClient(**how), qdrant_client.AsyncQdrantClient(**how))
        self.addCleanup(self.clients[0].close)

    def store(self, **named):
        store = QdrantVectorStore("nodes", client=self.clients[0], aclient=self.clients[1], batch_size=3, **named)
        store.add([node(number, text) for number, text in enumerate(TEXTS)])
        return store

    def query(self, store, text, k=3, **named):
        answer = store.query(VectorStoreQuery(Bag().embed_query(text), query_str=text, similarity_top_k=k, **named))
        return [found.text for found in answer.nodes]

    def test_dense(self):
        store = self.store()
        self.assertEqual(self.query(store, "old pear")[0], "old pear")
        plums = MetadataFilters(
            filters=[
                MetadataFilter(key="fruit", value="plum"),
                MetadataFilter(key="number", value=4, operator=FilterOperator.GTE),
            ],
            condition=FilterCondition.AND,
        )
        self.assertEqual(set(self.query(store, "sweet", k=10, filters=plums)), {TEXTS[4], TEXTS[5]})
        self.assertEqual([one.text for one in store.get_nodes([node(2, TEXTS[2]).node_id])], [TEXTS[2]])
        store.delete("document 1")
        left = set(TEXTS) - {TEXTS[1], TEXTS[4], TEXTS[7]}
        self.assertEqual(set(self.query(store, "apple", k=10)), left)
        store.delete_nodes([node(2, TEXTS[2]).node_id])
        self.assertEqual(set(self.query(store, "apple", k=10)), left - {TEXTS[2]})
        store.clear()
        self.assertFalse(self.clients[0].collection_exists("nodes"))

    def test_hybrid(self):
        store = self.store(enable_hybrid=True, sparse_doc_fn=sparse, sparse_query_fn=sparse)
        for mode in (VectorStoreQueryMode.HYBRID, VectorStoreQueryMode.SPARSE):
            found = self.query(store, "blue plum old", mode=mode, sparse_top_k=4)
            self.assertEqual(found[0], "blue plum sour old", mode)
