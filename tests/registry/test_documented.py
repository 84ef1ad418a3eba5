"""What docs/registry.md says of routes and of errors is what there is."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import wheelyard_registry
from wheelyard_registry.errors import RegistryError
from wheelyard_registry.openapi_operations import OPERATIONS

PAGE = (Path(__file__).parents[2] / "docs" / "registry.md").read_text(encoding="utf-8")
ROUTES, ERRORS = PAGE.split("\n## Routes\n")[1].split("\n## ")[0].split("| status | codes |")


def refusals(of: type[RegistryError] = RegistryError) -> Iterator[type[RegistryError]]:
    """All errors that are answers."""
    for found in of.__subclasses__():
        yield found
        yield from refusals(found)


def test_the_table_of_errors_has_their_codes_with_their_statuses() -> None:
    for module in pkgutil.iter_modules(wheelyard_registry.__path__):
        importlib.import_module(f"wheelyard_registry.{module.name}")
    stated = {
        (int(status), code)
        for status, codes in re.findall(r"^\| (\d+) \| (.*) \|$", ERRORS, re.MULTILINE)
        for code in re.findall(r"`([a-z-]+)`", codes)
    }
    assert stated == {(refusal.status, refusal.code) for refusal in refusals()}


@pytest.mark.parametrize("path", sorted({operation.path for operation in OPERATIONS}))
def test_the_table_of_routes_has_every_path_of_the_api(path: str) -> None:
    """In full, or shortened to its end where it belongs to a project or to deployments."""
    ends = [f"...{path[at.start() :]}" for at in re.finditer("/", path)]
    assert any(f"{form}`" in ROUTES or f"{form}?" in ROUTES for form in (path, *ends)), path
