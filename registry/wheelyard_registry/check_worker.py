"""What a worker process does: it answers one check at a time, and keeps what it read for the next.

A process, because solving holds the interpreter for seconds and can be ended only from outside. It opens the
catalogue, the caches and the upstreams of the registry for itself.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TypeVar

from wheelyard_registry.catalogue.bases import Bases
from wheelyard_registry.catalogue.changes import Changes
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.catalogue.deployments import Deployments
from wheelyard_registry.catalogue.stages import Stages
from wheelyard_registry.errors import RegistryError
from wheelyard_registry.fleet import (
    DEFAULT_PLATFORM,
    DEFAULT_PYTHON,
    DeployedFleet,
    DeployedFleets,
    spare_base,
    stated_fleet,
)
from wheelyard_registry.read_side import open_read_side
from wheelyard_registry.settings import Settings
from wheelyard_registry.solver_index import SolverIndex
from wheelyard_registry.storage import open_blobs
from wheelyard_resolver.check import answer
from wheelyard_resolver.errors import InputError, InputErrors, Undecided
from wheelyard_resolver.model import Fleet, lines_of
from wheelyard_resolver.question import Question
from wheelyard_resolver.reading import NoMemo
from wheelyard_resolver.released_models import resolve_packages
from wheelyard_resolver.report import Report
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.sufficiency import Sufficiency
from wheelyard_resolver.target import Target

K = TypeVar("K")
V = TypeVar("V")

MOST_PAGES = 5_000
MOST_METADATA = 200_000
"""Held in the form in which questions use them; a worker that has more begins anew."""

MOST_KEPT = 8
"""Fleets, and what is known of their bases, kept at the same time."""


@dataclass(frozen=True, slots=True)
class Check:
    """A question about the fleet of a ``stage`` at a moment; without a stage, about no models on a target.

    ``python`` and ``platform`` replace the target of the stage, ``exclude_newer`` leaves out what was uploaded later.
    ``time_limit`` is in seconds, for a proof.
    """

    question: Question
    now: dt.datetime
    stage: str | None = None
    python: str | None = None
    platform: str | None = None
    exclude_newer: dt.datetime | None = None
    time_limit: float | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no report: the candidate is ``unusable``, or something could not be read."""

    reason: str
    hint: str | None
    unusable: bool


def work(settings: Settings, check: Check) -> Report | Refusal:
    """The answer to a check. RuntimeError: a bug, told with its traceback."""
    try:
        return _desk(settings).answer(check)
    except InputErrors as problems:
        first = next((problem.hint for problem in problems.errors if problem.hint), None)
        return Refusal("; ".join(map(_told, problems.errors)), first, unusable=True)
    except InputError as problem:
        return Refusal(_told(problem), problem.hint, unusable=True)
    except Undecided as problem:
        return Refusal(problem.message, problem.hint, unusable=False)
    except RegistryError as problem:
        return Refusal(problem.message, problem.hint, unusable=problem.status < 500)
    except Exception as error:  # noqa: BLE001 (raised again, in a form that can be sent)
        # Exceptions cross as their arguments, which most of ours do not survive; their tracebacks never do.
        raise RuntimeError("".join(traceback.format_exception(error))) from None


def _told(problem: InputError) -> str:
    return f"{problem.where}: {problem.message}" if problem.where else problem.message


@lru_cache(maxsize=1)
def _desk(settings: Settings) -> _Desk:
    gc.set_threshold(200_000, 50, 50)  # a question makes millions of small values that live to its end
    return _Desk(settings)


@dataclass(frozen=True, slots=True)
class _KnownFleet:
    """A fleet whose releases are read, as of an event, and what of the index that took."""

    serial: int
    deployed: DeployedFleet
    fleet: Fleet
    used: Mapping[str, str]


class _Desk:
    """Everything that questions share."""

    def __init__(self, settings: Settings) -> None:
        self._now = dt.datetime.now(dt.timezone.utc)
        database = Database(settings.database_url)
        side = open_read_side(settings, database, open_blobs(settings), self._clock)
        # In this thread, and not in one of its own: a process does not end while another thread runs.
        self._index = SolverIndex(side.index, Changes(database), asyncio.new_event_loop(), self._clock)
        self._fleets = DeployedFleets(
            Deployments(database, self._clock), Bases(database, self._clock), Stages(database, self._clock)
        )
        self._known: dict[tuple[str | None, str | None, str | None], _KnownFleet] = {}
        self._memo = NoMemo()
        self._generation = 0
        self._sufficiency: dict[tuple[Target, dt.datetime | None, frozenset[str]], Sufficiency] = {}

    def _clock(self) -> dt.datetime:
        return self._now

    def answer(self, check: Check) -> Report:
        """See :func:`work`."""
        self._now = check.now
        held = self._memo.held
        if len(held.listings) > MOST_PAGES or len(held.dependencies) > MOST_METADATA:
            self._memo = NoMemo()
            self._sufficiency.clear()
        serial = self._index.refresh()
        known = self._fleet(check, serial)
        recording = Recording(self._index, known.used)
        started, limit = time.monotonic(), check.time_limit

        def out_of_time() -> bool:
            return limit is not None and time.monotonic() - started > limit

        policy = replace(known.fleet.policy, exclude_newer=check.exclude_newer)
        home = None if check.question.home is None else spare_base(known.deployed, check.question.home)
        bases = known.fleet.bases if home is None else (*known.fleet.bases, home)
        fleet = replace(known.fleet, policy=policy, bases=bases)
        return answer(check.question, fleet, recording, out_of_time, self._memo, partial(self._of_bases, fleet))

    def _of_bases(self, fleet: Fleet, target: Target) -> Sufficiency:
        """What is known of bases on a target, as long as the index is the same."""
        generation = self._index.generation()
        if generation != self._generation:
            self._generation = generation
            self._sufficiency.clear()
        direct = frozenset(line.requirement.url for line in lines_of(fleet.models) if line.requirement.url is not None)
        key = target, fleet.policy.exclude_newer, direct
        known = self._sufficiency.get(key)
        if known is None:
            _make_room(self._sufficiency)
            known = self._sufficiency[key] = Sufficiency(self._index, fleet, target, self._memo)
        return known

    def _fleet(self, check: Check, serial: int) -> _KnownFleet:
        place = check.stage, check.python, check.platform
        known = self._known.get(place)
        if known is None or known.serial != serial:
            _make_room(self._known)
            recording = Recording(self._index)
            deployed = self._deployed(check)
            fleet = resolve_packages(stated_fleet(deployed), recording)
            known = self._known[place] = _KnownFleet(serial, deployed, fleet, recording.records())
        return known

    def _deployed(self, check: Check) -> DeployedFleet:
        if check.stage is not None:
            return self._fleets.of(check.stage, python=check.python, platform=check.platform)
        python, platform = check.python or DEFAULT_PYTHON, check.platform or DEFAULT_PLATFORM
        return DeployedFleet("none", "none", python, platform, None, (), ())


def _make_room(kept: dict[K, V]) -> None:
    """Forget the oldest entry if there are many: what is asked for is up to those who ask."""
    if len(kept) >= MOST_KEPT:
        del kept[next(iter(kept))]
