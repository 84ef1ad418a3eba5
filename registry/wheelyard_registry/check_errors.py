"""Refusals of checks: what cannot be checked, and what was not decided."""

from __future__ import annotations

import math

from wheelyard_registry.errors import DESCRIBED, RegistryError


class UnusableCandidate(RegistryError):
    """What should be checked cannot be: a release that is not there, an extra that it has not."""

    status = 422
    code = "unusable-candidate"

    def __init__(self, *, reason: str, hint: str | None) -> None:
        super().__init__(reason, hint=hint or DESCRIBED)


class Busy(RegistryError):
    """More checks wait already than the settings let wait (RFC 6585, 4)."""

    status = 429
    code = "busy"

    def __init__(self, *, waiting: int, seconds: float) -> None:
        self.retry_after = max(1, math.ceil(seconds))
        super().__init__(
            f"{waiting} checks wait already, so this one was not begun",
            hint=f"ask again in {self.retry_after} seconds; the server solves as many at once as its --check-workers",
        )


class CheckUndecided(RegistryError):
    """A check that has an answer, which was not found: in time, or for want of something that could not be read."""

    status = 503
    code = "undecided"
    retry_after = 10

    def __init__(self, *, reason: str, hint: str) -> None:
        super().__init__(f"the check was not decided: {reason}", hint=hint)
