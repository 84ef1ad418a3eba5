"""Read a proposal's directory for those who check it: every text, believed of nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wheelyard_cli.images import file_names
from wheelyard_resolver.errors import InputError, Undecided

_LARGEST_TEXT = 256 << 20
"""Bytes. The certificate of the forty models of a real fleet has 0.6 million."""


@dataclass(frozen=True)
class WrittenProposal:
    """The documents of a proposal, its locks by file name, and its snapshot, None where it is detached."""

    proposal: str
    certificate: str
    locks: Mapping[str, str]
    snapshot: Path | None


def read_directory(directory: Path) -> WrittenProposal:
    """What lies in a directory.

    Raises:
        InputError: it is no directory of a proposal, or a file is no text.
        Undecided: the certificate is missing.
    """
    if not (directory / file_names.PROPOSAL_JSON).is_file():
        raise InputError(f"there is no proposal in {directory}", hint="name what `wheelyard bases propose -o` wrote to")
    if not (directory / file_names.CERTIFICATE).is_file():
        raise Undecided(
            f"{directory} has no {file_names.CERTIFICATE}: there is nothing to check the proposal by",
            hint="make it anew with `wheelyard bases propose -o`",
        )
    locks = {path.name: _text(path) for path in sorted(directory.iterdir()) if _is_lock(path)}
    snapshot = directory / file_names.SNAPSHOT
    return WrittenProposal(
        proposal=_text(directory / file_names.PROPOSAL_JSON),
        certificate=_text(directory / file_names.CERTIFICATE),
        locks=locks,
        snapshot=snapshot if snapshot.is_file() else None,
    )


def _is_lock(path: Path) -> bool:
    """Whether a lock is ours, by its name or its first line; ``requirements.dev.txt`` may be somebody else's."""
    if not (path.is_file() and file_names.is_lock(path.name)):
        return False
    return ".base-" in path.name or file_names.MARK.encode() in path.read_bytes().partition(b"\n")[0]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_TEXT:
            raise InputError(f"it is larger than {_LARGEST_TEXT >> 20} MiB: no proposal of ours is", where=str(path))
        return path.read_bytes().decode()
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(f"it cannot be read: {error}", where=str(path)) from error
