"""What is deployed: reading requests, recording, and the fleet document."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.deployments import Deployment, Deployments
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.errors import InvalidField, UnknownRelease

DEFAULT_SLOT = "default"
DEFAULT_PYTHON = "3.11"
DEFAULT_PLATFORM = "manylinux_2_28_x86_64"

_FIELDS = ("model", "version", "stage", "slot", "owner")
_PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class Fleet:
    """The deployments of model packages, each of which is a release of the catalogue."""

    def __init__(self, deployments: Deployments, files: Files, clock: Clock) -> None:
        self._deployments = deployments
        self._files = files
        self._clock = clock

    def record(self, given: Mapping[str, object], *, by: str) -> Deployment:
        """Record a deployment as it came in a request.

        Raises:
            InvalidField: something is missing, unknown or malformed; all of it is said.
            UnknownRelease: no file of this release was ever uploaded.
        """
        fields = _read(given)
        model = canonicalize_name(fields["model"])
        deployment = Deployment(
            model=model,
            version=self._released(model, fields["version"]),
            stage=fields["stage"],
            slot=fields.get("slot", DEFAULT_SLOT),
            owner=fields.get("owner") or self._deployments.owner(model),
            since=self._clock(),
            recorded_by=by,
        )
        self._deployments.record(deployment)
        return deployment

    def _released(self, model: NormalizedName, text: str) -> str:
        known = sorted(self._files.versions(model), key=Version)
        for version in known:
            if Version(version) == Version(text):
                return version
        raise UnknownRelease(model=model, version=text, known=known)

    def current(self, stage: str | None) -> tuple[Deployment, ...]:
        """What is deployed now."""
        return self._deployments.current(stage)

    def history(self, stage: str | None) -> tuple[Deployment, ...]:
        """Everything ever recorded, oldest first."""
        return self._deployments.history(stage)

    def document(self, stage: str, *, name: str | None, python: str, platform: str) -> dict[str, object]:
        """The fleet of a stage, in the shape of a fleet file."""
        return {
            "fleet": {"name": name or stage, "stage": stage, "target": {"python": python, "platform": platform}},
            "model": [_model(deployment) for deployment in self._deployments.current(stage)],
        }


def _model(deployment: Deployment) -> dict[str, object]:
    entry: dict[str, object] = {
        "name": deployment.model,
        "version": deployment.version,
        "slot": deployment.slot,
        "package": f"{deployment.model}=={deployment.version}",
    }
    if deployment.owner is not None:
        entry["owner"] = deployment.owner
    return entry


def as_json(deployment: Deployment) -> dict[str, object]:
    """A deployment as the API shows it."""
    return {
        "model": deployment.model,
        "version": deployment.version,
        "stage": deployment.stage,
        "slot": deployment.slot,
        "owner": deployment.owner,
        "since": deployment.since.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "recorded_by": deployment.recorded_by,
    }


def _read(given: Mapping[str, object]) -> dict[str, str]:
    problems = [f"unknown field {name!r}" for name in given if name not in _FIELDS]
    fields: dict[str, str] = {}
    for name in _FIELDS:
        value = given.get(name)
        if value is None:
            if name in {"model", "version", "stage"}:
                problems.append(f"{name} is missing")
        elif not isinstance(value, str):
            problems.append(f"{name} must be a string")
        else:
            problem = _problem(name, value)
            problems += [problem] if problem else []
            fields[name] = value
    if problems:
        raise InvalidField(problems, hint=f"a deployment has {', '.join(_FIELDS)}; the last two may be left out")
    return fields


def _problem(name: str, value: str) -> str | None:
    if name == "model":
        try:
            canonicalize_name(value, validate=True)
        except InvalidName:
            return f"model {value!r} is not a project name"
    elif name == "version":
        try:
            Version(value)
        except InvalidVersion:
            return f"version {value!r} is not a PEP 440 version"
    elif name == "owner":
        if not value.strip() or len(value) > 200 or not value.isprintable():
            return "owner must be 1 to 200 printable characters"
    elif _PLACE.fullmatch(value) is None:
        return f"{name} {value!r} may hold letters, digits, dots, dashes and underscores, up to 80"
    return None
