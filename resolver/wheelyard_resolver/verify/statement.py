"""What a certificate states, as values: ``certificate.json``, schema ``wheelyard/certificate/1``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from packaging.requirements import InvalidRequirement
from packaging.utils import NormalizedName, canonicalize_name

from wheelyard_resolver.errors import InputError, UnknownSchema
from wheelyard_resolver.target import Target
from wheelyard_resolver.verify.document import Table
from wheelyard_resolver.verify.facts import requirement_of
from wheelyard_resolver.verify.index_page import time
from wheelyard_resolver.verify.raw_facts import Policy
from wheelyard_resolver.verify.rup import Clause, read_proof_line

SCHEMA = "wheelyard/certificate/1"
FILE_NAME = "certificate.json"


@dataclass(frozen=True)
class StatedModel:
    """A model as it was judged: its lines, each as text, and the Requires-Python of its own ("" for none)."""

    key: str
    target: Target
    requires_python: str
    requires: tuple[str, ...]


@dataclass(frozen=True)
class StatedFleet:
    """A fleet as it was judged. ``constraints`` are requirements as text."""

    name: str
    stage: str
    policy: Policy
    constraints: tuple[str, ...]
    models: Mapping[str, StatedModel]

    @cached_property
    def direct(self) -> Mapping[NormalizedName, tuple[str, ...]]:
        """The direct references on lines of the models, by project."""
        found: dict[NormalizedName, dict[str, None]] = {}
        for model in self.models.values():
            for text in model.requires:
                if "@" in text:
                    requirement = requirement_of(text)
                    if requirement.url:
                        found.setdefault(canonicalize_name(requirement.name), {})[requirement.url] = None
        return {project: tuple(urls) for project, urls in found.items()}


@dataclass(frozen=True)
class StatedLine:
    """A requirement line: of a model, by key, or of the fleet (None)."""

    model: str | None
    requirement: str


@dataclass(frozen=True)
class StatedOrigin:
    """What a candidate, plain or with one extra, demands; None if it is unusable."""

    project: NormalizedName
    version: str
    wheel: str
    extra: NormalizedName | None
    demands: tuple[str, ...] | None


@dataclass(frozen=True)
class StatedRefutation:
    """Lines that cannot be satisfied together on a target, and why."""

    place: str
    target: Target
    lines: tuple[StatedLine, ...]
    origins: tuple[StatedOrigin, ...]
    proof: tuple[Clause, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The keys of the models whose lines these are, sorted."""
        return tuple(sorted({line.model for line in self.lines if line.model is not None}))


@dataclass(frozen=True)
class StatedUnplaceable:
    """A model that no environment can host: by its Requires-Python, where there is no refutation."""

    model: str
    requires_python: str | None
    refutation: StatedRefutation | None


@dataclass(frozen=True)
class StatedBound:
    """That the models of a target need so many bases, by conflicts (indices) and the proof that fewer do not do."""

    place: str
    target: Target
    at_least: int
    conflicts: tuple[int, ...]
    pinned: tuple[str, ...]
    proof: tuple[Clause, ...]


@dataclass(frozen=True)
class Statement:
    """All that a certificate states."""

    snapshot: str
    records: Mapping[str, str]
    fleet: StatedFleet
    conflicts: tuple[StatedRefutation, ...]
    unplaceable: tuple[StatedUnplaceable, ...]
    bounds: tuple[StatedBound, ...]


def read_statement(document: Table) -> Statement:
    """The statement of a certificate.

    Raises:
        InputError: something in it is missing, of the wrong kind, or unreadable.
    """
    if document.text("schema") != SCHEMA:
        raise UnknownSchema(document.text("schema"), SCHEMA, where=FILE_NAME)
    snapshot, fleet = document.table("snapshot"), _fleet(document.table("fleet"))
    return Statement(
        snapshot=snapshot.text("digest"),
        records=snapshot.text_by_text("records"),
        fleet=fleet,
        conflicts=tuple(_refutation(item, target_of(item.table("target"))) for item in document.tables("conflicts")),
        unplaceable=tuple(_unplaceable(item, fleet) for item in document.tables("unplaceable")),
        bounds=tuple(_bound(item) for item in document.tables("bounds")),
    )


def target_of(table: Table) -> Target:
    """A target; it is one that wheelyard knows.

    Raises:
        InputError: it is not.
    """
    try:
        return _target(table.text("python"), table.text("platform"))
    except InputError as error:
        raise InputError(error.message, where=table.place) from error


_target = cache(Target.parse)  # a fleet names few targets, and often


def _fleet(table: Table) -> StatedFleet:
    limit = table.text_or_none("exclude_newer")
    models = [_model(item) for item in table.tables("models")]
    if len({model.key for model in models}) != len(models):
        raise InputError("a model stands in its fleet twice", where=table.place)
    return StatedFleet(
        name=table.text("name"),
        stage=table.text("stage"),
        policy=Policy(
            frozenset(table.texts("pre_releases")), frozenset(table.texts("yanked")), _limit(table) if limit else None
        ),
        constraints=table.read_all("constraints", _requirement, "a list of requirements"),
        models={model.key: model for model in models},
    )


def _limit(table: Table) -> dt.datetime:
    return table.read("exclude_newer", time, "a time with its zone, or null")


def _model(table: Table) -> StatedModel:
    return StatedModel(
        key=table.text("key"),
        target=target_of(table.table("target")),
        requires_python=table.text_or_none("requires_python") or "",
        requires=table.read_all("requires", _requirement, "a list of requirements"),
    )


def _requirement(text: str) -> str:
    try:
        requirement_of(text)
    except InvalidRequirement as error:
        raise ValueError(text) from error
    return text


def _refutation(table: Table, target: Target) -> StatedRefutation:
    return StatedRefutation(
        place=table.place,
        target=target,
        lines=tuple(
            StatedLine(item.text_or_none("model"), item.read("requirement", _requirement, "a requirement"))
            for item in table.tables("lines")
        ),
        origins=tuple(_origin(item) for item in table.tables("origins")),
        proof=table.read_all("proof", read_proof_line, "a list of proof lines"),
    )


def _origin(table: Table) -> StatedOrigin:
    extra = table.text_or_none("extra")
    demands = None if table.null("demands") else table.texts("demands")
    project, version, wheel = table.text("project"), table.text("version"), table.text("wheel")
    return StatedOrigin(
        NormalizedName(project), version, wheel, None if extra is None else NormalizedName(extra), demands
    )


def _unplaceable(table: Table, fleet: StatedFleet) -> StatedUnplaceable:
    key = table.text("model")
    if table.get("requires_python") is not None:
        return StatedUnplaceable(key, table.text("requires_python"), None)
    if key not in fleet.models:
        raise InputError(f"{key} is not a model of its fleet", where=table.place)
    return StatedUnplaceable(key, None, _refutation(table, fleet.models[key].target))


def _bound(table: Table) -> StatedBound:
    return StatedBound(
        place=table.place,
        target=target_of(table.table("target")),
        at_least=table.number("at_least"),
        conflicts=table.numbers("conflicts"),
        pinned=table.texts("pinned"),
        proof=table.read_all("proof", read_proof_line, "a list of proof lines"),
    )
