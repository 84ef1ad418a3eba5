"""Facts of pinned lists, and of platform runtimes as fixed bases."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.version import Version

from wheelyard_cli.commands.bases import command
from wheelyard_cli.fleet_file import read_fleet
from wheelyard_cli.frozen import parse_freeze
from wheelyard_resolver.errors import InputError

FLEET = """\
# ours
[fleet]
name = "energy"
stage = "prod"
target = { python = "3.11", platform = "manylinux_2_28_x86_64" }

[[model]]
name = "churn"
version = "1"
requires = ["numpy<2"]
"""


def test_a_freeze_is_read_as_pins() -> None:
    found = parse_freeze(
        "# runtime\nNumPy==1.26.4\ntorch==2.3.1+cpu  # no GPU\n-e git+https://x\ndb @ file:///x\n", document="f"
    )
    assert str(found) == "numpy==1.26.4\ntorch==2.3.1+cpu\n"
    assert found.passed_by == ("-e git+https://x", "db @ file:///x")


@pytest.mark.parametrize(
    ("line", "message"), [("numpy>=1", '"numpy>=1" is not a pin'), ("??", "is not a pin"), ("six==1.*", "is not a pin")]
)
def test_what_is_no_pin_is_refused_with_its_line(line: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse_freeze(f"six==1.16\n{line}\n", document="freeze.txt")
    assert caught.value.where == "freeze.txt:2"


def test_two_versions_of_one_project_are_refused() -> None:
    with pytest.raises(InputError, match=r"six is pinned twice, at 1\.16 and 1\.17"):
        parse_freeze("six==1.16\nSix==1.17\n", document="f")


def imported(tmp_path: Path, *options: str) -> Path:
    fleet, freeze = tmp_path / "fleet.toml", tmp_path / "dbr.txt"
    fleet.write_text(FLEET)
    freeze.write_text("numpy==1.26.4\n")
    arguments = ["import-freeze", str(freeze), "--name", "dbr-15", "--fleet", str(fleet), *options]
    CliRunner().invoke(command, arguments, catch_exceptions=False)
    return fleet


def test_a_runtime_becomes_a_fixed_base_of_the_fleet_file(tmp_path: Path) -> None:
    fleet = imported(tmp_path, "--model", "churn")
    assert fleet.read_text().startswith(FLEET)
    (base,) = read_fleet(fleet).bases
    assert (base.name, base.fixed, base.models) == ("dbr-15", True, ("churn",))
    assert base.versions == (("numpy", Version("1.26.4")),)


def test_a_fleet_file_that_would_not_be_valid_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a model of this fleet"):
        imported(tmp_path, "--model", "nobody")
    assert (tmp_path / "fleet.toml").read_text() == FLEET
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dbr.txt", "fleet.toml"]
