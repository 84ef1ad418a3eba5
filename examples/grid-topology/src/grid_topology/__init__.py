"""The lines whose loss splits a distribution grid."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx


def predict(lines: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The critical lines, each as its two ends in order."""
    grid = nx.Graph()
    grid.add_edges_from(lines)
    return sorted((min(line), max(line)) for line in nx.bridges(grid))
