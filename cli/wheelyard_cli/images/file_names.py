"""How the files of a proposal are called, and how one of ours is told from somebody else's.

Source: PEP 751 for ``pylock.<name>.toml``, whose name holds no dot.
"""

from __future__ import annotations

import re

from wheelyard_resolver.errors import InputError

MARK = "Written by `wheelyard bases propose`; the next proposal replaces it."
"""Stands on the first line of every file but those in JSON, whose ``schema`` says as much, and the snapshot."""

PROPOSAL_JSON = "proposal.json"
PROPOSAL_MARKDOWN = "proposal.md"
CERTIFICATE = "certificate.json"
SNAPSHOT = "index.snapshot"

_BASE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PER_BASE = re.compile(r"pylock\.[^.]+\.toml|requirements\.[^.]+\.txt|Dockerfile\.[^.]+")


def pylock(base: str) -> str:
    """``pylock.<base>.toml``."""
    return f"pylock.{_checked(base)}.toml"


def requirements(base: str) -> str:
    """``requirements.<base>.txt``."""
    return f"requirements.{_checked(base)}.txt"


def dockerfile(base: str) -> str:
    """``Dockerfile.<base>``."""
    return f"Dockerfile.{_checked(base)}"


def belongs_to_a_base(name: str) -> bool:
    """Whether a file of that name is one that a proposal writes for some base."""
    return _PER_BASE.fullmatch(name) is not None


def is_lock(name: str) -> bool:
    """Whether a file of that name is one from which packages are installed."""
    return belongs_to_a_base(name) and not name.startswith("Dockerfile.")


def _checked(base: str) -> str:
    if not _BASE_NAME.fullmatch(base):
        raise InputError(
            f"{base!r} cannot be the name of a base: files are named after it",
            hint="use letters, digits, - and _ only",
        )
    return base
