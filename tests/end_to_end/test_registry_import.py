"""Taking over the directory of a pypiserver."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.registry import wheels
from tests.registry.fake_upstream import FakeUpstream, serving_upstream
from tests.registry.serving import Server, serving, wheelyard_here

from wheelyard_resolver.page import JSON_V1

YEAR_2020 = 1_577_836_800


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with serving_upstream() as index:
        yield index


@pytest.fixture
def server(tmp_path: Path, upstream: FakeUpstream) -> Iterator[Server]:
    (tmp_path / "server").mkdir()
    with serving(tmp_path / "server", "--upstream", upstream.url) as started:
        yield started


@pytest.fixture
def packages(tmp_path: Path, upstream: FakeUpstream) -> Path:
    """A directory as pypiserver serves it: folders, private packages, a public one, a broken one, other things."""
    folder = tmp_path / "packages"
    (folder / "older").mkdir(parents=True)
    upstream.add("six", wheels.wheel("six", "1.16.0"))
    broken = wheels.Built("broken-1.0-py3-none-any.whl", b"half of a whe")
    for number, built in enumerate([wheels.wheel(), wheels.sdist(), wheels.wheel("six", "1.16.0+ours"), broken]):
        place = folder / ("older" if number == 1 else ".") / built.filename
        place.write_bytes(built.data)
        os.utime(place, (YEAR_2020 + number, YEAR_2020 + number))
    (folder / "readme.txt").write_text("not a package")
    (folder / ".hidden-1.0.tar.gz").write_text("pypiserver does not see it")
    return folder


def test_an_import_keeps_dates_lists_refusals_and_goes_on_where_it_was(
    server: Server, packages: Path, upstream: FakeUpstream
) -> None:
    admin = {"WHEELYARD_REGISTRY": server.url, "WHEELYARD_TOKEN": server.token}
    before = {path: path.read_bytes() for path in packages.rglob("*") if path.is_file()}
    done = wheelyard_here("import", str(packages), **admin)
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1] == "2 files taken over, 0 were there already, 3 refused"
    reasons = dict(line.removeprefix("refused: ").split(": ", 1) for line in done.stdout.splitlines())
    assert reasons["readme.txt"] == "it is neither a wheel nor an sdist, by its name"
    assert "not a readable zip archive" in reasons["broken-1.0-py3-none-any.whl"]
    assert "six is a project of the upstream index" in reasons["six-1.16.0+ours-py3-none-any.whl"]
    page = httpx.get(f"{server.index_url}demand-model/", headers={"Accept": JSON_V1}, trust_env=False).json()
    assert [(file["filename"], file["upload-time"]) for file in page["files"]] == [
        ("demand_model-1.4.0-py3-none-any.whl", "2020-01-01T00:00:00.000000Z"),
        ("demand_model-1.4.0.tar.gz", "2020-01-01T00:00:01.000000Z"),
    ]
    assert {path: path.read_bytes() for path in packages.rglob("*") if path.is_file()} == before
    again = wheelyard_here("import", str(packages), **admin)
    assert again.stderr.splitlines()[-1] == "0 files taken over, 2 were there already, 3 refused"
    assert upstream.files


def test_addresses_that_pypiserver_gave_lead_to_the_files(server: Server, packages: Path) -> None:
    """Locks of uv name them."""
    wheelyard_here("import", str(packages), WHEELYARD_REGISTRY=server.url, WHEELYARD_TOKEN=server.token)
    for path in ("demand_model-1.4.0-py3-none-any.whl", "older/demand_model-1.4.0.tar.gz"):
        answer = httpx.get(f"{server.url}/packages/{path}", follow_redirects=True, trust_env=False)
        assert answer.content == (packages / path).read_bytes()
    for nothing in ("readme.txt", "", "never-1.0.tar.gz"):
        answer = httpx.get(f"{server.url}/packages/{nothing}", follow_redirects=True, trust_env=False)
        assert answer.json()["code"] == "not-found"


def test_importing_is_for_administrators(server: Server, packages: Path) -> None:
    admin = {"WHEELYARD_REGISTRY": server.url, "WHEELYARD_TOKEN": server.token}
    made = wheelyard_here("token", "create", "ci", "--right", "upload", "--right", "create", **admin)
    done = wheelyard_here("import", str(packages), WHEELYARD_REGISTRY=server.url, WHEELYARD_TOKEN=made.stdout.strip())
    assert done.returncode == 1
    assert "do not carry the right 'admin'" in done.stdout


def test_a_date_in_the_future_is_refused(server: Server) -> None:
    built = wheels.wheel()
    url = f"{server.url}/api/v1/projects/demand-model/files/{built.filename}"
    for when in ("2999-01-01T00:00:00Z", "yesterday"):
        headers = {"Wheelyard-Uploaded-At": when}
        login = ("__token__", server.token)
        answer = httpx.put(url, content=built.data, headers=headers, auth=login, trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
