"""A lock is made again, and installed, as of the time at which it was made: by pip and uv."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.registry import wheels
from tests.registry.fake_upstream import FakeUpstream, serving_upstream
from tests.registry.serving import Server, run, run_in, script, serving, wheelyard_here
from tests.registry.wheels import Built

from wheelyard_registry.catalogue.database import utc_now


@dataclass(frozen=True)
class Later:
    """A registry some time after a lock was made: ``then`` is when, ``lock`` what it said."""

    server: Server
    then: str
    lock: str

    @property
    def index_then(self) -> str:
        return f"{self.server.url}/as-of/{self.then}/simple/"


def upload(server: Server, built: Built) -> None:
    answer = httpx.post(
        server.url,
        data={":action": "file_upload"},
        files={"content": (built.filename, built.data)},
        auth=("__token__", server.token),
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text


def lock(index: str, folder: Path) -> str:
    """What uv pins of ``demand-model`` and all that it needs, with hashes."""
    (folder / "in.txt").write_text("demand-model\n")
    compiling = [script("uv"), "pip", "compile", "--quiet", "--no-cache", "--no-header", "--generate-hashes"]
    done = run_in(folder, [*compiling, "--index-url", index, "in.txt"])
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Later]:
    """A lock is made; then upstream and the team release, yank and remove, and the lock of today is another one."""
    folder = tmp_path_factory.mktemp("as-of")
    with serving_upstream() as upstream:
        old, gone = (upstream.add("six", wheels.wheel("six", version)) for version in ("1.15.0", "1.16.0"))
        with serving(folder, "--upstream", upstream.url, "--page-ttl", "0") as server:
            upload(server, wheels.wheel("demand_model", "1.0", requires=["six"]))
            locked = lock(server.index_url, folder)
            assert httpx.get(f"{server.url}/files/six/{gone.filename}").content == gone.data
            then = utc_now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            upload(server, wheels.wheel("demand_model", "2.0", requires=["six<1.16"]))
            admin = {"WHEELYARD_REGISTRY": server.url, "WHEELYARD_TOKEN": server.token}
            assert wheelyard_here("project", "yank", "demand-model==1.0", **admin).returncode == 0
            change(upstream, old)
            assert lock(server.index_url, folder) != locked
            yield Later(server, then, locked)


def change(upstream: FakeUpstream, kept: Built) -> None:
    """Upstream removes a release, yanks another and makes a new one."""
    upstream.files["six"] = [kept]
    upstream.yanked[kept.filename] = "old"
    upstream.add("six", wheels.wheel("six", "1.14.0"))


def test_uv_makes_the_same_lock_again(later: Later, tmp_path: Path) -> None:
    assert "demand-model==1.0" in later.lock
    assert "six==1.16.0" in later.lock
    assert lock(later.index_then, tmp_path) == later.lock


@pytest.mark.parametrize("tool", ["pip", "uv"])
@pytest.mark.parametrize("given", ["the lock", "the name"])
def test_what_was_locked_then_is_installed(later: Later, tmp_path: Path, tool: str, given: str) -> None:
    target = tmp_path / "site"
    (tmp_path / "wanted.txt").write_text(later.lock if given == "the lock" else "demand-model\n")
    start = {
        "pip": [script("pip"), "install", "--no-cache-dir", "--disable-pip-version-check"],
        "uv": [script("uv"), "pip", "install", "--no-cache"],
    }[tool]
    files = ["--target", str(target), "-r", str(tmp_path / "wanted.txt")]
    done = run([*start, "--index-url", later.index_then, *files])
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in target.glob("*.dist-info")) == [
        "demand_model-1.0.dist-info",
        "six-1.16.0.dist-info",
    ]


def test_a_check_takes_it_as_its_index(later: Later, tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.toml"
    fleet.write_text(
        '[fleet]\nname = "energy"\nstage = "prod"\n'
        '[fleet.target]\npython = "3.11"\nplatform = "manylinux_2_28_x86_64"\n'
        '[[model]]\nname = "churn"\nversion = "1"\nrequires = ["six==1.16.0", "demand-model<2"]\n'
    )
    check = ("check", "--fleet", str(fleet), "--index-url")
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert wheelyard_here(*check, later.index_then, **environment).returncode == 0
    assert wheelyard_here(*check, later.server.index_url, **environment).returncode == 1


def test_a_time_to_come_is_said_by_uv(later: Later, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("six\n")
    index = f"{later.server.url}/as-of/2099-01-01/simple/"
    done = run([script("uv"), "pip", "compile", "--no-cache", "--index-url", index, str(tmp_path / "in.txt")])
    assert (done.returncode, "still to come" in done.stderr) == (2, True), done.stderr
