"""A proposal with its certificate, in memory: to be verified, and to be tampered with."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from tests.resolver.fake_index import TARGET, FakeIndex, Projects, Release, constraint, metadata, model

from wheelyard_cli.images import file_names, pylock, requirements
from wheelyard_resolver import certificate, judged_fleet
from wheelyard_resolver.model import CandidatePolicy, Fleet, ModelPackage
from wheelyard_resolver.page import DistributionFile, parse_time
from wheelyard_resolver.plan import plan
from wheelyard_resolver.proposal import to_document
from wheelyard_resolver.propose import proposal_of
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.target import Target
from wheelyard_resolver.verify.document import Table
from wheelyard_resolver.verify.evidence import Evidence
from wheelyard_resolver.verify.index_page import Page
from wheelyard_resolver.verify.statement import read_statement
from wheelyard_resolver.verify.verification import Verification, verify


class IndexSource:
    """Implements :class:`wheelyard_resolver.verify.evidence.Source` by an index in memory."""

    def __init__(self, index: FakeIndex) -> None:
        self._index = index

    def pages(self, project: str) -> Iterable[Page | None]:
        """See Source."""
        raw = self._index.pages([NormalizedName(project)])[NormalizedName(project)]
        return [None if raw is None else Page(raw.url, raw.content_type, raw.body)]

    def metadata(self, url: str) -> Iterable[bytes | None]:
        """See Source."""
        found = self._index.known_metadata()
        return [found[url]] if url in found else []


@dataclass(frozen=True)
class Certified:
    """The documents as JSON values, the locks by file name, and the index that the records come from."""

    certificate: Any
    proposal: Any
    locks: dict[str, str]
    index: FakeIndex

    @classmethod
    def of(cls, fleet: Fleet, index: FakeIndex) -> Certified:
        """What is proposed for a fleet."""
        recording = Recording(index)
        plans = plan(fleet, recording)
        proposal = proposal_of(fleet, plans, recording)
        stated = json.loads(json.dumps(certificate.to_document(fleet, plans, recording)))
        locks = {file_names.pylock(base.name): pylock.render(proposal, base) for base in proposal.bases}
        for base in proposal.bases:
            locks[file_names.requirements(base.name)] = requirements.render(proposal, base)
        return cls(stated, json.loads(json.dumps(to_document(proposal))), locks, index)

    def verification(self) -> Verification:
        """What the verifier says.

        Raises:
            WheelyardError: it cannot use the documents.
        """
        stated = read_statement(Table(self.certificate, "certificate.json:"))
        evidence = Evidence(stated.records, IndexSource(self.index))
        return verify(stated, Table(self.proposal, "proposal.json:"), self.locks, evidence)

    def problems(self, fleet: Fleet | None = None) -> tuple[str, ...]:
        """Everything that the verifier finds wrong; a fleet is what must be meant."""
        found = self.verification().problems
        return found if fleet is None else (*judged_fleet.differences(self.certificate["fleet"], fleet), *found)

    def copy(self) -> Certified:
        """The same documents, to be changed."""
        return Certified(copy.deepcopy(self.certificate), copy.deepcopy(self.proposal), dict(self.locks), self.index)

    def in_world(self, index: FakeIndex) -> Certified:
        """The same claims about another index, by a forger who puts the right hashes everywhere."""
        recording = Recording(index)
        for record in self.certificate["snapshot"]["records"]:
            kind, _, key = record.partition(" ")
            if kind == "page":
                recording.pages([NormalizedName(key)])
            elif key in index.known_metadata():
                recording.metadata([DistributionFile(key.rpartition("/")[2], key)])
        digest = recording.digest()
        old = self.certificate["snapshot"]["digest"]
        return Certified(
            {**self.certificate, "snapshot": {"digest": digest, "records": recording.records()}},
            {**self.proposal, "snapshot": digest},
            {name: text.replace(old, digest) for name, text in self.locks.items()},
            index,
        )


# -- a fleet with a bit of everything -----------------------------------------------------------------------------

NEWER = Target("3.12.1", TARGET.platform)
DIRECT = "https://elsewhere.example/dd-1.0-py3-none-any.whl#sha256=" + "ab" * 32
FANO = ("abd", "bce", "cdf", "deg", "efa", "fgb", "gac")
"""The lines of the plane of seven points: however two colours are given to the points, one line is all of a colour."""

WORLD: Projects = {
    "x": {"1": [], "2": [], "3": []},
    "y": {"1": ["x==1"], "2": ["x==2"], "2.1": ["x==2"]},
    "w": {"1": Release(["x<2; extra == 'fast'", "w[faster]; extra == 'fastest'"], extras=["fast", "fastest"])},
    "broken": {"1": Release(metadata=None), "2": Release(metadata=metadata("broken", "2", ["x >> 1"]))},
    "old": {"1": [], "2": Release(yanked=True), "3": Release(uploaded="2026-02-02T00:00:00Z")},
    "early": {"1": Release(requires_python=">=3.8"), "2b1": []},
    "sdist": {"1": Release(tags=[])},
    # Neither pick of p goes with either pick of r, for a reason each: propagation alone does not see it.
    "p": {"1": ["k11==1", "k12==1"], "2": ["k21==1", "k22==1"]},
    "r": {"1": ["k11==2", "k21==2"], "2": ["k12==2", "k22==2"]},
    **{f"k{one}{other}": {"1": [], "2": []} for one in (1, 2) for other in (1, 2)},
    **{line: {"1": [], "2": [], "3": []} for line in FANO},
}


def _point(name: str) -> ModelPackage:
    """Three points on a line exclude all releases of its project between them, any two leave one."""
    lines = [f"{line}!={line.index(name) + 1}" for line in FANO if name in line]
    return model(f"point-{name}", *lines)


def everything() -> Fleet:
    """A fleet in which every kind of claim is made."""
    own_python = replace(model("own-python", "x"), requires_python=SpecifierSet(">=3.12"))
    models = (
        *(_point(name) for name in "abcdefg"),
        model("chain", "y>=2"),
        model("extra", "w[fast]"),
        model("choice-p", "p"),
        model("choice-r", "r"),
        model("reader", f"dd @ {DIRECT}", "old", "early", "x; python_version >= '3'"),
        model("not-metadata", "broken"),
        model("not-wheel", "sdist"),
        model("not-limit", "x>2"),
        model("other", "x<3", target=NEWER),
        model("other-too", "x>=2", target=NEWER),
        own_python,
    )
    policy = CandidatePolicy(
        pre_releases=frozenset({NormalizedName("early")}),
        yanked=frozenset({NormalizedName("old")}),
        exclude_newer=parse_time("2026-02-01T00:00:00Z"),
    )
    limits = (constraint("x<3", "an incident"), constraint("numpy<2"))
    return Fleet("everything", "prod", TARGET, models, limits, policy)


def small() -> Fleet:
    """A fleet of few models: few enough to make every small change of what is written about it."""
    whole = everything()
    names = ("chain", "extra", "reader", "not-metadata", "not-limit", "own-python")
    return replace(whole, models=tuple(item for item in whole.models if item.name in names))


def world(changes: Projects | None = None) -> FakeIndex:
    """The index of :func:`everything`, with other releases of some projects."""
    index = FakeIndex({**WORLD, **(changes or {})})
    index.host(DIRECT.partition("#")[0], metadata("dd", "1.0", ["early>=2b1"]))
    return index
