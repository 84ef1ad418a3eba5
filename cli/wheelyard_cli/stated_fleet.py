"""Is the fleet that a certificate speaks of the one of a fleet file?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.utils import NormalizedName

from wheelyard_cli.fleet_file import read_fleet
from wheelyard_resolver import judged_fleet
from wheelyard_resolver.page import DistributionFile, RawPage
from wheelyard_resolver.released_models import resolve_packages
from wheelyard_resolver.verify.evidence import Evidence, RefutedEvidence


def differences(stated: object, path: Path, evidence: Evidence) -> tuple[str, ...]:
    """Where the fleet of a certificate, as it is written there, is not that of a fleet file, in words.

    Raises:
        InputError: the fleet file cannot be used.
    """
    try:
        fleet = resolve_packages(read_fleet(path), _Recorded(evidence)).planned()
    except RefutedEvidence as problem:
        return (f"{path} names a release as a model: {problem}",)
    return judged_fleet.differences(stated, fleet)


class _Recorded:
    """Implements :class:`~wheelyard_resolver.index.Index` by the records of a certificate, for models in the index."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        """See Index."""
        found = {project: self._evidence.page(project) for project in projects}
        return {project: None if page is None else RawPage(*page) for project, page in found.items()}

    def metadata(self, files: Sequence[DistributionFile]) -> Mapping[str, bytes | None]:
        """See Index."""
        return {file.url: self._evidence.metadata(file.url) for file in files}
