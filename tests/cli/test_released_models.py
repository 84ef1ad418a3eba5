"""Models whose lines are in the index: which wheel speaks for a release, and what may be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.resolver.fake_index import ROOT, FakeIndex, Release

from wheelyard_cli.fleet_file import FleetDocument, parse_fleet
from wheelyard_resolver.errors import InputError, InputErrors
from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.released_models import resolve_packages

OTHER_LINUX = "cp311-cp311-manylinux_2_17_aarch64"
OUR_LINUX = "cp311-cp311-manylinux_2_17_x86_64"


def document(*packages: str) -> FleetDocument:
    target = {"python": "3.11", "platform": "manylinux_2_28_x86_64"}
    models = [{"package": package, "owner": "forecasting"} for package in packages]
    return parse_fleet(
        {"fleet": {"name": "energy", "stage": "prod", "target": target}, "model": models}, document="fleet"
    )


def resolved(package: str, projects: Mapping[str, Mapping[str, Release]]) -> ModelPackage:
    (model,) = resolve_packages(document(package), FakeIndex(projects)).models
    return model


def told(projects: Mapping[str, Mapping[str, Release]], *packages: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        resolve_packages(document(*packages), FakeIndex(projects))
    errors = caught.value.errors if isinstance(caught.value, InputErrors) else (caught.value,)
    return [f"{error.where}: {error} ({error.hint})" for error in errors]


def test_the_lines_are_those_of_the_release() -> None:
    """Markers decided for the target, extras as asked for."""
    requires = [
        "pandas>=2",
        "pywin32; sys_platform == 'win32'",
        "torch>=2; extra == 'gpu' and python_version >= '3.9'",
        "pytest; extra == 'test'",
    ]
    release = Release(requires, extras=["gpu", "test"])
    model = resolved("Demand[gpu]==1.4", {"demand": {"1.4.0": release, "2.0": Release(["other"])}})
    assert (model.key, str(model.version)) == ("demand", "1.4")
    assert [(line.text, line.model, line.owner, line.origin) for line in model.lines] == [
        ("pandas>=2", "demand", "forecasting", "METADATA of demand 1.4"),
        ("torch>=2", "demand", "forecasting", "METADATA of demand 1.4"),
    ]


def test_the_wheel_of_the_target_speaks_for_the_release() -> None:
    """Before any other, wherever it stands on the page."""
    by_tag = {OUR_LINUX: ["ours"], OTHER_LINUX: ["other"], "py3-none-any": ["any"]}
    release = Release(tags=["py3-none-any", OUR_LINUX, OTHER_LINUX], metadata_by_tag=by_tag)
    assert [line.text for line in resolved("demand==1", {"demand": {"1": release}}).lines] == ["ours"]


def test_without_a_wheel_for_the_target_any_wheel_does() -> None:
    """The model itself is not part of its base: its lines are what counts."""
    release = Release(["pandas"], tags=[OTHER_LINUX])
    assert [line.text for line in resolved("demand==1", {"demand": {"1": release}}).lines] == ["pandas"]


def test_where_a_wheel_installs_the_model_its_index_is_known() -> None:
    """A proposal may have models and what they need from several indexes."""
    assert resolved("demand==1", {"demand": {"1": Release()}}).index == f"{ROOT}/simple/"
    assert resolved("demand==1", {"demand": {"1": Release(tags=[OTHER_LINUX])}}).index is None


def test_a_fleet_without_packages_asks_the_index_for_nothing() -> None:
    """Its lines are there already."""
    index = FakeIndex({})
    assert resolve_packages(document(), index).models == ()
    assert index.asked == []


def test_what_the_index_cannot_tell_is_told_at_once() -> None:
    """Absent project, absent version, sdist only, unreadable METADATA, unknown extra."""
    projects = {
        "sdist-only": {"1": Release(tags=[])},
        "unreadable": {"1": Release(metadata=None)},
        "broken": {"1": Release(metadata=b"Metadata-Version: 2.1\nName: broken\nVersion: 1\nRequires-Dist: x>>1\n")},
        "other": {"1": Release(extras=["gpu"])},
        "plain": {"1": Release(), "1.1": Release(), "2.0": Release(tags=[])},
    }
    packages = ("absent==1", "plain==3", "sdist-only==1", "unreadable==1", "broken==1", "other[plot]==1")
    assert told(projects, *packages) == [
        "fleet: the index has no project absent (upload it first, or check --index-url)",
        "fleet: the index has no plain 3 (it has 2.0, 1.1, 1)",
        (
            "fleet: sdist-only 1 has only a source distribution "
            "(build a wheel and upload it beside: metadata is read from wheels only)"
        ),
        "fleet: unreadable-1-py3-none-any.whl holds no readable METADATA (build the wheel anew and upload it)",
        (
            "fleet: broken-1-py3-none-any.whl: its METADATA has a dependency that cannot be read "
            "(Expected semicolon (after name with no version specifier) or end) "
            "(correct the dependency and release anew)"
        ),
        "fleet: other 1 has no extra plot (its extras: gpu)",
    ]
