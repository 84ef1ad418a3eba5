"""Why a build failed, in words, by what builders and installers are known to say."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from wheelyard_resolver.errors import WheelyardError


@dataclass(frozen=True)
class Cause:
    """What happened and what to do next."""

    message: str
    hint: str
    of_push: bool = False


class BuildFailed(WheelyardError):
    """An image could not be built, or pushed. ``tail`` is the end of what the builder said."""

    exit_code = 1

    def __init__(self, *, image: str, cause: Cause, tail: Sequence[str]) -> None:
        super().__init__(f"{image} was not {'pushed' if cause.of_push else 'built'}: {cause.message}", hint=cause.hint)
        self.image = image
        self.cause = cause
        self.tail = tuple(tail)


_Words = Callable[[re.Match[str]], Cause]


def _said(message: str, hint: str) -> _Words:
    return lambda found: Cause(
        message.format(*(group or "" for group in found.groups())),
        hint.format(*(group or "" for group in found.groups())),
    )


_NO_IMAGE = (
    r"(?i)pull access denied|manifest unknown|image not known|no such image|failed to create LLB definition|"
    r"failed to resolve source metadata|unable to copy from source|short-name resolution|initializing source"
)
_NO_INDEX = (
    r"(?i)connection refused|failed to establish a new connection|name or service not known|"
    r"temporary failure in name resolution|network is unreachable|error sending request|max retries exceeded"
)

_FULL = (r"(?i)no space left on device|disk quota exceeded", _said("the disk is full", "free space, then build again"))

# The first that fits counts: what lies deeper comes first.
_KNOWN: tuple[tuple[str, _Words], ...] = (
    _FULL,
    (
        r"buildx component is missing",
        _said("this docker has no BuildKit", "install its buildx plugin, or name another builder with --builder"),
    ),
    (
        r"/mnt/(\S+): FAILED",
        _said("{0} is not the one that its Dockerfile was written for", "propose anew: the two are written together"),
    ),
    (
        r"wheelyard: (\S+): import (\S+) failed: (.*)",
        _said(
            "{0} is installed, and `import {1}` fails: {2}",
            "`wheelyard bases observe` records it, so that the next proposal avoids it",
        ),
    ),
    (r"wheelyard: (\S+) brings nothing that can be imported", _said("{0} has no module", "look into its wheel")),
    (
        r"(?s)DO NOT MATCH THE HASHES.*?\n(?:#\d+ [\d.]+ )?\s*(\S+==\S+)",
        _said(
            "the index serves {0} with another hash than the lock's", "propose anew, or find out who changed the file"
        ),
    ),
    (
        r"Hash mismatch for `([^`]+)`",
        _said(
            "the index serves {0} with another hash than the lock's", "propose anew, or find out who changed the file"
        ),
    ),
    (
        _NO_IMAGE,
        _said(
            "the image that it starts from cannot be had", "name one that can be pulled: `bases propose --from IMAGE`"
        ),
    ),
    (
        r"(?i)\b40[13]\b[^\n]*(?:error|unauthorized|forbidden)|User for [^\n]*:|credentials not correct",
        _said("the index wants a login, and refuses the one it got", "give a netrc file with the login: --netrc FILE"),
    ),
    (
        r"(?i)certificate.verify.failed|invalid peer certificate",
        _said(
            "the image that it starts from does not trust the certificate of the index",
            "start from one that has your certificate authority (`bases propose --from IMAGE`), or add it in the "
            "block `from` of a template",
        ),
    ),
    (
        _NO_INDEX,
        _said("the index cannot be reached from the build", "check --index-url, and --network host for a local index"),
    ),
    (
        r"(?i)(?:stat|lstat|lookup|failed to compute cache key)[^\n]*/?wheels\b[^\n]*(?:no such file|not found)",
        _said("the index had no wheel of this model, and wheels/ is not there", "put its wheel into wheels/"),
    ),
    (
        r"No matching distribution found for (\S+)",
        _said(
            "the index does not show {0}",
            "check --index-url: it must list what the lock was made from, and --netrc: it must name that host; a model "
            "that is in no index needs its wheel in wheels/",
        ),
    ),
    (
        r"(\S+ \S+ has requirement [^\n]*|\S+ \S+ requires \S+, which is not installed\.)",
        _said("pip check: {0}", "does the image that the base starts from bring packages of its own?"),
    ),
)


_HIDDEN = (
    # pip says no more than this of a page that it may not read.
    r"No matching distribution found for (\S+)",
    _said(
        "the index does not show {0} without a login",
        "where it wants one, give --netrc FILE; else check --index-url: it must list what the lock was made from, and "
        "a model that is in no index needs its wheel in wheels/",
    ),
)
"""Stands for the words that ``_KNOWN`` has for it where the build was given no login."""

_PUSHING = r"(?m)^ > pushing |failed to push"
"""What buildx says where it was the push that failed: it builds and pushes in one."""

_KNOWN_OF_PUSHES: tuple[tuple[str, _Words], ...] = (
    _FULL,
    (
        r"(?i)server gave HTTP response to HTTPS client",
        _said("its registry does not speak TLS", "have the builder's own settings name it as an insecure registry"),
    ),
    (
        r"(?i)unauthorized|denied|forbidden|no basic auth credentials",
        _said("its registry refuses it", "log in with a right to push there: `docker login`, `podman login` ..."),
    ),
    (
        rf"{_NO_INDEX}|no such host|i/o timeout",
        _said("its registry cannot be reached", "check the --prefix that was proposed with"),
    ),
)


def cause_of(output: str, *, login: bool) -> Cause:
    """The cause of a failed build, or of a failed build and push in one, by the builder's output.

    ``login``: whether it was given one for the index.
    """
    if re.search(_PUSHING, output):
        return cause_of_push(output)
    known = _KNOWN if login else [_HIDDEN if entry[0] == _HIDDEN[0] else entry for entry in _KNOWN]
    return _first(known, output)


def cause_of_push(output: str) -> Cause:
    """The cause of a failed push by the builder's output."""
    return replace(_first(_KNOWN_OF_PUSHES, output), of_push=True)


def _first(known: Sequence[tuple[str, _Words]], output: str) -> Cause:
    for pattern, words in known:
        found = re.search(pattern, output)
        if found is not None:
            return words(found)
    return Cause("see the end of what the builder said", "build it alone with --only to see it all")
