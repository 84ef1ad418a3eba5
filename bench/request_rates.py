"""How many requests a second a server answers, asked by wrk on 16 connections that are kept alive."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

CONNECTIONS = 16
SLOW = 0.25
"""Seconds of one answer from which on a server is asked one at a time: sixteen of them would only wait in turn."""


class Unfit(Exception):
    """A server cannot do what is measured; the text says why."""


@dataclass(frozen=True)
class Request:
    """What is asked: an address, with these header lines."""

    url: str
    headers: tuple[str, ...] = ()

    def having(self, *headers: str) -> Request:
        """The same with more header lines."""
        return Request(self.url, (*self.headers, *headers))

    @property
    def options(self) -> list[str]:
        """The header lines as options of curl and wrk."""
        return [word for header in self.headers for word in ("-H", header)]


@dataclass(frozen=True)
class Answer:
    """What came back, as it was sent, in how many seconds."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


def answer(request: Request, wanted: int = 200) -> Answer:
    """One answer, by curl.

    Raises:
        Unfit: it has another status than ``wanted``, or none within a minute.
    """
    with TemporaryDirectory() as place:
        head, body = Path(place, "head"), Path(place, "body")
        command = ["curl", "-sS", "--max-time", "60", "--dump-header", str(head), "--output", str(body)]
        command += ["--write-out", "%{http_code} %{time_total}", *request.options, request.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unfit(done.stderr.strip())
        status, seconds = done.stdout.split()
        lines = re.findall(r"^([^:\r\n]+): *(.*?)\r?$", head.read_text("latin-1"), re.MULTILINE)
        if int(status) != wanted:
            raise Unfit(f"it answers {status}")
        headers = {name.lower(): value for name, value in lines}
        return Answer(int(status), headers, body.read_bytes() if body.exists() else b"", float(seconds))


def rate(request: Request, seconds: float, *, wanted: int = 200, script: Path | None = None) -> float:
    """Requests a second. Slow servers are asked for longer, very slow ones one at a time, three times.

    ``script`` is one of wrk's, in Lua, which changes each request.

    Raises:
        Unfit: an answer had another status, or a connection failed.
    """
    alone = answer(request, wanted).seconds
    if alone > SLOW:
        return 3 / sum(answer(request, wanted).seconds for _ in range(3))
    lasting = max(1, round(seconds), round(2.5 * CONNECTIONS * alone))
    command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{lasting}s", "--timeout", "30s", *request.options]
    if script is not None:
        command += ["-s", str(script)]
    said = subprocess.run([*command, request.url], capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    if found is None or "Non-2xx" in said or "Socket errors" in said:
        raise Unfit(" ".join(said.split()))
    return float(found[1])


def megabytes(request: Request, size: int) -> float:
    """Megabytes a second of a large answer, taken by one client.

    Raises:
        Unfit: it was not so large, or came from elsewhere.
    """
    command = ["curl", "-sS", "--max-time", "120", "-o", "/dev/null"]
    command += ["-w", "%{time_total} %{size_download} %{http_code}", *request.options, request.url]
    seconds, got, status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    if (int(got), status) != (size, "200"):
        raise Unfit(f"it answers {status} with {got} of {size} bytes")
    return size / 1e6 / float(seconds)
