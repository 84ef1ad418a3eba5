"""A site that goes offline: what a lock names, or a fleet needs, is fetched before, and served afterwards."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.registry import wheels
from tests.registry.fake_upstream import FakeUpstream, serving_upstream
from tests.registry.serving import Server, run, script, serving, wheelyard_here
from tests.registry.wheels import Built


def pylock(built: Built) -> str:
    return (
        'lock-version = "1.0"\ncreated-by = "a test"\n[[packages]]\nname = "six"\nversion = "1.16.0"\n'
        f'[[packages.wheels]]\nname = "{built.filename}"\nurl = "https://x.example/{built.filename}"\n'
        f'hashes = {{sha256 = "{built.sha256}"}}\n'
    )


def requirements(built: Built) -> str:
    return f"--index-url https://x.example\nsix==1.16.0 \\\n    --hash=sha256:{built.sha256}\n    # via nothing\n"


@pytest.mark.parametrize("lock", [pylock, requirements])
def test_what_was_prefetched_installs_offline_and_what_was_not_is_said(tmp_path: Path, lock: object) -> None:
    assert callable(lock)
    with serving_upstream() as upstream:
        built = upstream.add("six", wheels.wheel("six", "1.16.0", padding=2_000_000))
        upstream.add("six", wheels.wheel("six", "1.17.0"))
        path = tmp_path / ("pylock.toml" if lock is pylock else "requirements.txt")
        path.write_text(lock(built))
        with serving(tmp_path, "--upstream", upstream.url) as online:
            done = wheelyard_here("mirror", "prefetch", "-r", str(path), "--registry", online.url)
        assert (done.returncode, done.stdout) == (0, f"{built.filename}\n"), done.stderr
    with serving(tmp_path, "--upstream", upstream.url, "--offline", token_file=False) as server:
        target = tmp_path / "site"
        pip = [script("pip"), "install", "--no-cache-dir", "--no-deps", "--target", str(target)]
        installed = run([*pip, "--index-url", server.index_url, "six==1.16.0"])
        assert installed.returncode == 0, installed.stderr
        assert (target / "six-1.16.0.dist-info").is_dir()
        absent = httpx.get(f"{server.url}/files/six/six-1.17.0-py3-none-any.whl")
        assert (absent.status_code, absent.json()["code"]) == (503, "offline")
        assert httpx.get(f"{server.url}/simple/never-seen/").json()["code"] == "offline"


def test_a_prefetch_says_what_is_not_to_be_had(tmp_path: Path) -> None:
    with serving_upstream() as upstream, serving(tmp_path, "--upstream", upstream.url) as server:
        upstream.add("six", wheels.wheel("six", "1.16.0"))
        path = tmp_path / "requirements.txt"
        path.write_text(f"six==1.16.0 --hash=sha256:{'0' * 64}\n")
        done = wheelyard_here("mirror", "prefetch", "-r", str(path), "--registry", server.url)
        assert (done.returncode, f"not to be had: six sha256:{'0' * 64}" in done.stderr) == (1, True)


def test_requirements_without_hashes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("six>=1\n")
    done = wheelyard_here("mirror", "prefetch", "-r", str(path), "--registry", "http://127.0.0.1:1")
    assert (done.returncode, "'six>=1' has no sha256" in done.stderr) == (2, True)


FLEET = """
[fleet]
name = "energy"
stage = "prod"
[fleet.target]
python = "3.11"
platform = "manylinux_2_28_x86_64"
[[model]]
name = "demand"
version = "1"
requires = ["web>=2", "left"]
[[model]]
name = "churn"
version = "1"
requires = ["web<2"]
[[model]]
name = "tariff"
version = "1"
requires = ["left", "right"]
[[model]]
name = "lost"
version = "1"
requires = ["no-such-project"]
"""


def world(upstream: FakeUpstream) -> None:
    """Two models want different versions of one project, a third disagrees with itself through others."""
    for name, version, *requires in (
        ("web", "1.0"),
        ("web", "2.0", "left"),
        ("web", "2.1", "left", "gone-since<1"),
        ("left", "1.0", "shared<2"),
        ("right", "1.0", "shared>=2"),
        ("shared", "1.0"),
        ("shared", "2.0"),
    ):
        upstream.add(name, wheels.wheel(name, version, requires=requires))


def verdicts(server: Server, fleet: Path, folder: Path) -> list[str]:
    """What check and proposal say, and the files that the proposal writes, with no cache but the registry's."""
    own = {"XDG_CACHE_HOME": str(folder / "cache")}
    given = ("--fleet", str(fleet), "--index-url", server.index_url)
    check = wheelyard_here("check", *given, **own)
    proposal = wheelyard_here("bases", "propose", *given, "-o", str(folder / "out"), **own)
    assert (check.returncode, proposal.returncode) == (1, 1), check.stderr + proposal.stderr
    names = [path for path in (folder / "out").rglob("*") if path.is_file() and path.suffix != ".snapshot"]
    return [check.stdout, proposal.stdout, *(path.read_text() for path in sorted(names))]


def test_a_fleet_that_was_prefetched_is_checked_planned_and_installed_offline(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.toml"
    fleet.write_text(FLEET)
    with serving_upstream() as upstream:
        world(upstream)
        with serving(tmp_path, "--upstream", upstream.url) as online:
            done = wheelyard_here("mirror", "prefetch", "--fleet", str(fleet), "--registry", online.url)
            assert done.returncode == 0, done.stderr
            fetched = sorted(name.removesuffix("-py3-none-any.whl") for name in done.stdout.split())
            assert fetched == ["left-1.0", "shared-1.0", "web-1.0", "web-2.0"]
            before = verdicts(online, fleet, tmp_path / "online")
    port = ("--port", online.url.rpartition(":")[2])
    with serving(tmp_path, "--upstream", upstream.url, "--offline", *port, token_file=False) as server:
        assert verdicts(server, fleet, tmp_path / "offline") == before
        for lock in sorted((tmp_path / "offline" / "out").rglob("requirements.base-*.txt")):
            target = tmp_path / lock.stem
            pip = [script("pip"), "install", "--no-cache-dir", "--no-deps", "--require-hashes", "--target", str(target)]
            done = run([*pip, "--index-url", server.index_url, "-r", str(lock)])
            assert done.returncode == 0, done.stderr
        assert (tmp_path / "requirements.base-a" / "web-1.0.dist-info").is_dir()
        assert (tmp_path / "requirements.base-b" / "web-2.0.dist-info").is_dir()


def test_a_prefetch_of_a_fleet_says_what_does_not_come_through_the_registry(tmp_path: Path) -> None:
    with serving_upstream() as upstream, serving(tmp_path, "--upstream", upstream.url) as server:
        upstream.add("six", wheels.wheel("six", "1.16.0"))
        fleet = tmp_path / "fleet.toml"
        model = '[[model]]\nname = "m"\nversion = "1"\nrequires = ["six"]\n'
        fleet.write_text(
            f'{FLEET.partition("[[model]]")[0]}{model}[[index]]\nurl = "{upstream.url}"\nprojects = ["six"]\n'
        )
        done = wheelyard_here("mirror", "prefetch", "--fleet", str(fleet), "--registry", server.url)
        said = f"not to be had: six: the fleet file takes them from {upstream.url}"
        assert (done.returncode, said in done.stderr, done.stdout) == (1, True, ""), done.stderr


def test_a_prefetch_of_nothing_is_refused() -> None:
    done = wheelyard_here("mirror", "prefetch", "--registry", "http://127.0.0.1:1")
    assert (done.returncode, "nothing to fetch is named" in done.stderr) == (2, True)
