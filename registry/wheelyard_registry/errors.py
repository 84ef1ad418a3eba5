"""Every refusal of the registry: its status, a stable code, a sentence, and what to do next.

Handlers raise with the facts; the sentences are made here. :mod:`wheelyard_registry.problem` turns an error into an
``application/problem+json`` body (RFC 9457), whose ``detail`` uv prints as it stands.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from wheelyard_resolver.errors import WheelyardError

_DESCRIBED = "GET /api/v1/openapi.json describes what this registry takes"


class RegistryError(WheelyardError):
    """A request that is refused, always with a hint.

    ``code`` never changes once released; ``status`` is the HTTP status.
    """

    status = 400
    code = "bad-request"


class BadRequest(RegistryError):
    """The request itself cannot be read."""

    def __init__(self, reason: str, *, hint: str | None = None) -> None:
        super().__init__(reason, hint=hint or _DESCRIBED)


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


class LengthMismatch(RegistryError):
    """The body is not as long as its Content-Length says: nothing is stored."""

    code = "incomplete-body"

    def __init__(self, *, received: int, announced: int) -> None:
        super().__init__(
            f"the body ended after {received} of {announced} bytes, so nothing was stored",
            hint="upload again; the connection, or a proxy in between, cut the request short",
        )


class UnfinishedForm(RegistryError):
    """A multipart body without its closing boundary (RFC 2046, 5.1.1) was cut short."""

    code = "incomplete-body"

    def __init__(self) -> None:
        super().__init__(
            "the form has no closing boundary, so it was cut short and nothing was stored",
            hint="upload again; the connection, or a proxy in between, cut the request short",
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


class UnsupportedAction(RegistryError):
    """Only uploads pass the legacy form."""

    code = "unsupported-action"

    def __init__(self, *, action: str | None) -> None:
        stated = "the form states no :action" if action is None else f"the :action {action!r} is not supported"
        super().__init__(stated, hint="upload with twine or uv publish: :action=file_upload is the one that works")


class RefusedForm(RegistryError):
    """The upload form cannot be used."""

    code = "bad-form"

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"the upload form cannot be used: {reason}", hint="upload with twine or uv publish")


class RefusedFile(RegistryError):
    """A distribution file that contradicts itself or its form. All that is wrong is said in one go."""

    code = "refused-file"

    def __init__(self, *, filename: str, problems: Sequence[str]) -> None:
        super().__init__(
            f"{filename} was refused and nothing was stored: {'; '.join(problems)}",
            hint="build the distribution again from a clean tree (python -m build) and upload what that writes",
        )
        self.filename = filename
        self.problems = tuple(problems)


class FileConflict(RegistryError):
    """A file name is used once, for one content, for ever."""

    status = 409
    code = "file-exists"

    def __init__(self, *, filename: str, existing: str) -> None:
        # twine --skip-existing looks for status 409, or for the words "already exist".
        named = filename if filename == existing else f"{filename} ({existing} is the same file by another name)"
        super().__init__(
            f"{named} already exists with other contents; a file name is never used twice",
            hint="raise the version and build again; uv publish --check-url skips what is already here",
        )


class DeletedName(RegistryError):
    """The file was here and was deleted; its name stays taken."""

    status = 410
    code = "file-deleted"

    def __init__(self, *, filename: str) -> None:
        super().__init__(
            f"{filename} was deleted from this registry; a file name is never used twice",
            hint="raise the version and build again",
        )


class ProjectClosed(RegistryError):
    """The project takes no files (PEP 792)."""

    status = 403
    code = "project-closed"

    def __init__(self, *, project: str, status: str, reason: str | None) -> None:
        why = f" ({reason})" if reason else ""
        super().__init__(
            f"{project} is {status}{why}, so it takes no uploads",
            hint=f"its owners can open it again: wheelyard project status {project} active",
        )


class Quarantined(RegistryError):
    """The file is here and is not given out."""

    status = 403
    code = "quarantined"

    def __init__(self, *, what: str, reason: str | None) -> None:
        why = f": {reason}" if reason else ""
        super().__init__(f"{what} is in quarantine{why}", hint="ask its owners, or an administrator of the registry")


class StillDeployed(RegistryError):
    """What should be deleted runs somewhere."""

    status = 409
    code = "deployed"

    def __init__(self, *, what: str, places: Sequence[str]) -> None:
        super().__init__(
            f"{what} is deployed in {', '.join(places)}, so it was not deleted",
            hint="deploy another version there first; --force deletes all the same and is written to the audit log",
        )
        self.places = tuple(places)


class ContentGone(RegistryError):
    """The bytes went away while they were being listed: their twin under another name was just deleted."""

    status = 503
    code = "content-gone"

    def __init__(self) -> None:
        super().__init__("the same bytes were being deleted at this moment, so nothing was stored", hint="upload again")


class NameTaken(RegistryError):
    """A private project must not take a name that is public."""

    status = 409
    code = "name-taken"

    def __init__(self, *, project: str) -> None:
        super().__init__(
            f"{project} is a project of the upstream index, so it cannot be made here",
            hint="choose another name; an administrator can let both stand side by side:"
            f" wheelyard project overlay {project}",
        )


class OriginUnproved(RegistryError):
    """Nobody could say whether a new name is free."""

    status = 503
    code = "origin-unproved"

    def __init__(self, *, project: str, reason: str) -> None:
        super().__init__(
            f"{project} is new here, and whether it is a public name could not be found out: {reason}",
            hint="upload again later; names under a prefix given by --reserve need no such proof",
        )


class UpstreamFailed(RegistryError):
    """The upstream index is needed for this answer and cannot give it."""

    status = 502
    code = "upstream-failed"

    def __init__(self, *, url: str, reason: str) -> None:
        super().__init__(
            f"the upstream index could not be asked for {url}: {reason}",
            hint="try again later; what this registry has already cached is still served",
        )


class UpstreamTimeout(UpstreamFailed):
    """The upstream index did not answer in time."""

    status = 504
    code = "upstream-timeout"


class Offline(UpstreamFailed):
    """What is wanted was not fetched before this registry went offline."""

    status = 503
    code = "offline"

    def __init__(self, *, url: str) -> None:
        RegistryError.__init__(
            self,
            f"{url} is not in the cache, and this registry runs offline",
            hint="fetch it where there is a network (wheelyard mirror prefetch), and bring the data directory here",
        )


class CoolingDown(RegistryError):
    """An upstream file that is too young to be served."""

    status = 403
    code = "cooling-down"

    def __init__(self, *, filename: str, until: dt.datetime, days: int) -> None:
        super().__init__(
            f"{filename} is younger than {days} days, so it is not served before {until:%Y-%m-%d %H:%M} UTC",
            hint="use an older version, or ask an administrator for a waiver: wheelyard project waive",
        )


class ForbiddenHost(RegistryError):
    """Upstream leads to a place that it was not given."""

    status = 502
    code = "upstream-host"

    def __init__(self, *, index: str, host: str, address: str | None = None) -> None:
        if address is None:
            super().__init__(
                f"the upstream index {index} leads to the host {host}, which is not one of its own",
                hint="if its files are kept there, add the host to file-hosts of this index in the --upstreams file",
            )
        else:
            super().__init__(
                f"{host}, a host of the upstream index {index}, has the address {address}, which is not a public one",
                hint="if it is in your own network, start with --private-upstreams, or write private-network = true",
            )


class CorruptUpstream(RegistryError):
    """What upstream sent is not what it announced."""

    status = 502
    code = "upstream-corrupt"

    def __init__(self, *, filename: str, reason: str) -> None:
        super().__init__(
            f"upstream sent {filename}, but {reason}; nothing was kept",
            hint="try again; if it stays so, the upstream index or a proxy before it serves damaged files",
        )


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
            hint=f"its stages are {', '.join(known)}; an administrator adds one with wheelyard stage set",
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
    """Something speaks against a deployment, and the stage refuses such."""

    status = 409
    code = "not-admitted"

    def __init__(self, *, model: str, version: str, stage: str, objections: Sequence[str]) -> None:
        super().__init__(
            f"{stage} does not admit {model} {version}: {'; '.join(objections)}",
            hint="wheelyard check says what would have to change; nothing was recorded",
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
    """A deployment is recorded once it runs, not before."""

    status = 422
    code = "future-time"

    def __init__(self, *, time: str, now: str) -> None:
        super().__init__(
            f"{time} is in the future: this registry's clock says {now}",
            hint="set the clock of the machine that sent this, or leave the time out, which means now",
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


class InvalidField(RegistryError):
    """Fields of an API request that cannot be used. All of them are said in one go."""

    status = 422
    code = "invalid-field"

    def __init__(self, problems: Sequence[str], *, hint: str | None = None) -> None:
        super().__init__("; ".join(problems), hint=hint or _DESCRIBED)


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
            hint="free space in the data directory, then upload again",
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
