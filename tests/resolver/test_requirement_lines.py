"""Requirements as people write them: what cannot be read, and what counts on a target."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from wheelyard_resolver.errors import InputError, InputErrors
from wheelyard_resolver.requirement_lines import WrittenRequirement, applicable, parse_requirement, requirements_given
from wheelyard_resolver.target import Target

LINUX = Target.parse("3.11", "manylinux_2_28_x86_64")
DEMAND = NormalizedName("demand")


def kept(*texts: str, extras: tuple[str, ...] = ()) -> list[str]:
    written = [WrittenRequirement(Requirement(text)) for text in texts]
    return [str(line.requirement) for line in applicable(written, LINUX, owner=DEMAND, extras=extras)]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "pandas>>1",
            (
                '"pandas>>1" is not a requirement: '
                'expected semicolon (after name with no version specifier) or end, at ">>1"'
            ),
            'write it like "pandas>=1.5,<2"',
        ),
        (
            "numpy=1.2",
            (
                '"numpy=1.2" is not a requirement: '
                'expected semicolon (after name with no version specifier) or end, at "=1.2"'
            ),
            'a pin has two equals signs: "numpy==1.2"',
        ),
        ("a @ ", '"a @ " is not a requirement: expected URL after @, at its end', 'write it like "pandas>=1.5,<2"'),
    ],
)
def test_what_is_no_requirement_is_shown_with_its_fault(text: str, message: str, hint: str) -> None:
    """The place within the text, and what to write."""
    with pytest.raises(InputError) as caught:
        parse_requirement(text, where="fleet.toml:3")
    assert (caught.value.message, caught.value.hint, caught.value.where) == (message, hint, "fleet.toml:3")


def test_a_marker_does_its_work_and_is_gone() -> None:
    """False on the target: no line; true: a line without it."""
    assert kept("numpy<2; python_version < '3.12'", "pywin32; sys_platform == 'win32'", "pandas") == [
        "numpy<2",
        "pandas",
    ]


def test_extras_count_where_they_are_asked_for() -> None:
    """Their names are compared normalised (PEP 685)."""
    lines = ("numpy", "torch>=2; extra == 'gpu_12'", "pytest; extra == 'test'")
    assert kept(*lines) == ["numpy"]
    assert kept(*lines, extras=("GPU.12",)) == ["numpy", "torch>=2"]


def test_an_extra_may_ask_for_others_of_its_owner() -> None:
    """all = ["demand[gpu,plot]"] is no requirement on demand."""
    lines = ("Demand[gpu,plot]; extra == 'all'", "torch; extra == 'gpu'", "demand[draw]; extra == 'plot'")
    assert kept(*lines, "altair; extra == 'draw'", extras=("all",)) == ["torch", "altair"]


def test_a_direct_reference_stays_as_it_is() -> None:
    """Its hash included."""
    text = "demand-core @ https://files.example/demand_core-1-py3-none-any.whl#sha256=abcd"
    assert kept(text) == [text]


def test_all_bad_requirements_are_told_at_once() -> None:
    """Two of three."""
    with pytest.raises(InputErrors) as caught:
        requirements_given(["pandas>>2", "numpy", "=="])
    assert len(caught.value.errors) == 2
