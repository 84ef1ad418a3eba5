"""A project directory: its static metadata, or why there is none."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from packaging.version import Version

from wheelyard_cli.project_directory import read_project
from wheelyard_resolver.errors import InputError, InputErrors
from wheelyard_resolver.target import Target


def project(directory: Path, text: str) -> Path:
    (directory / "pyproject.toml").write_text(textwrap.dedent(text))
    return directory


def told(directory: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_project(directory)
    errors = caught.value.errors if isinstance(caught.value, InputErrors) else (caught.value,)
    shown = [f"{error.where}: {error} ({error.hint})" if error.where else f"{error} ({error.hint})" for error in errors]
    return "\n".join(shown).replace(str(directory), "DIR")


def test_static_metadata_is_read_with_its_lines(tmp_path: Path) -> None:
    """Extras are there, and count where they are asked for."""
    found = read_project(
        project(
            tmp_path,
            """\
            [project]
            name = "Demand.Forecast"
            version = "1.4"
            requires-python = ">=3.10"
            dependencies = ["pandas>=2", "pywin32; sys_platform == 'win32'"]
            [project.optional-dependencies]
            GPU = [
              "torch",
            ]
            """,
        )
    )
    assert (found.name, found.version, str(found.requires_python)) == ("demand-forecast", Version("1.4"), ">=3.10")
    target = Target.parse("3.11", "manylinux_2_28_x86_64")
    lines = [(str(line.requirement), line.origin) for line in found.requirements_for(target, ["gpu"])]
    assert lines == [("pandas>=2", f"{tmp_path}/pyproject.toml:5"), ("torch", f"{tmp_path}/pyproject.toml:8")]
    with pytest.raises(InputError, match="demand-forecast has no extra plot"):
        found.requirements_for(target, ["plot"])


def test_a_version_computed_at_build_time_may_be_given(tmp_path: Path) -> None:
    """By the fleet file, which knows what is deployed."""
    directory = project(tmp_path, '[project]\nname = "demand"\ndynamic = ["version"]\n')
    assert read_project(directory, version=Version("3")).version == Version("3")
    assert told(directory) == (
        'DIR/pyproject.toml:3: [project]: "dynamic" lists "version": it is known only after a build '
        '(state version in [project], or in the fleet file beside "path")'
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[project]\nname = "a b"\nversion = "x"\nrequires-python = "3"\ndependencies = ["a", "b>>1"]',
            (
                'DIR/pyproject.toml:2: [project]: "name" is "a b", which is not a project name '
                "(a name has letters, digits, and between them any of - _ .)\n"
                'DIR/pyproject.toml:3: [project]: "version" is "x", which is not a version '
                '(write it like "1.4.0" (PEP 440))\n'
                'DIR/pyproject.toml:4: [project]: "requires-python" is "3", which is not a specifier '
                '(write it like ">=3.10")\n'
                'DIR/pyproject.toml:5: [project]: "b>>1" is not a requirement: '
                'expected semicolon (after name with no version specifier) or end, at ">>1" '
                '(write it like "pandas>=1.5,<2")'
            ),
        ),
        (
            '[project]\nname = "demand"\nversion = "1"\ndynamic = ["dependencies"]',
            (
                'DIR/pyproject.toml:4: [project]: "dynamic" lists "dependencies": it is known only after a build '
                "(state dependencies in [project], or list the lines in the fleet file with requires = [...])"
            ),
        ),
        (
            '[tool.poetry]\nname = "demand"',
            (
                "DIR/pyproject.toml: there is no [project] table, so that the dependencies are not stated in the "
                "standard way (move the metadata into [project] (PEP 621), "
                "or list the lines in the fleet file: requires = [...])"
            ),
        ),
        (
            '[project]\nversion = "1"',
            'DIR/pyproject.toml:1: [project]: "name" is missing (add name = "demand-forecast")',
        ),
    ],
)
def test_what_cannot_be_used_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    """All of it at once."""
    assert told(project(tmp_path, text)) == message


def test_a_directory_without_a_project_is_told(tmp_path: Path) -> None:
    """No pyproject.toml, or no directory at all."""
    assert told(tmp_path) == "DIR has no pyproject.toml (name a project directory, one with a pyproject.toml)"
    assert told(tmp_path / "none") == "DIR is not a directory (name a project directory, one with a pyproject.toml)"
