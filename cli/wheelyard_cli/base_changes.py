"""What changes from the accepted bases to those of another proposal, and how that is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.model import AcceptedBase
from wheelyard_resolver.moved import Moved
from wheelyard_resolver.wording import counted


@dataclass(frozen=True)
class PackageChange:
    """A package whose version differs; None where it is not there."""

    name: NormalizedName
    before: Version | None
    after: Version | None


@dataclass(frozen=True)
class BaseChange:
    """A base that differs; ``kind`` is ``add``, ``change`` or ``remove``."""

    name: str
    kind: str
    models_in: tuple[str, ...]
    models_out: tuple[str, ...]
    packages: tuple[PackageChange, ...]
    rebuilt: bool
    """Whether its lock is another one, so that its image must be built."""


@dataclass(frozen=True)
class Changes:
    """All bases that differ, by name, and the models that go from one base to another."""

    bases: tuple[BaseChange, ...]
    unchanged: tuple[str, ...]
    moved: tuple[tuple[str, str, str], ...]
    """(model, from, to)"""


def changes(before: Sequence[AcceptedBase], after: Sequence[AcceptedBase]) -> Changes:
    """What changes from some bases to others."""
    old, new = {base.name: base for base in before}, {base.name: base for base in after}
    found = [_change(name, old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys())]
    homes, later = _homes(before), _homes(after)
    return Changes(
        bases=tuple(change for change in found if change is not None),
        unchanged=tuple(
            name for name in sorted(old.keys() & new.keys()) if _change(name, old[name], new[name]) is None
        ),
        moved=tuple(
            (model, homes[model], later[model])
            for model in sorted(homes.keys() & later.keys())
            if homes[model] != later[model]
        ),
    )


def _homes(bases: Sequence[AcceptedBase]) -> dict[str, str]:
    return {model: base.name for base in bases for model in base.models}


def _change(name: str, before: AcceptedBase | None, after: AcceptedBase | None) -> BaseChange | None:
    old, new = _versions(before), _versions(after)
    models, later = set(before.models if before else ()), set(after.models if after else ())
    packages = tuple(
        PackageChange(project, old.get(project), new.get(project))
        for project in sorted(old.keys() | new.keys())
        if old.get(project) != new.get(project)
    )
    rebuilt = after is not None and (before is None or before.revision != after.revision)
    if before is not None and after is not None and models == later and not rebuilt:
        return None
    kind = "add" if before is None else "remove" if after is None else "change"
    return BaseChange(name, kind, tuple(sorted(later - models)), tuple(sorted(models - later)), packages, rebuilt)


def _versions(base: AcceptedBase | None) -> Mapping[NormalizedName, Version]:
    return dict(base.versions) if base is not None else {}


# -- as text and as JSON ------------------------------------------------------------------------------------------

_SIGNS = {"add": "+", "change": "~", "remove": "-"}


def lines(found: Changes, proof: Moved | None = None) -> Iterator[str]:
    """The changes for people, as plans are told: + what comes, ~ what changes, - what goes.

    ``proof`` is what is known of the fewest models that can move, where that was asked.
    """
    for change in found.bases:
        yield f"{_SIGNS[change.kind]} {change.name}{_effect(change)}"
        for model in change.models_in:
            yield f"    + model {model}"
        for model in change.models_out:
            yield f"    - model {model}"
        if change.kind == "change":
            yield from (f"    {_package(package)}" for package in change.packages)
    for model, old, new in found.moved:
        yield f"> {model} moves from {old} to {new}"
    if not found.bases:
        yield "no changes: the accepted bases are what would be proposed"
        return
    counts = {kind: sum(change.kind == kind for change in found.bases) for kind in _SIGNS}
    yield (
        f"plan: {counts['add']} to add, {counts['change']} to change, {counts['remove']} to remove, "
        f"{len(found.unchanged)} unchanged; {counted(len(found.moved), 'model')} moved"
        f"{'' if proof is None or proof.fewest else f', not proved least: at least {proof.at_least}'}"
    )


def _effect(change: BaseChange) -> str:
    if change.kind == "add":
        return f" (new: {counted(len(change.models_in), 'model')}, {counted(len(change.packages), 'package')})"
    if change.kind == "remove":
        return ""
    return " (to be rebuilt)" if change.rebuilt else " (its image stays)"


def _package(change: PackageChange) -> str:
    if change.before is None:
        return f"+ {change.name} {change.after}"
    if change.after is None:
        return f"- {change.name} {change.before}"
    return f"~ {change.name} {change.before} -> {change.after}"


def document(found: Changes) -> dict[str, object]:
    """The changes as JSON-ready values."""
    return {
        "schema": "wheelyard/changes/1",
        "bases": [
            {
                "name": change.name,
                "kind": change.kind,
                "rebuilt": change.rebuilt,
                "models_in": list(change.models_in),
                "models_out": list(change.models_out),
                "packages": [
                    {"name": package.name, "before": _text(package.before), "after": _text(package.after)}
                    for package in change.packages
                ],
            }
            for change in found.bases
        ],
        "unchanged": list(found.unchanged),
        "moved": [{"model": model, "from": old, "to": new} for model, old, new in found.moved],
    }


def _text(version: Version | None) -> str | None:
    return None if version is None else str(version)
