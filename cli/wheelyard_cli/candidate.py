"""What ``check`` is asked about: a project directory, a wheel, a release in the index, or bare requirements."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from wheelyard_cli.project_directory import is_static, read_project
from wheelyard_resolver.applicant import Applicant, Project, Release, Requirements, project_of
from wheelyard_resolver.core_metadata import CoreMetadata, InvalidMetadata, parse_metadata
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.requirement_lines import parse_requirement, requirements_given
from wheelyard_resolver.stated_fleet import pinned_version


def read_candidate(given: Sequence[str], extras: Sequence[str] = ()) -> Applicant:
    """The candidate that arguments of a command line name.

    Raises:
        InputError: it cannot be used; everything that is wrong with it is told.
    """
    paths = [text for text in given if _is_path(text)]
    if paths and len(given) > 1:
        raise InputError(f"{paths[0]} is a candidate on its own", hint="check one project, wheel or release at a time")
    if paths:
        path = Path(paths[0])
        project = _read_wheel(path) if path.suffix == ".whl" else _read_directory(path)
        return replace(project, asked=frozenset(canonicalize_name(extra) for extra in extras))
    if extras:
        raise InputError(
            "--extra is for project directories and wheels", hint='write "NAME[EXTRA]==VERSION" for a release'
        )
    release = parse_requirement(given[0]) if len(given) == 1 else None
    if release is not None and pinned_version(release) is not None:
        return Release(release)
    return Requirements(requirements_given(given))


def _is_path(text: str) -> bool:
    return Path(text).exists() or text.endswith(".whl") or ("/" in text and "@" not in text)


def _read_directory(directory: Path) -> Project:
    if not is_static(directory):
        # Imported only here: few projects need a build.
        from wheelyard_cli.built_metadata import build_metadata

        content = build_metadata(directory)
        name, version = content.name, content.version
        return project_of(name, version, _parsed(content.text.encode(), directory), f"{directory}, built")
    project = read_project(directory)
    return Project(
        project.name, project.version, project.requirements, project.extras, requires_python=project.requires_python
    )


def _read_wheel(path: Path) -> Project:
    try:
        name, version, _, _ = parse_wheel_filename(path.name)
        with zipfile.ZipFile(path) as wheel:
            (member,) = [item for item in wheel.namelist() if _is_metadata(item)]
            content = wheel.read(member)
    except InvalidWheelFilename as error:
        raise InputError(f"{path} is not named as a wheel is", hint="NAME-VERSION-...-TAGS.whl") from error
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise InputError(f"{path} is not a wheel that can be read", hint="build it anew, or check the path") from error
    return project_of(name, version, _parsed(content, path), path.name)


def _is_metadata(member: str) -> bool:
    return member.count("/") == 1 and member.endswith(".dist-info/METADATA")


def _parsed(content: bytes, where: Path) -> CoreMetadata:
    try:
        return parse_metadata(content)
    except InvalidMetadata as error:
        raise InputError(str(error), where=str(where), hint="correct the dependency and build anew") from error
