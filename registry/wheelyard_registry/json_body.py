"""The JSON of API requests: read once, and everything wrong with it said in one go."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping

from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from starlette.requests import Request

from wheelyard_registry.errors import BadRequest, BodyTooLarge, InvalidField, NotFound
from wheelyard_resolver.page import parse_time

MAX_JSON = 1024 * 1024

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
"""Names of users and groups."""

PATTERN = re.compile(r"[a-z0-9*?\[\]-]{1,200}")
"""Shell-style patterns of normalised project names."""


async def json_object(request: Request, *, limit: int = MAX_JSON) -> dict[str, object]:
    """The body, which must be a JSON object.

    Raises:
        BadRequest, BodyTooLarge: it is not.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge(limit=limit)
    try:
        document = json.loads(bytes(body))
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadRequest("the body must be a JSON object")
    return document


class Fields:
    """The fields of a JSON object, read one by one. :meth:`finish` says what was wrong, all of it.

    A field that is wrong reads as if it were missing, so that reading can go on.
    """

    def __init__(self, given: Mapping[str, object], *known: str) -> None:
        self._given = given
        self._known = known
        self._problems = [f"unknown field {name!r}" for name in given if name not in known]

    def text(
        self, name: str, *, required: bool = False, pattern: re.Pattern[str] | None = None, longest: int = 400
    ) -> str | None:
        """A string of 1 to ``longest`` printable characters, of a shape if ``pattern`` gives one."""
        value = self._given.get(name)
        if value is None:
            self._problems += [f"{name} is missing"] if required else []
            return None
        if not isinstance(value, str):
            self._problems.append(f"{name} must be a string")
        elif not value.strip() or len(value) > longest or not value.isprintable():
            self._problems.append(f"{name} must be 1 to {longest} printable characters")
        elif pattern is not None and pattern.fullmatch(value) is None:
            self._problems.append(f"{name} {value!r} is not of the form {pattern.pattern}")
        else:
            return value
        return None

    def secret(self, name: str, limit: int) -> str:
        """A password: any 8 to ``limit`` characters that can be written as UTF-8. It is never repeated."""
        value = self._given.get(name)
        if not isinstance(value, str) or not 8 <= len(value) <= limit or not _encodable(value):
            self._problems.append(f"{name} must be a string of 8 to {limit} characters")
            return ""
        return value

    def texts(self, name: str, *, pattern: re.Pattern[str] | None = None, most: int = 200) -> tuple[str, ...] | None:
        """A list of up to ``most`` strings; None where it is missing."""
        value = self._given.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) > most or not all(isinstance(entry, str) for entry in value):
            self._problems.append(f"{name} must be a list of at most {most} strings")
            return None
        wrong = [entry for entry in value if pattern is not None and pattern.fullmatch(entry) is None]
        self._problems += [f"{name} holds {entry!r}, which is not of the form {_shown(pattern)}" for entry in wrong]
        return None if wrong else tuple(value)

    def has(self, name: str) -> bool:
        """Whether a field is there."""
        return self._given.get(name) is not None

    def objects(self, name: str, *known: str, most: int | None = None) -> Iterator[Fields]:
        """The objects of a list, each to be read in its turn; what is wrong with one is told with its place."""
        value = self._given.get(name)
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self._problems.append(f"{name} must be a list of objects")
            return
        if most is not None and len(value) > most:
            self._problems.append(f"{name} must be a list of at most {most} objects")
            return
        for number, entry in enumerate(value):
            inner = Fields(entry, *known)
            yield inner
            self._problems += (f"{name}[{number}]: {problem}" for problem in inner._problems)

    def document(self, name: str) -> str:
        """A text of any length and shape, within the limit of the body."""
        value = self._given.get(name)
        if not isinstance(value, str) or not _encodable(value):
            self._problems.append(f"{name} must be a text")
            return ""
        return value

    def flag(self, name: str) -> bool:
        """True or false; false where it is missing."""
        value = self._given.get(name, False)
        if not isinstance(value, bool):
            self._problems.append(f"{name} must be true or false")
            return False
        return value

    def count(self, name: str, *, required: bool = False, least: int = 0) -> int | None:
        """A whole number of at most nine digits."""
        value = self._given.get(name)
        if value is None:
            self._problems += [f"{name} is missing"] if required else []
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 10**9:
            self._problems.append(f"{name} must be a whole number, at least {least}")
            return None
        return value

    def number(self, name: str) -> float | None:
        """A number, at least 0."""
        value = self._given.get(name)
        if value is None:
            return None
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 10**9:
            self._problems.append(f"{name} must be a number, at least 0")
            return None
        return float(value)

    def time(self, name: str) -> dt.datetime | None:
        """A time of ISO 8601 with its zone."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return parse_time(text)
        except (ValueError, OverflowError):
            self._problems.append(f"{name} must be a time such as 2027-01-31T00:00:00Z")
            return None

    def problem(self, text: str) -> None:
        """Something wrong that only the caller can see."""
        self._problems.append(text)

    def finish(self) -> None:
        """Raise :class:`InvalidField` if anything was wrong."""
        if self._problems:
            raise InvalidField(self._problems, hint=f"the fields are {', '.join(self._known) or 'none'}")


def flag_of(request: Request, name: str) -> bool:
    """A flag of the query; false where it is missing.

    Raises:
        InvalidField: it is neither true nor false.
    """
    value = request.query_params.get(name, "").lower()
    if value not in {"", "0", "1", "false", "true"}:
        raise InvalidField([f"{name} must be true or false, not {value!r}"])
    return value in {"1", "true"}


def count_of(request: Request, name: str, default: int) -> int:
    """A whole number of the query.

    Raises:
        InvalidField: it is something else, or has more than 18 digits.
    """
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise InvalidField([f"{name} must be a whole number, not {text[:20]!r}"])
    return int(text)


def time_of(request: Request, name: str) -> dt.datetime | None:
    """A time of the query in ISO 8601, with its zone; None where it is missing.

    Raises:
        InvalidField: it is not one.
    """
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return parse_time(text)
    except (ValueError, OverflowError) as error:
        raise InvalidField([f"{name} must be a time such as 2027-01-31T00:00:00Z, not {text[:40]!r}"]) from error


def project_of(request: Request) -> NormalizedName:
    """The project that the path names.

    Raises:
        NotFound: no project can have this name.
    """
    given = request.path_params["project"]
    try:
        return canonicalize_name(given, validate=True)
    except InvalidName as error:
        raise NotFound(what=f"the project {given!r}") from error


def _shown(pattern: re.Pattern[str] | None) -> str:
    return pattern.pattern if pattern is not None else ""


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
