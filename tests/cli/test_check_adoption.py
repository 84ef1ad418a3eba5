"""Adopting the check by degrees: advisory, baseline, waivers; and what else a CI job meets."""

from __future__ import annotations

import json
import zipfile

import pytest
from tests.cli.shell import FLEET, Shell
from tests.resolver.fake_index import metadata

LOCKED = {"base-a": {"pandas": "1.5.3", "numpy": "1.26.4"}, "base-b": {"pandas": "2.2.0", "numpy": "2.1.0"}}
HOSTS = {"base-a": "demand", "base-b": "churn"}


def accepted(**others: dict[str, str]) -> str:
    """The fleet with its accepted bases."""
    tables = ""
    for base, versions in {**LOCKED, **others}.items():
        pins = json.dumps([f"{name}=={version}" for name, version in versions.items()])
        tables += f'[[base]]\nname = "{base}"\nmodels = ["{HOSTS[base]}"]\npackages = {pins}\n'
    return FLEET + tables


def project(shell: Shell, dependencies: list[str], extra: str = "") -> None:
    """The project directory of demand 2.0."""
    (shell.directory / "demand").mkdir()
    text = f'[project]\nname = "demand"\nversion = "2.0"\ndependencies = {json.dumps(dependencies)}\n{extra}'
    (shell.directory / "demand" / "pyproject.toml").write_text(text)


# -- by degrees -------------------------------------------------------------------------------------------------


def test_advice_only_passes(shell: Shell) -> None:
    """With the same text; input that cannot be used still fails."""
    plain, advised = shell.ask("check", "numpy>=9"), shell.ask("check", "numpy>=9", "--advisory")
    assert (plain.code, advised.code) == (1, 0)
    assert plain.out == advised.out
    assert shell.ask("check", "<<", "--advisory").code == 2


def test_undecided_is_no_policy_failure_and_is_not_forgiven(shell: Shell) -> None:
    """The snapshot has no page of polars."""
    fleet = FLEET.replace("pandas<2", "polars")
    assert shell.ask("check", "--advisory", fleet=fleet).code == 5


def test_what_is_in_the_baseline_does_not_fail(shell: Shell) -> None:
    """Something new does, and what is gone is told."""
    assert shell.ask("check", "numpy>=9", "--write-baseline", "known.json").code == 0
    again = shell.ask("check", "numpy>=9", "--baseline", "known.json")
    assert again.code == 0
    assert again.out.startswith("candidate cannot be installed at all (in the baseline)\n")
    other = shell.ask("check", "numpy<1", "--baseline", "known.json")
    assert other.code == 1
    assert "no longer found, take it out of the baseline: candidate cannot be installed at all [" in other.out


def test_the_baseline_is_the_same_file_for_the_same_findings(shell: Shell) -> None:
    """Nothing in it changes from day to day; it can be reviewed and committed."""
    shell.ask("check", "numpy>=9", "--write-baseline", "one.json")
    shell.ask("check", "numpy>=9", "--write-baseline", "two.json")
    one = (shell.directory / "one.json").read_text()
    assert one == (shell.directory / "two.json").read_text()
    assert [entry["rule"] for entry in json.loads(one)["findings"]] == ["not-installable"]


def waiver(shell: Shell, expires: str) -> None:
    """A waiver of the typing error until a day."""
    document = json.loads(shell.ask("check", "numpy>=9", "--format", "json").out)
    name = document["findings"][0]["fingerprint"]
    text = f'[[waiver]]\nfinding = "{name}"\nowner = "platform"\nreason = "it comes on Friday"\nexpires = {expires}\n'
    (shell.directory / "waivers.toml").write_text(text)


def test_a_waiver_counts_until_its_day(shell: Shell) -> None:
    """And is shown with who answers for it."""
    waiver(shell, "9999-12-31")
    found = shell.ask("check", "numpy>=9", "--waivers", "waivers.toml")
    assert found.code == 0
    assert "(waived by platform until 9999-12-31: it comes on Friday)" in found.out


def test_a_waiver_that_is_over_is_told_and_does_not_count(shell: Shell) -> None:
    """With who gave it."""
    waiver(shell, "2020-01-01")
    found = shell.ask("check", "numpy>=9", "--waivers", "waivers.toml")
    assert found.code == 1
    assert "the waiver of platform for this ended on 2020-01-01: candidate cannot be installed at all" in found.out


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[[waiver]]\nfinding = "1"\nowner = "a"\nreason = "b"\n', "waivers.toml:1"),
        ('[[waiver]]\nfinding = "1"\nowner = "a"\nreason = "b"\nexpires = "soon"\n', "waivers.toml:5"),
        ('[[waiver]]\nfinding = "1"\nowner = "a"\nexpires = 2030-01-01\nraeson = "b"\n', "waivers.toml:1"),
    ],
)
def test_a_waiver_that_is_not_whole_is_no_waiver(shell: Shell, text: str, where: str) -> None:
    """Owner, reason and day belong to it."""
    (shell.directory / "waivers.toml").write_text(text)
    found = shell.ask("check", "numpy>=9", "--waivers", "waivers.toml")
    assert (found.code, found.out) == (2, "")
    assert where in found.err


@pytest.mark.parametrize("content", ["no json", "[]", '{"schema": "other/1", "findings": []}'])
def test_a_baseline_that_cannot_be_read_is_an_error(shell: Shell, content: str) -> None:
    """Never an empty one."""
    (shell.directory / "known.json").write_text(content)
    found = shell.ask("check", "numpy>=9", "--baseline", "known.json")
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith("error: known.json: it is not a baseline: ")


# -- levels on the command line -----------------------------------------------------------------------------------


def test_the_level_decides_from_fail_on_on(shell: Shell) -> None:
    """To lock a base anew is no failure unless it is asked for."""
    project(shell, ["numpy>=2"])
    found = shell.ask("check", "demand", fleet=accepted())
    assert found.code == 0
    assert found.out == (
        "base-a must be locked and built anew for demand\n"
        "  demand requires numpy>=2, the base has 1.26.4\n"
        "  ~ numpy 1.26.4 -> 2.1.0 (demand)\n"
        "  - pandas 1.5.3\n"
        "rebuild: demand 2.0 (in place of 1.0) fits into base-a when that is locked and built anew "
        "(2 packages change)\n"
    )
    assert shell.ask("check", "demand", "--fail-on", "rebuild", fleet=accepted()).code == 1


def test_several_outputs_at_once(shell: Shell) -> None:
    """Text on stdout, the others in their files, in directories that are made."""
    found = shell.ask("check", "numpy>=9", "--output", "sarif=out.sarif", "--output", "junit=reports/ci/out.xml")
    assert found.out.startswith("candidate cannot be installed at all\n")
    assert json.loads((shell.directory / "out.sarif").read_text())["version"] == "2.1.0"
    assert (shell.directory / "reports" / "ci" / "out.xml").read_text().startswith("<testsuite ")


@pytest.mark.parametrize("output", ["sarif", "sarif=", "pdf=out.pdf", "sarif=world.snapshot/out.sarif"])
def test_an_output_that_cannot_be_written_is_told_before_anything_is_read(shell: Shell, output: str) -> None:
    """Exit 2."""
    found = shell.run("check", "pandas", "--fleet", "not-even-there.toml", "--output", output)
    assert (found.code, found.out) == (2, "")
    assert f"--output {output}" in found.err


def test_annotations_point_into_the_pyproject(shell: Shell) -> None:
    """The line of the requirement."""
    project(shell, ["numpy>=9"])
    found = shell.ask("check", "demand", "--format", "github")
    assert found.out.startswith("::error file=demand/pyproject.toml,line=4,title=demand cannot be installed at all::")


# -- candidates -----------------------------------------------------------------------------------------------------


def test_an_extra_can_be_asked_for(shell: Shell) -> None:
    """What it brings counts then."""
    project(shell, ["numpy<2"], '[project.optional-dependencies]\ngpu = ["numpy>=9"]\n')
    fleet = accepted()
    assert shell.ask("check", "demand", fleet=fleet).out.startswith("fits: ")
    assert shell.ask("check", "demand", "--extra", "gpu", fleet=fleet).code == 1
    unknown = shell.ask("check", "demand", "--extra", "tpu", fleet=fleet)
    assert (unknown.code, unknown.err) == (2, "error: demand has no extra tpu\nhint: its extras: gpu\n")


def test_a_wheel_is_judged_by_its_metadata(shell: Shell) -> None:
    """In place of its older release."""
    with zipfile.ZipFile(shell.directory / "demand-2.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("demand-2.0.dist-info/METADATA", metadata("demand", "2.0", ["numpy<2"]))
    found = shell.ask("check", "demand-2.0-py3-none-any.whl", fleet=accepted())
    assert found.out == "fits: demand 2.0 (in place of 1.0) fits into base-a as it is built\n"


@pytest.mark.parametrize("name", ["demand-2.0-py3-none-any.whl", "demand.whl"])
def test_what_is_no_wheel_is_one_error(shell: Shell, name: str) -> None:
    """Exit 2, no traceback."""
    (shell.directory / name).write_bytes(b"not a zip file")
    found = shell.ask("check", name)
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith(f"error: {name} is not ")


def test_a_release_is_read_from_the_index(shell: Shell) -> None:
    """NAME==VERSION is a model, not a requirement: pandas 2.2.0 requires numpy."""
    document = json.loads(shell.ask("check", "pandas==2.2.0", "--format", "json").out)
    assert document["candidate"] == {
        "name": "pandas",
        "version": "2.2.0",
        "replaces": None,
        "requirements": ["numpy>=1.22"],
    }


def test_another_slot_is_another_model(shell: Shell) -> None:
    """A canary replaces nothing."""
    project(shell, ["numpy<2"])
    found = shell.ask("check", "demand", "--slot", "canary", fleet=accepted())
    assert found.out == "fits: demand@canary fits into base-a as it is built\n"


def test_dynamic_metadata_is_asked_of_the_build_backend(shell: Shell) -> None:
    """One that fails is told with what it said; no network is needed to fail."""
    (shell.directory / "demand").mkdir()
    text = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    text += '[project]\nname = "demand"\ndynamic = ["version", "dependencies"]\n'
    (shell.directory / "demand" / "pyproject.toml").write_text(text)
    backend = "import pathlib\n\ndef prepare_metadata_for_build_wheel(out, settings=None):\n"
    backend += '    info = pathlib.Path(out, "demand-3.0.dist-info")\n    info.mkdir()\n'
    content = metadata("demand", "3.0", ["numpy<2"]).decode()
    works = f'{backend}    (info / "METADATA").write_text({content!r})\n    return info.name\n'
    (shell.directory / "demand" / "backend.py").write_text(works)
    found = shell.ask("check", "demand", fleet=accepted())
    assert found.out == "fits: demand 3.0 (in place of 1.0) fits into base-a as it is built\n"
    (shell.directory / "demand" / "backend.py").write_text(f'{backend}    raise SystemError("no compiler")\n')
    broken = shell.ask("check", "demand", fleet=accepted())
    assert (broken.code, broken.out) == (2, "")
    assert broken.err.startswith("error: the metadata of demand is dynamic, and its build failed:\n")
    assert "SystemError: no compiler" in broken.err


# -- accepted bases ---------------------------------------------------------------------------------------------


def test_accepted_bases_that_hold_pass(shell: Shell) -> None:
    """Nothing is said of them."""
    found = shell.ask("check", fleet=accepted())
    assert found.code == 0
    assert "no longer holds" not in found.out


@pytest.mark.parametrize(
    ("versions", "problem"),
    [
        ({"pandas": "1.5.3"}, "pandas 1.5.3 depends on numpy<2, the base does not have it"),
        ({"pandas": "1.5.3", "numpy": "2.1.0"}, "pandas 1.5.3 depends on numpy<2, the base has 2.1.0"),
        ({"pandas": "2.2.0", "numpy": "1.26.4"}, "demand requires pandas<2, the base has 2.2.0"),
        ({"pandas": "1.4.0", "numpy": "1.26.4"}, "pandas 1.4.0 is no longer in the index"),
    ],
)
def test_an_accepted_base_that_no_longer_holds_fails(shell: Shell, versions: dict[str, str], problem: str) -> None:
    """With what is wrong."""
    found = shell.ask("check", fleet=accepted(**{"base-a": versions}))
    assert found.code == 1
    assert f"base-a no longer holds\n  {problem}\n" in found.out
