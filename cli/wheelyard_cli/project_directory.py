"""A Python project in a directory: what its ``pyproject.toml`` states about itself without building it.

Source: the ``pyproject.toml`` specification, ``[project]`` table (PEP 621).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import tomli
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelyard_cli.document_table import Problems, Table
from wheelyard_cli.toml_lines import KeyPath, locate
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.requirement_lines import WrittenRequirement, applicable, parse_requirement
from wheelyard_resolver.target import Target


@dataclass(frozen=True)
class ProjectDirectory:
    """The static metadata of a project. ``requirements`` holds those of its extras too, marked with the extra."""

    name: NormalizedName
    version: Version
    requires_python: SpecifierSet | None
    requirements: tuple[WrittenRequirement, ...]
    extras: frozenset[NormalizedName]

    def requirements_for(self, target: Target, extras: Iterable[str] = ()) -> tuple[WrittenRequirement, ...]:
        """The requirements that count on a target with some of its extras.

        Raises:
            InputError: it has no such extra.
        """
        wanted = {canonicalize_name(extra) for extra in extras}
        if unknown := sorted(wanted - self.extras):
            known = ", ".join(sorted(self.extras)) or "none"
            raise InputError(f"{self.name} has no extra {unknown[0]}", hint=f"its extras: {known}")
        return applicable(self.requirements, target, owner=self.name, extras=wanted)


def read_toml(path: Path) -> tuple[dict[str, object], Problems]:
    """A TOML file, and where to take down what is wrong with it.

    Raises:
        InputError: there is no such file, or it is not TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="check the path") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text in UTF-8, as TOML must be") from error
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        sentence = error.msg[:1].lower() + error.msg[1:]
        raise InputError(f"not valid TOML: {sentence}", where=f"{path}:{error.lineno}") from error
    return data, Problems(str(path), locate(text))


_READ_HERE = ("version", "dependencies", "optional-dependencies", "requires-python")


def is_static(directory: Path) -> bool:
    """Whether a directory's ``[project]`` states all that is needed; if not, only a build can tell.

    A directory without anything to build counts as static: reading it says what is wrong.

    Raises:
        InputError: its pyproject.toml is not TOML.
    """
    path = directory / "pyproject.toml"
    if not path.is_file():
        return not (directory / "setup.py").is_file()
    data, _ = read_toml(path)
    project = data.get("project")
    if project is None:
        return "build-system" not in data and not (directory / "setup.py").is_file()
    dynamic = project.get("dynamic") if isinstance(project, dict) else None
    return not isinstance(dynamic, list) or not any(key in dynamic for key in _READ_HERE)


def read_project(directory: Path, *, version: Version | None = None) -> ProjectDirectory:
    """The project in a directory. ``version`` stands in where the project computes its own at build time.

    Raises:
        InputError: no static metadata there; everything that is wrong with it is told at once.
    """
    path = directory / "pyproject.toml"
    if not path.is_file():
        what = "has no pyproject.toml" if directory.is_dir() else "is not a directory"
        raise InputError(f"{directory} {what}", hint="name a project directory, one with a pyproject.toml")
    data, problems = read_toml(path)
    table = Table(data, (), "the file", problems).table("project", "[project]")
    problems.raise_any()
    if table is None:
        raise InputError(
            "there is no [project] table, so that the dependencies are not stated in the standard way",
            where=str(path),
            hint="move the metadata into [project] (PEP 621), or list the lines in the fleet file: requires = [...]",
        )
    project = _project(table, version)
    problems.raise_any()
    assert project is not None, "what is missing has been reported"
    return project


def _project(table: Table, version: Version | None) -> ProjectDirectory | None:
    dynamic = {text for _, text in table.texts("dynamic")}
    for key in ("dependencies", "optional-dependencies", "requires-python"):
        if key in dynamic:
            table.wrong(
                "dynamic",
                f'lists "{key}": it is known only after a build',
                hint=f"state {key} in [project], or list the lines in the fleet file with requires = [...]",
            )
    if "version" in dynamic and version is None:
        table.wrong(
            "dynamic",
            'lists "version": it is known only after a build',
            hint='state version in [project], or in the fleet file beside "path"',
        )
    table.required("name", '"demand-forecast"')
    if "version" not in dynamic:
        table.required("version", '"1.4.0"')
    name, stated = read_name(table, "name"), read_version(table, "version")
    requirements = [*_requirements(table, "dependencies")]
    optional = table.table("optional-dependencies", "[project.optional-dependencies]")
    extras = [] if optional is None else list(optional.data)
    for extra in extras:
        assert optional is not None
        requirements += _requirements(optional, extra, canonicalize_name(extra))
    requires_python = _requires_python(table)
    found = stated or version
    if name is None or found is None:
        return None
    return ProjectDirectory(
        name=name,
        version=found,
        requires_python=requires_python,
        requirements=tuple(requirements),
        extras=frozenset(canonicalize_name(extra) for extra in extras),
    )


def _requirements(table: Table, key: str, extra: NormalizedName | None = None) -> list[WrittenRequirement]:
    return [line for path, text in table.texts(key) if (line := read_requirement(table, path, text, extra)) is not None]


def read_requirement(
    table: Table, path: KeyPath, text: str, extra: NormalizedName | None = None
) -> WrittenRequirement | None:
    """The requirement in ``text``, with its place; None, and a problem taken down, when it cannot be read."""
    try:
        return WrittenRequirement(parse_requirement(text), table.problems.place(path), extra)
    except InputError as error:
        table.problems.add(path, f"{table.title}: {error.message}", hint=error.hint)
        return None


def read_name(table: Table, key: str) -> NormalizedName | None:
    """The project name under a key, normalised (PEP 503)."""
    text = table.text(key)
    if text is None:
        return None
    try:
        return canonicalize_name(text, validate=True)
    except InvalidName:
        table.wrong(
            key,
            f'is "{text}", which is not a project name',
            hint="a name has letters, digits, and between them any of - _ .",
        )
        return None


def read_version(table: Table, key: str) -> Version | None:
    """The version under a key (PEP 440)."""
    text = table.text(key)
    if text is None:
        return None
    try:
        return Version(text)
    except InvalidVersion:
        table.wrong(key, f'is "{text}", which is not a version', hint='write it like "1.4.0" (PEP 440)')
        return None


def _requires_python(table: Table) -> SpecifierSet | None:
    text = table.text("requires-python")
    if text is None:
        return None
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        table.wrong("requires-python", f'is "{text}", which is not a specifier', hint='write it like ">=3.10"')
        return None
