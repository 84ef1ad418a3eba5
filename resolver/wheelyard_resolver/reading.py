"""Pages and metadata in the form in which questions use them, remembered by the hash of what they were read from.

Most of the time of a first question goes into reading pages of thousands of files and hundreds of METADATA. What
comes of it depends on nothing but their bytes, the target and the policy, so it can be kept from run to run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol, TypeAlias, overload

import packaging
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_resolver.candidates import Candidate, CandidateList, list_candidates, python_fits
from wheelyard_resolver.core_metadata import (
    CoreMetadata,
    InvalidMetadata,
    UndefinedMarker,
    holds,
    named_extras,
    parse_metadata,
)
from wheelyard_resolver.demand import Demand
from wheelyard_resolver.index import DigestIndex, Index
from wheelyard_resolver.model import CandidatePolicy
from wheelyard_resolver.page import DistributionFile, parse_page, parse_time
from wheelyard_resolver.snapshot import body_digest, page_digest
from wheelyard_resolver.target import Target

_FORM = f"4/{packaging.__version__}"
"""Changes whenever the compiled form, or the code that makes it, does."""


_LEAN = (",", ":")

Row: TypeAlias = list[Any]
Rows: TypeAlias = list[Row]


@dataclass(frozen=True, slots=True)
class Listing:
    """The candidates that a project's page offers, and the URL of the index that it belongs to."""

    candidates: CandidateList
    index_url: str | None


class Dependencies:
    """What a wheel demands on a target: always, and with each of its extras; ``flaw`` says why it is unusable.

    Held as it is compiled: most extras are never asked for.
    """

    __slots__ = ("_extras", "flaw", "plain")

    def __init__(
        self, flaw: str | None, plain: tuple[Demand, ...] = (), extras: Mapping[str, Rows] | None = None
    ) -> None:
        self.flaw = flaw
        self.plain = plain
        self._extras = extras or {}

    def of(self, extra: NormalizedName | None) -> tuple[Demand, ...]:
        """The demands of an extra alone; of one that the wheel does not offer there are none (pip warns)."""
        return self.plain if extra is None else tuple(_decode_demand(*row) for row in self._extras.get(extra, ()))

    def encode(self) -> str:
        """The compiled form."""
        return json.dumps(
            [self.flaw, [_encode_demand(demand) for demand in self.plain], self._extras], separators=_LEAN
        )

    @classmethod
    def decode(cls, text: str) -> Dependencies | None:
        """From the compiled form; None if there is none that can be read."""
        try:
            flaw, plain, extras = json.loads(text)
            return cls(flaw, tuple(_decode_demand(*row) for row in plain), extras)
        except (ValueError, TypeError):
            return None


@dataclass
class Held:
    """What was read of compiled forms, by their keys: to read one again takes longer than all else on a question."""

    listings: dict[str, Listing] = field(default_factory=dict)
    dependencies: dict[str, Dependencies] = field(default_factory=dict)


class Memo(Protocol):
    """Keeps compiled forms; may forget any of them at any time."""

    @property
    def held(self) -> Held:
        """Those that this process has read already."""
        ...

    def get(self, keys: Sequence[str]) -> Mapping[str, str]:
        """The entries that are kept."""
        ...

    def put(self, entries: Mapping[str, str]) -> None:
        """Keep entries."""
        ...


class NoMemo:
    """Keeps nothing beyond what is held."""

    def __init__(self) -> None:
        self.held = Held()

    def get(self, keys: Sequence[str]) -> Mapping[str, str]:  # noqa: ARG002 (the protocol's signature)
        """See :class:`Memo`."""
        return {}

    def put(self, entries: Mapping[str, str]) -> None:
        """See :class:`Memo`."""


class Reader:
    """Reads an index for one target and policy."""

    def __init__(self, index: Index, target: Target, policy: CandidatePolicy, memo: Memo) -> None:
        self._index = index
        self._digests: DigestIndex | None = index if isinstance(index, DigestIndex) else None
        self._target = target
        self._policy = policy
        self._memo = memo
        self._for_target = f"{_FORM}/{target.python}/{target.platform}"

    # -- pages ----------------------------------------------------------------------------------------------

    def listings(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, Listing]:
        """The listing of each project, in one batch."""
        found: dict[NormalizedName, Listing] = {}
        digests = self._digests.page_digests(projects) if self._digests is not None else {}
        for project in (project for project, digest in digests.items() if digest is None):
            found[project] = Listing(CandidateList.of(project, (), exists=False), None)
        found |= self._known_pages({project: digest for project, digest in digests.items() if digest is not None})
        return found | self._read_pages([project for project in projects if project not in found])

    def _known_pages(self, digests: Mapping[NormalizedName, str]) -> dict[NormalizedName, Listing]:
        held = self._memo.held.listings
        keys = {project: self._page_key(project, digest) for project, digest in digests.items()}
        kept = self._memo.get([key for key in keys.values() if key not in held])
        for project, key in keys.items():
            listing = _decode_listing(project, kept[key]) if key in kept else None
            if listing is not None:
                held[key] = listing
        return {project: held[key] for project, key in keys.items() if key in held}

    def _read_pages(self, projects: Sequence[NormalizedName]) -> dict[NormalizedName, Listing]:
        pages = self._index.pages(projects) if projects else {}
        digests = {project: page_digest(raw) for project, raw in pages.items() if raw is not None}
        found = self._known_pages(digests)
        made: dict[str, str] = {}
        for project, raw in pages.items():
            if raw is None:
                found[project] = Listing(CandidateList.of(project, (), exists=False), None)
            elif project not in found:
                key, page = self._page_key(project, digests[project]), parse_page(project, raw)
                found[project] = Listing(list_candidates(project, page, self._target, self._policy), raw.index_url)
                self._memo.held.listings[key] = found[project]
                made[key] = _encode_listing(found[project])
        self._memo.put(made)
        return found

    def _page_key(self, project: NormalizedName, digest: str) -> str:
        policy = self._policy
        admitted = f"{'pre' * (project in policy.pre_releases)}{'yanked' * (project in policy.yanked)}"
        return f"{self._for_target}/{policy.exclude_newer}/{admitted}/{project}/{digest}"

    # -- metadata -------------------------------------------------------------------------------------------

    def dependencies(self, candidates: Sequence[Candidate]) -> Mapping[str, Dependencies]:
        """The dependencies of each candidate by the URL of its wheel, in one batch."""
        by_url = {candidate.wheel.url: candidate for candidate in candidates}
        files = [candidate.wheel for candidate in candidates]
        digests = self._digests.metadata_digests(files) if self._digests is not None else {}
        known = {url: digest for url, digest in digests.items() if digest is not None}
        found = self._known_metadata({url: self._metadata_key(by_url[url], digest) for url, digest in known.items()})
        return found | self._read_metadata({url: candidate for url, candidate in by_url.items() if url not in found})

    def _known_metadata(self, keys: Mapping[str, str]) -> dict[str, Dependencies]:
        held = self._memo.held.dependencies
        for key, text in self._memo.get([key for key in keys.values() if key not in held]).items():
            compiled = Dependencies.decode(text)
            if compiled is not None:
                held[key] = compiled
        return {url: held[key] for url, key in keys.items() if key in held}

    def _read_metadata(self, candidates: Mapping[str, Candidate]) -> dict[str, Dependencies]:
        files = [candidate.wheel for candidate in candidates.values()]
        contents = self._index.metadata(files) if files else {}
        keys = {
            url: self._metadata_key(candidates[url], body_digest(content))
            for url, content in contents.items()
            if content
        }
        found = self._known_metadata(keys)
        made: dict[str, str] = {}
        for url, content in contents.items():
            if url in found:
                continue
            found[url] = compile_metadata(content, candidates[url], self._target)
            if url in keys:
                self._memo.held.dependencies[keys[url]] = found[url]
                made[keys[url]] = found[url].encode()
        self._memo.put(made)
        return found

    def _metadata_key(self, candidate: Candidate, digest: str) -> str:
        return f"{self._for_target}/{candidate.project}/{candidate.version}/{digest}"


def compile_metadata(content: bytes | None, candidate: Candidate, target: Target) -> Dependencies:
    """What the METADATA of a candidate demands on a target."""
    if content is None:
        return Dependencies("its wheel holds no readable METADATA")
    try:
        return _compiled(parse_metadata(content, (candidate.project, candidate.version)), target)
    except InvalidMetadata as problem:
        return Dependencies(str(problem))
    except UndefinedMarker as problem:
        return Dependencies(f"its METADATA has a dependency whose marker {problem.marker!r} has no value")


def _compiled(metadata: CoreMetadata, target: Target) -> Dependencies:
    if metadata.requires_python is not None and not python_fits(str(metadata.requires_python), target):
        return Dependencies(f"its METADATA requires Python {metadata.requires_python}")
    plain: dict[Demand, None] = {}
    extras: dict[NormalizedName, dict[Demand, None]] = {extra: {} for extra in sorted(metadata.extras)}
    for requirement in metadata.requires:
        if holds(requirement.marker, target):
            plain[Demand.of(requirement)] = None
            continue
        for extra in named_extras(requirement, metadata.extras):
            if holds(requirement.marker, target, extra):
                extras[extra][Demand.of(requirement)] = None
    rows = {str(extra): [_encode_demand(demand) for demand in demands] for extra, demands in extras.items()}
    return Dependencies(None, tuple(plain), rows)


# -- the compiled form: JSON, for what is kept may be damaged and must not be executed ----------------------------


def _encode_listing(listing: Listing) -> str:
    rows = [_encode_candidate(candidate) for candidate in listing.candidates.usable]
    return json.dumps([listing.index_url, rows], separators=_LEAN)


def _encode_candidate(candidate: Candidate) -> list[object]:
    file = candidate.wheel
    uploaded = None if file.upload_time is None else file.upload_time.isoformat()
    return [
        str(candidate.version),
        file.filename,
        file.url,
        file.sha256,
        file.size,
        file.requires_python,
        file.yanked,
        uploaded,
        file.core_metadata,
    ]


def _decode_listing(project: NormalizedName, text: str) -> Listing | None:
    try:
        index_url, rows = json.loads(text)
        versions = tuple(Version(version) for version, *_ in rows)
    except (ValueError, TypeError):
        return None
    usable = _CompiledCandidates(project, versions, rows)
    return Listing(CandidateList(project, usable, versions, exists=True), index_url)


class _CompiledCandidates(Sequence[Candidate]):
    """Candidates that are made when they are looked at: of most, only the version is ever wanted."""

    def __init__(self, project: NormalizedName, versions: Sequence[Version], rows: Rows) -> None:
        self._project = project
        self._versions = versions
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Candidate: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Candidate]: ...
    def __getitem__(self, place: int | slice) -> Candidate | Sequence[Candidate]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        return Candidate(self._project, self._versions[place], _decode_file(self._rows[place][1:]))


def _decode_file(row: list[Any]) -> DistributionFile:
    filename, url, sha256, size, requires_python, yanked, uploaded, core_metadata = row
    time = None if uploaded is None else parse_time(uploaded)
    return DistributionFile(filename, url, sha256, size, requires_python, yanked, time, core_metadata)


def _encode_demand(demand: Demand) -> Row:
    return [demand.project, demand.specifier, ",".join(sorted(demand.extras)), demand.url]


@lru_cache(maxsize=200_000)
def _decode_demand(project: NormalizedName, specifier: str, extras: str, url: str | None) -> Demand:
    # The same demand stands in hundreds of releases.
    return Demand(project, specifier, frozenset(map(canonicalize_name, extras.split(",") if extras else ())), url)
