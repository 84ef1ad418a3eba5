"""nab-resolver (PubGrub, by maintainers of pip and packaging) over a bare graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nab_resolver.errors import ResolutionError, ResolutionTerminatedError
from nab_resolver.ranges import Range
from nab_resolver.resolver import BaseProvider, Resolver
from nab_resolver.types import RangeProtocol, RootRequirement
from packaging.version import Version
from tests.conformance.dependency_graph import Graph, Needs, Node


class _Provider(BaseProvider[Node, Version]):
    """Newest first, by name."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def choose_version(self, package: Node, version_range: RangeProtocol[Version]) -> Version | None:
        return max((version for version in self._graph.choices[package] if version in version_range), default=None)

    def has_satisfying_version(self, package: Node, version_range: RangeProtocol[Version]) -> bool:
        return self.choose_version(package, version_range) is not None

    def get_dependencies(self, package: Node, version: Version) -> Mapping[Node, RangeProtocol[Version]]:
        return {node: Range.from_versions(admitted) for node, admitted in self._graph.choices[package][version].items()}

    def prioritize(
        self,
        package: Node,
        version_range: RangeProtocol[Version],  # noqa: ARG002 (nab passes all four)
        conflict_counts: Mapping[Node, int],  # noqa: ARG002
        culprit_counts: Mapping[Node, int] | None = None,  # noqa: ARG002
    ) -> Node:
        return package

    def widen_decision(self, package: Node, version: Version) -> None:  # noqa: ARG002
        return None


def installs(graph: Graph, models: Sequence[str]) -> bool:
    """Whether models can be installed together."""
    demands = [_roots(graph.models[key]) for key in models]
    try:
        Resolver(_Provider(graph)).resolve([demand for of_model in demands for demand in of_model])
    except ResolutionTerminatedError:
        raise
    except ResolutionError:
        return False
    return True


def _roots(needs: Needs) -> list[RootRequirement[Node, Version]]:
    return [RootRequirement(node, Range.from_versions(admitted)) for node, admitted in needs.items()]
