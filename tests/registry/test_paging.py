"""Lists a page at a time: pages of any size hold together what one whole answer holds."""

from __future__ import annotations

from itertools import product
from typing import Any

import httpx
import pytest
from tests.registry import wheels
from tests.registry.api import call, command_line
from tests.registry.conftest import Registry
from tests.registry.test_bases_api import accept, base, deploy, lock

LOCK = lock(numpy="2.1.0")
LISTS = [
    "deployments?",
    "deployments?history=true&",
    "stages?",
    "stages/prod/bases?",
    "who-uses?requirement=numpy%3E=2&",
    "who-requires?project=numpy&",
]


@pytest.fixture
def fleet(registry: Registry) -> Registry:
    """Five models on two bases, all of which use numpy; three stages."""
    for number, name in enumerate(("prod", "staging", "canary")):
        call(registry, "PUT", f"stages/{name}", {"order": number % 2})
    models = [f"model-{number}" for number in range(5)]
    accept(registry, base("base-a", LOCK, *models[:3]), base("base-b", LOCK, *models[3:]))
    for model in models:
        registry.upload(wheels.wheel(model.replace("-", "_"), requires=["numpy>=2"]))
        deploy(registry, model, base="base-a", owner=f"team of {model}")
    accept(registry, base("base-c", LOCK), stage="staging")
    return registry


def lists(answer: dict[str, Any]) -> dict[str, list[Any]]:
    """The lists of an answer."""
    return {name: value for name, value in answer.items() if isinstance(value, list)}


def paged(registry: Registry, path: str, limit: int) -> dict[str, list[Any]]:
    """The lists of all pages; each names the next one in its body and, alike, in its Link."""
    found: dict[str, list[Any]] = {}
    following: str | None = f"/api/v1/{path}limit={limit}"
    while following is not None:
        answer = registry.client.get(following)
        for name, entries in lists(answer.json()).items():
            found.setdefault(name, []).extend(entries)
        link, after = answer.links.get("next"), answer.json()["next"]
        assert (link is None) is (after is None)
        following = None if link is None else str(answer.url.join(link["url"]))
        assert following is None or httpx.URL(following).params["after"] == str(after)
    return found


@pytest.mark.parametrize("path", LISTS)
def test_pages_hold_together_what_one_answer_holds(fleet: Registry, path: str) -> None:
    whole = call(fleet, "GET", path)
    assert whole["next"] is None
    assert any(lists(whole).values())
    assert [paged(fleet, path, limit) for limit in (1, 2, 3, 1000)] == [lists(whole)] * 4


def test_a_limit_that_is_none_is_refused(fleet: Registry) -> None:
    for path, limit in product(LISTS, ("0", "1001", "x")):
        answer = fleet.client.get(f"/api/v1/{path}limit={limit}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-field")


def test_a_stage_that_is_gone_is_no_place_to_go_on_from(fleet: Registry) -> None:
    answer = fleet.client.get("/api/v1/stages?after=gone")
    assert (answer.status_code, answer.json()["hint"]) == (422, "begin again without it")


def test_the_command_line_reads_all_pages(fleet: Registry) -> None:
    """Of a registry that gives out two entries at a time."""
    with command_line(fleet, fleet.token, limit="2") as client:
        assert [row.model for row in client.deployments()] == [f"model-{number}" for number in range(5)]
        assert [row["name"] for row in client.rows("stages", "stages")] == ["canary", "prod", "staging"]
        found = client.ask_all("who-uses", requirement="numpy")
    assert lists(found) == lists(call(fleet, "GET", "who-uses?requirement=numpy"))
    assert "next" not in found
