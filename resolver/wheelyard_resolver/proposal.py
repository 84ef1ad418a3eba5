"""The answer to "how few bases?" as a value, and its machine-readable form ``wheelyard/proposal/1``."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.finding_document import conflict_document, pivot_document, unplaceable_document
from wheelyard_resolver.findings import Conflict, Unplaceable
from wheelyard_resolver.fixed_bases import FixedPlacement
from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.moved import Moved
from wheelyard_resolver.page import DistributionFile
from wheelyard_resolver.pivots import Pivot
from wheelyard_resolver.target import Target

SCHEMA = "wheelyard/proposal/1"


@dataclass(frozen=True)
class LockedPackage:
    """One package of a lock: the wheel that installs it, and the projects it depends on within the lock.

    ``index`` is the URL of the index that lists the wheel; None for a direct reference.
    """

    name: NormalizedName
    version: Version
    wheel: DistributionFile
    dependencies: tuple[NormalizedName, ...]
    index: str | None


@dataclass(frozen=True)
class Base:
    """A base environment: target, lock, and the keys of the models that it hosts (both sorted by name).

    ``snapshot`` is the digest of the snapshot that this lock was first found in; None: the proposal's own.
    """

    name: str
    target: Target
    models: tuple[str, ...]
    packages: tuple[LockedPackage, ...]
    snapshot: str | None = None

    @property
    def indexes(self) -> tuple[str, ...]:
        """The URLs of the indexes that list its wheels, the one that lists most first."""
        counts = Counter(package.index for package in self.packages if package.index is not None)
        return tuple(sorted(counts, key=lambda url: (-counts[url], url)))

    @property
    def size(self) -> int:
        """Bytes of its wheels; a wheel whose size the index does not state counts as 0."""
        return sum(package.wheel.size or 0 for package in self.packages)

    @cached_property
    def revision(self) -> str:
        """``sha256:...`` of what it installs where: it changes when its lock does, and only then.

        Neither its name nor its models nor the snapshot are part of it.
        """
        wheels = [
            [package.name, str(package.version), package.wheel.sha256 or package.wheel.url]
            for package in sorted(self.packages, key=lambda package: package.name)
        ]
        content = json.dumps([str(self.target), wheels], separators=(",", ":"))
        return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


@dataclass(frozen=True)
class Proposal:
    """Bases that cover the fleet. ``minimal`` is True only if no smaller number of bases exists, proved.

    ``models`` are the model packages that the bases host, and whatever else the fleet has; ``fixed`` are the bases that
    cannot change, with the models on them.
    ``pivots`` sum up those conflicts that are pairs disagreeing over one project. ``moved`` are the models that leave
    their accepted base; None if there is none.
    """

    fleet: str
    stage: str
    snapshot: str
    minimal: bool
    lower_bound: int
    bases: tuple[Base, ...]
    conflicts: tuple[Conflict, ...]
    unplaceable: tuple[Unplaceable, ...]
    models: tuple[ModelPackage, ...] = ()
    pivots: tuple[Pivot, ...] = ()
    fixed: tuple[FixedPlacement, ...] = ()
    moved: Moved | None = None

    def models_of(self, base: Base) -> tuple[ModelPackage, ...]:
        """The model packages that a base hosts."""
        return tuple(model for model in self.models if model.key in base.models)


def to_document(proposal: Proposal) -> dict[str, object]:
    """The proposal as JSON-ready values. Keys are never removed within a schema version, only added."""
    return {
        "schema": SCHEMA,
        "fleet": proposal.fleet,
        "stage": proposal.stage,
        "snapshot": proposal.snapshot,
        "minimal": proposal.minimal,
        "lower_bound": proposal.lower_bound,
        "bases": [_base(base) for base in proposal.bases],
        "conflicts": [conflict_document(conflict) for conflict in proposal.conflicts],
        "pivots": [pivot_document(pivot) for pivot in proposal.pivots],
        "unplaceable": [unplaceable_document(item) for item in proposal.unplaceable],
        **({} if proposal.moved is None else {"moved": _moved(proposal.moved)}),
        **({"fixed": [_fixed(placement) for placement in proposal.fixed]} if proposal.fixed else {}),
    }


def _moved(moved: Moved) -> dict[str, object]:
    return {"models": moved.models, "at_least": moved.at_least}


def _fixed(placement: FixedPlacement) -> dict[str, object]:
    return {
        "name": placement.base,
        "models": list(placement.models),
        "misfits": [
            {
                "model": miss.line.model,
                "requirement": miss.line.text,
                "found": miss.found and str(miss.found),
                "problem": str(miss),
            }
            for miss in placement.misfits
        ],
        "could_host": list(placement.could_host),
    }


def _base(base: Base) -> dict[str, object]:
    return {
        "name": base.name,
        "revision": base.revision,
        "target": {"python": base.target.python, "platform": base.target.platform},
        "models": list(base.models),
        "packages": [
            {
                "name": package.name,
                "version": str(package.version),
                "wheel": {
                    "filename": package.wheel.filename,
                    "url": package.wheel.url,
                    "sha256": package.wheel.sha256,
                    "size": package.wheel.size,
                },
            }
            for package in base.packages
        ],
        "bytes": base.size,
        **({} if base.snapshot is None else {"since": base.snapshot}),
    }
