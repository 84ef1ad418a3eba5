"""What stands in the way of a fleet: conflicts between models, and models that cannot be installed at all.

Findings are values. Each has a fingerprint that stays the same from run to run, and whatever else changes in the
fleet, as long as the same models have the same lines: baselines and annotations go by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from wheelyard_resolver.explain import Explanation
from wheelyard_resolver.model import RequirementLine
from wheelyard_resolver.target import Target


@dataclass(frozen=True)
class Conflict:
    """A minimal set of requirement lines that cannot be installed together on ``target``, and why.

    ``models`` are the keys of the models that the lines belong to; a constraint of the fleet belongs to none.
    """

    target: Target
    models: tuple[str, ...]
    lines: tuple[RequirementLine, ...]
    explanation: Explanation

    @property
    def fingerprint(self) -> str:
        """A short name for models, lines and target."""
        return _fingerprint(self.target, "conflict", self.models, self.lines)


@dataclass(frozen=True)
class Unplaceable:
    """A model that no environment of its target can host, and why. Without lines it is its Requires-Python."""

    model: str
    explanation: Explanation
    lines: tuple[RequirementLine, ...] = ()

    @property
    def fingerprint(self) -> str:
        """A short name for model, lines and target."""
        return _fingerprint(self.explanation.target, "unplaceable", [self.model], self.lines)


def _fingerprint(target: Target, kind: str, models: Iterable[str], lines: Iterable[RequirementLine]) -> str:
    told = [kind, str(target), sorted(models), sorted((line.model or "", str(line.requirement)) for line in lines)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
