"""What the doctor says of real servers: our own, a bare one, one that misbehaves, and pypiserver with its defaults."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.registry import wheels
from tests.registry.fake_upstream import FakeUpstream, serving_upstream
from tests.registry.serving import Server, clean_environment, free_port, script, serving, wheelyard_here

from wheelyard_cli.index_doctor import Doctor, Level
from wheelyard_resolver.page import JSON_V1

Levels = dict[str, str]


def examined(url: str, *options: str) -> tuple[int, Levels, str]:
    """The exit code, the level of each topic, and what was written."""
    done = wheelyard_here("doctor", url, "--format", "json", *options)
    assert done.stdout, done.stderr
    return done.returncode, {row["topic"]: row["level"] for row in json.loads(done.stdout)["findings"]}, done.stdout


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("doctor"), "--no-upstream", "--no-anonymous-read") as server:
        wheel = tmp_path_factory.mktemp("wheel") / wheels.wheel().filename
        wheel.write_bytes(wheels.wheel().data)
        upload = [script("twine"), "upload", "--repository-url", f"{server.url}/legacy/", "-u", "__token__"]
        subprocess.run([*upload, "-p", server.token, str(wheel)], check=True, capture_output=True)
        yield server


def test_our_own_registry_is_sound_in_every_point(ours: Server) -> None:
    url = ours.index_url.replace("//", f"//__token__:{ours.token}@")
    code, levels, written = examined(url)
    assert (code, set(levels.values())) == (0, {"ok"}), written
    assert ours.token not in written
    assert len(levels) == 21


def test_the_text_says_what_each_weakness_means(ours: Server) -> None:
    url = ours.index_url.replace("//", f"//__token__:{ours.token}@")
    done = wheelyard_here("doctor", url, "--project", "demand-model")
    assert "ok      JSON pages (PEP 691): asked for JSON, it sends application/vnd.pypi.simple.v1+json" in done.stdout
    assert done.stdout.startswith(f"{ours.index_url}, by the example of demand-model")


def test_an_index_that_cannot_be_read_is_undecided(ours: Server) -> None:
    done = wheelyard_here("doctor", ours.index_url, "--project", "demand-model", NETRC="/nowhere")
    assert (done.returncode, "401" in done.stderr) == (5, True)


@pytest.mark.parametrize("url", ["ftp://x/simple/", "registry", 'http://root:"[@127.0.0.1/', "http://"])
def test_a_url_that_cannot_be_read_is_refused_without_repeating_it(url: str) -> None:
    done = wheelyard_here("doctor", url)
    assert (done.returncode, "percent-encoded" in done.stderr, url in done.stderr) == (2, True, False)


@pytest.fixture
def other() -> Iterator[FakeUpstream]:
    with serving_upstream() as index:
        yield index


def test_what_an_index_does_not_do_is_weak_and_what_it_does_wrong_is_bad(other: FakeUpstream) -> None:
    built = other.add("six", wheels.wheel("six", "1.16.0"))
    other.honours_ranges = other.states_sizes = False
    other.offers_metadata[built.filename] = b"x"
    other.served_instead[f"{built.filename}.metadata"] = b"y"
    code, levels, _ = examined(other.url, "--project", "six")
    assert code == 1
    assert levels["metadata file (PEP 658)"] == "bad"
    assert levels["HTML pages (PEP 503)"] == "bad"
    assert (levels["byte ranges"], levels["sizes (PEP 700)"]) == ("weak", "weak")
    assert (levels["sha256 of files"], levels["conditional requests"]) == ("ok", "ok")


def test_forms_that_disagree_are_bad_and_what_caches_and_uv_need_is_missed() -> None:
    """An index whose HTML lists a file that its JSON does not, without Vary, and without HEAD."""
    older = '<a href="/six-1.0-py3-none-any.whl">six-1.0-py3-none-any.whl</a>'

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "HEAD":
            return httpx.Response(405)
        if "json" not in request.headers["Accept"]:
            return httpx.Response(200, html=older)
        return httpx.Response(200, headers={"Content-Type": JSON_V1}, json=page)

    file: dict[str, object] = {"filename": "six-2.0.tar.gz", "url": "/x", "hashes": {}}
    page = {"meta": {"api-version": "1.0"}, "name": "six", "files": [file]}
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        found = Doctor(client, "https://x.example/simple/").examine("six")
    levels = {finding.topic: finding.level for finding in found.findings}
    assert levels["both forms list the same"] is levels["sha256 of files"] is Level.BAD
    assert levels["negotiation"] is levels["HEAD of files"] is Level.WEAK
    assert levels["content"] is Level.UNKNOWN


@pytest.mark.parametrize(("padding", "level"), [(13_000, Level.GOOD), (20_000, Level.WEAK)])
def test_only_a_large_page_has_to_be_compressed(padding: int, level: Level) -> None:
    page = {"meta": {"api-version": "1.0"}, "name": "six", "files": [], "_padding": "x" * padding}

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Type": JSON_V1}, json=page)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        found = Doctor(client, "https://x.example/simple/").examine("six")
    assert {finding.topic: finding.level for finding in found.findings}["compression"] is level


def test_pypiserver_sends_unknown_names_to_pypi_by_default(tmp_path: Path) -> None:
    built = wheels.wheel("six", "1.16.0")
    (tmp_path / built.filename).write_bytes(built.data)
    port = free_port()
    command = [script("pypi-server"), "run", "-i", "127.0.0.1", "-p", str(port), str(tmp_path)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment())
    try:
        _wait(port)
        code, levels, written = examined(f"http://127.0.0.1:{port}/simple/")
    finally:
        server.terminate()
        server.wait()
    assert code == 1
    assert levels["names that it does not have"] == "bad"
    assert "pypi.org" in written
    assert (levels["JSON pages (PEP 691)"], levels["metadata of wheels (PEP 658)"]) == ("weak", "weak")


def _wait(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("pypiserver did not start")
