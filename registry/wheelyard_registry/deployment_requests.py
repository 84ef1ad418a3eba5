"""What the API is told about deployments, read and checked; all that is wrong is said in one go."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelyard_registry.catalogue.deployments import Place, Release, Request
from wheelyard_registry.json_body import Fields
from wheelyard_resolver.model import DEFAULT_SLOT

PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""Names of stages, slots and bases."""

_DIGEST = r"sha256:[0-9a-f]{64}"
_BASE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,79}}(@{_DIGEST})?")
_IMAGE = re.compile(rf"([^\s@]+@)?{_DIGEST}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")

_REQUEST = ("at", "deployed_by", "idempotency_key")


def read_record(given: Mapping[str, object], sender: str) -> tuple[Place, Release, str | None, Request]:
    """The body of ``POST /api/v1/deployments``: where, what, whose, and by whom.

    Raises:
        InvalidField: something is missing, unknown or malformed.
    """
    known = ("model", "version", "stage", "slot", "owner", "base", "image", "commit", "data_version", "requires")
    fields = Fields(given, *known, *_REQUEST)
    place = _place(fields)
    version = fields.text("version", required=True, longest=200) or ""
    try:
        Version(version or "0")
    except InvalidVersion:
        fields.problem(f"version {version!r} is not a PEP 440 version")
    release = Release(
        version=version,
        base=_shaped(fields, "base", _BASE, "NAME or NAME@sha256:DIGEST"),
        image=_shaped(fields, "image", _IMAGE, "sha256:DIGEST or NAME@sha256:DIGEST; tags move"),
        commit=_shaped(fields, "commit", _COMMIT, "7 to 64 hexadecimal digits in lower case"),
        data_version=fields.text("data_version", longest=200),
        requires=_requirements(fields),
    )
    owner = fields.text("owner", longest=200)
    return place, release, owner, _finish(fields, "record", given, sender)


def read_retirement(given: Mapping[str, object], sender: str) -> tuple[Place, Request]:
    """The body of ``POST /api/v1/deployments/retire``. Raises as :func:`read_record` does."""
    fields = Fields(given, "model", "stage", "slot", *_REQUEST)
    return _place(fields), _finish(fields, "retire", given, sender)


def read_promotion(given: Mapping[str, object], sender: str) -> tuple[Place, str, Request]:
    """The body of ``POST /api/v1/deployments/promote``: from where, to which stage. Raises as :func:`read_record`."""
    fields = Fields(given, "model", "slot", "from", "to", *_REQUEST)
    place, stage = _place(fields, stage="from"), _named(fields, "to", required=True)
    if stage == place.stage and stage:
        fields.problem(f"from and to are both {stage!r}")
    return place, stage, _finish(fields, "promote", given, sender)


def _finish(fields: Fields, action: str, given: Mapping[str, object], sender: str) -> Request:
    at = fields.time("at")
    deployed_by, key = fields.text("deployed_by", longest=80), fields.text("idempotency_key", longest=200)
    fields.finish()
    asked = {name: value for name, value in given.items() if value is not None and name != "idempotency_key"}
    text = json.dumps([action, asked], sort_keys=True)
    return Request(sender, hashlib.sha256(text.encode()).hexdigest(), at, key, deployed_by)


def _place(fields: Fields, *, stage: str = "stage") -> Place:
    return Place(_model(fields), _named(fields, stage, required=True), _named(fields, "slot") or DEFAULT_SLOT)


def _model(fields: Fields) -> NormalizedName:
    text = fields.text("model", required=True, longest=200) or ""
    try:
        return canonicalize_name(text or "-", validate=bool(text))
    except InvalidName:
        fields.problem(f"model {text!r} is not a project name")
        return canonicalize_name(text)


def _named(fields: Fields, name: str, *, required: bool = False) -> str:
    text = fields.text(name, required=required)
    if text is not None and PLACE.fullmatch(text) is None:
        fields.problem(f"{name} {text!r} may hold letters, digits, dots, dashes and underscores, up to 80")
    return text or ""


def _requirements(fields: Fields) -> tuple[str, ...] | None:
    texts = fields.texts("requires", most=10_000)
    for text in texts or ():
        try:
            Requirement(text)
        except (InvalidRequirement, RecursionError):
            fields.problem(f"requires holds {text[:80]!r}, which is not a requirement")
    return texts


def _shaped(fields: Fields, name: str, pattern: re.Pattern[str], shape: str) -> str | None:
    text = fields.text(name)
    if text is not None and pattern.fullmatch(text) is None:
        fields.problem(f"{name} {text!r} is not {shape}")
    return text
