"""The commands as a person types them: exit codes, what goes to stdout, what goes to stderr, what is written."""

from __future__ import annotations

import json

import pytest
from tests.cli.shell import FLEET, Shell

# -- bases propose ----------------------------------------------------------------------------------------------


def test_propose_tells_the_bases_and_writes_their_files(shell: Shell) -> None:
    """The verdict on stdout, the list of files on stderr."""
    found = shell.ask("bases", "propose", "-o", "out")
    assert found.code == 0
    assert found.out == (
        "energy (prod): 2 models in 2 bases, fewer is impossible (proved)\n"
        "  base-a  cp311-manylinux_2_28_x86_64  1 model, 2 packages, 57 B\n"
        "    churn\n"
        "  base-b  cp311-manylinux_2_28_x86_64  1 model, 2 packages, 58 B\n"
        "    demand\n"
    )
    assert sorted(path.name for path in (shell.directory / "out").iterdir()) == [
        "Dockerfile.base-a",
        "Dockerfile.base-b",
        "Dockerfile.model.churn",
        "Dockerfile.model.demand",
        "certificate.json",
        "docker-bake.hcl",
        "images.json",
        "index.snapshot",
        "proposal.json",
        "proposal.md",
        "pylock.base-a.toml",
        "pylock.base-b.toml",
        "requirements.base-a.txt",
        "requirements.base-b.txt",
        "sbom.base-a.cdx.json",
        "sbom.base-b.cdx.json",
        "smoke_import.py",
    ]


def test_propose_twice_writes_the_same_bytes(shell: Shell) -> None:
    """Two directories, file by file."""
    for place in ("one", "two"):
        shell.ask("bases", "propose", "-o", place)
    one, two = (
        {path.name: path.read_bytes() for path in (shell.directory / place).iterdir()} for place in ("one", "two")
    )
    assert one == two


def test_the_json_of_propose_is_the_file_it_writes(shell: Shell) -> None:
    """``--format json`` and proposal.json say the same, in the schema promised."""
    document = json.loads(shell.ask("bases", "propose", "-o", "out", "--format", "json").out)
    assert document == json.loads((shell.directory / "out" / "proposal.json").read_text())
    assert document["schema"] == "wheelyard/proposal/1"
    assert (document["minimal"], document["lower_bound"]) == (True, 2)
    assert document["conflicts"][0]["models"] == ["churn", "demand"]


UNPLACEABLE = FLEET + '[[model]]\nname = "etl"\nversion = "1"\nrequires = ["pyspark"]\n'


def test_an_unplaceable_model_fails_and_everything_is_written_all_the_same(shell: Shell) -> None:
    """Exit 1, unless it is allowed by name."""
    found = shell.ask("bases", "propose", "-o", "out", fleet=UNPLACEABLE)
    assert found.code == 1
    assert "1 model that no environment can host:\n  etl: Because etl requires pyspark" in found.out
    assert (shell.directory / "out" / "proposal.json").exists()
    assert shell.ask("bases", "propose", "--allow-unplaceable", "etl", fleet=UNPLACEABLE).code == 0


def test_without_time_to_prove_it_a_number_is_not_called_least(shell: Shell) -> None:
    """Exit 4, never 0. Five models in a ring of conflicts: no three conflict pairwise, and yet two bases do not do."""
    ring = "".join(
        f'[[model]]\nname = "m{number}"\nversion = "1"\nrequires = ["edge-{number}==1", "edge-{(number + 1) % 5}==2"]\n'
        for number in range(5)
    )
    fleet = FLEET.partition("[[model]]")[0] + ring
    hasty = shell.ask("bases", "propose", "--time-limit", "0", fleet=fleet)
    assert hasty.code == 4
    assert hasty.out.startswith("energy (prod): 5 models in 3 bases, not proved least: at least 2\n")
    assert hasty.err.startswith("error: 3 bases were found; fewer than 2 are impossible, what lies between")
    assert shell.ask("bases", "propose", fleet=fleet).code == 0


# -- check and explain ------------------------------------------------------------------------------------------


def test_check_lists_conflicts_by_project_and_passes_within_max_bases(shell: Shell) -> None:
    """Conflicts alone are no failure: a fleet may have several bases."""
    found = shell.ask("check")
    assert found.code == 0
    assert found.out == (
        "pandas: demand (forecasting) wants <2 and churn wants >=2\n"
        "energy (prod): 2 models need 2 bases, fewer is impossible (proved)\n"
        "to see why two models conflict, and what would help: wheelyard explain churn demand\n"
    )


def test_check_tells_each_conflict_when_asked_to(shell: Shell) -> None:
    """In text with a flag, in JSON always: with a fingerprint that the pivot refers to."""
    text = shell.ask("check", "--every-conflict").out
    assert "churn and demand conflict\n  Because churn requires pandas>=2 [fleet.toml:17]\n" in text
    document = json.loads(shell.ask("check", "--format", "json").out)
    (conflict,), (pivot,) = document["conflicts"], document["pivots"]
    assert pivot["conflicts"] == [conflict["fingerprint"]]
    assert (pivot["project"], pivot["pairs"], conflict["pivot"]) == ("pandas", 1, "pandas")
    assert [camp["agree_on"] for camp in pivot["camps"]] == ["<2", ">=2"]
    assert conflict["requirements"][1]["owner"] == "forecasting"


def test_check_fails_above_max_bases(shell: Shell) -> None:
    """The fleet's own limit."""
    found = shell.ask("check", fleet=FLEET.replace('stage = "prod"', 'stage = "prod"\nmax-bases = 1'))
    assert found.code == 1
    assert "energy (prod): 2 models need 2 bases, fewer is impossible (proved); 1 allowed\n" in found.out


def test_check_fails_for_an_unplaceable_model(shell: Shell) -> None:
    """And passes when that model is allowed to be."""
    assert shell.ask("check", fleet=UNPLACEABLE).code == 1
    assert shell.ask("check", "--allow-unplaceable", "etl", fleet=UNPLACEABLE).code == 0


def test_a_candidate_that_fits_somewhere_passes(shell: Shell) -> None:
    """What needs accepted bases is said to be unknown."""
    found = shell.ask("check", "pandas>=2,<3", "numpy<3")
    assert found.code == 0
    assert found.out == (
        "regroup: candidate can live in the proposed base-a, no more bases are needed\n"
        "whether the level is fits, rebuild or moves is unknown: the fleet has no accepted bases\n"
    )


def test_a_candidate_that_fits_nowhere_fails(shell: Shell) -> None:
    """Old pandas with new numpy: no base can have it, no environment even."""
    found = shell.ask("check", "pandas<2", "numpy>=2")
    assert found.code == 1
    assert found.out == (
        "candidate cannot be installed at all\n"
        "  Because candidate requires pandas<2\n"
        "      and pandas 1.5.3, the only release that fits, depends on numpy<2\n"
        "      and candidate also requires numpy>=2,\n"
        "  candidate cannot be installed on cp311-manylinux_2_28_x86_64.\n"
        "  chain: candidate -> pandas -> numpy <- candidate\n"
        "  hint: relax candidate's pandas<2 to pandas<3: pandas 2.2.0 then fits\n"
        "  hint: relax candidate's numpy>=2 to numpy>=1.26.4: numpy 1.26.4 then fits\n"
        "not-installable: candidate cannot be installed on cp311-manylinux_2_28_x86_64\n"
    )


def test_a_project_directory_is_judged_in_place_of_its_older_release(shell: Shell) -> None:
    """The new churn leaves its old self behind: nothing holds it back from demand's base."""
    project = shell.directory / "churn"
    project.mkdir()
    (project / "pyproject.toml").write_text('[project]\nname = "churn"\nversion = "2"\ndependencies = ["pandas"]\n')
    document = json.loads(shell.ask("check", "churn", "--format", "json").out)
    assert [(base["name"], base["models"], base["joins"]) for base in document["bases"]] == [
        ("base-a", ["demand"], True)
    ]


def test_an_accepted_base_without_a_lock_is_not_said_to_fit_as_built(shell: Shell) -> None:
    """It can be locked anew, that much is certain."""
    found = shell.ask("check", "pandas<2", fleet=FLEET + '[[base]]\nname = "prod"\nmodels = ["demand"]\n')
    assert found.code == 0
    assert found.out == (
        "prod must be locked and built anew for candidate\n"
        "  its lock is not known: whether it would do as it is built cannot be told\n"
        "rebuild: candidate fits into prod when that is locked and built anew\n"
    )


def test_explain_gives_the_reason_or_the_good_news(shell: Shell) -> None:
    """Exit 1 and 0."""
    found = shell.ask("explain", "demand", "churn")
    assert found.code == 1
    assert found.out.startswith("Because ")
    assert shell.ask("explain", "demand").out == "demand: can be installed on cp311-manylinux_2_28_x86_64\n"


def test_explain_knows_the_models_of_the_fleet(shell: Shell) -> None:
    """A name mistyped is answered with the names there are."""
    found = shell.ask("explain", "demnad")
    assert (found.code, found.err) == (2, "error: the fleet has no model demnad\nhint: it has churn, demand\n")


# -- input that cannot be used ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (('"pandas<2"', '"pandas<<2"'), "fleet.toml:12"),
        (('owner = "forecasting"', 'onwer = "forecasting"'), "fleet.toml:11"),
        (('name = "churn"', 'name = "demand"'), "fleet.toml:14"),
        (('python = "3.11"', 'python = "three"'), "fleet.toml:5"),
        (("[fleet.target]", "[fleet.target"), "fleet.toml:4"),
    ],
)
def test_a_fault_in_the_fleet_file_is_told_with_its_line(shell: Shell, change: tuple[str, str], where: str) -> None:
    """One message, exit 2, no traceback, nothing written."""
    found = shell.ask("bases", "propose", "-o", "out", fleet=FLEET.replace(*change))
    assert found.code == 2
    assert found.out == ""
    assert found.err.startswith(f"error: {where}: ")
    assert "Traceback" not in found.err
    assert not (shell.directory / "out").exists()


def test_a_fleet_file_that_is_not_there(shell: Shell) -> None:
    """Exit 2."""
    found = shell.run("check", "--fleet", "nowhere.toml")
    assert found.code == 2
    assert found.err.startswith("error: nowhere.toml cannot be read")


def test_an_index_that_does_not_answer_is_undecided(shell: Shell) -> None:
    """Exit 5: nobody listens on port 9 of this machine."""
    (shell.directory / "fleet.toml").write_text(FLEET)
    found = shell.run("bases", "propose", "--fleet", "fleet.toml", "--index-url", "http://127.0.0.1:9/", "-o", "out")
    assert found.code == 5
    assert found.err.startswith("error: the index at http://127.0.0.1:9/")
    assert not (shell.directory / "out").exists()


def test_what_a_snapshot_lacks_is_undecided(shell: Shell) -> None:
    """Exit 5, naming what is missing."""
    found = shell.ask("check", fleet=FLEET.replace("pandas<2", "polars"))
    assert (found.code, found.out) == (5, "")
    assert "the page of polars" in found.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "--fleet", "fleet.toml", "--registry", "http://127.0.0.1:9"],
        ["check", "--fleet", "fleet.toml", "--offline"],
        ["check", "--fleet", "fleet.toml", "--no-such-option"],
        ["no-such-command"],
    ],
)
def test_options_that_make_no_sense_are_usage_errors(shell: Shell, arguments: list[str]) -> None:
    """Exit 2."""
    (shell.directory / "fleet.toml").write_text(FLEET)
    assert shell.run(*arguments).code == 2
