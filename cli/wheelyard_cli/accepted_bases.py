"""The ``[[base]]`` tables of a fleet: what is accepted today, with the versions that each lock pins (PEP 751)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_cli.document_table import Table
from wheelyard_cli.frozen import parse_freeze, read_freeze
from wheelyard_cli.project_directory import read_toml
from wheelyard_resolver.core_metadata import holds
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.model import AcceptedBase
from wheelyard_resolver.pinned import pinned_version
from wheelyard_resolver.target import Target

Versions = tuple[tuple[NormalizedName, Version], ...]


def read_bases(
    tables: Sequence[Table], targets: Mapping[str, Target], directory: Path | None
) -> tuple[AcceptedBase, ...]:
    """The accepted bases. ``targets`` holds the target of every model of the fleet by its key.

    A fleet without a directory, such as a registry's, has no lock files: its bases state their ``packages`` themselves.
    What is wrong is taken down in the tables' :class:`Problems`.
    """
    hosts: dict[str, str] = {}
    names: set[str] = set()
    found: list[AcceptedBase] = []
    for table in tables:
        table.required("name", '"base-a"')
        name, lock, fixed = table.text("name"), table.text("lock"), table.flag("fixed")
        pins = _pins(table)
        if pins and lock:
            table.wrong("packages", "stands beside a lock", hint="keep one of the two")
        table.required(*(("lock", '"runtime.freeze.txt"') if fixed else ("models", '["demand-forecast"]')))
        if name in names:
            table.wrong("name", f'is "{name}", and so is that of another base', hint="give each base its own name")
        models = _models(table, name or "?", targets, hosts)
        table.finish()
        if name is None or not (models or fixed):
            continue
        names.add(name)
        versions = pins
        if lock and directory is not None:
            target = targets[models[0]] if models else None
            versions = _versions(table, directory / lock, target, fixed=fixed)
        found.append(AcceptedBase(name, models, lock, versions, fixed=fixed))
    return tuple(found)


def _pins(table: Table) -> Versions:
    try:
        return parse_freeze("\n".join(text for _, text in table.texts("packages")), document=table.title).versions
    except InputError as error:
        table.problems.take(table.at("packages"), error)
        return ()


def _models(table: Table, base: str, targets: Mapping[str, Target], hosts: dict[str, str]) -> tuple[str, ...]:
    """The keys of the models that a base hosts: known, hosted once, and of one target."""
    found: list[str] = []
    for path, text in table.texts("models"):
        name, at, slot = text.partition("@")
        key = f"{canonicalize_name(name)}{at}{slot}"
        if key not in targets:
            table.problems.add(
                path,
                f'{table.title}: "{text}" is not a model of this fleet',
                hint="a model outside the default slot is NAME@SLOT",
            )
        elif key in hosts:
            table.problems.add(
                path, f'{table.title}: "{text}" is hosted by "{hosts[key]}" already', hint="a model has one base"
            )
        else:
            hosts[key] = base
            found.append(key)
    if len({targets[key] for key in found}) > 1:
        table.wrong(
            "models", "names models of different targets", hint="models of different targets never share a base"
        )
    return tuple(found)


def _versions(table: Table, path: Path, target: Target | None, *, fixed: bool) -> Versions:
    # Imported here: most fleet files name no lock, and this is the slowest module to import of them all.
    from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError

    try:
        if fixed and path.suffix == ".txt":
            return read_freeze(path).versions
        data, _ = read_toml(path)
        lock = Pylock.from_dict(data)
    except InputError as error:
        table.problems.take(table.at("lock"), error)
        return ()
    except (PylockValidationError, PylockUnsupportedVersionError) as error:
        table.wrong("lock", f"names {path}, which is not a PEP 751 lock: {error}")
        return ()
    found = ((package, pinned_version(package)) for package in lock.packages)
    return tuple(
        (package.name, version)
        for package, version in found
        if version is not None and (target is None or holds(package.marker, target))
    )
