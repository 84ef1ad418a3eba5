"""Which registry a command asks, and what it is sent: a project's file may name one, and is trusted with no secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from tests.cli.shell import Shell

COMMANDS = (
    ("audit", "head"),
    ("check",),
    ("deploy", "list"),
    ("fleet", "export", "--stage", "prod"),
    ("kpi",),
    ("project", "alarms"),
    ("stage", "list"),
    ("token", "list"),
    ("user", "list"),
    ("who-requires", "numpy"),
    ("who-uses", "numpy"),
)


class ClosedRegistry(ThreadingHTTPServer):
    """Refuses everything with 401, and keeps what credentials it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sent: list[str | None] = []

    @property
    def url(self) -> str:
        """Its root URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, ClosedRegistry)
        self.server.sent.append(self.headers.get("Authorization"))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[ClosedRegistry]:
    """A registry that refuses everything, for a while."""
    with ClosedRegistry() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def registry() -> Iterator[ClosedRegistry]:
    with listening() as server:
        yield server


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHEELYARD_REGISTRY", raising=False)
    monkeypatch.setenv("WHEELYARD_TOKEN", "wy_secret")
    monkeypatch.setenv("NETRC", "/nowhere")


def named_in_file(shell: Shell, registry: ClosedRegistry) -> None:
    """The registry in the file of the project."""
    (shell.directory / "pyproject.toml").write_text(f'[tool.wheelyard]\nregistry = "{registry.url}"\n')


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_finds_the_registry_of_the_project_and_keeps_the_token_from_it(
    shell: Shell, registry: ClosedRegistry, command: tuple[str, ...]
) -> None:
    named_in_file(shell, registry)
    found = shell.run(*command)
    assert (found.code, registry.sent) == (5, [None])
    assert found.err == (
        f"error: {registry.url} answered 401: it wants other credentials than were given\n"
        "hint: WHEELYARD_TOKEN is not sent to a registry that only pyproject.toml:2 names: "
        "if you trust it, set WHEELYARD_REGISTRY to it\n"
    )


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_registry_of_the_variable_counts_more_and_is_sent_the_token(
    shell: Shell, registry: ClosedRegistry, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELYARD_REGISTRY", registry.url)
    with listening() as other:
        named_in_file(shell, other)
        shell.run(*command)
        assert (registry.sent, other.sent) == (["Bearer wy_secret"], [])


def test_a_registry_of_the_option_counts_most(
    shell: Shell, registry: ClosedRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as other:
        monkeypatch.setenv("WHEELYARD_REGISTRY", other.url)
        shell.run("kpi", "--registry", registry.url)
        assert (registry.sent, other.sent) == (["Bearer wy_secret"], [])


def test_a_login_for_its_host_goes_to_whatever_names_it(
    shell: Shell, registry: ClosedRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shell.directory / "netrc").write_text("machine 127.0.0.1 login anna password known\n")
    (shell.directory / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(shell.directory / "netrc"))
    named_in_file(shell, registry)
    shell.run("kpi")
    assert registry.sent == ["Basic YW5uYTprbm93bg=="]


@pytest.mark.parametrize("command", ["add", "import-htpasswd"])
def test_a_registry_that_only_a_file_names_is_sent_no_passwords(
    shell: Shell, registry: ClosedRegistry, command: str
) -> None:
    named_in_file(shell, registry)
    Path("secret").write_text("anna:correct horse\n")
    arguments = ("anna", "--password-file", "secret") if command == "add" else ("secret",)
    found = shell.run("user", command, *arguments)
    assert (found.code, registry.sent) == (2, [])
    what = "a password" if command == "add" else "an htpasswd file"
    assert found.err == (
        f"error: {what} is not sent to {registry.url}, which only pyproject.toml:2 names\n"
        f"hint: if you trust it, give --registry {registry.url}, or set WHEELYARD_REGISTRY\n"
    )


def test_config_show_says_that_the_token_is_not_sent(shell: Shell, registry: ClosedRegistry) -> None:
    named_in_file(shell, registry)
    lines = shell.run("config", "show").out.splitlines()
    assert f'registry           "{registry.url}"  (pyproject.toml:2)' in lines
    assert (
        'token              "set, not shown"  '
        "(WHEELYARD_TOKEN, not sent to the registry that only pyproject.toml:2 names)"
    ) in lines


def test_a_registry_that_nobody_names_is_an_error(shell: Shell) -> None:
    found = shell.run("deploy", "list")
    assert found.code == 2
    assert found.err == (
        "error: no registry is named\n"
        'hint: give --registry URL, set WHEELYARD_REGISTRY, or write registry = "URL" into wheelyard.toml\n'
    )


def test_a_registry_of_a_file_that_cannot_be_asked_is_told_with_its_place(shell: Shell) -> None:
    """Nobody listens on port 9."""
    (shell.directory / "wheelyard.toml").write_text('registry = "http://127.0.0.1:9"\n')
    found = shell.run("kpi")
    assert found.code == 5
    assert found.err.splitlines()[-1] == (
        "hint: check registry in wheelyard.toml:1 and that `wheelyard serve` runs there"
    )
