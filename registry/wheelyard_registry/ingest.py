"""The one way into the index: a stream becomes a visible file, or nothing at all.

Order matters. Bytes are staged and hashed; everything is checked; the blobs become durable; then a single catalogue
transaction makes the file visible. A crash before that transaction leaves a blob that no row names, which is
swept (see :mod:`.leftovers`); there is never a row without its bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelyard_registry.archive import core_metadata_of
from wheelyard_registry.blobs import BlobStore, Staged
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.files import Files, ProjectFacts, StoredFile, require_open
from wheelyard_registry.distribution import Distribution, parse_filename
from wheelyard_registry.errors import Forbidden, StorageFull
from wheelyard_registry.file_errors import FileConflict, RefusedFile
from wheelyard_registry.identity import Identity, Right
from wheelyard_registry.origin import Origin
from wheelyard_registry.release_facts import read_facts
from wheelyard_registry.solved import Solved
from wheelyard_resolver.applicant import Project, project_of
from wheelyard_resolver.core_metadata import parse_metadata

LONGEST_VERSION = 200
"""Characters of a version; reading one takes time that grows with the square of its digits."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What the uploader states about a file. Empty values are not compared (legacy upload form, PyPI's names)."""

    name: str = ""
    version: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)


class Outcome(Enum):
    """How an upload that was not refused ended."""

    STORED = "stored"
    IDENTICAL = "identical"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who uploads, for which ``stage`` if that was said, and what has been found out for this upload.

    ``proven`` is the new name that is free, ``solved`` what speaks against the release in its stage.
    """

    identity: Identity
    stage: str | None = None
    proven: NormalizedName | None = None
    solved: Solved | None = None


class ProofNeeded(Exception):
    """The file would make a new project: ask whether its name is free, then come again with the proof."""

    def __init__(self, project: NormalizedName) -> None:
        super().__init__(project)
        self.project = project


class CheckNeeded(Exception):
    """The release is meant for a stage: ask what speaks against it there, then come again with the answer."""

    def __init__(self, stage: str, release: Project) -> None:
        super().__init__(stage, release.name)
        self.stage = stage
        self.release = release


class Ingest:
    """Takes distribution files into the private catalogue."""

    def __init__(self, files: Files, blobs: BlobStore, origin: Origin, clock: Clock) -> None:
        self._files = files
        self._origin = origin
        self._blobs = blobs
        self._clock = clock

    def take(
        self, filename: str, staged: Staged, claims: Claims, *, sender: Sender, uploaded_at: dt.datetime | None = None
    ) -> Outcome:
        """Check the staged bytes and make them visible as ``filename``.

        ``uploaded_at`` is when an imported file was uploaded elsewhere.

        Raises:
            Forbidden: the sender may not upload to this project, or not create it.
            ProjectClosed: the project takes no files.
            ProofNeeded, CheckNeeded: see there.
            RefusedFile: something contradicts something else; nothing is stored.
            FileConflict, DeletedName: the name is used by other bytes, or was.
            StorageFull: the disk did not take it; nothing is stored.
        """
        distribution = parse_filename(filename)
        found = self._files.admission(filename, distribution.project, distribution.identity)
        self._admit(distribution.project, found.project, sender)
        problems = claim_problems(distribution, staged, claims)
        if problems:
            raise RefusedFile(filename=filename, problems=problems)
        if found.existing is not None:
            return _compare(distribution, found.existing, staged.sha256)
        try:
            return self._keep(distribution, staged, sender, found.project, uploaded_at)
        except OSError as error:
            raise StorageFull(reason=error.strerror or str(error)) from error

    def _admit(self, project: NormalizedName, known: ProjectFacts | None, sender: Sender) -> None:
        needed = Right.CREATE if known is None else Right.UPLOAD
        if not sender.identity.may(needed, project):
            raise Forbidden(right=needed.value, project=project)
        require_open(project, known)
        if known is None and sender.proven != project and self._origin.must_ask(project):
            raise ProofNeeded(project)

    def _keep(
        self,
        distribution: Distribution,
        staged: Staged,
        sender: Sender,
        known: ProjectFacts | None,
        uploaded_at: dt.datetime | None,
    ) -> Outcome:
        now = self._clock()
        raw = core_metadata_of(distribution, staged.path)
        facts = read_facts(distribution, raw)
        warnings = _warnings(distribution, raw, sender, known)
        stored = StoredFile(
            filename=distribution.filename,
            identity=distribution.identity,
            project=distribution.project,
            version=str(distribution.version),
            sha256=self._blobs.keep(staged),
            size=staged.size,
            requires_python=facts.requires_python,
            metadata_sha256=hashlib.sha256(raw).hexdigest() if distribution.is_wheel else None,
            uploaded_at=uploaded_at or now,
            uploaded_by=sender.identity.name,
            added_at=now,
        )
        winner = self._files.add(
            stored,
            metadata=raw if distribution.is_wheel else None,
            owners=sender.identity.groups,
            present=lambda: self._blobs.has(stored.sha256),
            warnings=warnings,
        ).existing
        return Outcome.STORED if winner is None else _compare(distribution, winner, stored.sha256)


def _warnings(
    distribution: Distribution, metadata: bytes, sender: Sender, known: ProjectFacts | None
) -> tuple[str, ...]:
    """What speaks against a wheel in the stage that it is meant for. An sdist says nothing until it is built.

    Raises:
        CheckNeeded: nobody has asked yet.
        NotAdmitted, Busy, CheckUndecided: the stage does not take it.
    """
    stage = sender.stage or (known.stage if known is not None else None)
    if stage is None or not distribution.is_wheel:
        return ()
    project, version = distribution.project, distribution.version
    if sender.solved is None:
        raise CheckNeeded(stage, project_of(project, version, parse_metadata(metadata), f"{project} {version}"))
    return sender.solved.warnings((), model=project, version=str(version), stage=stage)


def _compare(distribution: Distribution, existing: StoredFile, sha256: str) -> Outcome:
    if existing.sha256 == sha256 and existing.filename == distribution.filename:
        return Outcome.IDENTICAL
    raise FileConflict(filename=distribution.filename, existing=existing.filename)


def claim_problems(distribution: Distribution, staged: Staged, claims: Claims) -> list[str]:
    """Where the form contradicts the file: digests, name, version."""
    digests = ((name, stated, staged.digest(name)) for name, stated in sorted(claims.digests.items()) if stated)
    problems = [
        f"its {name} is {found}, the upload states {stated[:200]}"
        for name, stated, found in digests
        if stated.lower() != found
    ]
    if claims.name and canonicalize_name(claims.name) != distribution.project:
        problems.append(f"the upload states the project {claims.name!r}, the file name says {distribution.project!r}")
    if claims.version and not _same_version(claims.version, distribution.version):
        problems.append(f"the upload states version {claims.version!r}, the file name says {distribution.version}")
    return problems


def _same_version(text: str, version: Version) -> bool:
    try:
        return len(text) <= LONGEST_VERSION and Version(text) == version
    except InvalidVersion:
        return False
