"""``Dockerfile.<base>`` and, for each model, a thin one that puts the model's own wheel onto its base.

They keep to what BuildKit, podman and buildah all build without contacting anything but the index: no here-document
(buildah 1.28 and BuildKit's built-in frontend of Docker 20.10 refuse it), no ``COPY --link`` (buildah refuses it), no
``# syntax=`` line (BuildKit would fetch a frontend). Credentials come as a secret mount, which no layer keeps.

The lock goes into the image's own site-packages, not into a virtual environment: ``python``, ``pip`` and the console
scripts that people expect of a Python image are then the ones that see it. Nothing is compiled, so that a separate
build stage would save nothing.

**Equal wheels are equal layers**: every step ends by giving what it wrote one fixed time, and all mounts lie under one
place whose traces are the same in every image. No two images have a *step* in common, though: buildah and podman write
into an image's history what the image before each step was called, and that depends on who makes the same one at the
same time. What a Dockerfile of a base says follows from its lock and the
settings alone, so that its image changes when its lock does.

Sources: Dockerfile reference (``RUN --mount``), OCI image specification (annotations), reproducible-builds.org
(``SOURCE_DATE_EPOCH``).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import shlex

from wheelyard_cli.images import file_names, image_names, requirements, templates
from wheelyard_cli.images.file_names import MARK
from wheelyard_cli.images.layers import layers_of
from wheelyard_cli.images.settings import ImageSettings
from wheelyard_cli.images.templates import Templates
from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.proposal import Base, Proposal

DEFAULT_INDEX_URL = "https://pypi.org/simple/"
EPOCH = dt.datetime(1980, 1, 1, tzinfo=dt.timezone.utc)
"""The time of every file in every layer, the earliest that a zip file can hold: the same for all bases."""


class Dockerfiles:
    """Writes the Dockerfiles of a proposal by its settings."""

    def __init__(self, proposal: Proposal, settings: ImageSettings) -> None:
        self._proposal = proposal
        self._settings = settings
        self._templates = Templates(settings.templates)

    def base(self, base: Base) -> str | None:
        """The text of a base's Dockerfile, or None where the target is not Linux.

        Raises:
            InputError: a wheel has no sha256, or a team's template cannot be used.
        """
        if not is_linux(base):
            return None
        return self._templates.render(
            templates.BASE,
            **self._common(base),
            name=base.name,
            python_image=python_image(base, self._settings),
            musl=_is_musl(base),
            system_packages=self._settings.system_packages,
            heavy=[_step(requirements.pinned(package, base), package.index, base) for package in layers_of(base).heavy],
            requirements=file_names.requirements(base.name),
            requirements_digest=hashlib.sha256(requirements.render(self._proposal, base).encode()).hexdigest(),
            labels=self._base_labels(base),
        )

    def model(self, model: ModelPackage, base: Base) -> str | None:
        """The text of a model's Dockerfile, or None where the target is not Linux. Raises as :meth:`base` does."""
        if not is_linux(base):
            return None
        pin = f"{model.name}=={model.version}"
        hashed = model.wheel is not None and model.wheel.sha256 is not None
        if model.wheel is not None and hashed:
            pin += f" --hash=sha256:{model.wheel.sha256}"
        return self._templates.render(
            templates.MODEL,
            **self._common(base, model.index),
            base_image=image_names.base_image(self._settings.prefix, base),
            name=model.name,
            key=model.key,
            from_index=hashed,
            own=_step(pin, model.index, base),
            smoke_import=file_names.SMOKE_IMPORT,
            labels=self._model_labels(model, base),
        )

    def _common(self, base: Base, otherwise: str | None = None) -> dict[str, object]:
        return {
            "mark": MARK,
            "index_url": (*base.indexes, otherwise or DEFAULT_INDEX_URL)[0],
            "epoch": int(EPOCH.timestamp()),
            "uid": self._settings.uid,
            "gid": self._settings.gid,
            "uv_image": self._settings.uv_image if self._settings.installer == "uv" else None,
        }

    def _base_labels(self, base: Base) -> dict[str, str]:
        labels = {
            "org.opencontainers.image.title": base.name,
            "org.opencontainers.image.description": f"Base environment of fleet {self._proposal.fleet}, "
            f"stage {self._proposal.stage}",
            "org.opencontainers.image.version": image_names.short_revision(base),
            "org.opencontainers.image.created": created(base).isoformat().replace("+00:00", "Z"),
            "org.opencontainers.image.base.name": python_image(base, self._settings),
            "io.wheelyard.lock": base.revision,
        }
        return self._with_origin(labels, base)

    def _model_labels(self, model: ModelPackage, base: Base) -> dict[str, str]:
        wheel = f"sha256:{model.wheel.sha256}" if model.wheel is not None and model.wheel.sha256 else ""
        labels = {
            "org.opencontainers.image.title": model.name,
            "org.opencontainers.image.description": f"Model {model.name} {model.version} on {base.name}",
            "org.opencontainers.image.version": str(model.version),
            "org.opencontainers.image.vendor": model.owner or "",
            "org.opencontainers.image.base.name": image_names.base_image(self._settings.prefix, base),
            "io.wheelyard.model.wheel": wheel,
        }
        return self._with_origin(labels, base)

    def _with_origin(self, labels: dict[str, str], base: Base) -> dict[str, str]:
        """The labels with those that lead back to the proposal, and the team's own; empty ones left out."""
        labels |= {
            "org.opencontainers.image.source": self._settings.source or "",
            "io.wheelyard.target": str(base.target),
            "io.wheelyard.proposal": f"{self._proposal.fleet}/{self._proposal.stage}",
            "io.wheelyard.snapshot": base.snapshot or self._proposal.snapshot,
        }
        return {key: value for key, value in (labels | dict(self._settings.labels)).items() if value}


def _step(pin: str, index: str | None, base: Base) -> dict[str, str | None]:
    """What a step that installs one wheel needs: its pin, and the index that lists it where that is not the usual."""
    usual = (*base.indexes, index)[0]
    return {"pin": shlex.quote(pin), "index": None if index in (None, usual) else shlex.quote(index)}


def is_linux(base: Base) -> bool:
    """Whether there are images for the target of a base."""
    return base.target.environment["sys_platform"] == "linux"


def python_image(base: Base, settings: ImageSettings) -> str:
    """The image that a base starts from: Debian's slim Python for glibc, Alpine's for musl, unless a team has one."""
    major, minor = base.target.release
    return settings.python_image or f"python:{major}.{minor}-{'alpine' if _is_musl(base) else 'slim'}"


def created(base: Base) -> dt.datetime:
    """When the newest of its wheels was uploaded: a date that follows from the lock and from nothing else."""
    times = [package.wheel.upload_time for package in base.packages if package.wheel.upload_time is not None]
    return max([*times, EPOCH]).replace(microsecond=0)


def _is_musl(base: Base) -> bool:
    return base.target.platform.startswith("musllinux")
