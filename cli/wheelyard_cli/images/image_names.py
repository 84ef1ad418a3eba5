"""How images are called: a name for people, a tag that is never given twice.

Source: OCI distribution specification (names and tags).
"""

from __future__ import annotations

import re

from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.proposal import Base

_SHOWN = 12
"""Digits of a base's revision in a tag: 48 bits, as git and docker shorten theirs."""


def base_image(prefix: str, base: Base) -> str:
    """``PREFIX/base-a:REVISION``: another lock has another tag."""
    return f"{_joined(prefix, base.name)}:{short_revision(base)}"


def model_image(prefix: str, model: ModelPackage, base: Base) -> str:
    """``PREFIX/NAME:VERSION-REVISION``: a model's release on a base's revision."""
    version = re.sub(r"[^A-Za-z0-9_.-]", "_", str(model.version))
    return f"{_joined(prefix, model.name)}:{version}-{short_revision(base)}"


def short_revision(base: Base) -> str:
    """The first digits of a base's revision."""
    return base.revision.removeprefix("sha256:")[:_SHOWN]


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}/{name.lower()}" if prefix else name.lower()
