"""A real ``wheelyard serve`` in a process of its own, and clients that this machine's settings do not disturb."""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
from tests.registry.catalogue_url import catalogue_url

from wheelyard_cli.main import main

_READY = re.compile(r"wheelyard is ready at (https?://\S+)/  \(index URL: (\S+)\)")
_PATIENCE = 120.0
"""Seconds, far more than a start takes: a machine may be busy with other things."""


@dataclass(frozen=True)
class Server:
    """A registry that listens on a free loopback port."""

    url: str
    index_url: str
    token: str
    data: Path
    log: Path
    process: subprocess.Popen[bytes]


def script(name: str) -> str:
    """A command installed beside this Python."""
    return str(Path(sys.executable).with_name(name))


def foreign(name: str) -> str:
    """A command with many dependencies, which has an environment of its own; skips the test where that is missing."""
    path = Path(sys.prefix) / "clients" / name / "bin" / name
    if not path.exists():
        pytest.skip(f"{name} is not installed; `make clients fuzz` installs it, which needs a package index")
    return str(path)


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment without the settings of clients and of Wheelyard, and without configuration files."""
    clients = ("PIP_", "UV_", "TWINE_", "POETRY_", "FLIT_", "HATCH_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    foreign = (*clients, "SSL_CERT_", "WHEELYARD_", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "NO_COLOR": "1", "COLUMNS": "500", **extra}


def run(command: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a client to its end."""
    return run_in(None, command, **environment)


def run_in(folder: Path | None, command: Sequence[str], /, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a client to its end in a folder."""
    variables = clean_environment(**environment)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=variables, cwd=folder)


def wheelyard(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    return run([script("wheelyard"), *arguments], **environment)


def wheelyard_here(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in this process: most commands take less time than a start of Python."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    variables = clean_environment(**environment)
    with (
        patch.dict(os.environ, variables, clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as stopped,
    ):
        main(list(arguments))
    assert isinstance(stopped.value.code, int)
    texts = []
    for stream in (out, err):
        stream.seek(0)
        texts.append(stream.read())
    return subprocess.CompletedProcess(arguments, stopped.value.code, *texts)


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(directory: Path, *options: str, token_file: bool = True) -> Iterator[Server]:
    """Start a registry on a free port, wait until it says that it is ready, and stop it by SIGTERM."""
    log, token = directory / "server.log", directory / "admin.token"
    arguments = ["serve", "--data", str(directory / "data"), "--port", "0"]
    arguments += ["--admin-token-file", str(token)] if token_file else []
    catalogue = catalogue_url(directory / "data")
    arguments += ["--database", catalogue] if catalogue and "--database" not in options else []
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [script("wheelyard"), *arguments, *options], stdout=sink, stderr=sink, env=clean_environment()
        )
    try:
        url, index_url = _wait_until_ready(process, log)
        yield Server(url, index_url, token.read_text().strip() if token_file else "", directory / "data", log, process)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        said = _READY.search(log.read_text())
        if said is not None:
            return said[1], said[2]
        time.sleep(0.02)
    raise AssertionError(f"the registry did not start:\n{log.read_text()}")
