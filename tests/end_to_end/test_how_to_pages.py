"""The how-to pages, word by word: their files are written, their commands run, by the clients as they are.

A section starts with an empty folder and an empty home, but for what the section on the token says. A block whose
fence names a file is that file; a block of ``sh`` is run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from passlib.apache import HtpasswdFile
from tests.end_to_end.tls_files import TlsFiles, issue
from tests.registry import wheels
from tests.registry.fake_upstream import serving_upstream
from tests.registry.serving import Server, clean_environment, foreign, free_port, run_in, script, serving

pytestmark = pytest.mark.heavy

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```(?P<kind>\w+) ?(?P<file>\S*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: a file, or commands."""

    kind: str
    file: str
    text: str


def sections(page: str) -> dict[str, list[Block]]:
    """The blocks of each section of a page that has some."""
    parts = re.split(r"^## ", (DOCS / page).read_text(), flags=re.MULTILINE)[1:]
    found = {part.partition("\n")[0]: [Block(**block.groupdict()) for block in _BLOCK.finditer(part)] for part in parts}
    return {title: blocks for title, blocks in found.items() if blocks}


@dataclass(frozen=True)
class Person:
    """Somebody who follows a page in a folder: ``words`` of the page are replaced by what they stand for here."""

    folder: Path
    words: dict[str, str]
    variables: dict[str, str]

    @property
    def home(self) -> Path:
        """The home directory."""
        return self.folder.parent / "home"

    def follow(self, blocks: list[Block]) -> str:
        """Do what the blocks say; what the last of them printed."""
        said = ""
        for block in blocks:
            if block.file:
                path = self.home / block.file[2:] if block.file.startswith("~/") else self.folder / block.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self.as_here(block.text))
            else:
                said = self.run(block.text)
        return said

    def as_here(self, text: str) -> str:
        """The text with the words of this test."""
        for word, meant in self.words.items():
            text = text.replace(word, meant)
        return text

    def run(self, commands: str) -> str:
        """Run commands to their end."""
        done = run_in(self.folder, ["bash", "-eux", "-c", self.as_here(commands)], **self.environment())
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def environment(self) -> dict[str, str]:
        """Variables of a shell that finds the clients."""
        tools = [str(Path(script("uv")).parent), str(Path(foreign("poetry")).parent)]
        return {
            "HOME": str(self.home),
            "PATH": os.pathsep.join([*tools, "/usr/local/bin", "/usr/bin", "/bin"]),
            "PIP_CONFIG_FILE": str(self.home / ".config" / "pip" / "pip.conf"),
            "POETRY_VIRTUALENVS_IN_PROJECT": "true",
            "UV_NO_CONFIG": "0",
            **self.variables,
        }

    def installed(self) -> set[str]:
        """The projects in the environment that the commands made."""
        found = self.folder.glob(".venv/lib/python*/site-packages/*.dist-info")
        return {path.name.partition("-")[0] for path in found} - {"pip", "setuptools"}


def person(folder: Path, words: dict[str, str], **variables: str) -> Person:
    """Somebody with an empty home and an empty folder."""
    for name in ("home", "work"):
        (folder / name).mkdir()
    return Person(folder / "work", words, variables)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Server, TlsFiles]]:
    """A registry that speaks TLS and asks for a token; it has demand-forecast, and its upstream six."""
    tls = issue(tmp_path)
    (tmp_path / "server").mkdir()
    with serving_upstream() as upstream:
        upstream.add("six", wheels.wheel("six", "1.16.0"))
        options = ("--upstream", upstream.url, "--no-anonymous-read", *tls.options)
        with serving(tmp_path / "server", *options) as started:
            form, built = {":action": "file_upload"}, wheels.wheel("demand_forecast", "1.4.0")
            files = {"content": (built.filename, built.data)}
            login = ("__token__", started.token)
            httpx.post(started.url, data=form, files=files, auth=login, verify=tls.trust).raise_for_status()
            yield started, tls


@pytest.fixture
def anna(tmp_path: Path, server: tuple[Server, TlsFiles]) -> Person:
    registry, tls = server
    address = urlsplit(registry.url)
    return person(
        tmp_path,
        {
            "machine registry.example": f"machine {address.hostname}",
            "registry.example": address.netloc,
            "TOKEN": registry.token,
            "keyring set": f"printf %s {registry.token} | keyring set",
        },
        PIP_CERT=str(tls.authority),
        SSL_CERT_FILE=str(tls.authority),
        POETRY_CERTIFICATES_YARD_CERT=str(tls.authority),
        PYTHON_KEYRING_BACKEND="file_keyring.FileKeyring",
        PYTHONPATH=str(Path(__file__).parent),
        FILE_KEYRING=str(tmp_path / "passwords.json"),
    )


CLIENTS = sections("clients.md")


@pytest.mark.parametrize(
    ("title", "projects"),
    [
        ("pip", {"demand_forecast", "six"}),
        ("uv", {"demand_forecast", "six"}),
        ("uv, some packages only", {"demand_forecast"}),
        ("poetry", {"demand_forecast", "six"}),
        ("poetry, some packages only", {"demand_forecast"}),
    ],
)
def test_a_section_installs_what_it_says_and_writes_the_token_nowhere(
    anna: Person, title: str, projects: set[str]
) -> None:
    anna.follow([*CLIENTS["The token"], *CLIENTS[title]])
    assert anna.installed() == projects
    written = [path for path in anna.folder.glob("*.*") if path.is_file()]
    assert [path.name for path in written if anna.words["TOKEN"] in path.read_text()] == []


def test_pip_and_uv_ask_the_keyring(anna: Person) -> None:
    asking, installing = CLIENTS["Keyring"]
    anna.follow([asking])
    for command in installing.text.split("uv venv", 1)[0], "uv venv" + installing.text.split("uv venv", 1)[1]:
        anna.run(command)
        assert anna.installed() == {"demand_forecast"}


def test_every_section_with_blocks_is_followed() -> None:
    some = ["uv", "uv, some packages only", "poetry", "poetry, some packages only"]
    assert list(CLIENTS) == ["The token", "pip", *some, "Keyring"]
    assert list(MIGRATION) == ["Trying it beside pypiserver", "Changing over", "From devpi"]


MIGRATION = sections("from-pypiserver.md")
LOCKED = """\
[project]
name = "report"
version = "0.1.0"
requires-python = ">=3.10"
dependencies = ["demand-forecast"]

[[tool.uv.index]]
url = "http://127.0.0.1:8080/simple/"
default = true
"""


@contextmanager
def started(who: Person, command: str, ready: str) -> Iterator[None]:
    """A server in the background, once it answers."""
    with (who.folder / "servers.log").open("ab") as log:
        words = shlex.split(who.as_here(command.strip().removesuffix("&")))
        environment = clean_environment(**who.environment())
        process = subprocess.Popen(words, cwd=who.folder, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not _answers(who.as_here(ready)):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((who.folder / "servers.log").read_text())
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_clients_of_pypiserver_go_on_unchanged(tmp_path: Path) -> None:
    """The same upload, the same lock, the same addresses, before and after."""
    with serving_upstream() as upstream:
        words = {"8080": str(free_port()), "8081": str(free_port()), "serve --": f"serve --upstream {upstream.url} --"}
        who = person(tmp_path, words)
        (who.folder / "packages").mkdir()
        users = HtpasswdFile(str(who.folder / "htpasswd"), new=True)
        users.set_password("anna", "secret")
        users.save()
        for version in ("1.4.0", "1.5.0"):
            built = wheels.wheel("demand_forecast", version)
            (who.folder / built.filename).write_bytes(built.data)
        (who.folder / "pyproject.toml").write_text(who.as_here(LOCKED))
        upload = "twine upload --repository-url http://127.0.0.1:8080/ -u anna -p secret demand_forecast-{}-*.whl"
        with started(who, "pypi-server run -p 8080 -i 127.0.0.1 -P htpasswd packages", "http://127.0.0.1:8080/health"):
            who.run(upload.format("1.4.0"))
            assert "/packages/demand_forecast-1.4.0" in who.run("uv lock; cat uv.lock")
            serve, take = MIGRATION["Trying it beside pypiserver"]
            with started(who, serve.text, "http://127.0.0.1:8081/readyz"):
                said = who.run(take.text)
        assert "1 files taken over, 0 were there already, 0 refused" in said
        [serve] = MIGRATION["Changing over"]
        with started(who, serve.text, "http://127.0.0.1:8080/readyz"):
            who.run("uv sync --frozen --no-cache")
            assert who.installed() == {"demand_forecast"}
            who.run(upload.format("1.5.0"))
            assert "1.5.0" in who.run("uv lock --upgrade --no-cache; cat uv.lock")
