"""The releases of one target and what they demand of each other, read from an index as far as asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from wheelyard_resolver.candidates import Candidate, CandidateList, list_candidates, python_fits
from wheelyard_resolver.core_metadata import CoreMetadata, InvalidMetadata, holds, parse_metadata
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import CandidatePolicy, written
from wheelyard_resolver.page import ProjectPage, RawPage, parse_page
from wheelyard_resolver.target import Target


@dataclass(frozen=True, slots=True)
class Demand:
    """A requirement without its marker: what is demanded of one project."""

    project: NormalizedName
    specifier: str
    extras: frozenset[NormalizedName]
    url: str | None = None

    @classmethod
    def of(cls, requirement: Requirement) -> Demand:
        """The demand of a requirement; its marker is the caller's business."""
        return cls(
            project=canonicalize_name(requirement.name),
            specifier=str(requirement.specifier),
            extras=frozenset(canonicalize_name(extra) for extra in requirement.extras),
            url=requirement.url,
        )

    def __str__(self) -> str:
        return written(self.project, self.extras, SpecifierSet(self.specifier), self.url)


class Unit(NamedTuple):
    """What is expanded at once: the dependencies of a candidate (by position), plain or of one extra."""

    project: NormalizedName
    position: int
    extra: NormalizedName | None = None


class Universe:
    """What may be installed on one target under one policy; everything read is kept.

    ``direct`` are the direct references of all models' lines: they must be known before the first question, for
    the candidates of a project never change afterwards.
    """

    def __init__(
        self, index: Index, target: Target, policy: CandidatePolicy, direct: Mapping[NormalizedName, Sequence[str]]
    ) -> None:
        self.target = target
        self.policy = policy
        self._index = index
        self._direct = direct
        self._candidates: dict[NormalizedName, CandidateList] = {}
        self._page_urls: dict[NormalizedName, str] = {}
        self._positions: dict[tuple[NormalizedName, str, str | None], tuple[int, ...]] = {}
        self._metadata: dict[tuple[NormalizedName, int], CoreMetadata | InvalidMetadata] = {}
        self._dependencies: dict[Unit, tuple[Demand, ...] | None] = {}

    def load(self, projects: Iterable[NormalizedName]) -> None:
        """Read the pages of projects that are about to be asked for, in one batch."""
        wanted = sorted({project for project in projects if project not in self._candidates})
        if not wanted:
            return
        pages = self._index.pages(wanted)
        for project in wanted:
            raw = pages[project]
            page = _parsed(project, raw)
            if raw is not None:
                self._page_urls[project] = raw.url
            listed = list_candidates(project, page, self.target, self.policy, self._direct.get(project, ()))
            self._candidates[project] = listed

    def page(self, project: NormalizedName) -> ProjectPage | None:
        """The whole page of a project, read again: pages are large, and only explanations want all their files."""
        return _parsed(project, self._index.pages([project])[project])

    def index_of(self, candidate: Candidate) -> str | None:
        """The URL of the index that lists a candidate; None for a direct reference."""
        return None if candidate.direct else self._page_urls[candidate.project].rstrip("/").rpartition("/")[0] + "/"

    def candidates(self, project: NormalizedName) -> CandidateList:
        """The candidates of a project, loading its page if need be."""
        self.load([project])
        return self._candidates[project]

    def positions(self, demand: Demand) -> tuple[int, ...]:
        """The positions of the candidates that a demand admits, ascending."""
        key = (demand.project, demand.specifier, demand.url)
        found = self._positions.get(key)
        if found is None:
            found = self._positions[key] = _admitted(self.candidates(demand.project).usable, demand)
        return found

    def metadata_of(self, project: NormalizedName, position: int) -> CoreMetadata | InvalidMetadata:
        """The parsed METADATA of a candidate, or why it makes the candidate unusable."""
        self.load_metadata([(project, position)])
        return self._metadata[project, position]

    def load_metadata(self, places: Iterable[tuple[NormalizedName, int]]) -> None:
        """Read the METADATA of candidates that are about to be asked for, in one batch."""
        wanted = [place for place in dict.fromkeys(places) if place not in self._metadata]
        files = [self._candidates[project].usable[position].wheel for project, position in wanted]
        contents = self._index.metadata(files) if files else {}
        for (project, position), file in zip(wanted, files, strict=True):
            self._metadata[project, position] = self._judge(contents[file.url])

    def _judge(self, content: bytes | None) -> CoreMetadata | InvalidMetadata:
        if content is None:
            return InvalidMetadata("its wheel holds no readable METADATA")
        try:
            metadata = parse_metadata(content)
        except InvalidMetadata as problem:
            return problem
        if metadata.requires_python is not None and not python_fits(str(metadata.requires_python), self.target):
            return InvalidMetadata(f"its METADATA requires Python {metadata.requires_python}")
        return metadata

    def dependencies(self, unit: Unit) -> tuple[Demand, ...] | None:
        """What a candidate demands of other projects on this target; None if it is unusable (see :meth:`flaw`)."""
        if unit not in self._dependencies:
            self._dependencies[unit] = (
                None
                if self.flaw(unit) is not None
                else tuple(dict.fromkeys(Demand.of(requirement) for requirement in self._requirements(unit)))
            )
        return self._dependencies[unit]

    def flaw(self, unit: Unit) -> str | None:
        """Why a candidate, or one extra of it, is unusable whatever is asked for; None if it is usable."""
        metadata = self.metadata_of(unit.project, unit.position)
        if isinstance(metadata, InvalidMetadata):
            return str(metadata)
        for requirement in self._requirements(unit):
            allowed = self._direct.get(canonicalize_name(requirement.name), ())
            if requirement.url is not None and requirement.url not in allowed:
                return f"it depends on {requirement.name} by URL, which only a model's own line may"
        return None

    def _requirements(self, unit: Unit) -> Iterator[Requirement]:
        metadata = self.metadata_of(unit.project, unit.position)
        assert isinstance(metadata, CoreMetadata)
        for requirement in metadata.requires:
            plain = holds(requirement.marker, self.target)
            if plain if unit.extra is None else not plain and holds(requirement.marker, self.target, unit.extra):
                yield requirement


def _parsed(project: NormalizedName, raw: RawPage | None) -> ProjectPage | None:
    return None if raw is None else parse_page(project, raw)


def _admitted(usable: Sequence[Candidate], demand: Demand) -> tuple[int, ...]:
    if demand.url is not None:
        return tuple(place for place, candidate in enumerate(usable) if candidate.direct == demand.url)
    if not demand.specifier:
        return tuple(range(len(usable)))
    versions = [(candidate.version, place) for place, candidate in enumerate(usable)]
    # Pre-releases among the candidates were admitted by policy, so every specifier admits them (prereleases=True).
    kept = SpecifierSet(demand.specifier).filter(versions, prereleases=True, key=lambda pair: pair[0])
    return tuple(place for _, place in kept)
