"""packse's scenarios as fleets of one model over an index of their own.

packse (MIT or Apache-2.0) ships its scenarios as TOML in its sdist: small universes with a verdict and sometimes the
exact versions, written by the people of uv. They are read from the archive as it is; nothing is built.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_resolver.model import CandidatePolicy, Fleet, ModelPackage, RequirementLine
from wheelyard_resolver.page import JSON_V1, DistributionFile, RawPage
from wheelyard_resolver.target import Target

PLATFORM = "manylinux_2_28_x86_64"
_PLATFORMS = {None: PLATFORM, "x86_64-manylinux2014": "manylinux2014_x86_64"}
_DEFAULT_PYTHON = "3.12"

Versions = Mapping[NormalizedName, Version]


@dataclass(frozen=True)
class Release:
    """A release as a scenario describes it: the tags of its wheels, and whether it has an sdist."""

    version: str
    requires: tuple[str, ...]
    extras: tuple[tuple[str, tuple[str, ...]], ...]
    requires_python: str | None
    tags: tuple[str, ...]
    sdist: bool
    yanked: bool

    def metadata(self, project: str) -> bytes:
        """Its METADATA file."""
        lines = ["Metadata-Version: 2.3", f"Name: {project}", f"Version: {self.version}"]
        lines += [f"Requires-Python: {self.requires_python}"] if self.requires_python else []
        lines += [f"Requires-Dist: {text}" for text in self.requires]
        for extra, requirements in self.extras:
            lines.append(f"Provides-Extra: {extra}")
            lines += [f"Requires-Dist: {_of_extra(text, extra)}" for text in requirements]
        return ("\n".join(lines) + "\n\n").encode()

    def filenames(self, project: str) -> list[str]:
        """Its wheels, then its sdist."""
        stem = f"{project.replace('-', '_')}-{self.version}"
        return [f"{stem}-{tag}.whl" for tag in self.tags] + ([f"{stem}.tar.gz"] if self.sdist else [])


def _of_extra(text: str, extra: str) -> str:
    requirement, _, marker = text.partition(";")
    return f"{requirement}; ({marker}) and extra == '{extra}'" if marker else f"{requirement}; extra == '{extra}'"


@dataclass(frozen=True)
class Scenario:
    """A question with packse's answer. ``versions`` is None where the scenario leaves them open."""

    name: str
    root: tuple[str, ...]
    projects: Mapping[str, tuple[Release, ...]]
    python: str
    platform: str
    pre_releases: bool
    no_binary: frozenset[str]
    satisfiable: bool
    versions: Versions | None

    def policy(self) -> CandidatePolicy:
        """What pip and uv read from the lines, said by name, as Wheelyard wants it.

        The option for all pre-releases names every project; a line of the root that mentions a pre-release names
        its project, and so does one that pins a release, for yanked files.
        """
        lines = [Requirement(text) for text in self.root]
        asked = {canonicalize_name(line.name) for line in lines if _mentions_pre_release(line)}
        pinned = {canonicalize_name(line.name) for line in lines if any(one.operator == "==" for one in line.specifier)}
        every = {canonicalize_name(name) for name in self.projects} if self.pre_releases else set()
        yanked = {name for name in pinned if any(release.yanked for release in self.projects.get(name, ()))}
        return CandidatePolicy(pre_releases=frozenset(asked | every), yanked=frozenset(yanked))

    def fleet(self) -> Fleet:
        """One model with the lines of the root."""
        target = Target.parse(self.python, self.platform)
        name = canonicalize_name(self.name)
        lines = tuple(RequirementLine(Requirement(text), name) for text in self.root)
        model = ModelPackage(name, Version("1"), target, lines)
        return Fleet("packse", "prod", target, (model,), policy=self.policy())


def _mentions_pre_release(line: Requirement) -> bool:
    return any(
        one.operator != "===" and Version(one.version.removesuffix(".*")).is_prerelease for one in line.specifier
    )


class ScenarioIndex:
    """Implements :class:`wheelyard_resolver.index.Index` for one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._root = f"https://packse.example/{scenario.name}"
        self._pages: dict[NormalizedName, RawPage] = {}
        self._metadata: dict[str, bytes | None] = {}
        for project, releases in scenario.projects.items():
            self._add(canonicalize_name(project), releases)

    def _add(self, project: NormalizedName, releases: Sequence[Release]) -> None:
        files = [
            {
                "filename": filename,
                "url": f"{self._root}/files/{filename}",
                "hashes": {"sha256": hashlib.sha256(f"{self._root}/{filename}".encode()).hexdigest()},
                "requires-python": release.requires_python,
                "yanked": release.yanked,
            }
            for release in releases
            for filename in release.filenames(project)
        ]
        body = {"meta": {"api-version": "1.1"}, "name": project, "files": files}
        self._pages[project] = RawPage(f"{self._root}/simple/{project}/", JSON_V1, json.dumps(body).encode())
        for release in releases:
            for filename in release.filenames(project):
                self._metadata[f"{self._root}/files/{filename}"] = release.metadata(project)

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        """See Index."""
        return {project: self._pages.get(project) for project in projects}

    def metadata(self, files: Sequence[DistributionFile]) -> Mapping[str, bytes | None]:
        """See Index."""
        return {file.url: self._metadata[file.url] for file in files}


def read_scenarios(sdist: Path) -> list[Scenario]:
    """Every scenario of packse's sdist that is about one environment, by name."""
    found = [_scenario(document) for document in _documents(sdist) if not _options(document).get("universal")]
    return sorted(found, key=lambda scenario: scenario.name)


def _documents(sdist: Path) -> Iterator[dict[str, Any]]:
    with tarfile.open(sdist) as archive:
        for member in archive:
            _, _, path = member.name.partition("/")
            if path.startswith("scenarios/") and path.endswith(".toml"):
                content = archive.extractfile(member)
                assert content is not None, member.name
                yield tomli.loads(content.read().decode())


def _options(document: Mapping[str, Any]) -> Mapping[str, Any]:
    options: Mapping[str, Any] = document.get("resolver_options", {})
    return options


def _scenario(document: Mapping[str, Any]) -> Scenario:
    options, expected = _options(document), document["expected"]
    python = options.get("python") or document.get("environment", {}).get("python", _DEFAULT_PYTHON)
    exact = expected.get("packages")
    return Scenario(
        name=document["name"],
        root=tuple(document["root"]["requires"]),
        projects={
            name: tuple(_release(version, given) for version, given in package["versions"].items())
            for name, package in document["packages"].items()
        },
        python=python,
        platform=_PLATFORMS[options.get("python_platform")],
        pre_releases=options.get("prereleases", False),
        no_binary=frozenset(options.get("no_binary", ())),
        satisfiable=expected["satisfiable"],
        versions=None
        if exact is None
        else {canonicalize_name(name): Version(version) for name, version in exact.items()},
    )


def _release(version: str, given: Mapping[str, Any]) -> Release:
    tags = tuple(given.get("wheel_tags") or ["py3-none-any"])
    return Release(
        version=version,
        requires=tuple(given.get("requires", ())),
        extras=tuple((extra, tuple(requires)) for extra, requires in given.get("extras", {}).items()),
        requires_python=given.get("requires_python", f">={_DEFAULT_PYTHON}") or None,
        tags=tags if given.get("wheel", True) else (),
        sdist=given.get("sdist", True),
        yanked=given.get("yanked", False),
    )
