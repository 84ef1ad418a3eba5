"""An index written down in a test's own words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_resolver.model import DEFAULT_SLOT, CandidatePolicy, Fleet, ModelPackage, RequirementLine
from wheelyard_resolver.page import JSON_V1, DistributionFile, RawPage
from wheelyard_resolver.target import Target

TARGET = Target("3.11.4", "manylinux_2_28_x86_64")
ROOT = "https://index.example"


@dataclass(frozen=True)
class Release:
    """A release: its dependencies, and whatever is unusual about it. ``tags`` are those of its wheels, none for an
    sdist only; ``metadata`` replaces the METADATA file (None: the wheel holds none that can be read)."""

    requires: Sequence[str] = ()
    requires_python: str | None = None
    extras: Sequence[str] = ()
    tags: Sequence[str] = ("py3-none-any",)
    yanked: bool | str = False
    uploaded: str | None = "2026-01-01T00:00:00Z"
    metadata: bytes | None = b""
    metadata_by_tag: Mapping[str, Sequence[str]] = field(default_factory=dict)


Projects = Mapping[str, Mapping[str, "Release | Sequence[str]"]]


class FakeIndex:
    """Implements :class:`wheelyard_resolver.index.Index`; ``asked`` records every project and file asked for."""

    def __init__(self, projects: Projects) -> None:
        self.asked: list[str] = []
        self._pages: dict[NormalizedName, RawPage] = {}
        self._metadata: dict[str, bytes | None] = {}
        for name, releases in projects.items():
            self._add(canonicalize_name(name), releases)

    def _add(self, name: NormalizedName, releases: Mapping[str, Release | Sequence[str]]) -> None:
        files = []
        for version, given in releases.items():
            release = given if isinstance(given, Release) else Release(requires=given)
            stem = f"{name.replace('-', '_')}-{version}"
            names = [f"{stem}-{tag}.whl" for tag in release.tags] or [f"{stem}.tar.gz"]
            for filename, tag in zip(names, release.tags or [""], strict=True):
                entry = self._file(filename, release)
                files.append(entry)
                requires = release.metadata_by_tag.get(tag, release.requires)
                self._metadata[str(entry["url"])] = (
                    metadata(name, version, requires, release.extras) if release.metadata == b"" else release.metadata
                )
        body = {"meta": {"api-version": "1.1"}, "name": name, "files": files}
        self._pages[name] = RawPage(f"{ROOT}/simple/{name}/", JSON_V1, json.dumps(body).encode())

    def _file(self, filename: str, release: Release) -> dict[str, object]:
        entry: dict[str, object] = {
            "filename": filename,
            "url": f"{ROOT}/files/{filename}",
            "hashes": {"sha256": filename.encode().hex().ljust(64, "0")[:64]},
            "size": len(filename),
            "yanked": release.yanked,
        }
        if release.requires_python is not None:
            entry["requires-python"] = release.requires_python
        if release.uploaded is not None:
            entry["upload-time"] = release.uploaded
        return entry

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        """See Index."""
        self.asked += projects
        return {project: self._pages.get(project) for project in projects}

    def metadata(self, files: Sequence[DistributionFile]) -> Mapping[str, bytes | None]:
        """See Index."""
        self.asked += [file.filename for file in files]
        return {file.url: self._metadata.get(file.url) for file in files}

    def known_metadata(self) -> Mapping[str, bytes | None]:
        """Every METADATA there is, by URL."""
        return self._metadata

    def put(self, project: NormalizedName, page: RawPage | None) -> None:
        """Put another page in place of a project's; None: the project is not there."""
        if page is None:
            del self._pages[project]
        else:
            self._pages[project] = page

    def host(self, url: str, content: bytes | None) -> None:
        """Put the METADATA of a wheel somewhere, outside the index too, for direct references."""
        self._metadata[url] = content


def metadata(name: str, version: str, requires: Sequence[str] = (), extras: Sequence[str] = ()) -> bytes:
    """A METADATA file."""
    lines = ["Metadata-Version: 2.3", f"Name: {name}", f"Version: {version}"]
    lines += [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {item}" for item in requires]
    return ("\n".join(lines) + "\n\nA description.\n").encode()


def model(
    name: str, *requires: str, target: Target = TARGET, slot: str = DEFAULT_SLOT, owner: str | None = None
) -> ModelPackage:
    """A model with these requirement lines."""
    bare = ModelPackage(canonicalize_name(name), Version("1.0"), target, (), slot, owner)
    return replace(bare, lines=tuple(RequirementLine(Requirement(text), bare.key, owner) for text in requires))


def constraint(requirement: str, reason: str | None = None) -> RequirementLine:
    """A constraint of the fleet."""
    return RequirementLine(Requirement(requirement), model=None, reason=reason)


def fleet(
    *models: ModelPackage,
    policy: CandidatePolicy | None = None,
    constraints: Sequence[RequirementLine] = (),
) -> Fleet:
    """A fleet of these models."""
    return Fleet("test", "prod", TARGET, models, tuple(constraints), policy or CandidatePolicy())
