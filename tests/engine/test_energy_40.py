"""A fleet of forty models on real projects of PyPI: its images, what a change moves, projects without wheels. (heavy)

What is read of PyPI is kept in a snapshot for the next run: the first takes minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomli
from tests.engine.conftest import WORK, Engine, Place, netrc_of, private_registry
from tests.engine.images import holds, image_of, parts, predict, remove
from tests.registry.serving import script, serving

from wheelyard_cli.accepted_proposal import read_accepted
from wheelyard_cli.base_changes import changes

pytestmark = pytest.mark.heavy

FLEET = Path(__file__).parents[2] / "bench" / "energy-40.toml"
WITHOUT_WHEELS = ("gas-demand-legacy", "grid-congestion", "spark-etl")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line; nothing stops it after a minute."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WHEELYARD_")}
    command = [script("wheelyard"), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=1800, check=False, env={**kept, "NO_COLOR": "1", **environment}
    )


def propose(fleet: str, folder: Path, *options: str, without: tuple[str, ...] = WITHOUT_WHEELS, **login: str) -> Path:
    """The directory of a proposal for a fleet."""
    file, out = folder / "fleet.toml", folder / "out"
    folder.mkdir()
    file.write_text(fleet)
    allowed = [word for name in without for word in ("--allow-unplaceable", name)]
    given = ["--fleet", str(file), "--snapshot", str(WORK / "energy-40.snapshot"), "-o", str(out), "--detach", *allowed]
    done = run("bases", "propose", *given, "--index-url", "https://pypi.org/simple/", *options, **login)
    if done.returncode == 5:
        pytest.skip(f"PyPI cannot be read: {done.stderr}")
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return propose(FLEET.read_text(), tmp_path_factory.mktemp("energy-40") / "planned")


def test_hadolint_has_nothing_to_say_about_any_dockerfile(planned: Path) -> None:
    files = sorted(map(str, planned.glob("Dockerfile.*")))
    assert len(files) == 3 + 37
    done = subprocess.run(
        [Path(sysconfig.get_path("scripts"), "hadolint"), *files], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_change_of_one_range_moves_no_other_model_and_keeps_what_is_untouched(planned: Path, tmp_path: Path) -> None:
    before, after = '"duckdb>=0.10"', '"duckdb>=0.10,<1.4"'
    fleet = FLEET.read_text()
    assert fleet.count(before) == 1
    out = propose(fleet.replace(before, after), tmp_path / "changed", "--accepted", str(planned))
    found = changes(read_accepted(planned), read_accepted(out))
    assert found.moved == ()
    assert len(found.bases) == 1
    assert [package.name for package in found.bases[0].packages] == ["duckdb"]
    assert len(found.unchanged) == 2
    for base in found.unchanged:
        names = [f"Dockerfile.{base}", f"pylock.{base}.toml", f"requirements.{base}.txt", f"sbom.{base}.cdx.json"]
        assert all((planned / name).read_bytes() == (out / name).read_bytes() for name in names)


def test_a_model_that_needs_a_source_only_project_is_placed_once_its_wheel_is_built(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        login = {"WHEELYARD_REGISTRY": server.url, "WHEELYARD_TOKEN": server.token}
        overlay = run("project", "overlay", "pyspark", "--reason", "its wheels are built here", **login)
        assert overlay.returncode == 0, overlay.stderr
        built = run("wheels", "build", "pyspark==3.5.9", "--target", "cp311-manylinux_2_28_x86_64", **login)
        assert built.returncode == 0, built.stderr
        route = f'\n[[index]]\nurl = "{server.index_url}"\nprojects = ["pyspark"]\n'
        fleet = FLEET.read_text() + route
        out = propose(
            fleet, tmp_path / "with-pyspark", without=WITHOUT_WHEELS[:2], NETRC=str(netrc_of(server, tmp_path))
        )
    bases = json.loads((out / "proposal.json").read_bytes())["bases"]
    (home,) = [base for base in bases if "spark-etl" in base["models"]]
    assert [each["version"] for each in home["packages"] if each["name"] == "pyspark"] == ["3.5.9"]
    assert len(bases) == 3


# -- the smallest base, gigabytes of it -----------------------------------------------------------------------------

ROOM = 36e9
"""Bytes of disk for the wheels in the registry, two builds of one image, and its archive."""


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A registry that passes PyPI on to those who have its token."""
    free = shutil.disk_usage(WORK).free
    if free < ROOM:
        pytest.skip(f"gigabytes of wheels are installed: {ROOM / 1e9:.0f} GB are needed, {free / 1e9:.0f} GB are free")
    with private_registry(tmp_path_factory.mktemp("mirror")) as place:
        yield place


def smallest_base(planned: Path) -> str:
    def size(lock: Path) -> int:
        packages = tomli.loads(lock.read_text())["packages"]
        return sum(wheel["size"] for package in packages for wheel in package["wheels"])

    return min(planned.glob("pylock.*.toml"), key=size).name.removeprefix("pylock.").removesuffix(".toml")


@pytest.mark.large
def test_the_smallest_base_repeats_runs_and_keeps_no_secret(
    repeating_engine: Engine, mirror: Place, planned: Path, tmp_path: Path
) -> None:
    engine, base, out = repeating_engine, smallest_base(planned), tmp_path / "out"
    shutil.copytree(planned, out)
    index = ("--index-url", mirror.server.index_url, "--netrc", str(mirror.netrc))
    found = []
    for _ in range(2):
        done = engine.build(out, *index, "--only", base, "--no-cache")
        assert done.returncode == 0, done.stderr
        found.append(image_of(out, base))
    tag = found[0].tag
    try:
        assert found[0].id == found[1].id
        assert predict(engine, tag, "import numpy, tensorflow, torch; print(torch.ones(2).sum().item())") == "2.0"
        searched = {name: holds(data, mirror.server.token.encode()) for name, data in parts(engine, tag, tmp_path)}
        assert len(searched) > 3
        assert not any(searched.values())
    finally:
        remove(engine, tag)
