"""Wheelyard and other indexes behind one face, for the benchmarks of the registry.

Each runs as its makers document it, on a free loopback port, in a process of its own, with the data in a directory of
its own. The peers are installed into throw-away environments at the first run.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

ENVIRONMENTS = Path(__file__).resolve().parent.parent / ".bench"
DEVPI = ("devpi-server==6.20.3",)
PYPISERVER = ("pypiserver==2.4.2", "watchdog==6.0.0", "waitress==3.0.2")
SIMPLE_REPOSITORY = ("simple-repository-server==0.10.0",)

BOUNDARY = "wheelyard-bench-boundary"


@dataclass(frozen=True)
class Wheel:
    """A wheel in memory."""

    filename: str
    project: str
    version: str
    data: bytes = field(repr=False)
    metadata: bytes = field(repr=False, default=b"")

    @property
    def sha256(self) -> str:
        """Its digest."""
        return hashlib.sha256(self.data).hexdigest()

    def form(self) -> bytes:
        """The legacy upload form, as twine writes it: fields first, digests among them, then the file."""
        fields = {
            ":action": "file_upload",
            "protocol_version": "1",
            "name": self.project,
            "version": self.version,
            "filetype": "bdist_wheel",
            "pyversion": "py3",
            "metadata_version": "2.1",
            "summary": "made for a benchmark",
            "sha256_digest": self.sha256,
            "md5_digest": hashlib.md5(self.data).hexdigest(),
        }
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="content"; filename="{self.filename}"\r\n'
        head += "Content-Type: application/octet-stream\r\n\r\n"
        return "".join(parts).encode() + head.encode() + self.data + f"\r\n--{BOUNDARY}--\r\n".encode()


def wheel(project: str, version: str, size: int, *, salt: str = "", requires: Iterable[str] = ()) -> Wheel:
    """A valid wheel of about ``size`` bytes that do not compress. ``requires`` are its Requires-Dist."""
    name = project.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    needed = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\nSummary: {salt}\n{needed}\n"
    members = {
        f"{name}/__init__.py": b"",
        f"{name}/data.bin": os.urandom(max(0, size - 900)),
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*members, f"{info}/RECORD"]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path), data)
    return Wheel(f"{name}-{version}-py3-none-any.whl", project, version, buffer.getvalue(), metadata.encode())


@dataclass
class Running:
    """A registry that answers. ``process`` leads a process group: a server may have several processes."""

    name: str
    port: int
    upload_path: str
    index_path: str
    authorization: str
    process: subprocess.Popen[bytes]

    def connect(self, timeout: float = 300) -> http.client.HTTPConnection:
        """A connection that is kept alive."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def headers(self, length: int) -> dict[str, str]:
        """What an upload of ``length`` bytes is sent with."""
        return {
            "Authorization": self.authorization,
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(length),
        }

    def upload(self, connection: http.client.HTTPConnection, form: bytes) -> int:
        """Send a form; the status of the answer."""
        connection.request("POST", self.upload_path, body=form, headers=self.headers(len(form)))
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def listed(self, project: str) -> dict[str, tuple[str, str]]:
        """The files of a project's page: where each is, and the sha256 that is stated for it ("" if none is)."""
        return self.page(project)[1]

    def page(self, project: str) -> tuple[int, dict[str, tuple[str, str]]]:
        """The status of a project's page, and its files as in :meth:`listed`."""
        connection = self.connect(60)
        accept = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"
        headers = {"Accept": accept, "Authorization": self.authorization}
        connection.request("GET", f"{self.index_path}{project}/", headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        if answer.status != 200:
            return answer.status, {}
        if "json" in answer.headers.get("Content-Type", ""):
            files = json.loads(body)["files"]
            return 200, {file["filename"]: (file["url"], file["hashes"].get("sha256", "")) for file in files}
        found = re.findall(r'href="([^"#]+)(?:#sha256=([0-9a-f]+))?"[^>]*>([^<]+)<', body)
        return 200, {name.strip(): (url, digest) for url, digest, name in found}

    def path_of(self, project: str, url: str) -> str:
        """The path of a file, by the URL on its project's page."""
        return urlsplit(urljoin(f"http://x{self.index_path}{project}/", url)).path

    def fetch(self, project: str, url: str) -> tuple[int, bytes]:
        """The status and bytes of a file, by the URL on its project's page."""
        connection = self.connect(60)
        connection.request("GET", self.path_of(project, url), headers={"Authorization": self.authorization})
        answer = connection.getresponse()
        try:
            body = answer.read()
        except http.client.IncompleteRead as error:
            body = error.partial
        connection.close()
        return answer.status, body

    def memory(self) -> int:
        """The resident memory of all its processes, in bytes."""
        return sum(int(fields[21]) for fields in self._statistics()) * os.sysconf("SC_PAGE_SIZE")

    def rest(self, patience: float = 60) -> None:
        """Wait until it has answered what nobody waits for any more, or ``patience`` seconds."""
        deadline, before = time.monotonic() + patience, self._ticks()
        while time.monotonic() < deadline:
            time.sleep(0.3)
            now = self._ticks()
            if now - before <= 1:
                return
            before = now

    def _ticks(self) -> int:
        """The processor time of all its processes, in ticks of the system's clock (100 a second)."""
        return sum(int(fields[11]) + int(fields[12]) for fields in self._statistics())

    def _statistics(self) -> Iterator[list[str]]:
        """The fields of proc_pid_stat(5) of all its processes, from the state on."""
        group = os.getpgid(self.process.pid)
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group:
                yield fields

    def kill(self) -> None:
        """End it as a power cut would, without a chance to tidy up."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it politely."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()


class Peer(ABC):
    """How to start one of them on a directory. Starting again on the same directory is a restart."""

    name = ""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @abstractmethod
    def start(self) -> Running:
        """Start it and wait until it answers.

        Raises:
            NotStarted: it ended, or did not answer for a minute.
        """

    def _launch(
        self, command: list[str], port: int, ready: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        environment = {**own_environment(), **(variables or {})}
        place = self.directory.parent / f"{self.directory.name}.log"
        with place.open("ab") as log:
            # In a group of its own, to be ended as a whole, but in our session: Linux shares processors out by sessions
            # first (sched(7), autogroup), where one process that gives way to others does so in its own session only.
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                env=environment,
                preexec_fn=os.setpgrp,  # noqa: PLW1509 (a system call that takes no lock)
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", ready)
                if connection.getresponse().status < 500:
                    return process
            except OSError:
                time.sleep(0.05)
        process.kill()
        process.wait()
        raise NotStarted(f"{self.name} did not start: {place.read_text(errors='replace')[-300:]}")


class NotStarted(Exception):
    """A server did not come up."""


class Wheelyard(Peer):
    """This project, token authentication on, also for reading. ``options`` say where else packages come from."""

    name = "wheelyard"
    options: Sequence[str] = ("--no-upstream",)

    def start(self) -> Running:
        """See :class:`Peer`."""
        port, token = free_port(), self.directory.parent / f"{self.directory.name}.token"
        command = [str(Path(sys.executable).with_name("wheelyard")), "serve", "--data", str(self.directory)]
        command += ["--port", str(port), "--no-anonymous-read", "--admin-token-file", str(token), *self.options]
        process = self._launch(command, port, "/readyz")
        login = basic("__token__", token.read_text().strip())
        return Running(self.name, port, "/legacy/", "/simple/", login, process)


class Devpi(Peer):
    """devpi-server with one index; the login token goes with every request, as its own client does."""

    name = "devpi"
    settings: Mapping[str, object] = {"type": "stage", "bases": [], "volatile": False}

    def start(self) -> Running:
        """See :class:`Peer`."""
        tools = environment("devpi", DEVPI)
        if not self.directory.exists():
            subprocess.run(
                [tools / "devpi-init", "--serverdir", self.directory, "--no-root-pypi"], check=True, capture_output=True
            )
        port = free_port()
        command = [str(tools / "devpi-server"), "--serverdir", str(self.directory), "--port", str(port)]
        process = self._launch([*command, "--host", "127.0.0.1"], port, "/+api")
        token = self._ask(port, "POST", "/+login", {"user": "root", "password": ""})["result"]["password"]
        login = basic("root", token)
        self._ask(port, "PUT", "/root/dev", self.settings, token)
        return Running(self.name, port, "/root/dev/", "/root/dev/+simple/", login, process)

    def _ask(self, port: int, method: str, path: str, body: object, token: str = "") -> dict[str, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["X-Devpi-Auth"] = base64.b64encode(f"root:{token}".encode()).decode()
        connection.request(method, path, body=json.dumps(body), headers=headers)
        answer = connection.getresponse()
        document = json.loads(answer.read())
        assert isinstance(document, dict)
        return document


class PypiServer(Peer):
    """pypiserver with its cache on waitress, which its documentation recommends; no authentication at all."""

    name = "pypiserver"

    def start(self) -> Running:
        """See :class:`Peer`."""
        tools = environment("pypiserver", PYPISERVER)
        self.directory.mkdir(exist_ok=True)
        port = free_port()
        command = [str(tools / "pypi-server"), "run", "-i", "127.0.0.1", "-p", str(port), "-P", ".", "-a", "."]
        command += ["--disable-fallback", "--server", "auto", "--backend", "cached-dir", str(self.directory)]
        process = self._launch(command, port, "/health")
        return Running(self.name, port, "/", "/simple/", basic("x", "y"), process)


class SimpleRepositoryServer(Peer):
    """simple-repository-server over a directory that holds a folder of files for each project, or over ``mirror``.

    It checks nothing and keeps nothing.
    """

    name = "simple-repository-server"

    def __init__(self, directory: Path, mirror: str = "") -> None:
        super().__init__(directory)
        self._source = mirror or str(directory)

    def start(self) -> Running:
        """See :class:`Peer`."""
        port = free_port()
        command = [str(environment(self.name, SIMPLE_REPOSITORY) / self.name), "--host", "127.0.0.1"]
        process = self._launch([*command, "--port", str(port), self._source], port, "/")
        return Running(self.name, port, "", "/simple/", basic("x", "y"), process)


def environment(name: str, requirements: tuple[str, ...]) -> Path:
    """The ``bin`` folder of a throw-away environment that holds the requirements."""
    place = ENVIRONMENTS / name
    done = place / "installed"
    if not done.exists() or done.read_text() != repr(requirements):
        print(f"installing {' '.join(requirements)} into {place.name} ...", file=sys.stderr, flush=True)
        shutil.rmtree(place, ignore_errors=True)
        venv.create(place, with_pip=True)
        subprocess.run([place / "bin" / "pip", "install", "--quiet", *requirements], check=True)
        done.write_text(repr(requirements))
    return place / "bin"


def own_environment() -> dict[str, str]:
    """The environment variables without those that tell package tools what to do."""
    foreign = ("PIP_", "UV_", "WHEELYARD_", "DEVPI", "PROXPI_", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def basic(user: str, password: str) -> str:
    """A Basic ``Authorization`` header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(peer: Peer) -> Iterator[Running]:
    """The peer, started and stopped."""
    server = peer.start()
    try:
        yield server
    finally:
        server.stop()


def versions(*requirements: tuple[str, ...]) -> str:
    """Peers and their versions, as pages name them."""
    return ", ".join(one for some in requirements for one in some).replace("==", " ")
