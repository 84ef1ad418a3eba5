"""The releases of one target and what they demand of each other, read from an index as far as asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from packaging.utils import NormalizedName

from wheelyard_resolver.candidates import Candidate, CandidateList, direct_candidate
from wheelyard_resolver.demand import Demand, Unit
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import CandidatePolicy
from wheelyard_resolver.page import ProjectPage, parse_page
from wheelyard_resolver.reading import Dependencies, Memo, NoMemo, Reader
from wheelyard_resolver.target import Target


class Universe:
    """What may be installed on one target under one policy; everything read is kept.

    ``direct`` are the direct references of all models' lines: they must be known before the first question, for
    the candidates of a project never change afterwards.
    """

    def __init__(
        self,
        index: Index,
        target: Target,
        policy: CandidatePolicy,
        direct: Mapping[NormalizedName, Sequence[str]],
        memo: Memo | None = None,
    ) -> None:
        self.target = target
        self.policy = policy
        self._index = index
        self._memo = memo or NoMemo()
        self._reader = Reader(index, target, policy, self._memo)
        self._direct = direct
        self._candidates: dict[NormalizedName, CandidateList] = {}
        self._index_urls: dict[NormalizedName, str | None] = {}
        self._dependencies: dict[tuple[NormalizedName, int], Dependencies] = {}

    def under(self, policy: CandidatePolicy) -> Universe:
        """The same index and target under another policy."""
        return Universe(self._index, self.target, policy, self._direct, self._memo)

    def load(self, projects: Iterable[NormalizedName]) -> None:
        """Read the pages of projects that are about to be asked for, in one batch."""
        wanted = sorted({project for project in projects if project not in self._candidates})
        for project, listing in (self._reader.listings(wanted) if wanted else {}).items():
            self._index_urls[project] = listing.index_url
            self._candidates[project] = self._with_direct(listing.candidates)

    def _with_direct(self, listed: CandidateList) -> CandidateList:
        urls = self._direct.get(listed.project, ())
        direct = [found for url in urls if (found := direct_candidate(listed.project, url, self.target)) is not None]
        if not direct:
            return listed
        return CandidateList.of(listed.project, (*listed.usable, *direct), exists=listed.exists)

    def page(self, project: NormalizedName) -> ProjectPage | None:
        """The whole page of a project, read again: pages are large, and only explanations want all their files."""
        raw = self._index.pages([project])[project]
        return None if raw is None else parse_page(project, raw)

    def index_of(self, candidate: Candidate) -> str | None:
        """The URL of the index that lists a candidate; None for a direct reference."""
        return None if candidate.direct else self._index_urls[candidate.project]

    def candidates(self, project: NormalizedName) -> CandidateList:
        """The candidates of a project, loading its page if need be."""
        self.load([project])
        return self._candidates[project]

    def positions(self, demand: Demand) -> tuple[int, ...]:
        """The positions of the candidates that a demand admits, ascending."""
        return self.candidates(demand.project).admitted(demand.specifier, demand.url).positions

    def admits(self, demand: Demand) -> frozenset[int]:
        """:meth:`positions` as a set."""
        return self.candidates(demand.project).admitted(demand.specifier, demand.url).as_set

    def load_metadata(self, places: Iterable[tuple[NormalizedName, int]]) -> None:
        """Read the METADATA of candidates that are about to be asked for, in one batch."""
        wanted = [place for place in dict.fromkeys(places) if place not in self._dependencies]
        candidates = [self._candidates[project].usable[position] for project, position in wanted]
        read = self._reader.dependencies(candidates) if candidates else {}
        for place, candidate in zip(wanted, candidates, strict=True):
            self._dependencies[place] = read[candidate.wheel.url]

    def dependencies(self, unit: Unit) -> tuple[Demand, ...] | None:
        """What a candidate demands of other projects on this target; None if it is unusable (see :meth:`flaw`)."""
        place = (unit.project, unit.position)
        if place not in self._dependencies:
            self.load_metadata([place])
        found = self._dependencies[place]
        return None if found.flaw is not None or self._foreign(found.of(unit.extra)) else found.of(unit.extra)

    def flaw(self, unit: Unit) -> str | None:
        """Why a candidate, or one extra of it, is unusable whatever is asked for; None if it is usable."""
        self.load_metadata([(unit.project, unit.position)])
        found = self._dependencies[unit.project, unit.position]
        foreign = self._foreign(found.of(unit.extra))
        if found.flaw is None and foreign is not None:
            return f"it depends on {foreign.project} by URL, which only a model's own line may"
        return found.flaw

    def _foreign(self, demands: Sequence[Demand]) -> Demand | None:
        """A demand by a URL that no model's line names."""
        return next((item for item in demands if item.url and item.url not in self._direct.get(item.project, ())), None)
