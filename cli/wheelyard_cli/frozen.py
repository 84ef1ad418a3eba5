"""Pinned lists as ``pip freeze`` prints them, and as release notes of platform runtimes show them.

Source: pip's requirements file format.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelyard_resolver.errors import InputError, InputErrors


@dataclass(frozen=True)
class Frozen:
    """The pins of a list by project, and the lines that pin nothing: editable and local projects, options."""

    versions: tuple[tuple[NormalizedName, Version], ...]
    passed_by: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f"{name}=={version}\n" for name, version in self.versions)


def read_freeze(path: Path) -> Frozen:
    """The list in a file.

    Raises:
        InputError: it cannot be read, or lines of it are neither pins nor known not to be; all of them are told.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}", hint="give the output of `pip freeze`") from error
    return parse_freeze(text, document=str(path))


def parse_freeze(text: str, *, document: str) -> Frozen:
    """The list in a text. Raises as :func:`read_freeze` does."""
    found: dict[NormalizedName, Version] = {}
    passed_by: list[str] = []
    wrong: list[InputError] = []
    for number, line in enumerate(text.splitlines(), 1):
        stated = line.partition(" #")[0].strip()
        if not stated or stated.startswith("#"):
            continue
        if stated.startswith("-") or " @ " in stated:
            passed_by.append(stated)
            continue
        try:
            name, version = _pin(stated)
            if found.setdefault(name, version) != version:
                raise InputError(
                    f"{name} is pinned twice, at {found[name]} and {version}", hint="keep the pin that is installed"
                )
        except InputError as error:
            wrong.append(InputError(error.message, where=f"{document}:{number}", hint=error.hint))
    InputErrors.raise_any(wrong)
    return Frozen(tuple(sorted(found.items())), tuple(passed_by))


def _pin(text: str) -> tuple[NormalizedName, Version]:
    try:
        requirement = Requirement(text)
        (pin,) = requirement.specifier
        if pin.operator != "==":
            raise ValueError(pin.operator)
        return canonicalize_name(requirement.name), Version(pin.version)
    except (InvalidRequirement, InvalidVersion, ValueError) as error:
        raise InputError(f'"{text}" is not a pin', hint="a line looks like pandas==2.2.3") from error
