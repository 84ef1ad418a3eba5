"""The requirement lines of deployed models: those that a deployment states, or those of its release's core metadata.

The lines of a fleet are asked about again and again, and to parse them is most of the work: what was parsed is kept.
"""

from __future__ import annotations

from functools import lru_cache

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_registry.catalogue.deployments import Deployment
from wheelyard_resolver.core_metadata import parse_metadata

Line = tuple[NormalizedName, str]
"""The project that a line is about, and the line."""


def lines_of(deployment: Deployment, metadata: bytes | None) -> tuple[Line, ...]:
    """What a deployed model requires; ``metadata`` is that of its release. A model without a wheel has no lines."""
    if deployment.requires is not None:
        return tuple((_name(line), line) for line in deployment.requires)
    return () if metadata is None else _lines_of_metadata(metadata)


@lru_cache(maxsize=65_536)
def pin_of(line: str) -> tuple[NormalizedName, str] | None:
    """The one release that a line admits, if it is a pin."""
    clauses = [each for each in Requirement(line).specifier if each.operator == "==" and "*" not in each.version]
    return (_name(line), str(Version(clauses[0].version))) if len(clauses) == 1 else None


@lru_cache(maxsize=65_536)
def _name(line: str) -> NormalizedName:
    return canonicalize_name(Requirement(line).name)


@lru_cache(maxsize=4096)
def _lines_of_metadata(body: bytes) -> tuple[Line, ...]:
    return tuple((canonicalize_name(line.name), str(line)) for line in parse_metadata(body).requires)
