"""What an adapter of a peer must say. Adapters are thin: no caching, no tricks that a user would not use."""

from pathlib import Path

import numpy as np


class Engine:
    """One index of one peer at one setting. All vectors are float32 of unit length, so that cosine, inner product
    and Euclidean distance rank alike; an adapter takes the fastest of these."""

    package = ""
    """The package on PyPI, a key of `peers.VERSIONS`."""
    settings: dict = {}
    """Build settings, for the report; a changed value makes a new build."""
    sweep: list = []
    """Search settings, from the fastest to the most accurate; each is a number or a list of numbers."""

    def __init__(self, rows: int, dim: int, k: int):
        self.rows, self.dim, self.k = rows, dim, k

    def build(self, base: np.ndarray, folder: Path) -> None:
        """Builds the index with one thread and saves it in `folder`."""
        raise NotImplementedError

    def open(self, folder: Path) -> None:
        """Opens what `build` saved, for search with one thread."""
        raise NotImplementedError

    def tune(self, setting) -> None:
        """Takes a value of `sweep` for the searches that follow."""
        self.setting = setting

    def request(self, query: np.ndarray):
        """What `search` is called with; not timed."""
        return query

    def search(self, request):
        """One query; timed."""
        raise NotImplementedError

    def rows_of(self, answer) -> np.ndarray:
        """The row numbers in an answer of `search`; not timed."""
        return np.asarray(answer).reshape(-1)

    def batch(self, requests):
        """All queries in one call on one thread, timed; None where a peer has no such call."""
        return None

    def batch_request(self, queries: np.ndarray):
        """What `batch` is called with; not timed."""
        return queries

    def batch_rows(self, answer) -> np.ndarray:
        """Row numbers [queries, k] in an answer of `batch`; not timed."""
        return np.asarray(answer)
