"""The groups of ``groups.toml``: what the product answers to each, and what pip does, from one snapshot.

``python -m tests.conformance.groups SNAPSHOT`` makes that snapshot from PyPI, with every page and METADATA that either
of them asks for. It holds texts of others and is not committed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name
from tests.conformance.loopback import Loopback, loopback
from tests.conformance.pip_install import PipAnswer, Versions, ask_pip

from wheelyard_cli.fleet_file import read_fleet
from wheelyard_cli.routing import Routing
from wheelyard_cli.simple_client import SimpleClient
from wheelyard_cli.snapshot_file import SnapshotFile
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import Fleet
from wheelyard_resolver.page import DistributionFile, RawPage
from wheelyard_resolver.propose import propose
from wheelyard_resolver.released_models import resolve_packages
from wheelyard_resolver.snapshot import Recording

FLEET = Path(__file__).with_name("groups.toml")
_AT_A_TIME = 2


class SharedSnapshot:
    """A snapshot file for several threads: opened anew for every question (its connection belongs to one thread)."""

    def __init__(self, path: Path, inner: Index | None) -> None:
        self._path = path
        self._inner = inner

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        """See Index."""
        with SnapshotFile(self._path, self._inner, Routing()) as snapshot:
            return snapshot.pages(projects)

    def metadata(self, files: Sequence[DistributionFile]) -> Mapping[str, bytes | None]:
        """See Index."""
        with SnapshotFile(self._path, self._inner, Routing()) as snapshot:
            return snapshot.metadata(files)


@dataclass(frozen=True)
class Difference:
    """A rule of Wheelyard's, and the project that the policy has to name so that it makes no difference."""

    says: str
    project: str


DIFFERENCES = {
    "asks-for-a-pre-release": Difference("a line that mentions a pre-release does not admit it", "black"),
    "leaves-only-pre-releases": Difference("pre-releases do not fill in where a line leaves no final", "numpy"),
    "pins-a-yanked-release": Difference("a pin does not admit a yanked release", "requests"),
    "depends-on-a-pre-release": Difference(
        "a dependency that mentions a pre-release does not admit it", "grpcio-status"
    ),
}
"""By the name of the group. In every other the answers are the same."""


@dataclass(frozen=True)
class Answers:
    """To one group: the product's (None: impossible) and pip's."""

    ours: Versions | None
    pip: PipAnswer

    @property
    def same_verdict(self) -> bool:
        """Whether both find versions, or neither."""
        return (self.ours is None) is (self.pip.versions is None)

    def unequal(self) -> dict[str, tuple[str, str]]:
        """Project to (ours, pip's), where they differ."""
        ours, theirs = self.ours or {}, self.pip.versions or {}
        return {
            name: (str(ours.get(name, "-")), str(theirs.get(name, "-")))
            for name in sorted(ours.keys() | theirs.keys())
            if ours.get(name) != theirs.get(name)
        }


@dataclass(frozen=True)
class Groups:
    """Every group as a model of one fleet, the index they are judged against, and that index as pip reaches it."""

    fleet: Fleet
    index: Index
    server: Loopback
    index_url: str

    def ask(self, name: str, *consenting: str) -> Answers:
        """Both about one group, the policy consenting to pre-releases and yanked files of these projects."""
        model = self.fleet.model(name)
        assert model is not None, name
        named = frozenset(map(canonicalize_name, consenting))
        policy = replace(self.fleet.policy, pre_releases=named, yanked=named)
        fleet = replace(self.fleet, models=(model,), policy=policy)
        found = propose(fleet, Recording(self.index))
        ours = {package.name: package.version for package in found.bases[0].packages} if found.bases else None
        limit = fleet.policy.exclude_newer
        assert limit is not None
        with tempfile.TemporaryDirectory() as scratch:
            lines = [str(line.requirement) for line in model.lines]
            pip = ask_pip(lines, model.target, self.index_url, scratch=Path(scratch), before=limit.isoformat())
        return Answers(ours, pip)

    def ask_all(self) -> dict[str, Answers]:
        """About every group, a few at a time: pip takes seconds."""
        with ThreadPoolExecutor(_AT_A_TIME) as threads:
            return dict(zip(self.names(), threads.map(self.ask, self.names()), strict=True))

    def names(self) -> list[str]:
        """The groups."""
        return [model.key for model in self.fleet.models]


@contextmanager
def serving_groups(snapshot: Path, inner: Index | None = None) -> Iterator[Groups]:
    """The groups over a snapshot, which grows from ``inner`` if there is one."""
    index = SharedSnapshot(snapshot, inner)
    fleet = resolve_packages(read_fleet(FLEET), Recording(index))
    with loopback() as server:
        yield Groups(fleet, index, server, server.mount("groups", index))


def _record(path: Path) -> None:
    growing = path.with_suffix(".part")  # a recording that was broken off goes on from there
    with SimpleClient(Routing()) as client, serving_groups(growing, client) as groups:
        for number, name in enumerate(groups.names(), 1):
            answers = groups.ask(name)
            print(f"{number}/{len(groups.names())} {name}: {len(answers.pip.versions or ())} packages", flush=True)
        for name, difference in DIFFERENCES.items():
            groups.ask(name, difference.project)
    growing.rename(path)


if __name__ == "__main__":
    _record(Path(sys.argv[1]))
