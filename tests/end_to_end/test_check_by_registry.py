"""The registry answers a check as the command line itself does: the same exit code, the same text."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import tomli_w
from tests.cli.shell import Outcome, Shell
from tests.registry import wheels
from tests.registry.child_processes import children_of, is_alive
from tests.registry.serving import Server, serving
from tests.registry.test_bases_api import base, lock
from tests.resolver.fake_index import FakeIndex, Release, fleet, model
from tests.resolver.random_worlds import random_world

from wheelyard_cli.report_formats.outputs import FORMATS
from wheelyard_resolver.propose import propose
from wheelyard_resolver.snapshot import Recording

WORLDS = range(10)
CANDIDATES = range(10)


@dataclass(frozen=True)
class Deployed:
    """A random world in a registry: its models run in a stage of their own, on the bases proposed for them."""

    stage: str
    models: tuple[str, ...]


@dataclass(frozen=True)
class Stocked:
    """A registry that holds the worlds."""

    server: Server
    worlds: Mapping[int, Deployed]


class _Api:
    """Fills a registry, as an administrator."""

    def __init__(self, server: Server) -> None:
        self._client = httpx.Client(base_url=server.url, auth=("__token__", server.token), trust_env=False)

    def close(self) -> None:
        self._client.close()

    def send(self, method: str, path: str, body: object) -> None:
        """A request that must succeed."""
        answer = self._client.request(method, f"/api/v1/{path}", json=body)
        assert answer.is_success, answer.text

    def upload(self, name: str, version: str, release: Release) -> None:
        """A release as a wheel."""
        known = "".join(f"Provides-Extra: {extra}\n" for extra in release.extras)
        metadata = wheels.core_metadata(name, version, release.requires, known)
        built = wheels.wheel(name.replace("-", "_"), version, metadata=metadata)
        files = {"content": (built.filename, built.data)}
        answer = self._client.post("/", data={":action": "file_upload"}, files=files)
        assert answer.is_success, answer.text
        if release.yanked is not False:
            self.send("POST", f"projects/{name}/releases/{version}/yank", {})


def named(seed: int, text: str) -> str:
    """A requirement or name of a world, so that worlds do not meet."""
    return re.sub(r"\b([pm]\d|nowhere)", rf"w{seed}-\1", text)


def uploadable(release: Release) -> bool:
    """Whether a registry would take it: a wheel that can be read."""
    return bool(release.tags) and release.metadata == b""


def renamed(seed: int, release: Release) -> Release:
    """A release of a world, its requirements by their names there."""
    requires = [named(seed, text) for text in release.requires]
    return Release(requires, extras=release.extras, yanked=release.yanked)


def deployed(api: _Api, seed: int) -> Deployed:
    """Put a world into the registry."""
    world = random_world(seed, models=5)
    stage = f"prod-{seed}"
    universe = {
        named(seed, name): {version: renamed(seed, each) for version, each in releases.items() if uploadable(each)}
        for name, releases in world.universe.items()
    }
    for name, releases in universe.items():
        for version, release in releases.items():
            api.upload(name, version, release)
    models = [
        model(named(seed, each.name), *(named(seed, str(line.requirement)) for line in each.lines))
        for each in world.fleet.models
    ]
    for each in models:
        api.upload(each.name, "1.0", Release([str(line.requirement) for line in each.lines]))
        api.send("POST", "deployments", {"model": each.name, "version": "1.0", "stage": stage, "owner": "a-team"})
    proposal = propose(fleet(*models), Recording(FakeIndex(universe)))
    bases = [
        base(each.name, lock(**{str(package.name): str(package.version) for package in each.packages}), *each.models)
        for each in proposal.bases
    ]
    api.send("PUT", f"stages/{stage}/bases", {"snapshot": f"sha256:{'5' * 64}", "bases": bases})
    return Deployed(stage, tuple(each.name for each in models))


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    with serving(tmp_path_factory.mktemp("registry"), "--no-upstream") as server:
        api = _Api(server)
        try:
            yield Stocked(server, {seed: deployed(api, seed) for seed in WORLDS})
        finally:
            api.close()


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WHEELYARD_CACHE_DIR", str(tmp_path / "cache"))
    return Shell(tmp_path, capsys)


def candidate(shell: Shell, seed: int, number: int, models: Sequence[str]) -> list[str]:
    """Arguments that name a random candidate: requirements, or a project, new or in place of a model."""
    lines = random_world(1000 * (seed + 1) + number).fleet.models[number % 4].lines
    requires = [named(seed, str(line.requirement)) for line in lines]
    if number % 3 == 0:
        return requires
    name = models[number % len(models)] if number % 3 == 1 else f"w{seed}-new"
    place = shell.directory / f"candidate-{number}"
    place.mkdir()
    more = {"requires-python": ">=3.8", "optional-dependencies": {"more": requires[1:]}}
    project = {"name": name, "version": "2.0", "dependencies": requires[:1], **more}
    (place / "pyproject.toml").write_text(tomli_w.dumps({"project": project}))
    return [place.name, *(["--extra", "more"] if number % 2 else [])]


def by_registry(shell: Shell, stocked: Stocked, stage: str, *arguments: str) -> Outcome:
    """The check, answered by the registry."""
    return shell.run("check", *arguments, "--registry", stocked.server.url, "--stage", stage)


def here(shell: Shell, stocked: Stocked, *arguments: str) -> Outcome:
    """The check of the exported fleet, answered on this machine from the registry's index."""
    return shell.run("check", *arguments, "--fleet", "fleet.toml", "--index-url", stocked.server.index_url)


def export(shell: Shell, stocked: Stocked, stage: str) -> None:
    """Write the fleet of a stage as a fleet file."""
    done = shell.run("fleet", "export", "--stage", stage, "--registry", stocked.server.url, "-o", "fleet.toml")
    assert done.code == 0, done.err


@pytest.mark.parametrize("seed", WORLDS)
def test_a_registry_says_what_would_be_said_here(shell: Shell, stocked: Stocked, seed: int) -> None:
    """Ten candidates a world, and the fleet itself: word for word, and the same exit code."""
    world = stocked.worlds[seed]
    export(shell, stocked, world.stage)
    for number in CANDIDATES:
        asked = candidate(shell, seed, number, world.models)
        found, expected = by_registry(shell, stocked, world.stage, *asked), here(shell, stocked, *asked)
        assert (found.code, found.out, found.err) == (expected.code, expected.out, expected.err), asked
    assert by_registry(shell, stocked, world.stage) == here(shell, stocked)


def test_the_cases_are_of_every_kind(shell: Shell, stocked: Stocked) -> None:
    """Otherwise the same answer would say little."""
    levels = set()
    for seed, world in stocked.worlds.items():
        for number in (0, 3, 6):
            asked = candidate(shell, seed, number, world.models)
            document = json.loads(by_registry(shell, stocked, world.stage, *asked, "--format", "json").out)
            levels.add(document["level"])
    assert len(levels) >= 4, levels


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_the_same(shell: Shell, stocked: Stocked, form: str) -> None:
    """But for the name of the snapshot: here it holds pages as they came over HTTP."""
    world = stocked.worlds[0]
    export(shell, stocked, world.stage)
    asked = [*candidate(shell, 0, 4, world.models), "--format", form, "--fail-on", "fits"]
    found, expected = by_registry(shell, stocked, world.stage, *asked), here(shell, stocked, *asked)
    assert found.code == expected.code
    assert re.sub("sha256:[0-9a-f]{64}", "", found.out) == re.sub("sha256:[0-9a-f]{64}", "", expected.out)


def test_workers_end_with_their_server(tmp_path: Path) -> None:
    """Also when it is killed, and can tell them nothing."""
    with serving(tmp_path, "--no-upstream") as server:
        given = {"stage": "prod", "requires": [{"requirement": "numpy"}]}
        login = ("__token__", server.token)
        assert httpx.post(f"{server.url}/api/v1/check", json=given, auth=login, trust_env=False).status_code == 200
        workers = children_of(server.process.pid)
        assert workers
        server.process.kill()
        deadline = time.monotonic() + 20
        while any(map(is_alive, workers)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(is_alive, workers))
