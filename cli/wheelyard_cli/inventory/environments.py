"""Deployments in directories of environments: a file for each model, with all that is installed beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_cli.frozen import read_freeze
from wheelyard_cli.inventory.entry import Entry, named
from wheelyard_cli.project_directory import read_toml
from wheelyard_resolver.errors import InputError


def read_frozen(path: Path) -> Entry:
    """The output of ``pip freeze`` in a file called after its model: ``NAME-VERSION.txt``, or ``NAME.txt``.

    Raises:
        InputError: it cannot be read, or its name holds no version and it does not pin the model itself.
    """
    frozen = read_freeze(path)
    model, version = named(path.stem) or (path.stem, None)
    return _entry(path, model, version, frozen.versions, frozen.passed_by)


def read_pylock(path: Path) -> Entry:
    """A lock called ``pylock.NAME.toml`` that pins the model itself. Source: PEP 751.

    Raises:
        InputError: it cannot be read, or does not pin the model.
    """
    data, _ = read_toml(path)
    try:
        lock = Pylock.from_dict(data)
    except (PylockValidationError, PylockUnsupportedVersionError) as error:
        raise InputError(f"it is not a PEP 751 lock: {error}", where=str(path)) from error
    pins = [(package.name, package.version) for package in lock.packages if package.version is not None]
    direct = tuple(package.name for package in lock.packages if package.version is None)
    return _entry(path, path.name.removeprefix("pylock.").removesuffix(".toml"), None, pins, direct)


def _entry(
    path: Path,
    model: str,
    version: str | None,
    pins: Iterable[tuple[NormalizedName, Version]],
    passed_by: tuple[str, ...],
) -> Entry:
    found = dict(pins)
    own = found.pop(canonicalize_name(model), None)
    version = version or (None if own is None else str(own))
    if version is None:
        raise InputError(
            f"it does not say which version of {model} it is of",
            where=str(path),
            hint="call a freeze file NAME-VERSION.txt, or install the model before it is frozen or locked",
        )
    requires = tuple(f"{name}=={pin}" for name, pin in sorted(found.items()))
    return Entry(str(path), (("model", model), ("version", version)), requires, passed_by)
