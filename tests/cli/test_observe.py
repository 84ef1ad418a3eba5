"""Facts of observed conflicts: the next proposal avoids them, and calls them what they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.resolver.fake_index import FakeIndex, Projects

from wheelyard_cli import proposal_text
from wheelyard_cli.commands.bases import command
from wheelyard_cli.fleet_file import read_fleet
from wheelyard_cli.images import proposal_markdown
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.proposal import Proposal
from wheelyard_resolver.propose import propose
from wheelyard_resolver.released_models import resolve_packages
from wheelyard_resolver.snapshot import Recording

FLEET = """\
[fleet]
name = "energy"
stage = "prod"
target = { python = "3.11", platform = "manylinux_2_28_x86_64" }

[[model]]
name = "churn"
version = "1"
requires = ["pandas<2"]

[[model]]
name = "demand"
version = "1"
requires = ["numpy>=2"]
"""
PROJECTS: Projects = {"pandas": {"1": ["numpy"], "2": ["numpy"]}, "numpy": {"1": [], "2": []}}


def observed(tmp_path: Path, model: str, requires: str) -> Path:
    fleet = tmp_path / "fleet.toml"
    fleet.write_text(FLEET)
    error = "import pandas failed: numpy.dtype size changed"
    arguments = ["observe", "--fleet", str(fleet), "--model", model, "--requires", requires, "--because", error]
    CliRunner().invoke(command, arguments, catch_exceptions=False)
    return fleet


def proposed(fleet: Path) -> Proposal:
    index = Recording(FakeIndex(PROJECTS))
    return propose(resolve_packages(read_fleet(fleet), index), index)


def test_the_next_proposal_avoids_what_was_observed(tmp_path: Path) -> None:
    found = proposed(observed(tmp_path, "churn", "numpy<2"))
    assert [base.models for base in found.bases] == [("churn",), ("demand",)]


def test_what_rests_on_it_is_shown_as_observed(tmp_path: Path) -> None:
    found = proposed(observed(tmp_path, "churn", "numpy<2"))
    assert next(proposal_text.proposal(found)).endswith("fewer is impossible (proved, given 1 observed line)")
    page = proposal_markdown.render(found)
    assert "Proved, given 1 line observed and not in any metadata: with fewer it cannot be done." in page
    assert "- churn: `numpy<2` (observed: import pandas failed: numpy.dtype size changed)" in page


@pytest.mark.parametrize(
    ("model", "requires", "message"),
    [("nobody", "numpy<2", "not a model of this fleet"), ("churn", "numpy=2", "numpy=2")],
)
def test_what_cannot_be_observed_is_refused_and_the_file_stays(
    tmp_path: Path, model: str, requires: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        observed(tmp_path, model, requires)
    assert (tmp_path / "fleet.toml").read_text() == FLEET
