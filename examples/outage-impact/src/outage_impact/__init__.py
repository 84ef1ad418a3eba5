"""Who is dark when a node of the grid fails."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx


def predict(lines: Iterable[tuple[str, str]], source: str, failed: str) -> list[str]:
    """The nodes that ``source`` no longer reaches once ``failed`` is out."""
    grid = nx.Graph()
    grid.add_edges_from(lines)
    before = nx.node_connected_component(grid, source)
    grid.remove_node(failed)
    return sorted(before - nx.node_connected_component(grid, source) - {failed})
