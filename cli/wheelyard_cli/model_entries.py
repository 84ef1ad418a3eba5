"""The ``[[model]]`` tables of a fleet: a model package each, whose requirement lines stand in one of three places."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_cli.document_table import Table
from wheelyard_cli.project_directory import read_name, read_project, read_requirement, read_version
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.model import DEFAULT_SLOT, ModelPackage
from wheelyard_resolver.requirement_lines import WrittenRequirement, applicable, lines_of_model
from wheelyard_resolver.stated_fleet import ModelEntry, pinned_version
from wheelyard_resolver.target import Target

_SLOT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DIRECTORY = re.compile(r"(?P<directory>.*?)\s*(?:\[(?P<extras>[^\]]*)\])?")
_SOURCES = ("requires", "package", "path")


@dataclass(frozen=True)
class _Stated:
    """What an entry says of its model itself; None where it says nothing, or nothing that can be used."""

    name: NormalizedName | None
    version: Version | None
    slot: str
    owner: str | None
    target: Target | None

    def agrees(self, table: Table, source: str, name: str, version: Version) -> bool:
        """Whether the name and version found at the source are those stated, where they are stated."""
        agreed = True
        for key, own, found in (("name", self.name, canonicalize_name(name)), ("version", self.version, version)):
            if own is not None and own != found:
                table.wrong(
                    key, f"is {own}, but {source} says {found}", hint=f'leave "{key}" out, or make the two equal'
                )
                agreed = False
        return agreed

    def model(self, name: str, version: Version, written: Iterable[WrittenRequirement] = ()) -> ModelPackage:
        """The model package."""
        assert self.target is not None
        bare = ModelPackage(canonicalize_name(name), version, self.target, (), self.slot, self.owner)
        return dataclasses.replace(bare, lines=lines_of_model(written, model=bare.key, owner=self.owner))


def read_models(tables: Sequence[Table], default: Target | None, directory: Path | None) -> tuple[ModelEntry, ...]:
    """The models of a fleet. What is wrong with them is taken down in the tables' :class:`Problems`."""
    found: dict[str, ModelEntry] = {}
    for table in tables:
        entry = _entry(table, default, directory)
        if entry is None:
            continue
        first = found.setdefault(entry.model.key, entry)
        if first is not entry:
            table.problems.add(
                table.path,
                f"{entry.model.name} is there already in the slot {entry.model.slot}, at {first.where}",
                hint='give one of the two another slot, for example slot = "canary"',
            )
    return tuple(found.values())


def _entry(table: Table, default: Target | None, directory: Path | None) -> ModelEntry | None:
    inline = table.table("target", f"{table.title}, target")
    stated = _Stated(
        name=read_name(table, "name"),
        version=read_version(table, "version"),
        slot=_slot(table),
        owner=table.text("owner"),
        target=default if inline is None else read_target(inline, default),
    )
    given = [key for key in _SOURCES if table.has(key)]
    table.finish()
    if given == ["requires"]:
        return _listed(table, stated)
    if given == ["package"]:
        return _released(table, stated)
    if given == ["path"]:
        return _local(table, stated, directory)
    said = " and ".join(f'"{key}"' for key in given) if given else "none"
    table.problems.add(
        table.path,
        f'{table.title}: exactly one of "requires", "package" and "path" must be there, not {said}',
        hint='requires = ["pandas>=1.5,<2"], or package = "NAME==VERSION", or path = "DIRECTORY"',
    )
    return None


def _listed(table: Table, stated: _Stated) -> ModelEntry | None:
    table.required("name", '"demand-forecast"')
    table.required("version", '"1.4.0"')
    written = [read_requirement(table, path, text) for path, text in table.texts("requires")]
    if stated.name is None or stated.version is None or stated.target is None:
        return None
    kept = applicable([line for line in written if line is not None], stated.target)
    return ModelEntry(stated.model(stated.name, stated.version, kept), table.problems.place(table.path))


def _released(table: Table, stated: _Stated) -> ModelEntry | None:
    text = table.text("package")
    written = None if text is None else read_requirement(table, table.at("package"), text)
    if written is None:
        return None
    release = written.requirement
    pin = pinned_version(release)
    if pin is None:
        table.wrong("package", f'is "{text}", which is not one release', hint='write it as "NAME==VERSION"')
        return None
    if not stated.agrees(table, '"package"', release.name, pin) or stated.target is None:
        return None
    return ModelEntry(stated.model(release.name, pin), table.problems.place(table.at("package")), release)


def _local(table: Table, stated: _Stated, directory: Path | None) -> ModelEntry | None:
    text = table.text("path")
    if text is None:
        return None
    if directory is None:
        table.wrong("path", "needs a fleet file in a directory", hint="state requires or package instead")
        return None
    match = _DIRECTORY.fullmatch(text)
    assert match is not None, "both parts may be empty"
    extras = [extra.strip() for extra in (match["extras"] or "").split(",") if extra.strip()]
    place = directory / match["directory"]
    try:
        project = read_project(place, version=stated.version)
        kept = () if stated.target is None else project.requirements_for(stated.target, extras)
    except InputError as error:
        table.problems.take(table.at("path"), error)
        return None
    agreed = stated.agrees(table, str(place / "pyproject.toml"), project.name, project.version)
    if not agreed or stated.target is None:
        return None
    model = stated.model(project.name, project.version, kept)
    model = dataclasses.replace(model, requires_python=project.requires_python)
    return ModelEntry(model, table.problems.place(table.at("path")))


def _slot(table: Table) -> str:
    slot = table.text("slot") or DEFAULT_SLOT
    if not _SLOT.fullmatch(slot):
        table.wrong("slot", f'is "{slot}", it may hold letters, digits and . _ - only', hint='for example "canary"')
    return slot


def read_target(table: Table, default: Target | None) -> Target | None:
    """A table with ``python`` and ``platform``; what it leaves out is the default's."""
    python, platform = table.text("python"), table.text("platform")
    table.finish()
    understood = [_understood(table, key, text) for key, text in (("python", python), ("platform", platform))]
    python = python or (default.python if default else None)
    platform = platform or (default.platform if default else None)
    if python is None or platform is None or not all(understood):
        return None
    return Target.parse(python, platform)


def _understood(table: Table, key: str, text: str | None) -> bool:
    """Whether one half of a target is, whatever the other: an error belongs to its own line."""
    if text is None:
        return True
    try:
        if key == "python":
            Target.parse(text, "win_amd64")
        else:
            Target.parse("3.11", text)
    except InputError as error:
        table.problems.add(table.at(key), f"{table.title}: {error.message}", hint=error.hint)
        return False
    return True
