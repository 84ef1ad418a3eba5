"""Settings from files, variables and flags: which counts, and what is said of each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.shell import FLEET, Outcome, Shell


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that the machine of whoever runs the tests has set."""
    for name in ("FLEET", "REGISTRY", "STAGE", "INDEX_URL", "TOKEN", "FAIL_ON"):
        monkeypatch.delenv(f"WHEELYARD_{name}", raising=False)


def written(shell: Shell, name: str, text: str) -> Path:
    """A file in the shell's directory."""
    path = shell.directory / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def shown(outcome: Outcome) -> dict[str, tuple[object, str]]:
    """The rows of ``config show --format json``."""
    return {row["setting"]: (row["value"], row["origin"]) for row in json.loads(outcome.out)}


def show(shell: Shell, *arguments: str) -> dict[str, tuple[object, str]]:
    """What ``config show`` says."""
    return shown(shell.run("config", "show", "--format", "json", *arguments))


def test_flags_count_more_than_variables_and_these_more_than_the_file(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(shell, "wheelyard.toml", 'stage = "one"\nfail-on = "moves"\nslot = "canary"\n')
    monkeypatch.setenv("WHEELYARD_STAGE", "two")
    monkeypatch.setenv("WHEELYARD_FAIL_ON", "regroup")
    found = show(shell, "--stage", "three")
    assert found["stage"] == ("three", "--stage")
    assert found["fail-on"] == ("regroup", "WHEELYARD_FAIL_ON")
    assert found["slot"] == ("canary", "wheelyard.toml:3")
    assert found["advisory"] == (False, "default")


def test_pyproject_has_a_table_for_them(shell: Shell) -> None:
    written(shell, "pyproject.toml", '[project]\nname = "a"\n\n[tool.wheelyard]\nfleet = "f.toml"\n')
    assert show(shell)["fleet"] == ("f.toml", "pyproject.toml:5")


def test_the_nearest_file_counts_and_its_paths_are_relative_to_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(shell, "wheelyard.toml", 'fleet = "far.toml"\n')
    (shell.directory / "models" / "demand").mkdir(parents=True)
    written(shell, "models/pyproject.toml", '[tool.wheelyard]\nfleet = "near.toml"\nbaseline = "known.json"\n')
    monkeypatch.chdir(shell.directory / "models" / "demand")
    found = show(shell)
    assert found["fleet"] == ("../near.toml", "../pyproject.toml:2")
    assert found["baseline"] == ("../known.json", "../pyproject.toml:3")


def test_a_pyproject_without_the_table_is_looked_past(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    written(shell, "wheelyard.toml", 'fleet = "f.toml"\n')
    written(shell, "models/pyproject.toml", '[project]\nname = "a"\n')
    monkeypatch.chdir(shell.directory / "models")
    assert show(shell)["fleet"] == ("../f.toml", "../wheelyard.toml:1")


def test_check_goes_by_the_file(shell: Shell) -> None:
    written(shell, "fleet.toml", FLEET)
    written(shell, "wheelyard.toml", 'fleet = "fleet.toml"\nsnapshot = "world.snapshot"\noffline = true\n')
    assert shell.run("check").code == 0
    assert shell.run("explain", "demand", "churn").code == 1
    assert shell.run("bases", "propose", "-o", "out").code == 0


def test_a_registry_given_by_a_flag_takes_the_place_of_the_fleet_of_the_file(shell: Shell) -> None:
    """Nobody listens on port 9: the registry was asked, and the fleet of the file was not read."""
    written(shell, "wheelyard.toml", 'fleet = "fleet.toml"\n')
    found = shell.run("check", "--registry", "http://127.0.0.1:9")
    assert (found.code, found.err.splitlines()[0].partition(": ")[2][:42]) == (
        5,
        "the registry at http://127.0.0.1:9 could n",
    )


def test_both_in_one_place_are_an_error(shell: Shell) -> None:
    written(shell, "wheelyard.toml", 'fleet = "fleet.toml"\nregistry = "http://127.0.0.1:9"\n')
    assert shell.run("check").code == 2


def test_what_is_wrong_is_told_in_one_go(shell: Shell) -> None:
    written(shell, "wheelyard.toml", 'flet = "a"\nadvisory = "yes"\ntime-limit = -1\n')
    found = shell.run("check", "--fleet", "fleet.toml")
    assert (found.code, found.out) == (2, "")
    assert found.err == (
        'error: wheelyard.toml:1: the file: "flet" is not a known key\nhint: did you mean "fleet"?\n'
        'error: wheelyard.toml:2: the file: "advisory" must be true or false, not "yes"\n'
        'error: wheelyard.toml:3: the file: "time-limit" must be a number of seconds\n'
        "hint: for example time-limit = 60\n"
    )


def test_a_file_that_is_not_toml_is_one_error(shell: Shell) -> None:
    written(shell, "pyproject.toml", "[tool.wheelyard\n")
    found = shell.run("check", "--fleet", "fleet.toml")
    assert found.code == 2
    assert found.err.startswith("error: pyproject.toml:1: not valid TOML: ")


def test_a_level_that_does_not_exist_is_refused(shell: Shell) -> None:
    written(shell, "wheelyard.toml", 'fleet = "fleet.toml"\nfail-on = "never"\n')
    found = shell.run("check")
    assert found.code == 2
    assert "'never' is not one of" in found.err


def test_credentials_are_never_printed(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the token, nor what stands in a URL."""
    monkeypatch.setenv("WHEELYARD_TOKEN", "wy_hidden")
    written(shell, "wheelyard.toml", 'index-url = "https://anna:hidden@index.example/simple/"\n')
    for form in ("text", "json"):
        found = shell.run("config", "show", "--format", form)
        assert found.code == 0
        assert "hidden" not in found.out + found.err
    assert show(shell)["token"] == ("set, not shown", "WHEELYARD_TOKEN")
    assert show(shell)["index-url"] == ("https://index.example/simple/", "wheelyard.toml:1")


def test_as_text_a_setting_is_a_line(shell: Shell) -> None:
    written(shell, "wheelyard.toml", 'allow-unplaceable = ["etl"]\n')
    lines = shell.run("config", "show").out.splitlines()
    assert 'allow-unplaceable  ["etl"]  (wheelyard.toml:1)' in lines
    assert "fleet              -  (default)" in lines
