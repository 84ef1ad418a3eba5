"""Refusals that are about deployments and stages. See :mod:`.errors`."""

from __future__ import annotations

from collections.abc import Sequence

from wheelyard_registry.errors import RegistryError


class UnknownRelease(RegistryError):
    """A deployment of a release that the catalogue does not hold."""

    status = 422
    code = "unknown-release"

    def __init__(self, *, model: str, version: str, known: Sequence[str]) -> None:
        hint = f"uploaded releases of {model}: {', '.join(known)}" if known else f"upload {model} {version} first"
        super().__init__(f"{model} {version} is not in this registry, so it cannot be deployed", hint=hint)


class UnknownStage(RegistryError):
    """Stages are configured, and this is none of them."""

    status = 422
    code = "unknown-stage"

    def __init__(self, *, stage: str, known: Sequence[str]) -> None:
        super().__init__(
            f"{stage} is not a stage of this registry",
            hint=f"its stages are {', '.join(known) or 'none yet'}; an administrator adds one with wheelyard stage set",
        )


class NotPromoted(RegistryError):
    """A stage takes only what runs in the one before."""

    status = 409
    code = "not-promoted"

    def __init__(self, *, model: str, version: str, stage: str, before: str) -> None:
        super().__init__(
            f"{stage} takes only what runs in {before}, and {model} {version} does not",
            hint=f"deploy it to {before} first, then wheelyard deploy promote {model} --from {before} --to {stage}",
        )


class NotAdmitted(RegistryError):
    """Something speaks against a deployment, or an upload meant for a stage, and the stage refuses such."""

    status = 409
    code = "not-admitted"

    def __init__(self, *, model: str, version: str, stage: str, objections: Sequence[str]) -> None:
        super().__init__(
            f"{stage} does not admit {model} {version}: {'; '.join(objections)}",
            hint="wheelyard check says what would have to change; nothing was stored",
        )


class NotDeployed(RegistryError):
    """Nothing runs at a place, or did at the time in question."""

    status = 404
    code = "not-deployed"

    def __init__(self, *, model: str, place: str) -> None:
        super().__init__(
            f"{model} is not deployed in {place}",
            hint=f"wheelyard deploy history {model} tells where it is and was",
        )


class FutureTime(RegistryError):
    """A deployment is recorded once it runs, not before; and what will run nobody can tell."""

    status = 422
    code = "future-time"

    def __init__(self, *, time: str, now: str) -> None:
        super().__init__(
            f"{time} is in the future: this registry's clock says {now}",
            hint="look at the clock of the machine that sent this, or leave the time out, which means now",
        )


class KeyReused(RegistryError):
    """One idempotency key, two different requests."""

    status = 409
    code = "key-reused"

    def __init__(self, *, key: str, model: str) -> None:
        super().__init__(
            f"the idempotency key {key!r} came with another request for {model} before, so nothing was recorded",
            hint="give each change a key of its own, such as the number of the pipeline's run",
        )
