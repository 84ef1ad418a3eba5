"""The workers that solve checks, as the server sees them: a bounded queue before a pool of processes.

The pool is anyio's: a process stays, with all it has read, and is killed when the wait for its answer is given up.
"""

from __future__ import annotations

import time

import anyio
import anyio.to_process
from anyio import BrokenWorkerProcess, CapacityLimiter
from prometheus_client import CollectorRegistry, Gauge, Histogram

from wheelyard_registry.check_errors import Busy, CheckUndecided, UnusableCandidate
from wheelyard_registry.check_worker import Check, Refusal, work
from wheelyard_registry.errors import RegistryError
from wheelyard_registry.priority import give_way
from wheelyard_registry.settings import Settings
from wheelyard_resolver.report import Report

_BUCKETS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)


class Checks:
    """Answers checks, a few at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turns = CapacityLimiter(settings.check_workers)
        self._processes = CapacityLimiter(settings.check_workers)
        self._waiting = Gauge("wheelyard_checks_waiting", "Checks that wait for a worker.", registry=None)
        self._solving = Gauge("wheelyard_checks_solving", "Checks that a worker is at.", registry=None)
        self._seconds = Histogram(
            "wheelyard_check_seconds",
            "From a check's arrival to its answer, by what that was: a level, a status, the code of a refusal.",
            ["outcome"],
            buckets=_BUCKETS,
            registry=None,
        )

    def register(self, metrics: CollectorRegistry) -> None:
        """Let what is counted be seen."""
        for metric in (self._waiting, self._solving, self._seconds):
            metrics.register(metric)

    async def ask(self, check: Check) -> Report:
        """The report on a check.

        Raises:
            Busy: as many checks wait as may.
            CheckUndecided: the deadline came first, or something could not be read.
            UnusableCandidate: the candidate, or a model of the fleet, cannot be used.
        """
        started, outcome = time.monotonic(), "broken-off"
        try:
            report = await self._report(check)
            outcome = report.status if report.level is None else report.level.value
            return report
        except RegistryError as refusal:
            outcome = refusal.code
            raise
        finally:
            self._seconds.labels(outcome).observe(time.monotonic() - started)

    async def _report(self, check: Check) -> Report:
        waiting = self._turns.statistics().tasks_waiting
        if self._turns.available_tokens <= 0 and waiting >= self._settings.check_queue:
            raise Busy(waiting=waiting, seconds=self._settings.check_deadline)
        with self._waiting.track_inprogress():
            await self._turns.acquire()
        try:
            with self._solving.track_inprogress():
                found = await self._solved(check)
        finally:
            self._turns.release()
        if isinstance(found, Report):
            return found
        if found.unusable:
            raise UnusableCandidate(reason=found.reason, hint=found.hint)
        raise CheckUndecided(reason=found.reason, hint=found.hint or "try again later")

    async def _solved(self, check: Check) -> Report | Refusal:
        deadline = self._settings.check_deadline
        try:
            with anyio.CancelScope(shield=True):
                # Given up while it starts, a process would be left behind: anyio ends only those that are at work.
                # It gives way before it is asked for work, for which it has to read many modules.
                await anyio.to_process.run_sync(give_way, limiter=self._processes)
            with anyio.fail_after(deadline):
                return await anyio.to_process.run_sync(
                    work, self._settings, check, cancellable=True, limiter=self._processes
                )
        except TimeoutError as error:
            raise CheckUndecided(
                reason=f"it took longer than {deadline:g} seconds",
                hint="ask again; if it stays so, raise --check-deadline of the server, or check with --fleet",
            ) from error
        except BrokenWorkerProcess as error:
            raise CheckUndecided(
                reason="its worker ended in the middle of it",
                hint="ask again; if it stays so, look whether the server's machine has run out of memory",
            ) from error
