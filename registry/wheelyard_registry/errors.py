"""What a refusal is: a status, a stable code, a sentence and what to do next; and those that any request may meet.

Handlers raise with the facts; the sentences are made here and, by what they are about, in :mod:`.file_errors`,
:mod:`.upstream_errors` and :mod:`.deployment_errors`. :mod:`wheelyard_registry.problem` turns an error into an
``application/problem+json`` body (RFC 9457), whose ``detail`` uv prints as it stands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from wheelyard_resolver.errors import WheelyardError

DESCRIBED = "GET /api/v1/openapi.json describes what this registry takes"
"""The hint where nothing better can be said."""


class RegistryError(WheelyardError):
    """A request that is refused, always with a hint.

    ``code`` never changes once released; ``status`` is the HTTP status.
    """

    status = 400
    code = "bad-request"


class BadRequest(RegistryError):
    """The request itself cannot be read."""

    def __init__(self, reason: str, *, hint: str | None = None) -> None:
        super().__init__(reason, hint=hint or DESCRIBED)


class NotFound(RegistryError):
    """Nothing is here under this name."""

    status = 404
    code = "not-found"

    def __init__(self, *, what: str, hint: str | None = None) -> None:
        super().__init__(
            f"{what} is not in this index", hint=hint or "check the spelling; /simple/ lists the private projects"
        )


class Unauthenticated(RegistryError):
    """No credentials, or none that this registry knows (RFC 9110, 15.5.2)."""

    status = 401
    code = "unauthenticated"

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason,
            hint="send the token as the password of user __token__ (twine and uv publish: -u __token__ -p wy_...),"
            " or as a Bearer token",
        )


class Forbidden(RegistryError):
    """The sender is known, and may not do this (RFC 9110, 15.5.4)."""

    status = 403
    code = "forbidden"

    def __init__(self, *, right: str, project: str | None) -> None:
        where = "here" if project is None else f"to {project}"
        super().__init__(
            f"these credentials do not carry the right {right!r} {where}",
            hint="ask an administrator of the registry for a token, or for a group, that has it",
        )


class TooManyAttempts(RegistryError):
    """Too many wrong passwords, or too many at the same time (RFC 6585, 4)."""

    status = 429
    code = "too-many-attempts"

    def __init__(self, *, seconds: float) -> None:
        self.retry_after = max(1, math.ceil(seconds))
        super().__init__(
            "too many logins failed or wait",
            hint=f"try again in {self.retry_after} seconds; tokens are not held up by this",
        )


class BodyTooLarge(RegistryError):
    """The body is beyond the limit of the settings."""

    status = 413
    code = "too-large"

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            f"the upload is larger than this registry accepts ({limit} bytes)",
            hint="raise --max-upload on the server if such files belong here",
        )


class UnusableTime(RegistryError):
    """The index cannot be shown as of what the path says."""

    code = "unusable-time"

    def __init__(self, *, text: str, reason: str) -> None:
        super().__init__(
            f"the index cannot be shown as of {text}: {reason}",
            hint="write a time that has been, like 2026-11-23T10:00:00Z; 2026-11-23 is the beginning of that day, UTC",
        )


class InvalidField(RegistryError):
    """Fields of an API request that cannot be used. All of them are said in one go."""

    status = 422
    code = "invalid-field"

    def __init__(self, problems: Sequence[str], *, hint: str | None = None) -> None:
        super().__init__("; ".join(problems), hint=hint or DESCRIBED)


class NotAcceptable(RegistryError):
    """None of the media types asked for can be made (PEP 691)."""

    status = 406
    code = "not-acceptable"

    def __init__(self, *, known: Sequence[str]) -> None:
        super().__init__(
            "none of the media types asked for can be served", hint=f"this page exists as {', '.join(known)}"
        )


class RangeNotSatisfiable(RegistryError):
    """The file has none of the bytes asked for (RFC 9110, 15.5.17)."""

    status = 416
    code = "range-not-satisfiable"

    def __init__(self, *, size: int) -> None:
        super().__init__(
            f"the file has {size} bytes, and none of those asked for",
            hint="throw away what was downloaded and start again; the file ends earlier than that",
        )
        self.size = size


class MethodNotAllowed(RegistryError):
    """The address exists, the method does not (RFC 9110, 15.5.6)."""

    status = 405
    code = "method-not-allowed"

    def __init__(self, *, method: str, allowed: Sequence[str]) -> None:
        super().__init__(
            f"{method} is not possible here",
            hint=f"this address takes {', '.join(allowed)}; uploads go to / or /legacy/ by POST",
        )
        self.allowed = tuple(allowed)


class InternalError(RegistryError):
    """A bug or a fault of the machine; the log has the traceback."""

    status = 500
    code = "internal-error"

    def __init__(self) -> None:
        super().__init__("the registry failed while answering; its log says why", hint="report it with the log's lines")


class StorageFull(RegistryError):
    """The data directory cannot take the bytes."""

    status = 507
    code = "storage"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"the registry could not store the file: {reason}; nothing was kept",
            hint="free space in the data directory, then try again",
        )


class CatalogueUnavailable(RegistryError):
    """The database does not answer, or refuses a statement."""

    status = 503
    code = "catalogue-unavailable"

    def __init__(self) -> None:
        super().__init__(
            "the registry's catalogue cannot be used at the moment; nothing was changed",
            hint="try again later; the registry's log says what is wrong with its database",
        )


class CannotServe(WheelyardError):
    """The registry cannot start."""

    def __init__(self, *, reason: str, hint: str | None = None) -> None:
        super().__init__(f"the registry cannot start: {reason}", hint=hint)
