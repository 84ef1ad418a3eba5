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
BAKE = "docker-bake.hcl"
IMAGES = "images.json"
SMOKE_IMPORT = "smoke_import.py"

_BASE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PER_BASE = re.compile(
    r"pylock\.[^.]+\.toml|requirements\.[^.]+\.txt|Dockerfile\.[^.]+|Dockerfile\.model\..+|sbom\.[^.]+\.cdx\.json"
)


def pylock(base: str) -> str:
    """``pylock.<base>.toml``."""
    return f"pylock.{_checked(base)}.toml"


def requirements(base: str) -> str:
    """``requirements.<base>.txt``."""
    return f"requirements.{_checked(base)}.txt"


def dockerfile(base: str) -> str:
    """``Dockerfile.<base>``."""
    return f"Dockerfile.{_checked(base)}"


def model_dockerfile(key: str) -> str:
    """``Dockerfile.model.<key>``; a base's name holds no dot, so that the two never meet."""
    return f"Dockerfile.model.{key}"


def sbom(base: str) -> str:
    """``sbom.<base>.cdx.json``, as CycloneDX wants its files called."""
    return f"sbom.{_checked(base)}.cdx.json"


def belongs_to_a_base(name: str) -> bool:
    """Whether a file of that name is one that a proposal writes for some base, or for a model on it."""
    return _PER_BASE.fullmatch(name) is not None


def is_lock(name: str) -> bool:
    """Whether a file of that name is one from which packages are installed."""
    return name.startswith(("pylock.", "requirements.")) and belongs_to_a_base(name)


def _checked(base: str) -> str:
    if not _BASE_NAME.fullmatch(base):
        raise InputError(
            f"{base!r} cannot be the name of a base: files are named after it",
            hint="use letters, digits, - and _ only",
        )
    return base
