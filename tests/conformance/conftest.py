"""Where the heavy tiers keep what they download, and where they say what they found."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

DOWNLOADS = Path(sys.prefix) / "conformance"
"""Filled by ``make conformance``; within the environment, so that ``make clean`` removes it."""

_TABLES = pytest.StashKey[list[str]]()


class Report:
    """Lines that are printed after the tests, whatever pytest captures."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def table(self, title: str, rows: Sequence[tuple[object, str]]) -> None:
        """A title, and figures with what they count."""
        self._lines += ["", title, *(f"  {figure!s:>6}  {what}" for figure, what in rows)]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_TABLES] = []


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Report:
    """What to tell at the end."""
    return Report(pytestconfig.stash[_TABLES])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[_TABLES]:
        terminalreporter.write_line(line)
