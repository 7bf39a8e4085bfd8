"""The engines by name. A module is imported only in the process that measures it."""

import importlib

REGISTRY = {
    "rabitqlib-symqg32": ("rabitq", "Symqg32"),
    "rabitqlib-symqg64": ("rabitq", "Symqg64"),
    "scann": ("partitioned", "Scann"),
    "zvec-vamana-u7": ("zvec_collection", "ZvecVamana"),
    "zvec-hnsw": ("zvec_collection", "ZvecHnsw"),
    "scalable-vs": ("vamana", "ScalableVs"),
    "diskannpy": ("vamana", "Diskann"),
    "faiss-hnsw32": ("hnsw", "FaissHnsw"),
    "faiss-ivfpqfs": ("partitioned", "FaissIvfPq"),
    "hnswlib": ("hnsw", "Hnswlib"),
    "alayalite": ("hnsw", "Alayalite"),
    "qdrant-edge": ("qdrant", "QdrantEdge"),
    "usearch": ("hnsw", "Usearch"),
}


def adapter(name: str) -> type:
    """The adapter class of a peer; its library is imported by its methods only."""
    module, cls = REGISTRY[name]
    return getattr(importlib.import_module(f".{module}", __package__), cls)
