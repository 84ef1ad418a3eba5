"""Input that cannot be used: one message that says what happened and what to do, and the right exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.shell import FLEET, Shell

NOWHERE = "http://127.0.0.1:9"
"""Nobody listens on the discard port of this machine."""


def write(shell: Shell, text: str) -> Path:
    """The pyproject.toml of a project in the directory ``demand``."""
    path = shell.directory / "demand" / "pyproject.toml"
    path.parent.mkdir()
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "command",
    [
        ["check", "numpy<2"],
        ["deploy", "record", "demand==1.0", "--stage", "prod"],
        ["fleet", "export", "--stage", "prod", "-o", "exported.toml"],
    ],
)
def test_a_registry_that_cannot_be_reached_is_undecided(shell: Shell, command: list[str]) -> None:
    """Nothing is written."""
    before = sorted(shell.directory.iterdir())
    found = shell.run(*command, "--registry", NOWHERE)
    assert (found.code, found.out) == (5, "")
    assert found.err == (
        f"error: the registry at {NOWHERE} could not be asked: [Errno 111] Connection refused\n"
        "hint: check --registry (or WHEELYARD_REGISTRY) and that `wheelyard serve` runs there\n"
    )
    assert sorted(shell.directory.iterdir()) == before


def test_a_pyproject_that_is_no_toml_is_told_with_its_line(shell: Shell) -> None:
    """Of the candidate."""
    write(shell, '[project]\nname = "demand"\nversion = 2.0.0\n')
    found = shell.ask("check", "demand", "--output", "sarif=out.sarif")
    assert (found.code, found.out) == (2, "")
    said = "not valid TOML: expected newline or end of document after a statement"
    assert found.err == f"error: demand/pyproject.toml:3: {said}\n"
    assert not (shell.directory / "out.sarif").exists()


def test_all_that_is_wrong_with_a_pyproject_is_told_at_once(shell: Shell) -> None:
    """Each fault with its line."""
    write(shell, '[project]\nname = "demand"\nversion = "two"\ndependencies = [\n    "numpy=2",\n]\n')
    found = shell.ask("check", "demand")
    assert (found.code, found.out) == (2, "")
    assert [line.split(": ")[1] for line in found.err.splitlines() if line.startswith("error: ")] == [
        "demand/pyproject.toml:3",
        "demand/pyproject.toml:5",
    ]


def test_a_model_that_the_index_no_longer_has_is_told_with_its_line(shell: Shell) -> None:
    """A fleet of which a model is missing is not judged as if it were smaller."""
    fleet = FLEET + '[[model]]\npackage = "numpy==2.0.0"\n'
    for command in (["check"], ["check", "numpy<2"], ["bases", "propose", "-o", "out"]):
        found = shell.ask(*command, fleet=fleet)
        assert (found.code, found.out) == (2, "")
        assert found.err == "error: fleet.toml:19: the index has no numpy 2.0.0\nhint: it has 2.1.0, 1.26.4\n"
    assert not (shell.directory / "out").exists()


CANARY = '[[model]]\nname = "demand"\nversion = "1.1"\nslot = "canary"\nrequires = ["pandas>=2"]\n'
ONE_BASE = '[[base]]\nname = "base-a"\nmodels = [{models}]\npackages = ["pandas==1.5.3", "numpy==1.26.4"]\n'


def test_two_slots_of_one_model_on_one_base_that_disagree_break_it(shell: Shell) -> None:
    """The policy fails; slots that agree may share a base."""
    fleet = FLEET + CANARY + ONE_BASE.format(models='"demand", "demand@canary"')
    found = shell.ask("check", fleet=fleet)
    assert found.code == 1
    assert "base-a no longer holds\n  demand@canary requires pandas>=2, the base has 1.5.3\n" in found.out
    assert shell.ask("check", fleet=fleet.replace('pandas>=2"]\n[[base]]', 'pandas<3"]\n[[base]]')).code == 0


def test_the_same_slot_twice_on_one_base_is_told(shell: Shell) -> None:
    """A model is hosted once."""
    found = shell.ask("check", fleet=FLEET + ONE_BASE.format(models='"demand", "demand"'))
    assert (found.code, found.out) == (2, "")
    assert found.err == (
        'error: fleet.toml:20: [[base]] "base-a": "demand" is hosted by "base-a" already\nhint: a model has one base\n'
    )
