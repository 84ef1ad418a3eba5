"""twine, uv and pip, as they are, against a real server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import pytest
import requests
from tests.registry import wheels
from tests.registry.fake_upstream import FakeUpstream, serving_upstream
from tests.registry.serving import Server, run, script, serving
from tests.registry.wheels import Built
from twine.commands.upload import skip_upload
from twine.package import PackageFile

from wheelyard_resolver.page import JSON_V1


@dataclass(frozen=True)
class Place:
    """A server, the upstream behind it, and a folder to build in."""

    server: Server
    upstream: FakeUpstream
    folder: Path

    def put(self, built: Built) -> str:
        """Write a distribution file; its path."""
        path = self.folder / built.filename
        path.write_bytes(built.data)
        return str(path)

    def twine(self, *arguments: str, token: str | None = None) -> CompletedProcess[str]:
        """``twine upload``."""
        login = ["-u", "__token__", "-p", token or self.server.token]
        quiet = ["--non-interactive", "--disable-progress-bar", "--repository-url", f"{self.server.url}/legacy/"]
        return run([script("twine"), "upload", *quiet, *login, *arguments])

    def uv_publish(self, *arguments: str, token: str | None = None) -> CompletedProcess[str]:
        """``uv publish``."""
        cache = str(self.folder / "uv-cache")
        target = ["--publish-url", f"{self.server.url}/legacy/", "--token", token or self.server.token]
        return run([script("uv"), "publish", "--cache-dir", cache, *target, *arguments])

    def listed(self, project: str) -> list[str]:
        """The hashes that the project's page states."""
        page = httpx.get(f"{self.server.index_url}{project}/", headers={"Accept": JSON_V1}, trust_env=False)
        return [file["hashes"]["sha256"] for file in page.json()["files"]] if page.status_code == 200 else []


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("registry")
    with serving_upstream() as upstream, serving(folder, "--upstream", upstream.url) as server:
        upstream.add("small-dep", wheels.wheel("small_dep", "2.0.0", padding=300_000))
        yield Place(server, upstream, folder)


def model(name: str, version: str = "1.0.0", *, requires: str = "small-dep>=2,<3") -> Built:
    """A model package that needs a package of upstream."""
    return wheels.wheel(name, version, requires=[requires])


def test_twine_uploads_wheel_and_sdist(place: Place) -> None:
    built, source = model("by_twine"), wheels.sdist("by_twine", "1.0.0")
    done = place.twine(place.put(built), place.put(source))
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(place.listed("by-twine")) == sorted([built.sha256, source.sha256])


def test_uv_publishes(place: Place) -> None:
    built = model("by_uv")
    done = place.uv_publish(place.put(built))
    assert done.returncode == 0, done.stderr
    assert place.listed("by-uv") == [built.sha256]


def test_an_upload_repeated_is_no_error_for_either(place: Place) -> None:
    path = place.put(model("repeated"))
    answers = [place.twine(path), place.twine(path), place.uv_publish(path)]
    assert [answer.returncode for answer in answers] == [0, 0, 0]
    assert len(place.listed("repeated")) == 1


def test_uv_skips_what_the_check_url_lists(place: Place) -> None:
    path = place.put(model("checked"))
    first = place.uv_publish(path, "--check-url", place.server.index_url)
    assert first.returncode == 0, first.stderr
    again = place.uv_publish(path, "--check-url", place.server.index_url)
    assert again.returncode == 0
    assert "already exists, skipping" in again.stderr


def test_other_contents_under_a_used_name_fail_and_uv_says_why(place: Place) -> None:
    first = model("changed")
    place.twine(place.put(first))
    path = place.put(model("changed", requires="small-dep>=1"))
    by_uv, by_twine = place.uv_publish(path), place.twine(path)
    assert by_uv.returncode != 0
    assert "changed-1.0.0-py3-none-any.whl already exists with other contents" in by_uv.stderr
    assert "raise the version and build again" in by_uv.stderr
    assert by_twine.returncode != 0
    assert "409 Conflict" in by_twine.stdout
    assert place.listed("changed") == [first.sha256]


def test_the_refusal_is_one_that_twine_takes_for_existing(place: Place) -> None:
    # twine 7 lets --skip-existing through for PyPI's URLs only; this is the function that judges the answer.
    place.twine(place.put(model("skipped")))
    path = place.put(model("skipped", requires="small-dep>=1"))
    form = {":action": "file_upload"}
    with Path(path).open("rb") as file:
        answer = requests.post(
            place.server.url, form, files={"content": file}, auth=("__token__", place.server.token), timeout=10
        )
    assert skip_upload(answer, skip_existing=True, package=PackageFile.from_filename(path, None))


def test_a_wheel_that_contradicts_its_name_is_refused_with_the_reason(place: Place) -> None:
    wrong = wheels.wheel("contrary", metadata=wheels.core_metadata("contrary", "9.9"))
    done = place.uv_publish(place.put(wrong))
    assert done.returncode != 0
    assert place.listed("contrary") == []
    by_hand = httpx.post(
        place.server.url,
        data={":action": "file_upload"},
        files={"content": (wrong.filename, wrong.data)},
        auth=("__token__", place.server.token),
        trust_env=False,
    )
    assert by_hand.status_code == 400
    assert "its metadata states version 9.9, its file name says 1.4.0" in by_hand.json()["detail"]


def test_a_wrong_token_is_named_as_the_reason(place: Place) -> None:
    path = place.put(model("unwanted"))
    by_uv, by_twine = place.uv_publish(path, token="wy_0_wrong"), place.twine(path, token="wy_0_wrong")
    assert by_uv.returncode != 0
    assert "the token is not known to this registry" in by_uv.stderr
    assert by_twine.returncode != 0
    assert "401 Unauthorized" in by_twine.stdout
    assert "wy_0_wrong" not in by_uv.stderr + by_twine.stdout + by_twine.stderr
    assert place.listed("unwanted") == []


def test_pip_installs_a_model_and_its_upstream_dependency_from_one_index(place: Place, tmp_path: Path) -> None:
    place.twine(place.put(model("for_pip")))
    target = str(tmp_path / "site")
    command = [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check", "--target"]
    done = run([*command, target, "--index-url", place.server.index_url, "for-pip"])
    assert done.returncode == 0, done.stdout + done.stderr
    ranges = place.upstream.asked_for("small_dep-2.0.0-py3-none-any.whl")
    assert any(asked.startswith("bytes=") for asked in ranges), "its metadata was read by range, not from the whole"
    imported = run([sys.executable, "-c", "import for_pip, small_dep; print(small_dep.__version__)"], PYTHONPATH=target)
    assert imported.stdout == "2.0.0\n", imported.stderr


def test_uv_installs_a_model_and_its_upstream_dependency_from_one_index(place: Place, tmp_path: Path) -> None:
    place.twine(place.put(model("for_uv")))
    target = str(tmp_path / "site")
    command = [script("uv"), "pip", "install", "--python", sys.executable, "--no-cache", "--target", target]
    done = run([*command, "--index-url", place.server.index_url, "for-uv"])
    assert done.returncode == 0, done.stderr
    imported = run([sys.executable, "-c", "import for_uv, small_dep; print(small_dep.__version__)"], PYTHONPATH=target)
    assert imported.stdout == "2.0.0\n", imported.stderr


def test_pip_respects_a_cut_off_by_upload_time(place: Place, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check", "--target"]
    early = ["--index-url", place.server.index_url, "--uploaded-prior-to", "2020-01-01T00:00:00Z"]
    done = run([*command, str(tmp_path / "site"), *early, "small-dep"])
    assert done.returncode != 0
    assert "No matching distribution found for small-dep" in done.stderr


def test_pip_refuses_an_upstream_wheel_whose_bytes_changed(place: Place, tmp_path: Path) -> None:
    built = place.upstream.add("bad-dep", wheels.wheel("bad_dep", "1.0", padding=3_000_000))
    place.upstream.served_instead[built.filename] = built.data[:-1] + b"!"
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        httpx.get(f"{place.server.url}/files/bad-dep/{built.filename}", trust_env=False)
    command = [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--retries", "0", "--target"]
    done = run([*command, str(tmp_path / "site"), "--index-url", place.server.index_url, "bad-dep"])
    assert done.returncode != 0
    assert not (place.server.data / "cache" / built.sha256[:2] / built.sha256).exists()
    assert not (tmp_path / "site" / "bad_dep").exists()
    assert "its sha256 is" in place.server.log.read_text()
    assert "Traceback" not in place.server.log.read_text()
