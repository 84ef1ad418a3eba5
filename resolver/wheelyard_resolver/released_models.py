"""Models whose requirement lines stand in the METADATA of a release in the index: ``package = "NAME==VERSION"``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import (
    BuildTag,
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from wheelyard_resolver.core_metadata import InvalidMetadata, parse_metadata
from wheelyard_resolver.errors import InputError, InputErrors
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import Fleet, ModelPackage
from wheelyard_resolver.page import DistributionFile, ProjectPage, RawPage, parse_page
from wheelyard_resolver.requirement_lines import WrittenRequirement, applicable, lines_of_model
from wheelyard_resolver.stated_fleet import ModelEntry, StatedFleet
from wheelyard_resolver.target import Target

_SHOWN_VERSIONS = 10


def resolve_packages(stated: StatedFleet, index: Index) -> Fleet:
    """A stated fleet with the lines of its releases. The index is asked only where a model's lines come from a release.

    Raises:
        InputError: a release that is not there, has no wheel or no readable METADATA; all of them are told.
        Undecided: the index could not be read.
    """
    return _fleet(stated, read_releases(stated.models, index))


def read_releases(entries: Iterable[ModelEntry], index: Index) -> Mapping[str, ModelPackage]:
    """By key, the models of the entries that name a release. Raises as :func:`resolve_packages` does."""
    releases = [_Release(entry, entry.release) for entry in entries if entry.release is not None]
    pages = index.pages(sorted({release.entry.model.name for release in releases})) if releases else {}
    listed = {name: page for name, page in pages.items() if page is not None}
    wrong: list[InputError] = []
    wheels: dict[str, _Wheel] = {}
    for release in releases:
        try:
            wheels[release.entry.model.key] = release.wheel(listed.get(release.entry.model.name))
        except InputError as error:
            wrong.append(error)
    contents = index.metadata([wheel.file for wheel in wheels.values()]) if wheels else {}
    read: dict[str, ModelPackage] = {}
    for release in releases:
        wheel = wheels.get(release.entry.model.key)
        if wheel is None:
            continue
        try:
            page = listed[release.entry.model.name]
            read[release.entry.model.key] = release.model(wheel, contents[wheel.file.url], page)
        except InputError as error:
            wrong.append(error)
    InputErrors.raise_any(wrong)
    return read


def _fleet(stated: StatedFleet, read: Mapping[str, ModelPackage]) -> Fleet:
    return Fleet(
        name=stated.name,
        stage=stated.stage,
        target=stated.target,
        models=tuple(_with_observed(read.get(entry.model.key, entry.model), stated) for entry in stated.models),
        constraints=stated.constraints,
        policy=stated.policy,
        bases=stated.bases,
        max_bases=stated.max_bases,
    )


def _with_observed(model: ModelPackage, stated: StatedFleet) -> ModelPackage:
    """The model with what it was seen to need, which stands in no metadata."""
    seen = [dataclasses.replace(line, owner=model.owner) for line in stated.observed if line.model == model.key]
    return dataclasses.replace(model, lines=(*model.lines, *seen)) if seen else model


@dataclass(frozen=True)
class _Release:
    entry: ModelEntry
    requirement: Requirement

    def wheel(self, raw: RawPage | None) -> _Wheel:
        """The wheel that speaks for the release: the best for the target, else any."""
        model = self.entry.model
        if raw is None:
            raise self._error(f"the index has no project {model.name}", "upload it first, or check --index-url")
        page = parse_page(model.name, raw)
        wheels = [wheel for wheel in _wheels(page, model.target) if wheel.version == model.version]
        if wheels:
            return max(wheels, key=_Wheel.preference)
        if model.version in _sdist_versions(page):
            raise self._error(
                f"{model.name} {model.version} has only a source distribution",
                "build a wheel and upload it beside: metadata is read from wheels only",
            )
        raise self._error(f"the index has no {model.name} {model.version}", _versions_hint(page, model.target))

    def model(self, wheel: _Wheel, content: bytes | None, page: RawPage) -> ModelPackage:
        """The model with the lines and the Requires-Python of the METADATA, and its wheel where that fits."""
        model = self.entry.model
        if content is None:
            raise self._error(f"{wheel.file.filename} holds no readable METADATA", "build the wheel anew and upload it")
        try:
            metadata = parse_metadata(content)
        except InvalidMetadata as error:
            raise self._error(f"{wheel.file.filename}: {error}", "correct the dependency and release anew") from error
        extras = {canonicalize_name(extra) for extra in self.requirement.extras}
        if unknown := sorted(extras - metadata.extras):
            known = ", ".join(sorted(metadata.extras)) or "none"
            raise self._error(f"{model.name} {model.version} has no extra {unknown[0]}", f"its extras: {known}")
        origin = f"METADATA of {model.name} {model.version}"
        written = [WrittenRequirement(requirement, origin) for requirement in metadata.requires]
        kept = applicable(written, model.target, owner=model.name, extras=extras)
        lines = lines_of_model(kept, model=model.key, owner=model.owner)
        return dataclasses.replace(
            model,
            lines=lines,
            requires_python=metadata.requires_python,
            wheel=None if wheel.rank is None else wheel.file,
            index=None if wheel.rank is None else page.index_url,
            released=frozenset(extras),
        )

    def _error(self, message: str, hint: str) -> InputError:
        return InputError(message, where=self.entry.where, hint=hint)


@dataclass(frozen=True)
class _Wheel:
    version: Version
    rank: int | None
    build: BuildTag
    file: DistributionFile

    def preference(self) -> tuple[bool, int, BuildTag, str]:
        """Greatest is best: it fits, its tag is specific, its build is high; the name settles what is left."""
        return self.rank is not None, -(self.rank or 0), self.build, self.file.filename


def _wheels(page: ProjectPage, target: Target) -> Iterator[_Wheel]:
    for file in page.files:
        try:
            name, version, build, tags = parse_wheel_filename(file.filename)
        except InvalidWheelFilename:
            continue
        if name == page.project:
            ranks = [rank for tag in tags if (rank := target.tags.get(tag)) is not None]
            yield _Wheel(version, min(ranks, default=None), build, file)


def _sdist_versions(page: ProjectPage) -> set[Version]:
    found = set()
    for file in page.files:
        try:
            name, version = parse_sdist_filename(file.filename)
        except InvalidSdistFilename:
            continue
        if name == page.project:
            found.add(version)
    return found


def _versions_hint(page: ProjectPage, target: Target) -> str:
    found = sorted({wheel.version for wheel in _wheels(page, target)} | _sdist_versions(page), reverse=True)
    if not found:
        return "the index has no release of it at all"
    shown = ", ".join(map(str, found[:_SHOWN_VERSIONS]))
    older = len(found) - _SHOWN_VERSIONS
    return f"it has {shown}{f' and {older} older' if older > 0 else ''}"
