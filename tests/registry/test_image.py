"""Facts of the registry's own image: its lock covers what the project requires, and a linter has nothing to say."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
import tomli
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).parents[2]


def pins(name: str) -> dict[NormalizedName, Requirement]:
    """The pins of a lock by project; every one has hashes."""
    text = (ROOT / "registry" / name).read_text().replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            pin, *hashes = line.split(" --hash=")
            assert hashes, line
            found[canonicalize_name(Requirement(pin).name)] = Requirement(pin.strip())
    return found


def test_every_requirement_of_the_registry_is_locked_at_a_version_that_it_admits() -> None:
    """Write the lock anew with `make locks` where this fails."""
    project = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = pins("requirements.txt")
    for text in (*project["dependencies"], *project["optional-dependencies"]["registry"]):
        wanted = Requirement(text)
        (pin,) = locked[canonicalize_name(wanted.name)].specifier
        assert wanted.specifier.contains(pin.version, prereleases=True), text


def test_what_builds_the_wheel_is_locked_too() -> None:
    assert "hatchling" in pins("build-requirements.txt")


@pytest.mark.parametrize("pattern", [r"(?m)^USER 10001:10001$", r"--require-hashes", r"(?m)^HEALTHCHECK "])
def test_the_image_is_not_root_locked_and_watched(pattern: str) -> None:
    assert re.search(pattern, (ROOT / "registry" / "Dockerfile").read_text())


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sysconfig.get_path("scripts"), "hadolint")
    done = subprocess.run([hadolint, ROOT / "registry" / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
