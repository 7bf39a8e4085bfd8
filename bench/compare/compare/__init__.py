"""Measures ruvector beside its peers in one run. The entry is `__main__.py`; README.md explains the figures."""
