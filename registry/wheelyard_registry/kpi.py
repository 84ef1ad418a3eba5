"""Figures of a fleet over a period: what runs, how often and how fast it is deployed, what sharing bases saves.

Nothing here reads or writes: the record of deployments and what hosts them come in, figures go out.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName

from wheelyard_registry.catalogue.deployments import Deployment
from wheelyard_registry.locked_packages import LockedPackage

MONTH = dt.timedelta(days=365.25 / 12)
NO_TEAM = ""

Releases = Mapping[tuple[NormalizedName, str], dt.datetime]


@dataclass(frozen=True, slots=True)
class HostedModel:
    """A model on an accepted base: the base's lock, and which projects the model itself asks for."""

    base: tuple[str, str]
    packages: Sequence[LockedPackage]
    roots: frozenset[NormalizedName]


@dataclass(frozen=True, slots=True)
class Rate:
    """How many deployments a team had in a month, written 2026-11."""

    month: str
    team: str
    deployments: int


@dataclass(frozen=True, slots=True)
class Period:
    """The figures of a period.

    Attributes:
        name: ``all``, ``before`` or ``after``.
        since, until: its bounds; what runs is told as of ``until``.
        models: model packages that run.
        deployments, rates: what was deployed, in all, and by month and team.
        per_month: deployments a month on average; a period shorter than a month counts as one.
        lead_time: median time from the upload of a release to its first deployment; None where there is none.
        bases, hosted: accepted bases that host what runs, and the deployments that they host.
        base_bytes: wheels of those bases, each base once.
        separate_bytes: the wheels that each hosted deployment needs, as if it had an image of its own.
    """

    name: str
    since: dt.datetime
    until: dt.datetime
    models: int
    deployments: int
    rates: tuple[Rate, ...]
    per_month: float
    lead_time: dt.timedelta | None
    bases: int
    hosted: int
    base_bytes: int
    separate_bytes: int

    @property
    def bases_per_model(self) -> float | None:
        """Accepted bases for each deployment that they host."""
        return self.bases / self.hosted if self.hosted else None


def figures(
    name: str,
    since: dt.datetime,
    until: dt.datetime,
    history: Iterable[Deployment],
    running: Iterable[Deployment],
    uploads: Releases,
    hosted: Sequence[HostedModel],
    *,
    last: bool,
) -> Period:
    """The figures of ``since <= time < until``, of the ``last`` period also of ``until`` itself.

    ``running`` and ``hosted`` are as of ``until``.
    """

    def within(time: dt.datetime) -> bool:
        return since <= time < until or (last and time == until)

    all_changes = [each for each in history if not each.retired]
    changes = [each for each in all_changes if within(each.since)]
    counts = Counter((each.since.strftime("%Y-%m"), each.owner or NO_TEAM) for each in changes)
    lead_times = [time.total_seconds() for at, time in _lead_times(all_changes, uploads) if within(at)]
    locks = {each.base: each.packages for each in hosted}
    return Period(
        name=name,
        since=since,
        until=until,
        models=len({each.model for each in running}),
        deployments=len(changes),
        rates=tuple(Rate(month, team, count) for (month, team), count in sorted(counts.items())),
        per_month=len(changes) / max((until - since) / MONTH, 1),
        lead_time=dt.timedelta(seconds=statistics.median(lead_times)) if lead_times else None,
        bases=len(locks),
        hosted=len(hosted),
        base_bytes=sum(package.size for packages in locks.values() for package in packages),
        separate_bytes=_separate_bytes(hosted),
    )


def _lead_times(changes: Iterable[Deployment], uploads: Releases) -> list[tuple[dt.datetime, dt.timedelta]]:
    """When each release was first deployed anywhere, and how long after its upload.

    What ran before it was uploaded, as an import of older records may say, has no lead time.
    """
    first: dict[tuple[NormalizedName, str], dt.datetime] = {}
    for each in changes:
        release = (each.model, each.version)
        first[release] = min(first.get(release, each.since), each.since)
    known = [(at, at - uploads[release]) for release, at in first.items() if release in uploads]
    return [(at, time) for at, time in known if time >= dt.timedelta()]


def _separate_bytes(hosted: Sequence[HostedModel]) -> int:
    """What all of them need, each by itself. Many models ask for the same of the same base."""
    counts = Counter((each.base, each.roots) for each in hosted)
    one = {(each.base, each.roots): each for each in hosted}
    return sum(count * _needed_bytes(one[alike]) for alike, count in counts.items())


def _needed_bytes(model: HostedModel) -> int:
    """The wheels that a model and all it depends on need of its base's lock."""
    packages = {package.name: package for package in model.packages}
    needed: set[NormalizedName] = set()
    waiting = [name for name in model.roots if name in packages]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += (each for each in packages[name].dependencies if each in packages)
    return sum(packages[name].size for name in needed)
