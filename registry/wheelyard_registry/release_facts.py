"""What the core metadata of a distribution says, as far as an index needs it.

Source: the core metadata specification. Only the fields that decide what is installed are checked; a newer metadata
version or an unknown field is no reason to refuse a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.metadata import InvalidMetadata, Metadata
from packaging.utils import canonicalize_name

from wheelyard_registry.distribution import Distribution
from wheelyard_registry.file_errors import RefusedFile

_CHECKED = ("name", "version", "requires_python", "requires_dist")


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """The fields of core metadata that appear in the index."""

    requires_python: str | None


def read_facts(distribution: Distribution, raw: bytes) -> ReleaseFacts:
    """Read the metadata and hold it against the file's name.

    Raises:
        RefusedFile: with everything that is missing, malformed or contradicts the name.
    """
    metadata = Metadata.from_email(raw, validate=False)
    problems = list(_problems(distribution, metadata))
    if problems:
        raise RefusedFile(filename=distribution.filename, problems=problems)
    requires_python = metadata.requires_python
    return ReleaseFacts(requires_python=str(requires_python) if requires_python else None)


def _problems(distribution: Distribution, metadata: Metadata) -> Iterator[str]:
    unreadable = [
        field for field in ("name", "version", "requires_python", "requires_dist") if _invalid(metadata, field)
    ]
    for field in unreadable:
        yield f"its metadata has no valid {field.replace('_', '-').title()} ({_invalid(metadata, field)})"
    if "name" not in unreadable and canonicalize_name(metadata.name) != distribution.project:
        yield f"its metadata names the project {metadata.name!r}, its file name says {distribution.project!r}"
    if "version" not in unreadable and metadata.version != distribution.version:
        yield f"its metadata states version {metadata.version}, its file name says {distribution.version}"


def _invalid(metadata: Metadata, field: str) -> str:
    try:
        getattr(metadata, field)
    except InvalidMetadata as error:
        return str(error)
    return ""
