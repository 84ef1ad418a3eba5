"""docs/conformance.md names every deliberate difference there is, and no test that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tomli
from tests.conformance import differences, groups

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "conformance.md").read_text()
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)))


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_what_the_page_names_is_there(file: str, name: str) -> None:
    """The file, and the test in it."""
    assert f"def {name}(" in (ROOT / file).read_text() if name else (ROOT / file).is_file()


@pytest.mark.parametrize("name", sorted([*differences.DIFFERENCES, *differences.BY_NAME, *groups.DIFFERENCES]))
def test_the_page_names_every_difference(name: str) -> None:
    """packse's scenarios and groups for pip."""
    assert f"`{name}`" in PAGE


def test_the_page_counts_the_groups() -> None:
    """As many as are compared with pip."""
    count = len(tomli.loads(groups.FLEET.read_text())["model"])
    assert f"holds {count} groups" in PAGE
