"""The fleet file: models, the policy they share, and what is accepted today. docs/fleet-file.md is its reference."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

from wheelyard_cli.accepted_bases import read_bases
from wheelyard_cli.document_table import Problems, Table
from wheelyard_cli.model_entries import read_models, read_target
from wheelyard_cli.project_directory import read_name, read_requirement, read_toml
from wheelyard_cli.routing import IndexRoute
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.model import CandidatePolicy, RequirementLine
from wheelyard_resolver.page import parse_time
from wheelyard_resolver.stated_fleet import StatedFleet
from wheelyard_resolver.target import Target


@dataclass(frozen=True, kw_only=True)
class FleetDocument(StatedFleet):
    """A fleet as written. ``document`` is its file or URL; ``routes`` are the indexes that some projects come from."""

    document: str
    routes: tuple[IndexRoute, ...]


def read_fleet(path: Path) -> FleetDocument:
    """The fleet file at ``path``; paths within it are relative to its directory.

    Raises:
        InputError: everything that is wrong with it, each with its line.
    """
    data, problems = read_toml(path)
    return _read(data, problems, path.parent)


def parse_fleet(data: Mapping[str, object], *, document: str) -> FleetDocument:
    """A fleet that is parsed already, such as a registry's JSON; ``document`` is its URL.

    Raises:
        InputError: everything that is wrong with it.
    """
    return _read(data, Problems(document), None)


def _read(data: Mapping[str, object], problems: Problems, directory: Path | None) -> FleetDocument:
    root = Table(data, (), "the fleet file", problems)
    if not root.has("fleet"):
        problems.add((), "the table [fleet] is missing", hint='begin with [fleet], then name = "..." and stage = "..."')
    # Without the table, what is missing inside it is not worth telling: those problems go nowhere.
    fleet = root.table("fleet", "[fleet]") or Table({}, ("fleet",), "[fleet]", Problems(""))
    for key, example in (("name", '"energy"'), ("stage", '"prod"')):
        fleet.required(key, example)
    name, stage, max_bases = fleet.text("name"), fleet.text("stage"), fleet.count("max-bases")
    target = _fleet_target(fleet)
    policy = _policy(fleet)
    fleet.finish()
    routes = tuple(route for table in root.tables("index") if (route := _route(table)) is not None)
    constraints = tuple(line for table in root.tables("constraint") if (line := _constraint(table)) is not None)
    models = read_models(root.tables("model"), target, directory)
    tables = root.tables("base")
    keys = {entry.model.key for entry in models}
    observed = tuple(line for table in root.tables("observed") if (line := _observed(table, keys)) is not None)
    root.finish()
    problems.raise_any()
    # Only now: a fault in a model would make the bases that name it look wrong as well.
    bases = read_bases(tables, {entry.model.key: entry.model.target for entry in models}, directory)
    problems.raise_any()
    assert name is not None
    assert stage is not None
    assert target is not None
    return FleetDocument(
        document=problems.document,
        name=name,
        stage=stage,
        target=target,
        models=models,
        constraints=constraints,
        policy=policy,
        routes=routes,
        bases=bases,
        max_bases=max_bases,
        observed=observed,
    )


def _fleet_target(fleet: Table) -> Target | None:
    fleet.required("target", '{ python = "3.11", platform = "manylinux_2_28_x86_64" }')
    table = fleet.table("target", "[fleet.target]")
    if table is None:
        return None
    table.required("python", '"3.11"')
    table.required("platform", '"manylinux_2_28_x86_64"')
    return read_target(table, None)


def _policy(fleet: Table) -> CandidatePolicy:
    exclude_newer = _exclude_newer(fleet)
    table = fleet.table("candidates", "[fleet.candidates]")
    if table is None:
        return CandidatePolicy(exclude_newer=exclude_newer)
    pre_releases, yanked = _names(table, "pre-releases"), _names(table, "yanked")
    table.finish()
    return CandidatePolicy(pre_releases=pre_releases, yanked=yanked, exclude_newer=exclude_newer)


def _exclude_newer(fleet: Table) -> dt.datetime | None:
    if not fleet.has("exclude-newer"):
        return None
    value = fleet.data["exclude-newer"]
    try:
        return parse_exclude_newer(value.isoformat() if isinstance(value, dt.date) else value)
    except InputError as error:
        fleet.problems.add(fleet.at("exclude-newer"), f"{fleet.title}, exclude-newer: {error.message}", hint=error.hint)
        return None


def parse_exclude_newer(text: object) -> dt.datetime:
    """A point in time as RFC 3339 writes it, with its zone: of the fleet file or of ``--exclude-newer``.

    Raises:
        InputError: it is not one.
    """
    try:
        if not isinstance(text, str) or len(text) <= len("2026-11-20"):
            raise ValueError
        return parse_time(text)
    except ValueError as error:
        raise InputError(
            f'"{text}" is not a time with a zone', hint='write it like "2026-11-20T00:00:00Z" (RFC 3339)'
        ) from error


def _names(table: Table, key: str) -> frozenset[NormalizedName]:
    found = set()
    for path, text in table.texts(key):
        name = read_name(Table({key: text}, path[:-1], table.title, table.problems), key)
        if name is not None:
            found.add(name)
    return frozenset(found)


def _route(table: Table) -> IndexRoute | None:
    table.required("url", '"https://download.example/cu126/"')
    table.required("projects", '["torch", "nvidia-*"]')
    url, patterns = table.text("url"), [text for _, text in table.texts("projects")]
    if url is not None and not url.startswith(("http://", "https://")):
        table.wrong("url", f'is "{url}", which is not an http or https URL')
    table.finish()
    if url is None:
        return None
    # PEP 503 normalisation, which leaves the wildcards as they are.
    return IndexRoute(url, tuple(re.sub(r"[-_.]+", "-", text).lower() for text in patterns))


def _constraint(table: Table) -> RequirementLine | None:
    table.required("requirement", '"numpy<2.3"')
    text, reason = table.text("requirement"), table.text("reason")
    table.finish()
    written = None if text is None else read_requirement(table, table.at("requirement"), text)
    if written is None:
        return None
    return RequirementLine(written.requirement, model=None, origin=written.origin, reason=reason)


def _observed(table: Table, keys: Collection[str]) -> RequirementLine | None:
    for key, example in (("model", '"demand-forecast"'), ("requires", '"numpy<2"'), ("because", '"import ... failed"')):
        table.required(key, example)
    model, text, because = table.text("model"), table.text("requires"), table.text("because")
    table.finish()
    written = None if text is None else read_requirement(table, table.at("requires"), text)
    name, at, slot = (model or "").partition("@")
    key = f"{canonicalize_name(name)}{at}{slot}"
    if model is not None and key not in keys:
        table.wrong("model", f'is "{model}", which is not a model of this fleet', hint="write it as NAME or NAME@SLOT")
        return None
    if written is None or model is None or because is None:
        return None
    return RequirementLine(written.requirement, model=key, origin=f"observed: {because}", observed=True)
