"""What ``check`` is asked about: a project directory, a wheel, a release in the index, or bare requirements."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from wheelyard_cli.model_entries import ModelEntry, pinned_version
from wheelyard_cli.project_directory import is_static, read_project
from wheelyard_cli.released_models import read_releases
from wheelyard_cli.requirement_lines import (
    WrittenRequirement,
    applicable,
    lines_of_model,
    parse_requirement,
    requirements_given,
)
from wheelyard_resolver.core_metadata import CoreMetadata, InvalidMetadata, parse_metadata
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import DEFAULT_SLOT, Fleet, ModelPackage

BARE = canonicalize_name("candidate")
"""What requirements without a project are called."""


@dataclass(frozen=True)
class _Given:
    """A candidate before it is known which model of the fleet it replaces, and hence its target."""

    name: NormalizedName
    version: Version
    requirements: tuple[WrittenRequirement, ...]
    extras: frozenset[NormalizedName]
    requires_python: SpecifierSet | None


def read_candidate(
    given: Sequence[str], fleet: Fleet, index: Index, *, extras: Sequence[str] = (), slot: str = DEFAULT_SLOT
) -> ModelPackage:
    """The candidate as a model of the fleet. It takes owner, target and observed needs of the release it replaces.

    Raises:
        InputError: it cannot be used; everything that is wrong with it is told.
        Undecided: the index could not be read.
    """
    paths = [text for text in given if _is_path(text)]
    if paths and len(given) > 1:
        raise InputError(f"{paths[0]} is a candidate on its own", hint="check one project, wheel or release at a time")
    if paths:
        path = Path(paths[0])
        return _placed(_read_wheel(path) if path.suffix == ".whl" else _read_directory(path), fleet, extras, slot)
    if extras:
        raise InputError(
            "--extra is for project directories and wheels", hint='write "NAME[EXTRA]==VERSION" for a release'
        )
    release = parse_requirement(given[0]) if len(given) == 1 else None
    if release is not None and pinned_version(release) is not None:
        return _released(release, fleet, index, slot)
    lines = requirements_given(given, model=BARE, target=fleet.target)
    return ModelPackage(BARE, Version("0"), fleet.target, lines)


def _is_path(text: str) -> bool:
    return Path(text).exists() or text.endswith(".whl") or ("/" in text and "@" not in text)


def _placed(given: _Given, fleet: Fleet, extras: Sequence[str], slot: str) -> ModelPackage:
    bare = ModelPackage(given.name, given.version, fleet.target, (), slot, requires_python=given.requires_python)
    replaced = fleet.model(bare.key)
    if replaced is not None:
        bare = replace(bare, target=replaced.target, owner=replaced.owner)
    wanted = {canonicalize_name(extra) for extra in extras}
    if unknown := sorted(wanted - given.extras):
        known = ", ".join(sorted(given.extras)) or "none"
        raise InputError(f"{given.name} has no extra {unknown[0]}", hint=f"its extras: {known}")
    kept = applicable(given.requirements, bare.target, owner=given.name, extras=wanted)
    return _with_observed(replace(bare, lines=lines_of_model(kept, model=bare.key, owner=bare.owner)), replaced)


def _with_observed(model: ModelPackage, replaced: ModelPackage | None) -> ModelPackage:
    """What the older release was seen to need counts for the new one, until it is taken out of the fleet."""
    observed = () if replaced is None else tuple(line for line in replaced.lines if line.observed)
    return replace(model, lines=(*model.lines, *observed))


def _read_directory(directory: Path) -> _Given:
    if not is_static(directory):
        # Imported only here: few projects need a build.
        from wheelyard_cli.built_metadata import build_metadata

        content = build_metadata(directory)
        name, version = content.name, content.version
        return _of_metadata(name, version, _parsed(content.text.encode(), directory), f"{directory}, built")
    project = read_project(directory)
    return _Given(project.name, project.version, project.requirements, project.extras, project.requires_python)


def _read_wheel(path: Path) -> _Given:
    try:
        name, version, _, _ = parse_wheel_filename(path.name)
        with zipfile.ZipFile(path) as wheel:
            (member,) = [item for item in wheel.namelist() if _is_metadata(item)]
            content = wheel.read(member)
    except InvalidWheelFilename as error:
        raise InputError(f"{path} is not named as a wheel is", hint="NAME-VERSION-...-TAGS.whl") from error
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise InputError(f"{path} is not a wheel that can be read", hint="build it anew, or check the path") from error
    return _of_metadata(name, version, _parsed(content, path), path.name)


def _is_metadata(member: str) -> bool:
    return member.count("/") == 1 and member.endswith(".dist-info/METADATA")


def _parsed(content: bytes, where: Path) -> CoreMetadata:
    try:
        return parse_metadata(content)
    except InvalidMetadata as error:
        raise InputError(str(error), where=str(where), hint="correct the dependency and build anew") from error


def _of_metadata(name: NormalizedName, version: Version, metadata: CoreMetadata, source: str) -> _Given:
    written = tuple(WrittenRequirement(requirement, f"METADATA of {source}") for requirement in metadata.requires)
    return _Given(name, version, written, metadata.extras, metadata.requires_python)


def _released(release: Requirement, fleet: Fleet, index: Index, slot: str) -> ModelPackage:
    version = pinned_version(release)
    assert version is not None
    bare = ModelPackage(canonicalize_name(release.name), version, fleet.target, (), slot)
    replaced = fleet.model(bare.key)
    if replaced is not None:
        bare = replace(bare, target=replaced.target, owner=replaced.owner)
    found = read_releases([ModelEntry(bare, str(release), release)], index)[bare.key]
    return _with_observed(found, replaced)
