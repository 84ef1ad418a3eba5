"""The examples keep to what their README, the fleet file and the demo say of them. No network: nothing is resolved."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import tomli
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from wheelyard_cli.fleet_file import read_fleet

EXAMPLES = Path(__file__).parents[2] / "examples"
MODELS = sorted(path.parent for path in EXAMPLES.glob("*/pyproject.toml"))
DEPLOYED = [model for model in MODELS if not model.name.startswith("candidate-")]

each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


def project(model: Path) -> dict[str, object]:
    found = tomli.loads((model / "pyproject.toml").read_text())["project"]
    assert isinstance(found, dict)
    return found


def requirements(model: Path) -> list[str]:
    found = project(model)["dependencies"]
    assert isinstance(found, list)
    return found


def test_the_fleet_file_deploys_every_model_but_the_candidate() -> None:
    fleet = read_fleet(EXAMPLES / "fleet.toml")
    stated = {entry.model.name: str(entry.model.version) for entry in fleet.models}
    assert stated == {project(model)["name"]: project(model)["version"] for model in DEPLOYED}


@each_model
def test_a_model_has_ranges_with_both_ends(model: Path) -> None:
    for text in requirements(model):
        operators = {clause.operator for clause in Requirement(text).specifier}
        assert operators == {">=", "<"}


@each_model
def test_a_model_runs_on_every_python_that_the_readme_names(model: Path) -> None:
    assert SpecifierSet(str(project(model)["requires-python"])) == SpecifierSet(">=3.10")


@each_model
def test_a_model_predicts_with_what_it_requires(model: Path) -> None:
    """Each required project is imported by the module whose ``predict`` is the model."""
    source = next(model.glob("src/*/__init__.py")).read_text()
    tree = ast.parse(source)
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    tops = {module.partition(".")[0] for module in imported}
    modules = {"python-dateutil": "dateutil"}
    names = [Requirement(text).name for text in requirements(model)]
    assert {modules.get(name, name.replace("-", "_")) for name in names} <= tops
    assert any(isinstance(node, ast.FunctionDef) and node.name == "predict" for node in tree.body)


@each_model
def test_the_readme_lists_a_model_with_its_requirements(model: Path) -> None:
    row = next(row for row in (EXAMPLES / "README.md").read_text().splitlines() if str(project(model)["name"]) in row)
    assert all(f"`{text}`" in row for text in requirements(model))
