"""A check as one question, apart from its answer: who only passes it on need not load a solver."""

from __future__ import annotations

from dataclasses import dataclass

from wheelyard_resolver.applicant import Applicant
from wheelyard_resolver.levels import Level
from wheelyard_resolver.model import DEFAULT_SLOT


@dataclass(frozen=True)
class Question:
    """What is asked about a fleet: whether the applicant may join it, in a slot; without one, how the fleet stands.

    An applicant fails at the level ``fail_on`` or a worse one; ``home`` is the accepted base that it is to live in.
    For the fleet, models in ``allowed`` may be without a base, and ``every_conflict`` wants each conflict told.
    """

    applicant: Applicant | None = None
    slot: str = DEFAULT_SLOT
    fail_on: Level = Level.NEW_BASE
    home: str | None = None
    allowed: tuple[str, ...] = ()
    every_conflict: bool = False
