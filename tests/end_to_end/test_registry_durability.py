"""Servers that are killed, that share a directory, and whose disk refuses: what is listed is always whole."""

from __future__ import annotations

import hashlib
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.registry import wheels
from tests.registry.fake_upstream import serving_upstream
from tests.registry.serving import Server, serving
from tests.registry.wheels import Built

from wheelyard_resolver.page import JSON_V1

OFFLINE = "--no-upstream"


def upload(server: Server, built: Built) -> httpx.Response:
    """Upload a file."""
    files = {"content": (built.filename, built.data)}
    form = {":action": "file_upload"}
    return httpx.post(server.url, data=form, files=files, auth=("__token__", server.token), trust_env=False, timeout=60)


def listed(server: Server, project: str) -> dict[str, str]:
    """The files of a project and their digests; each is fetched, and has the digest that is listed."""
    page = httpx.get(f"{server.index_url}{project}/", headers={"Accept": JSON_V1}, trust_env=False)
    found = {file["filename"]: file["hashes"]["sha256"] for file in page.json().get("files", [])}
    for filename, sha256 in found.items():
        served = httpx.get(f"{server.url}/files/{project}/{filename}", trust_env=False)
        assert hashlib.sha256(served.content).hexdigest() == sha256
    return found


def kept(server: Server) -> list[Path]:
    """Every file that holds somebody's bytes."""
    folders = ("blobs", "cache", "staging")
    return [path for folder in folders for path in (server.data / folder).rglob("*") if path.is_file()]


@contextmanager
def largest_file(server: Server, size: int) -> Iterator[None]:
    """No file of the server may grow beyond this: to it, that is a disk that takes no more."""
    before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, before[1]))
    yield
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)


def test_a_server_killed_in_the_middle_of_an_upload_leaves_nothing_and_takes_the_next(tmp_path: Path) -> None:
    built = wheels.wheel(padding=4_000_000)
    with serving(tmp_path, OFFLINE) as server:

        def sending() -> Iterator[bytes]:
            head = f'--b\r\nContent-Disposition: form-data; name="content"; filename="{built.filename}"\r\n\r\n'
            yield head.encode() + built.data[:3_000_000]
            while not kept(server):
                time.sleep(0.01)
            server.process.kill()
            yield built.data[3_000_000:]

        with pytest.raises(httpx.TransportError):
            httpx.post(
                server.url,
                content=sending(),
                headers={"Content-Type": "multipart/form-data; boundary=b"},
                auth=("__token__", server.token),
                trust_env=False,
                timeout=60,
            )
    with serving(tmp_path, OFFLINE) as again:
        assert kept(again) == []
        assert listed(again, "demand-model") == {}
        assert upload(again, built).status_code == 200
        assert listed(again, "demand-model") == {built.filename: built.sha256}


def test_of_uploads_of_one_name_to_two_servers_on_one_directory_one_wins(tmp_path: Path) -> None:
    rivals = [wheels.wheel(padding=1 + number) for number in range(8)]
    with serving(tmp_path, OFFLINE) as first, serving(tmp_path, OFFLINE) as second:
        servers = (first, second)
        with ThreadPoolExecutor(len(rivals)) as pool:
            answers = list(pool.map(lambda number: upload(servers[number % 2], rivals[number]), range(len(rivals))))
        statuses = [answer.status_code for answer in answers]
        assert sorted(statuses) == [200, *[409] * 7]
        winner = rivals[statuses.index(200)]
        assert [listed(server, "demand-model") for server in servers] == [{winner.filename: winner.sha256}] * 2


def test_a_disk_that_takes_no_more_of_a_file_is_said_and_nothing_is_kept(tmp_path: Path) -> None:
    built = wheels.wheel(padding=4_000_000)
    with serving(tmp_path, OFFLINE) as server:
        with largest_file(server, 2_000_000):
            answer = upload(server, built)
        assert (answer.status_code, answer.json()["code"]) == (507, "storage")
        assert kept(server) == []
        assert listed(server, "demand-model") == {}
        assert upload(server, built).status_code == 200
        assert listed(server, "demand-model") == {built.filename: built.sha256}


def test_a_catalogue_that_cannot_grow_lists_nothing_and_goes_on_afterwards(tmp_path: Path) -> None:
    first, second = wheels.wheel(), wheels.wheel(version="1.5.0")
    with serving(tmp_path, OFFLINE) as server:
        journal = server.data / "catalogue.sqlite3-wal"
        if not journal.exists():
            pytest.skip("the catalogue is not in SQLite")
        assert upload(server, first).status_code == 200
        with largest_file(server, journal.stat().st_size):
            refused = upload(server, second)
            assert listed(server, "demand-model") == {first.filename: first.sha256}
        assert (refused.status_code, refused.json()["code"]) == (503, "catalogue-unavailable")
        assert upload(server, second).status_code == 200
        assert listed(server, "demand-model") == {one.filename: one.sha256 for one in (first, second)}


def test_a_server_killed_while_it_caches_keeps_no_part_and_fetches_anew(tmp_path: Path) -> None:
    with serving_upstream() as upstream:
        built = upstream.add("six", wheels.wheel("six", "1.16.0", padding=8_000_000))
        upstream.pace = 0.05
        with (
            serving(tmp_path, "--upstream", upstream.url) as server,
            httpx.stream("GET", address(server, built)) as answer,
        ):
            arriving = answer.iter_raw()
            assert next(arriving)
            server.process.kill()
            with pytest.raises(httpx.TransportError):
                list(arriving)
        upstream.down = True
        with serving(tmp_path, "--upstream", upstream.url) as again:
            assert kept(again) == []
            assert httpx.get(address(again, built)).json()["code"] == "upstream-failed"
            upstream.down = False
            assert httpx.get(address(again, built)).content == built.data
            assert [path.name for path in kept(again)] == [built.sha256]


def test_a_disk_that_takes_no_more_while_a_file_is_cached_breaks_the_transfer_off(tmp_path: Path) -> None:
    with serving_upstream() as upstream, serving(tmp_path, "--upstream", upstream.url) as server:
        built = upstream.add("six", wheels.wheel("six", "1.16.0", padding=8_000_000))
        with largest_file(server, 2_000_000), pytest.raises(httpx.RemoteProtocolError, match="sending complete"):
            httpx.get(address(server, built))
        assert kept(server) == []
        assert httpx.get(address(server, built)).content == built.data


def test_a_catalogue_that_cannot_grow_keeps_no_page_from_its_readers(tmp_path: Path) -> None:
    with serving_upstream() as upstream, serving(tmp_path, "--upstream", upstream.url) as server:
        journal = server.data / "catalogue.sqlite3-wal"
        if not journal.exists():
            pytest.skip("the catalogue is not in SQLite")
        built = upstream.add("six", wheels.wheel("six", "1.16.0"))
        assert httpx.get(f"{server.index_url}seven/").status_code == 404  # a page that is kept: the journal ends here
        with largest_file(server, journal.stat().st_size):
            page = httpx.get(f"{server.index_url}six/", headers={"Accept": JSON_V1}, trust_env=False)
            assert [file["filename"] for file in page.json()["files"]] == [built.filename]
        assert "cannot be kept" in server.log.read_text()


def address(server: Server, built: Built) -> str:
    """Where a file of six is."""
    return f"{server.url}/files/six/{built.filename}"


@pytest.mark.heavy
@pytest.mark.parametrize(("call", "number"), [("fsync", 1), ("fsync", 2), ("fdatasync", 1)])
def test_an_upload_is_refused_where_a_sync_fails(tmp_path: Path, call: str, number: int) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: no sync can be made to fail")
    built = wheels.wheel()
    with serving(tmp_path, OFFLINE) as server:
        with failing(server, call, number):
            answer = upload(server, built)
        assert answer.status_code in {503, 507}
        assert listed(server, "demand-model") == {}
        assert upload(server, built).status_code == 200
        assert listed(server, "demand-model") == {built.filename: built.sha256}


@contextmanager
def failing(server: Server, call: str, number: int) -> Iterator[None]:
    """The system call fails with EIO in every thread from its ``number``-th time on, and that happens."""
    with tempfile.NamedTemporaryFile() as log:
        command = ["strace", "-f", "-qq", "-o", log.name, "-e", f"trace={call}"]
        command += ["-e", f"inject={call}:error=EIO:when={number}+", "-p", str(server.process.pid)]
        tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            while not _traced(server):
                assert tracer.poll() is None, "strace may not trace here"
                time.sleep(0.02)
            yield
        finally:
            tracer.terminate()
            tracer.wait(timeout=10)
        assert b"INJECTED" in Path(log.name).read_bytes()


def _traced(server: Server) -> bool:
    threads = Path(f"/proc/{server.process.pid}/task").glob("*/status")
    return all("TracerPid:\t0\n" not in thread.read_text() for thread in threads)
