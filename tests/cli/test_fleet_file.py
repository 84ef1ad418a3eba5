"""The fleet file: every key of the contract, and every way to get it wrong, told with its line."""

from __future__ import annotations

import datetime as dt
import textwrap
from pathlib import Path

import pytest
import tomli
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_cli.fleet_file import FleetDocument, parse_fleet, read_fleet
from wheelyard_cli.routing import IndexRoute
from wheelyard_resolver.errors import InputError, InputErrors
from wheelyard_resolver.model import AcceptedBase

HEAD = """\
[fleet]
name = "energy"
stage = "prod"
target = { python = "3.11", platform = "manylinux_2_28_x86_64" }
"""


def write(directory: Path, text: str) -> Path:
    path = directory / "fleet.toml"
    path.write_text(textwrap.dedent(text))
    return path


def fleet(directory: Path, text: str) -> FleetDocument:
    return read_fleet(write(directory, HEAD + textwrap.dedent(text)))


def told(directory: Path, text: str) -> str:
    """Everything that is wrong with the file, as it is shown, with the directory left out."""
    with pytest.raises(InputError) as caught:
        read_fleet(write(directory, text))
    errors = caught.value.errors if isinstance(caught.value, InputErrors) else (caught.value,)
    shown = []
    for error in errors:
        shown.append(f"{error.where}: {error}" if error.where else str(error))
        shown += [f"  hint: {error.hint}"] if error.hint else []
    return "\n".join(shown).replace(f"{directory}/", "")


def told_after_head(directory: Path, text: str) -> str:
    return told(directory, HEAD + textwrap.dedent(text))


COMPLETE = """\
[fleet]
name = "energy"
stage = "prod"
exclude-newer = "2026-11-20T01:00:00+01:00"
max-bases = 3
[fleet.target]
python = "3.11"
platform = "manylinux_2_28_x86_64"
[fleet.candidates]
pre-releases = ["Some.Project"]
yanked = ["other"]
[[index]]
url = "https://download.example/cu126/"
projects = ["torch", "NVIDIA_*"]
[[constraint]]
requirement = "numpy<2.3"
reason = "binary interface"
[[model]]
name = "Demand_Forecast"
version = "1.4.0"
owner = "forecasting"
requires = [
  "pandas>=1.5,<2",
  "pywin32; sys_platform == 'win32'",
  "lightgbm>=3.3,<4; python_version >= '3.9'",
]
[[model]]
name = "demand-forecast"
version = "1.5.0rc1"
slot = "canary"
requires = []
target = { python = "3.12.1" }
[[model]]
package = "churn[gpu]==2.0"
[[base]]
name = "base-a"
lock = "pylock.base-a.toml"
models = ["demand_forecast"]
[[base]]
name = "base-b"
models = ["demand-forecast@canary"]
"""


def locked(name: str, version: str, more: str = "") -> str:
    wheel = f'{{ url = "https://files.example/{name}-{version}-py3-none-any.whl", hashes = {{ sha256 = "ab" }} }}'
    return f'[[packages]]\nname = "{name}"\nversion = "{version}"\nwheels = [{wheel}]\n{more}\n'


LOCK = (
    'lock-version = "1.0"\ncreated-by = "wheelyard"\n'
    + locked("pandas", "1.5.3")
    + locked("numpy", "1.26.4")
    + locked("colorama", "0.4.6", "marker = \"sys_platform == 'win32'\"")
)


def test_every_key_of_the_contract_is_read(tmp_path: Path) -> None:
    """Names normalised, markers decided for the target, each line with its place."""
    (tmp_path / "pylock.base-a.toml").write_text(LOCK)
    path = write(tmp_path, COMPLETE)
    document = read_fleet(path)
    assert (document.name, document.stage, document.max_bases) == ("energy", "prod", 3)
    assert str(document.target) == "cp311-manylinux_2_28_x86_64"
    assert document.policy.exclude_newer == dt.datetime(2026, 11, 20, tzinfo=dt.timezone.utc)
    assert document.policy.pre_releases == {"some-project"}
    assert document.policy.yanked == {"other"}
    assert document.routes == (IndexRoute("https://download.example/cu126/", ("torch", "nvidia-*")),)
    (constraint,) = document.constraints
    assert (constraint.text, constraint.reason, constraint.model) == ("numpy<2.3", "binary interface", None)
    assert constraint.origin == f"{path}:16"
    stable, canary, released = document.models
    assert (stable.model.key, stable.model.owner, stable.where) == ("demand-forecast", "forecasting", f"{path}:18")
    assert [(line.text, line.model, line.owner, line.origin) for line in stable.model.lines] == [
        ("pandas>=1.5,<2", "demand-forecast", "forecasting", f"{path}:23"),
        ("lightgbm>=3.3,<4", "demand-forecast", "forecasting", f"{path}:25"),
    ]
    assert (canary.model.key, canary.model.version) == ("demand-forecast@canary", Version("1.5.0rc1"))
    assert (canary.model.target.python, canary.model.target.platform) == ("3.12.1", "manylinux_2_28_x86_64")
    assert (released.model.key, str(released.release)) == ("churn", "churn[gpu]==2.0")
    assert document.bases == (
        AcceptedBase(
            "base-a",
            ("demand-forecast",),
            "pylock.base-a.toml",
            ((NormalizedName("pandas"), Version("1.5.3")), (NormalizedName("numpy"), Version("1.26.4"))),
        ),
        AcceptedBase("base-b", ("demand-forecast@canary",)),
    )


def test_a_parsed_document_is_read_alike() -> None:
    """A registry's JSON: the same values, no lines, no lock files, and null for what is absent."""
    data = {**tomli.loads(COMPLETE), "constraint": None}
    document = parse_fleet(data, document="https://registry.example/api/v1/fleet")
    assert document.models[0].model.lines[0].origin == "https://registry.example/api/v1/fleet"
    assert document.bases[0].lock == "pylock.base-a.toml"
    with pytest.raises(InputError) as caught:
        parse_fleet({**data, "modle": []}, document="https://registry.example/api/v1/fleet")
    assert caught.value.where == "https://registry.example/api/v1/fleet"
    assert str(caught.value) == 'the fleet file: "modle" is not a known key'


def test_a_toml_time_is_a_time_too(tmp_path: Path) -> None:
    """Without quotes."""
    text = HEAD + "exclude-newer = 2026-11-20T00:00:00Z\n"
    assert read_fleet(write(tmp_path, text)).policy.exclude_newer == dt.datetime(2026, 11, 20, tzinfo=dt.timezone.utc)


def test_a_model_in_a_directory_is_read_from_its_pyproject(tmp_path: Path) -> None:
    """Relative to the fleet file, with extras, each line with its place in that file."""
    (tmp_path / "models" / "demand").mkdir(parents=True)
    project = tmp_path / "models" / "demand" / "pyproject.toml"
    project.write_text(
        textwrap.dedent("""\
        [project]
        name = "Demand"
        version = "1.4.0"
        requires-python = ">=3.10"
        dependencies = [
          "pandas>=2",
        ]
        [project.optional-dependencies]
        gpu = ["torch>=2"]
        test = ["pytest"]
        """)
    )
    (entry,) = fleet(
        tmp_path,
        """
        [[model]]
        owner = "forecasting"
        path = "models/demand[gpu]"
        """,
    ).models
    assert (entry.model.name, entry.model.version, str(entry.model.requires_python)) == (
        "demand",
        Version("1.4.0"),
        ">=3.10",
    )
    assert [(line.text, line.owner, line.origin) for line in entry.model.lines] == [
        ("pandas>=2", "forecasting", f"{project}:6"),
        ("torch>=2", "forecasting", f"{project}:9"),
    ]


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """In the order of the file, each with its line and what to do."""
    text = """\
        [fleet]
        name = "energy"
        stagee = "prod"
        exclude-newer = 2026-11-20
        max-bases = true
        [fleet.target]
        python = "3.99"
        platform = "linux"
        [fleet.candidates]
        pre-releases = ["a b", 3]
        [[index]]
        url = "ftp://download.example/"
        [[constraint]]
        requirement = "numpy<<2"
        [[model]]
        name = "demand-forecast"
        version = "1.x"
        requires = [
          "pandas>=1.5,<2",
          "numpy=1.2",
        ]
        [[model]]
        name = "churn"
        version = "1"
        requires = []
        path = "churn"
        [[model]]
        path = "nowhere"
        [[model]]
        package = "price>=1"
        target = { python = "3.12", plat = "x" }
        """
    assert told(tmp_path, text) == textwrap.dedent("""\
        fleet.toml:1: [fleet]: "stage" is missing
          hint: add stage = "prod"
        fleet.toml:3: [fleet]: "stagee" is not a known key
          hint: did you mean "stage"?
        fleet.toml:4: [fleet], exclude-newer: "2026-11-20" is not a time with a zone
          hint: write it like "2026-11-20T00:00:00Z" (RFC 3339)
        fleet.toml:5: [fleet]: "max-bases" must be a whole number, not true
        fleet.toml:7: [fleet.target]: Python 3.99 is not known to this version of wheelyard
          hint: known are 3.9, 3.10, 3.11, 3.12, 3.13, 3.14, 3.15; or write all three numbers
        fleet.toml:8: [fleet.target]: 'linux' is not a platform that wheelyard knows
          hint: write one like "manylinux_2_28_x86_64", "musllinux_1_2_aarch64", "macosx_14_0_arm64" or "win_amd64"
        fleet.toml:10: [fleet.candidates]: "pre-releases" holds 3, it must hold strings only
        fleet.toml:10: [fleet.candidates]: "pre-releases" is "a b", which is not a project name
          hint: a name has letters, digits, and between them any of - _ .
        fleet.toml:11: [[index]] number 1: "projects" is missing
          hint: add projects = ["torch", "nvidia-*"]
        fleet.toml:12: [[index]] number 1: "url" is "ftp://download.example/", which is not an http or https URL
        fleet.toml:14: [[constraint]] number 1: "numpy<<2" is not a requirement: \
expected semicolon (after name with no version specifier) or end, at "<<2"
          hint: write it like "pandas>=1.5,<2"
        fleet.toml:17: [[model]] "demand-forecast": "version" is "1.x", which is not a version
          hint: write it like "1.4.0" (PEP 440)
        fleet.toml:20: [[model]] "demand-forecast": "numpy=1.2" is not a requirement: \
expected semicolon (after name with no version specifier) or end, at "=1.2"
          hint: a pin has two equals signs: "numpy==1.2"
        fleet.toml:22: [[model]] "churn": exactly one of "requires", "package" and "path" must be there, \
not "requires" and "path"
          hint: requires = ["pandas>=1.5,<2"], or package = "NAME==VERSION", or path = "DIRECTORY"
        fleet.toml:28: nowhere is not a directory
          hint: name a project directory, one with a pyproject.toml
        fleet.toml:30: [[model]] number 4: "package" is "price>=1", which is not one release
          hint: write it as "NAME==VERSION"
        fleet.toml:31: [[model]] number 4, target: "plat" is not a known key
          hint: did you mean "platform"?""")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fleet", "fleet.toml:1: not valid TOML: expected ']' at the end of a table declaration"),
        (
            "",
            'fleet.toml: the table [fleet] is missing\n  hint: begin with [fleet], then name = "..." and stage = "..."',
        ),
        ("fleet = 3", 'fleet.toml:1: the fleet file: "fleet" must be a table, not 3'),
        (
            '[fleet]\nname = ""\nstage = "prod"\ntarget = "3.11"',
            'fleet.toml:2: [fleet]: "name" is empty\nfleet.toml:4: [fleet]: "target" must be a table, not "3.11"',
        ),
    ],
)
def test_what_is_hardly_a_fleet_file_is_told_too(tmp_path: Path, text: str, message: str) -> None:
    """Without a flood of what follows from it."""
    assert told(tmp_path, text) == message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the reason of the system."""
    with pytest.raises(InputError) as caught:
        read_fleet(tmp_path / "none.toml")
    assert str(caught.value) == f"{tmp_path}/none.toml cannot be read: No such file or directory"


TWO_MODELS = """\
[[model]]
name = "demand"
version = "1"
requires = []
[[model]]
name = "churn"
version = "1"
requires = []
target = { python = "3.12" }
"""


def test_a_model_is_there_once_in_a_slot(tmp_path: Path) -> None:
    """The second one is the error; the first is named."""
    text = TWO_MODELS + '[[model]]\nname = "Demand"\nversion = "2"\nrequires = []\n'
    assert told_after_head(tmp_path, text) == (
        "fleet.toml:14: demand is there already in the slot default, at fleet.toml:5\n"
        '  hint: give one of the two another slot, for example slot = "canary"'
    )


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (
            'name = "a"\nmodels = ["demand", "deamnd"]',
            (
                'fleet.toml:16: [[base]] "a": "deamnd" is not a model of this fleet\n'
                "  hint: a model outside the default slot is NAME@SLOT"
            ),
        ),
        (
            'name = "a"\nmodels = ["demand"]\n[[base]]\nname = "b"\nmodels = ["demand"]',
            'fleet.toml:19: [[base]] "b": "demand" is hosted by "a" already\n  hint: a model has one base',
        ),
        (
            'name = "a"\nmodels = ["demand"]\n[[base]]\nname = "a"\nmodels = ["churn"]',
            (
                'fleet.toml:18: [[base]] "a": "name" is "a", and so is that of another base\n'
                "  hint: give each base its own name"
            ),
        ),
        (
            'name = "a"\nmodels = ["demand", "churn"]',
            (
                'fleet.toml:16: [[base]] "a": "models" names models of different targets\n'
                "  hint: models of different targets never share a base"
            ),
        ),
        (
            'name = "a"\nmodels = ["demand"]\nlock = "none.toml"',
            "fleet.toml:17: none.toml cannot be read: No such file or directory\n  hint: check the path",
        ),
        (
            'name = "a"\nmodels = ["demand"]\nlock = "fleet.toml"',
            (
                'fleet.toml:17: [[base]] "a": "lock" names fleet.toml, which is not a PEP 751 lock: '
                "Missing required value in 'lock-version'"
            ),
        ),
        ('models = ["demand"]', 'fleet.toml:14: [[base]] number 1: "name" is missing\n  hint: add name = "base-a"'),
    ],
)
def test_what_is_wrong_with_a_base(tmp_path: Path, base: str, message: str) -> None:
    """Unknown models, models hosted twice, mixed targets, locks that are none."""
    assert told_after_head(tmp_path, f"{TWO_MODELS}[[base]]\n{base}\n") == message


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            'name = "churn"\npackage = "demand==1"',
            (
                'fleet.toml:6: [[model]] "churn": "name" is churn, but "package" says demand\n'
                '  hint: leave "name" out, or make the two equal'
            ),
        ),
        (
            'version = "2"\npackage = "demand==1"',
            (
                'fleet.toml:6: [[model]] number 1: "version" is 2, but "package" says 1\n'
                '  hint: leave "version" out, or make the two equal'
            ),
        ),
        (
            'package = "demand==1.*"',
            (
                'fleet.toml:6: [[model]] number 1: "package" is "demand==1.*", which is not one release\n'
                '  hint: write it as "NAME==VERSION"'
            ),
        ),
        (
            'name = "demand"\nrequires = []',
            'fleet.toml:5: [[model]] "demand": "version" is missing\n  hint: add version = "1.4.0"',
        ),
        (
            'name = "demand"\nversion = "1"\nslot = "a b"\nrequires = []',
            (
                'fleet.toml:8: [[model]] "demand": "slot" is "a b", it may hold letters, digits and . _ - only\n'
                '  hint: for example "canary"'
            ),
        ),
        (
            'name = "demand"\nversion = "1"\nrequires = "pandas"',
            'fleet.toml:8: [[model]] "demand": "requires" must be an array of strings, not "pandas"',
        ),
        (
            'name = "demand"\nversion = "1"',
            (
                'fleet.toml:5: [[model]] "demand": '
                'exactly one of "requires", "package" and "path" must be there, not none\n'
                '  hint: requires = ["pandas>=1.5,<2"], or package = "NAME==VERSION", or path = "DIRECTORY"'
            ),
        ),
    ],
)
def test_what_is_wrong_with_a_model(tmp_path: Path, keys: str, message: str) -> None:
    """Contradictions, and keys that are missing."""
    assert told_after_head(tmp_path, f"[[model]]\n{keys}\n") == message


def test_the_example_of_the_reference_is_a_fleet_file(tmp_path: Path) -> None:
    """docs/fleet-file.md shows one that can be used."""
    reference = Path(__file__).parents[2] / "docs" / "fleet-file.md"
    example = reference.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    assert [entry.model.key for entry in read_fleet(write(tmp_path, example)).models] == [
        "demand-forecast",
        "demand-forecast@canary",
    ]
