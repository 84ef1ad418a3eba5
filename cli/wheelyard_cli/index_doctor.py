"""Examines any simple index as its clients meet it, and says what each finding means to them.

Sources: the simple repository API specification (PEP 503, 658, 691, 700, 714); RFC 9110 (ranges, conditional requests,
authentication); what pip and uv do with each answer.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

import httpx
from packaging.utils import canonicalize_name

from wheelyard_cli.routing import without_credentials
from wheelyard_resolver.errors import IndexUnreachable, InputError, UnreadablePage
from wheelyard_resolver.page import HTML_V1, JSON_V1, DistributionFile, ProjectPage, RawPage, parse_page

_HTML = "text/html"
"""What browsers, and pip before 22.2, ask for."""

_LARGEST_READ = 20_000_000
_FIRST_FLIGHT = 14_000
"""Bytes that arrive at the same time, however few of them they are (RFC 6928)."""
_NAME_IN_LIST = re.compile(rb'"name"\s*:\s*"([^"]+)"|<a [^>]*href="(?:[^"]*/)?([^"/]+)/"')


class Level(Enum):
    """How a finding counts."""

    GOOD = "ok"
    WEAK = "weak"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was seen, and where it is not good, what that means for users."""

    topic: str
    level: Level
    seen: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """An index, the project that was looked at, and everything that was found."""

    url: str
    project: str
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is bad."""
        return all(finding.level is not Level.BAD for finding in self.findings)


class Doctor:
    """Looks at one index through an HTTP client, which carries the credentials."""

    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client = client
        bare = without_credentials(url)
        self._url = bare if bare.endswith("/") else f"{bare}/"

    def examine(self, project: str | None) -> Examined:
        """Look at everything, by the example of a project; without one, of the first that the index lists.

        Raises:
            IndexUnreachable: it does not answer at all, or not with a page of the project.
            InputError: it lists no project, and none was given.
        """
        name = canonicalize_name(project or self._some_project())
        page_url = f"{self._url}{name}/"
        best, html = (self._get(page_url, accept=kind) for kind in (JSON_V1, _HTML))
        page = self._parsed(name, best)
        findings = [
            *self._forms(best, html),
            *(_agreement(page, html) if _kind(best) == JSON_V1 else ()),
            *self._caching(page_url, best),
            *_fields(page),
            *self._names(name),
            *self._credentials(page_url),
            *self._files(page),
            self._transport(),
        ]
        return Examined(self._url, name, tuple(findings))

    def _get(
        self, url: str, *, accept: str = "*/*", follow: bool = True, method: str = "GET", **headers: str
    ) -> httpx.Response:
        # Credentials that are stated here are sent instead of those that the client has.
        auth = None if "Authorization" in headers else httpx.USE_CLIENT_DEFAULT
        stated = {"Accept": accept, **headers}
        try:
            return self._client.request(method, url, headers=stated, follow_redirects=follow, auth=auth)
        except httpx.HTTPError as error:
            raise IndexUnreachable(url=without_credentials(url), reason=str(error) or type(error).__name__) from error

    def _some_project(self) -> str:
        found = _NAME_IN_LIST.search(self._get(self._url, accept=f"{JSON_V1}, {HTML_V1};q=0.5").content)
        if found is None:
            raise InputError("the index lists no project", hint="name one that it has: --project NAME")
        return (found[1] or found[2]).decode()

    def _parsed(self, name: str, answer: httpx.Response) -> ProjectPage:
        url = str(answer.url)
        if answer.status_code != 200:
            raise IndexUnreachable(url=without_credentials(url), reason=f"it answered {answer.status_code}")
        raw = RawPage(url, answer.headers.get("content-type", ""), answer.content)
        try:
            return parse_page(canonicalize_name(name), raw)
        except UnreadablePage as error:
            raise IndexUnreachable(url=without_credentials(url), reason=error.message) from error

    def _forms(self, best: httpx.Response, html: httpx.Response) -> Iterator[Finding]:
        yield _judge(
            "JSON pages (PEP 691)",
            _kind(best) == JSON_V1,
            f"asked for JSON, it sends {_kind(best) or 'no type'}",
            "clients read HTML, which has no sizes and no upload times",
            Level.WEAK,
        )
        yield _judge(
            "HTML pages (PEP 503)",
            html.status_code == 200 and _kind(html) in {HTML_V1, _HTML},
            f"asked for {_HTML}, it sends {html.status_code} {_kind(html)}",
            "pip before 22.2 and browsers read nothing here",
        )
        version = re.search(rb'repository-version"\s+content="([^"]+)|"api-version"\s*:\s*"([^"]+)', html.content)
        stated = b"" if version is None else version[1] or version[2]
        yield _judge(
            "version of the API (PEP 629)",
            stated.startswith(b"1."),
            f"its HTML states {stated.decode() or 'none'}",
            "clients take it for 1.0, and cannot tell when it becomes something that they do not know",
            Level.WEAK,
        )

    def _caching(self, url: str, page: httpx.Response) -> Iterator[Finding]:
        tag = page.headers.get("etag")
        again = None if tag is None else self._get(url, accept=JSON_V1, **{"If-None-Match": tag})
        yield _judge(
            "conditional requests",
            again is not None and again.status_code == 304,
            "no ETag" if again is None else f"If-None-Match is answered {again.status_code}",
            "every install fetches every page in full",
            Level.WEAK,
        )
        varies = {word.strip().lower() for word in page.headers.get("vary", "").split(",")}
        yield _judge(
            "negotiation",
            _kind(page) != JSON_V1 or not varies.isdisjoint({"accept", "*"}),
            f"Vary: {page.headers.get('vary', 'is not sent')}",
            "a cache between client and index gives JSON to those who asked for HTML, and the other way round",
            Level.WEAK,
        )
        control = page.headers.get("cache-control", "")
        age = re.search(r"max-age=(\d+)", control)
        yield _judge(
            "freshness of pages",
            age is None or int(age[1]) <= 3600,
            f"Cache-Control: {control or 'is not sent'}",
            "pip 26.2 and later, and uv, do not see a new release until this time is over",
            Level.WEAK,
        )
        yield _judge(
            "compression",
            "content-encoding" in page.headers or len(page.content) < _FIRST_FLIGHT,
            f"a page of {len(page.content)} bytes is sent {_encoding(page)}",
            "resolving reads hundreds of pages; compressed they are a tenth of the size",
            Level.WEAK,
        )

    def _names(self, name: str) -> Iterator[Finding]:
        other = name.replace("-", "_").upper()
        spelled = self._get(f"{self._url}{other}/", follow=False)
        yield _judge(
            "spelling of names (PEP 503)",
            spelled.status_code in {200, 301, 302, 303, 307, 308},
            f"{other} is answered {spelled.status_code}",
            "old clients and people who type names as they are written find nothing",
            Level.WEAK,
        )
        nobody = f"wheelyard-doctor-{secrets.token_hex(8)}"
        answer = self._get(f"{self._url}{nobody}/", follow=False)
        target = answer.headers.get("location", "")
        leads_away = bool(target) and httpx.URL(target).host not in {"", httpx.URL(self._url).host}
        if leads_away:
            host = httpx.URL(target).host
            yield Finding(
                "names that it does not have",
                Level.BAD,
                f"it sends clients on to {host}",
                f"whoever publishes your private name on {host} is installed where yours is missing: "
                "dependency confusion",
            )
            return
        yield _judge(
            "names that it does not have",
            answer.status_code in {404, 410} or (answer.status_code == 200 and name not in answer.text),
            f"an unknown name is answered {answer.status_code}",
            "uv takes anything but 404 for a failure of the index and stops; pip passes the index by",
        )

    def _credentials(self, url: str) -> Iterator[Finding]:
        wrong = self._get(url, Authorization="Basic d2hlZWx5YXJkLWRvY3Rvcjpub3QtdGhpcw==")
        if wrong.status_code == 200:
            seen = "a wrong password is answered 200: reading needs none, or anything does"
            yield Finding("wrong credentials", Level.UNKNOWN, seen)
            return
        yield _judge(
            "wrong credentials",
            wrong.status_code == 401 and "www-authenticate" in wrong.headers,
            f"a wrong password is answered {wrong.status_code}",
            "pip asks its keyring or a person for other credentials only after 401, browsers after WWW-Authenticate",
        )

    def _files(self, page: ProjectPage) -> Iterator[Finding]:
        file = _smallest(page)
        if file is None:
            yield Finding("files", Level.UNKNOWN, "the project has no file")
            return
        part = self._get(file.url, Range="bytes=0-9")
        yield _judge(
            "byte ranges",
            part.status_code == 206 and len(part.content) == 10,
            f"the first ten bytes of {file.filename} are answered {part.status_code}",
            "broken downloads start over, and without PEP 658 whole wheels are read for their metadata",
            Level.WEAK,
        )
        head = self._get(file.url, method="HEAD")
        ranges = head.headers.get("accept-ranges", "")
        yield _judge(
            "HEAD of files",
            head.status_code == 200 and ranges == "bytes" and "content-length" in head.headers,
            f"it is answered {head.status_code}, Accept-Ranges: {ranges or 'is not sent'}",
            "without PEP 658 uv and pip read whole wheels for their metadata",
            Level.WEAK,
        )
        control = part.headers.get("cache-control", "")
        yield _judge(
            "caching of files",
            "immutable" in control or "max-age" in control,
            f"Cache-Control: {control or 'is not sent'}",
            "clients ask again for files that never change",
            Level.WEAK,
        )
        yield self._content(file, part)
        yield from self._metadata(page)

    def _content(self, file: DistributionFile, part: httpx.Response) -> Finding:
        total = part.headers.get("content-range", "").rpartition("/")[2]
        size = file.size or (int(total) if total.isdigit() else len(part.content))
        if file.sha256 is None or size > _LARGEST_READ:
            reason = "no sha256 is stated" if file.sha256 is None else f"it has {size} bytes"
            return Finding("content", Level.UNKNOWN, f"{file.filename} was not read: {reason}")
        found = hashlib.sha256(self._get(file.url).content).hexdigest()
        return _judge(
            "content",
            found == file.sha256,
            f"{file.filename} has the sha256 {found[:12]}..., stated is {file.sha256[:12]}...",
            "it cannot be installed",
        )

    def _metadata(self, page: ProjectPage) -> Iterator[Finding]:
        offered = next((file for file in page.files if file.core_metadata is not None), None)
        if offered is None:
            return
        answer = self._get(f"{offered.url}.metadata")
        found = hashlib.sha256(answer.content).hexdigest()
        yield _judge(
            "metadata file (PEP 658)",
            answer.status_code == 200 and offered.core_metadata in {"", found},
            f"that of {offered.filename} is answered {answer.status_code}, sha256 {found[:12]}...",
            "uv and pip refuse metadata whose hash is not the announced one",
        )

    def _transport(self) -> Finding:
        host = httpx.URL(self._url).host
        local = host in {"localhost", "127.0.0.1", "::1"}
        secure = self._url.startswith("https:")
        return _judge(
            "transport",
            secure or local,
            "https" if secure else "plain http on this machine" if local else "plain http",
            "passwords travel in clear, and pip keeps nothing in its cache from plain http",
        )


def _agreement(page: ProjectPage, html: httpx.Response) -> Iterator[Finding]:
    try:
        other = parse_page(page.project, RawPage(str(html.url), _kind(html), html.content))
    except UnreadablePage:
        return
    said, shown = ({(file.filename, file.sha256) for file in each.files} for each in (page, other))
    yield _judge(
        "both forms list the same",
        said == shown,
        f"JSON lists {len(said)}, HTML {len(shown)}, {len(said & shown)} with the same name and sha256",
        "what is installed depends on how old the client is",
    )


def _kind(answer: httpx.Response) -> str:
    return str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _encoding(answer: httpx.Response) -> str:
    named = answer.headers.get("content-encoding")
    return "as it is" if named is None else f"as {named}"


def _judge(topic: str, good: bool, seen: str, meaning: str, otherwise: Level = Level.BAD) -> Finding:  # noqa: FBT001
    return Finding(topic, Level.GOOD if good else otherwise, seen, "" if good else meaning)


def _smallest(page: ProjectPage) -> DistributionFile | None:
    return min(page.files, key=lambda file: file.size or _LARGEST_READ, default=None)


def _fields(page: ProjectPage) -> Iterator[Finding]:
    """What the page says of its files."""
    wheels = [file for file in page.files if file.filename.endswith(".whl")]
    asked: list[tuple[str, list[DistributionFile], Callable[[DistributionFile], object], str, Level]] = [
        (
            "sha256 of files",
            list(page.files),
            lambda file: file.sha256,
            "a file that was exchanged is not noticed",
            Level.BAD,
        ),
        ("sizes (PEP 700)", list(page.files), lambda file: file.size, "clients cannot tell how much comes", Level.WEAK),
        (
            "upload times (PEP 700)",
            list(page.files),
            lambda file: file.upload_time,
            "uv --exclude-newer finds no versions, pip --uploaded-prior-to gives up",
            Level.WEAK,
        ),
        (
            "metadata of wheels (PEP 658)",
            wheels,
            lambda file: file.core_metadata is not None,
            "resolvers read wheels, in parts or whole, to learn what they depend on",
            Level.WEAK,
        ),
    ]
    for topic, files, said, meaning, otherwise in asked:
        number = sum(bool(said(file)) for file in files)
        yield _judge(
            topic, number == len(files), f"stated for {number} of {len(files)} of {page.project}", meaning, otherwise
        )
