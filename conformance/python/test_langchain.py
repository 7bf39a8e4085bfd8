"""Goal: LangChain's store works over the server as it is. Method: add, search, filtered search, delete and diverse search
(maximal marginal relevance) through `QdrantVectorStore`, dense, sparse and both, compared with what the texts say."""

import math

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_qdrant import QdrantVectorStore, RetrievalMode, SparseEmbeddings, SparseVector
from qdrant_client import models

from world import Server

import unittest

WORDS = ["red", "green", "blue", "apple", "pear", "plum", "sweet", "sour", "old", "new"]
TEXTS = [
    "red apple sweet",
    "green apple sour",
    "green pear sweet",
    "blue plum sweet",
    "blue plum sour old",
    "red plum new",
    "old pear",
    "new apple",
]


def counts(text):
    return {at: float(text.split().count(word)) for at, word in enumerate(WORDS) if word in text.split()}


class Bag(Embeddings):
    """Words counted, at length 1: the nearest texts share the most words."""

    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text):
        found = counts(text)
        length = math.sqrt(sum(value * value for value in found.values())) or 1.0
        return [found.get(at, 0.0) / length for at in range(len(WORDS))]


class SparseBag(SparseEmbeddings):
    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text):
        found = counts(text)
        return SparseVector(indices=list(found), values=list(found.values()))


class LangChain(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)

    def store(self, mode, **named):
        documents = [
            Document(page_content=text, metadata={"number": number, "fruit": text.split()[1]})
            for number, text in enumerate(TEXTS)
        ]
        return QdrantVectorStore.from_documents(
            documents,
            embedding=Bag(),
            sparse_embedding=SparseBag(),
            retrieval_mode=mode,
            collection_name="store",
            ids=list(range(1, len(TEXTS) + 1)),
            **self.server.how(),
            **named,
        )

    def check(self, store):
        best = store.similarity_search("blue plum old sour", k=2)
        self.assertEqual(best[0].page_content, "blue plum sour old")
        for document, score in store.similarity_search_with_score("green apple", k=3):
            self.assertGreater(score, 0.0, document)
        only = models.Filter(
            must=[models.FieldCondition(key="metadata.fruit", match=models.MatchValue(value="plum"))]
        )
        found = store.similarity_search("sweet", k=10, filter=only)
        self.assertTrue(found)
        self.assertEqual({one.metadata["fruit"] for one in found}, {"plum"})
        self.assertEqual([one.page_content for one in store.get_by_ids([3])], [TEXTS[2]])
        self.assertTrue(store.delete([5]))
        self.assertNotIn("blue plum sour old", [one.page_content for one in store.similarity_search("old", k=10)])
        self.assertEqual(store.add_texts(["sour sour sour"], ids=[99]), [99])
        self.assertEqual(store.similarity_search("sour", k=1)[0].page_content, "sour sour sour")

    def test_dense(self):
        store = self.store(RetrievalMode.DENSE)
        self.check(store)
        alike = [one.page_content for one in store.similarity_search("apple red sweet", k=3)]
        unlike = store.max_marginal_relevance_search("apple red sweet", k=3, fetch_k=8, lambda_mult=0.9)
        self.assertEqual(unlike[0].page_content, alike[0])
        self.assertNotEqual([one.page_content for one in unlike], alike)
        again = QdrantVectorStore.from_existing_collection("store", embedding=Bag(), **self.server.how())
        self.assertEqual(again.similarity_search("old pear", k=1)[0].page_content, "old pear")

    def test_sparse(self):
        self.check(self.store(RetrievalMode.SPARSE))

    def test_hybrid(self):
        self.check(self.store(RetrievalMode.HYBRID))
