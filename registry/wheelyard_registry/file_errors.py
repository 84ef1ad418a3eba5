"""Refusals that are about distribution files, and the projects and names they belong to. See :mod:`.errors`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from wheelyard_registry.errors import RegistryError


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


class FileGone(RegistryError):
    """A page of the past lists the file; its bytes have been deleted since."""

    status = 410
    code = "file-deleted"

    def __init__(self, *, filename: str, deleted_at: dt.datetime) -> None:
        super().__init__(
            f"{filename} was deleted from this registry on {deleted_at:%Y-%m-%d}, so it cannot be had any more",
            hint="lock anew without it; the audit log says why it was deleted",
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
