"""``docker-bake.hcl``: all images of a proposal for ``docker buildx bake``.

Source: Docker's Bake file reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheelyard_cli.images import dockerfile, file_names, image_names, templates
from wheelyard_cli.images.file_names import MARK
from wheelyard_cli.images.settings import ImageSettings
from wheelyard_cli.images.templates import Templates
from wheelyard_resolver.proposal import Base, Proposal

_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm/v7",
    "i686": "386",
    "ppc64le": "ppc64le",
    "s390x": "s390x",
}


def render(proposal: Proposal, settings: ImageSettings) -> str | None:
    """The text of the file, or None where no base is for Linux.

    Raises:
        InputError: a team's template cannot be used.
    """
    bases = [base for base in proposal.bases if dockerfile.is_linux(base)]
    if not bases:
        return None
    return Templates(settings.templates).render(
        templates.BAKE,
        mark=MARK,
        epoch=int(dockerfile.EPOCH.timestamp()),
        bases=[_base(base, settings) for base in bases],
        models=[model for base in bases for model in _models(proposal, base, settings)],
    )


def platform(base: Base) -> str:
    """The platform of a Linux base as builders write it, ``linux/amd64``."""
    machine = base.target.environment["platform_machine"]
    return f"linux/{_ARCHITECTURES.get(machine, machine)}"


def _base(base: Base, settings: ImageSettings) -> dict[str, str]:
    return {
        "target": base.name,
        "dockerfile": file_names.dockerfile(base.name),
        "tag": image_names.base_image(settings.prefix, base),
        "platform": platform(base),
    }


def _models(proposal: Proposal, base: Base, settings: ImageSettings) -> Iterator[dict[str, str]]:
    for model in proposal.models_of(base):
        yield {
            "target": "model-" + re.sub(r"[^A-Za-z0-9_-]", "_", model.key),
            "base": base.name,
            "dockerfile": file_names.model_dockerfile(model.key),
            "tag": image_names.model_image(settings.prefix, model, base),
            "platform": platform(base),
        }
