"""The simple client against indexes of every temper, played by a transport that answers from memory."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from packaging.utils import NormalizedName

from wheelyard_cli.metadata_cache import DirectoryCache, MetadataCache
from wheelyard_cli.routing import IndexRoute, Routing
from wheelyard_cli.simple_client import Progress, SimpleClient
from wheelyard_cli.transfer import Transfer
from wheelyard_resolver.errors import AuthenticationRequired, IndexUnreachable, Undecided
from wheelyard_resolver.page import ACCEPT, DistributionFile, RawPage
from wheelyard_resolver.remote_wheel import TAIL

INDEX = "https://index.example/simple/"
FILENAME = "demand-1.4.0-py3-none-any.whl"
FILE_URL = f"https://files.example/{FILENAME}"
METADATA = b"Metadata-Version: 2.4\nName: demand\nVersion: 1.4.0\n"
DEMAND = NormalizedName("demand")

Handler = Callable[[httpx.Request], httpx.Response]


def wheel(metadata: bytes = METADATA) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("demand/weights.bin", bytes(3 * TAIL))
        archive.writestr("demand-1.4.0.dist-info/METADATA", metadata)
    return stream.getvalue()


WHEEL = wheel()


def described(**facts: object) -> DistributionFile:
    stated: dict[str, object] = {"filename": FILENAME, "url": FILE_URL, "size": len(WHEEL), **facts}
    return DistributionFile(**stated)  # type: ignore[arg-type]


@dataclass
class Server:
    """Remembers what it was asked, and how long the client slept in between."""

    answer: Handler
    requests: list[httpx.Request] = field(default_factory=list)
    naps: list[float] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    def client(
        self,
        routing: Routing | None = None,
        *,
        cache: MetadataCache | None = None,
        progress: Progress | None = None,
        environment: dict[str, str] | None = None,
    ) -> SimpleClient:
        routing = routing or Routing(INDEX)
        transfer = Transfer(
            routing.urls(),
            transport=httpx.MockTransport(self),
            environment={"NETRC": "/nowhere", **(environment or {})},
            sleep=self.naps.append,
        )
        return SimpleClient(routing, cache=cache, progress=progress, transfer=transfer)

    @property
    def ranges(self) -> list[str | None]:
        return [request.headers.get("Range") for request in self.requests]


def serving_ranges(content: bytes) -> Handler:
    """Answers ranges as RFC 9110 wants it, those counted from the end as well."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range", ""))
        if asked is None:
            return httpx.Response(200, content=content)
        first, last = asked.groups()
        start = int(first) if first else max(0, len(content) - int(last))
        stop = int(last) + 1 if first and last else len(content)
        headers = {"Content-Range": f"bytes {start}-{stop - 1}/{len(content)}"}
        return httpx.Response(206, content=content[start:stop], headers=headers)

    return answer


def whole(content: bytes) -> Handler:
    """Ignores ranges."""
    return lambda _: httpx.Response(200, content=content)


def in_turn(*responses: httpx.Response | Exception) -> Handler:
    """One answer after another."""
    remaining: Iterator[httpx.Response | Exception] = iter(responses)

    def answer(_: httpx.Request) -> httpx.Response:
        following = next(remaining)
        if isinstance(following, Exception):
            raise following
        return following

    return answer


# --- pages


def test_a_page_is_kept_as_received() -> None:
    """URL after redirects, content type and body, byte for byte."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "index.example":
            return httpx.Response(301, headers={"Location": "https://mirror.example/demand/"})
        return httpx.Response(200, content=b"<a>", headers={"Content-Type": "text/html; charset=utf-8"})

    server = Server(answer)
    with server.client() as client:
        assert client.pages([DEMAND]) == {
            DEMAND: RawPage("https://mirror.example/demand/", "text/html; charset=utf-8", b"<a>")
        }
    assert server.requests[0].url == f"{INDEX}demand/"
    assert server.requests[0].headers["Accept"] == ACCEPT


@pytest.mark.parametrize("status", [404, 410])
def test_a_project_that_the_index_does_not_have_is_none(status: int) -> None:
    """404 and 410 say so; every project asked for is in the answer."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if "demand" in request.url.path else status)

    with Server(answer).client() as client:
        pages = client.pages([NormalizedName("absent"), DEMAND])
    assert pages[NormalizedName("absent")] is None
    assert pages[DEMAND] is not None


def test_the_first_route_that_names_a_project_answers_for_it() -> None:
    """Patterns are matched against normalised names; all others go to the default index."""
    routing = Routing(
        INDEX,
        (
            IndexRoute("https://cuda.example/cu126", ("torch", "nvidia-*")),
            IndexRoute("https://other.example/simple/", ("*-cu12", "torch")),
        ),
    )
    server = Server(lambda _: httpx.Response(404))
    with server.client(routing) as client:
        client.pages([NormalizedName(name) for name in ("torch", "nvidia-nccl-cu12", "faiss-gpu-cu12", "torchvision")])
    assert sorted(str(request.url) for request in server.requests) == [
        "https://cuda.example/cu126/nvidia-nccl-cu12/",
        "https://cuda.example/cu126/torch/",
        "https://index.example/simple/torchvision/",
        "https://other.example/simple/faiss-gpu-cu12/",
    ]


def test_progress_counts_up_to_the_batch() -> None:
    """Kind, done, total."""
    seen: list[tuple[str, int, int]] = []
    with Server(lambda _: httpx.Response(404)).client(progress=lambda *step: seen.append(step)) as client:
        client.pages([DEMAND, NormalizedName("churn")])
    assert seen == [("pages", 1, 2), ("pages", 2, 2)]


# --- trouble


def test_a_passing_trouble_is_tried_again() -> None:
    """A server error, a broken connection and a request to wait, as long as was asked for."""
    server = Server(
        in_turn(
            httpx.Response(503),
            httpx.ReadError("connection reset"),
            httpx.Response(429, headers={"Retry-After": "7"}),
            httpx.Response(200, content=b"{}"),
        )
    )
    with server.client() as client:
        page = client.pages([DEMAND])[DEMAND]
    assert page is not None
    assert page.body == b"{}"
    assert len(server.naps) == 3
    assert server.naps[2] == 7


@pytest.mark.parametrize(
    ("answer", "attempts", "reason"),
    [
        (lambda _: httpx.Response(502), 5, "it answered 502 Bad Gateway"),
        (lambda _: httpx.Response(418), 1, "it answered 418 I'm a teapot"),
        (
            lambda _: httpx.Response(429, headers={"Retry-After": "3600"}),
            1,
            "it answered 429 Too Many Requests and asks to wait 3600 seconds",
        ),
    ],
)
def test_an_index_that_keeps_failing_is_unreachable(answer: Handler, attempts: int, reason: str) -> None:
    """Bounded attempts, then what it said; never an absence."""
    server = Server(answer)
    with server.client() as client, pytest.raises(IndexUnreachable) as caught:
        client.pages([DEMAND])
    assert str(caught.value) == f"the index at {INDEX}demand/ could not be read: {reason}"
    assert len(server.requests) == attempts


def test_no_connection_is_unreachable() -> None:
    """With the reason of the system."""

    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno -2] Name or service not known")

    with Server(answer).client() as client, pytest.raises(IndexUnreachable, match="Name or service not known"):
        client.pages([DEMAND])


# --- credentials


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_an_error_of_their_own(status: int) -> None:
    """The message shows no password."""
    server = Server(lambda _: httpx.Response(status))
    with (
        server.client(Routing("https://me:secret@index.example/simple/")) as client,
        pytest.raises(AuthenticationRequired) as caught,
    ):
        client.pages([DEMAND])
    assert caught.value.message == (
        f"https://index.example/simple/demand/ answered {status}: it wants other credentials than were given"
    )


def test_credentials_go_to_their_own_origin_only() -> None:
    """Not along a redirect, not to the files of another host; and they are in no URL that is kept."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/simple/demand/":
            return httpx.Response(302, headers={"Location": "https://elsewhere.example/demand/"})
        return httpx.Response(200, content=METADATA)

    server = Server(answer)
    with server.client(Routing("https://me:s%40cret@index.example/simple/")) as client:
        page = client.pages([DEMAND])[DEMAND]
        client.metadata([described(core_metadata="")])
        client.metadata([described(core_metadata="", url=f"https://index.example/files/{FILENAME}")])
    assert page is not None
    assert page.url == "https://elsewhere.example/demand/"
    sent = {(request.url.host, request.headers.get("Authorization")) for request in server.requests}
    login = httpx.BasicAuth("me", "s@cret")._auth_header
    assert sent == {("index.example", login), ("elsewhere.example", None), ("files.example", None)}


def test_a_netrc_login_is_used(tmp_path: Path) -> None:
    """For the host it names."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine index.example login me password secret\n")
    netrc.chmod(0o600)
    server = Server(lambda _: httpx.Response(404))
    with server.client(environment={"NETRC": str(netrc)}) as client:
        client.pages([DEMAND])
    assert server.requests[0].headers["Authorization"].startswith("Basic ")


# --- metadata


def read(answer: Handler, file: DistributionFile) -> tuple[bytes | None, Server]:
    server = Server(answer)
    with server.client() as client:
        return client.metadata([file])[file.url], server


@pytest.mark.parametrize(
    "stated", ["", hashlib.sha256(METADATA).hexdigest(), hashlib.sha256(METADATA).hexdigest().upper()]
)
def test_the_file_of_pep_658_is_taken_where_offered(stated: str) -> None:
    """One request, checked against its hash where stated."""
    content, server = read(whole(METADATA), described(core_metadata=stated))
    assert content == METADATA
    assert [str(request.url) for request in server.requests] == [f"{FILE_URL}.metadata"]


@pytest.mark.parametrize("offered", [httpx.Response(404), httpx.Response(200, content=b"Name: forged")])
def test_the_wheel_decides_where_the_pep_658_file_is_missing_or_wrong(offered: httpx.Response) -> None:
    """A hash mismatch is no reason to believe either file but the wheel's own."""

    def answer(request: httpx.Request) -> httpx.Response:
        return offered if request.url.path.endswith(".metadata") else serving_ranges(WHEEL)(request)

    assert read(answer, described(core_metadata="ab" * 32))[0] == METADATA


def test_a_usual_wheel_takes_one_range() -> None:
    """The tail."""
    content, server = read(serving_ranges(WHEEL), described())
    assert content == METADATA
    assert server.ranges == [f"bytes={len(WHEEL) - TAIL}-{len(WHEEL) - 1}"]


def test_a_size_that_is_not_stated_is_learnt_from_the_answer() -> None:
    """An HTML index states no sizes; the same single request."""
    content, server = read(serving_ranges(WHEEL), described(size=None))
    assert content == METADATA
    assert server.ranges == [f"bytes=-{TAIL}"]


def test_a_server_without_ranges_from_the_end_is_asked_again() -> None:
    """Its 200 states the length at least."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("Range", "").startswith("bytes=-"):
            return httpx.Response(200, content=WHEEL)
        return serving_ranges(WHEEL)(request)

    content, server = read(answer, described(size=None))
    assert content == METADATA
    assert len(server.requests) == 2


@pytest.mark.parametrize("size", [len(WHEEL), None])
def test_a_server_that_ignores_ranges_is_read_whole(size: int | None) -> None:
    """Slower, and right."""
    assert read(whole(WHEEL), described(size=size))[0] == METADATA


@pytest.mark.parametrize("wrong", [100, len(WHEEL) + 1000, len(WHEEL) - 1])
def test_a_wrong_size_is_not_believed(wrong: int) -> None:
    """What the server sends says otherwise, or makes no wheel."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        if asked is not None and int(asked[1]) >= len(WHEEL):
            return httpx.Response(416)
        return serving_ranges(WHEEL)(request)

    assert read(answer, described(size=wrong))[0] == METADATA


@pytest.mark.parametrize("content", [b"no wheel at all", wheel()[:-200]])
def test_a_bad_wheel_has_no_metadata(content: bytes) -> None:
    """The index answered; the wheel is bad: None."""
    assert read(serving_ranges(content), described(size=len(content)))[0] is None
    assert read(whole(content), described(size=len(content)))[0] is None


@pytest.mark.parametrize("answer", [lambda _: httpx.Response(404), lambda _: httpx.Response(500)])
def test_a_listed_wheel_that_cannot_be_fetched_is_an_error(answer: Handler) -> None:
    """Never None: a failed fetch is not a property of the wheel."""
    with pytest.raises(Undecided, match=re.escape(f"the index at {FILE_URL} could not be read")):
        read(answer, described())


# --- cache


def test_what_is_cached_is_not_fetched_again(tmp_path: Path) -> None:
    """The second run asks the network for nothing."""
    server = Server(serving_ranges(WHEEL))
    file = described(sha256="ab" * 32)
    for _ in range(2):
        with server.client(cache=DirectoryCache(tmp_path)) as client:
            assert client.metadata([file]) == {FILE_URL: METADATA}
    assert len(server.requests) == 1
