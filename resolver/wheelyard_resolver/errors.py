"""Every error a person may meet: what happened, where, and what to do next.

An error that several places raise is a class of its own: it is raised with its facts and makes its sentence from them.
Exit codes are the contract of the command line:

==  ==============================================================
0   fine
1   the policy fails (a conflict, an unplaceable model)
2   usage or input
3   drift, only where asked for
4   not proved within the time limit
5   undecided: network, authentication, something missing offline
==  ==============================================================
"""

from __future__ import annotations

from collections.abc import Sequence


class WheelyardError(Exception):
    """An error with a message for people, a place (``file:line``) where known, and a hint where there is one."""

    exit_code = 2

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint


class InputError(WheelyardError):
    """What the user gave cannot be used: a file, a requirement, an option."""


class UnknownSchema(InputError):
    """A document is of a schema that this version does not read."""

    def __init__(self, stated: str, known: str, *, where: str) -> None:
        super().__init__(
            f'its schema is "{stated}", this wheelyard reads {known}',
            where=where,
            hint="use the wheelyard that wrote it, or have it written anew by this one",
        )


class InputErrors(InputError):
    """Several things that are wrong with what the user gave, told in one go."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)

    @staticmethod
    def raise_any(errors: Sequence[InputError]) -> None:
        """Raise the only error as it is, several as one, none not at all."""
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise InputErrors(errors)


class Undecided(WheelyardError):
    """The question has an answer, but something needed to find it is out of reach."""

    exit_code = 5


class NotProved(WheelyardError):
    """The time limit struck before the answer was proved."""

    exit_code = 4


class IndexUnreachable(Undecided):
    """An index did not answer, or answered with an error."""

    def __init__(self, *, url: str, reason: str) -> None:
        super().__init__(
            f"the index at {url} could not be read: {reason}",
            hint="check --index-url and the network, or replay from a saved snapshot with --snapshot FILE --offline",
        )
        self.url = url
        self.reason = reason


class AuthenticationRequired(Undecided):
    """An index or a registry refused the credentials, or wants some; ``reason`` is what it said of them."""

    def __init__(self, *, url: str, status: int, reason: str | None = None, hint: str | None = None) -> None:
        super().__init__(
            f"{url} answered {status}: {reason or 'it wants other credentials than were given'}",
            hint=hint or "put a token into WHEELYARD_TOKEN, or a login for this host into ~/.netrc",
        )
        self.url = url
        self.status = status


class MissingOffline(Undecided):
    """A replay needs a page or a metadata file that its snapshot does not hold."""

    def __init__(self, *, what: str, snapshot: str) -> None:
        super().__init__(
            f"the snapshot {snapshot} does not hold {what}",
            hint="run once without --offline to let the snapshot grow",
        )
        self.what = what


class UnreadablePage(Undecided):
    """A project page is neither the JSON nor the HTML of the simple API."""

    def __init__(self, *, url: str, reason: str) -> None:
        super().__init__(
            f"the page {url} is not a simple API page: {reason}",
            hint="the index URL must be the one that pip is given, it usually ends in /simple/",
        )
        self.url = url
        self.reason = reason


class UnreadableWheel(WheelyardError):
    """The bytes of a remote wheel do not hold a readable METADATA file."""

    def __init__(self, *, filename: str, reason: str) -> None:
        super().__init__(f"{filename}: {reason}")
        self.filename = filename
        self.reason = reason
