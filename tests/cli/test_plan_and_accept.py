"""Propose, accept, and propose again, as a nightly job types it: exit codes, and what moves."""

from __future__ import annotations

from pathlib import Path

from tests.cli.shell import FLEET, Shell


def accepted(shell: Shell) -> Path:
    """What is accepted: a proposal for the fleet as it is."""
    assert shell.ask("bases", "propose", "-o", "out").code == 0
    assert shell.run("bases", "accept", "out", "accepted").code == 0
    return shell.directory / "accepted"


def test_nothing_to_change_is_told_and_is_no_drift(shell: Shell) -> None:
    accepted(shell)
    found = shell.ask("bases", "propose", "--accepted", "accepted", "--detailed-exitcode")
    assert found.code == 0
    assert found.out.endswith("no changes: the accepted bases are what would be proposed\n")


def test_drift_is_exit_code_3_where_it_is_asked_for(shell: Shell) -> None:
    accepted(shell)
    more = FLEET + '[[model]]\nname = "third"\nversion = "1"\nrequires = ["numpy"]\n'
    assert shell.ask("bases", "propose", "--accepted", "accepted", fleet=more).code == 0
    found = shell.ask("bases", "propose", "--accepted", "accepted", "--detailed-exitcode", "-o", "new", fleet=more)
    assert found.code == 3
    assert "+ model third" in found.out
    told = shell.run("bases", "diff", "accepted", "new", "--detailed-exitcode")
    assert told.code == 3
    assert told.out in found.out


def test_a_base_whose_lock_stays_keeps_its_image_to_the_byte(shell: Shell) -> None:
    """The fleet has one more model, the snapshot is another one."""
    before = accepted(shell)
    more = FLEET + '[[model]]\nname = "third"\nversion = "1"\nrequires = ["numpy"]\n'
    assert shell.ask("bases", "propose", "--accepted", "accepted", "-o", "new", fleet=more).code == 0
    names = [
        path.name for path in before.iterdir() if path.name.startswith(("Dockerfile.base", "requirements", "sbom"))
    ]
    assert len(names) == 6
    assert all((before / name).read_bytes() == (shell.directory / "new" / name).read_bytes() for name in names)
