"""Accepted bases kept by a registry: what it is told is what the next proposal starts from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.shell import FLEET, write_snapshot
from tests.registry import wheels
from tests.registry.serving import Server, serving, wheelyard_here

from wheelyard_cli.fleet_file import read_fleet

THIRD = '[[model]]\nname = "third"\nversion = "1"\nrequires = ["numpy"]\n'


@dataclass(frozen=True)
class World:
    """A registry that has accepted a proposal, and the same proposal accepted in a directory."""

    server: Server
    folder: Path
    accepted: Path

    def propose(self, place: str | Path, name: str, *options: str) -> tuple[int, str, Path]:
        """Exit code, text and directory of a proposal for one more model, from what a place has accepted."""
        fleet, out = self.folder / "more.toml", self.folder / name
        fleet.write_text(FLEET + THIRD)
        given = ("--fleet", str(fleet), "--snapshot", str(self.folder / "world.snapshot"), "--offline", "-o", str(out))
        done = wheelyard_here("bases", "propose", *given, "--accepted", str(place), *options, **self.login)
        assert done.stderr.startswith("wrote "), done.stderr
        return done.returncode, done.stdout, out

    @property
    def login(self) -> dict[str, str]:
        return {"WHEELYARD_TOKEN": self.server.token}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("bases")
    snapshot, fleet, first, accepted = (folder / name for name in ("world.snapshot", "fleet.toml", "first", "accepted"))
    write_snapshot(snapshot)
    fleet.write_text(FLEET)
    given = ("--fleet", str(fleet), "--snapshot", str(snapshot), "--offline", "-o", str(first))
    assert wheelyard_here("bases", "propose", *given).returncode == 0
    with serving(folder, "--no-upstream") as server:
        found = World(server, folder, accepted)
        done = wheelyard_here("bases", "accept", str(first), str(accepted), "--registry", server.url, **found.login)
        assert done.stderr.startswith(f"accepted for prod by {server.url}: base-a, base-b\n"), done.stderr
        yield found


def test_a_proposal_from_a_registry_is_that_from_a_directory_to_the_byte(world: World) -> None:
    options = ("--detach", "--detailed-exitcode")
    code, text, here = world.propose(world.accepted, "from-directory", *options)
    assert code == 3
    assert "~ base-a (its image stays)\n    + model third\n" in text
    assert world.propose(world.server.url, "from-registry", *options)[:2] == (code, text)
    there = world.folder / "from-registry"
    assert {path.name: path.read_bytes() for path in there.iterdir()} == {
        path.name: path.read_bytes() for path in here.iterdir()
    }


def test_a_diff_against_a_registry_is_that_against_a_directory(world: World) -> None:
    _, text, out = world.propose(world.server.url, "to-compare")
    here = wheelyard_here("bases", "diff", str(world.accepted), str(out), "--detailed-exitcode")
    there = wheelyard_here("bases", "diff", world.server.url, str(out), "--detailed-exitcode", **world.login)
    assert (there.returncode, there.stdout) == (here.returncode, here.stdout) == (3, there.stdout)
    assert there.stdout in text


def test_a_lock_that_is_kept_stays_to_the_byte_and_is_verified(world: World) -> None:
    _, _, out = world.propose(world.server.url, "kept")
    lock = "pylock.base-b.toml"
    assert (out / lock).read_bytes() == (world.accepted / lock).read_bytes()
    assert wheelyard_here("bases", "verify", str(out)).returncode == 0


def test_what_was_accepted_nowhere_is_an_error_where_it_is_asked_for(world: World) -> None:
    fleet = world.folder / "staging.toml"
    fleet.write_text(FLEET.replace('"prod"', '"staging"'))
    given = ("--fleet", str(fleet), "--snapshot", str(world.folder / "world.snapshot"), "--offline")
    done = wheelyard_here("bases", "propose", *given, "--accepted", world.server.url, **world.login)
    assert (done.returncode, "accepted base of staging" in done.stderr) == (2, True)


def test_the_fleet_of_a_registry_is_planned_from_what_the_registry_has_accepted(world: World) -> None:
    """Its models are uploaded without requirements: one base will do, and the change is told."""
    where = {"WHEELYARD_REGISTRY": world.server.url, **world.login}
    models = world.folder / "models"
    models.mkdir()
    for name in ("demand", "churn"):
        built = wheels.wheel(name, "1.0", requires=[])
        (models / built.filename).write_bytes(built.data)
    assert wheelyard_here("import", str(models), **where).returncode == 0
    for name in ("demand", "churn"):
        assert wheelyard_here("deploy", "record", f"{name}==1.0", "--stage", "prod", **where).returncode == 0
    exported = world.folder / "exported.toml"
    wheelyard_here("fleet", "export", "--stage", "prod", "-o", str(exported), **where)
    bases = read_fleet(exported).bases
    assert [(base.name, base.models, len(base.versions)) for base in bases] == [
        ("base-a", ("churn",), 2),
        ("base-b", ("demand",), 2),
    ]
    done = wheelyard_here("bases", "propose", "--detailed-exitcode", **where)
    assert done.returncode == 3, done.stderr
    assert "- base-b\n" in done.stdout


def test_without_a_directory_the_usual_registry_is_told(world: World) -> None:
    """A directory alone is meant alone."""
    where = {"WHEELYARD_REGISTRY": world.server.url, **world.login}
    told = wheelyard_here("bases", "accept", str(world.accepted), **where)
    assert (told.returncode, told.stderr) == (0, f"accepted for prod by {world.server.url}: base-a, base-b\n")
    alone = wheelyard_here("bases", "accept", str(world.accepted), str(world.folder / "again"), **where)
    assert (alone.returncode, "accepted for" in alone.stderr) == (0, False)


def test_accepting_nowhere_is_refused(world: World) -> None:
    done = wheelyard_here("bases", "accept", str(world.accepted))
    assert (done.returncode, "no registry is named" in done.stderr) == (2, True)


def test_drift_from_nothing_is_refused(world: World) -> None:
    done = wheelyard_here("bases", "propose", "--fleet", str(world.folder / "fleet.toml"), "--detailed-exitcode")
    assert (done.returncode, "has nothing to compare with" in done.stderr) == (2, True)
