"""Who may do what: tokens and their scopes, users, groups, owners, and passwords under attack."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import anyio
import argon2
import pytest
from tests.registry import wheels
from tests.registry.api import api, call, command_line, token
from tests.registry.conftest import Clock, Registry, basic, running

from wheelyard_registry.catalogue.accounts import Accounts
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.errors import TooManyAttempts
from wheelyard_registry.passwords import AT_ONCE, TRIES, WAITING, FailedTries, PasswordGate
from wheelyard_registry.settings import Settings
from wheelyard_resolver.errors import AuthenticationRequired

APR1 = "$apr1$JIeFnSW5$Uk8xBLhFQtQ8R0dK.NR3M0"


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Registry]:
    """A registry that nobody reads without credentials."""
    with running(Settings(data=tmp_path / "data", upstreams=()), Clock()) as started:
        yield started


def person(registry: Registry, name: str, *groups: str, rights: tuple[str, ...] = ()) -> tuple[str, str]:
    """A new user in new groups, as name and password."""
    call(registry, "PUT", f"users/{name}", {"password": f"password of {name}"})
    for group in groups:
        call(registry, "PUT", f"groups/{group}", {"members": [name], "rights": list(rights)})
    return name, f"password of {name}"


def test_without_credentials_nothing_can_be_read_where_that_is_not_allowed(closed: Registry) -> None:
    built = wheels.wheel()
    closed.upload(built)
    paths = ["/simple/", "/simple/demand-model/", f"/files/demand-model/{built.filename}", "/api/v1/deployments"]
    for path in (*paths, f"/files/demand-model/{built.filename}.metadata", "/simple/unknown/"):
        answer = closed.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Basic ")
    for path in paths:
        assert closed.client.get(path, auth=closed.auth).status_code == 200
    assert closed.client.get("/readyz").status_code == 200


def test_wrong_credentials_are_refused_even_where_none_are_needed(registry: Registry) -> None:
    assert registry.client.get("/simple/", headers=basic("__token__", "wy_x_y")).status_code == 401


def test_a_token_reads_only_its_projects_and_what_it_may_not_is_403_not_404(closed: Registry) -> None:
    closed.upload(wheels.wheel("acme_one"))
    closed.upload(wheels.wheel("other"))
    login = ("__token__", token(closed, "read", projects=["acme-*"]))
    names = closed.client.get("/simple/", auth=login, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    assert names.json()["projects"] == [{"name": "acme-one"}]
    assert closed.client.get("/simple/acme-one/", auth=login).status_code == 200
    for path in ("/simple/other/", "/simple/unknown/"):
        assert closed.client.get(path, auth=login).status_code == 403


@pytest.mark.parametrize(
    ("rights", "projects", "first", "second"),
    [
        (["read"], ["*"], "forbidden", "forbidden"),
        (["upload"], ["*"], "forbidden", None),
        (["upload", "create"], ["*"], None, None),
        (["upload", "create"], ["acme-*"], "forbidden", "forbidden"),
        (["create"], ["*"], "forbidden", "forbidden"),
        (["admin"], ["demand-*"], None, None),
    ],
)
def test_uploading_and_creating_are_two_rights(
    registry: Registry, rights: list[str], projects: list[str], first: str | None, second: str | None
) -> None:
    scoped = token(registry, *rights, projects=projects)
    created = registry.upload(wheels.wheel(), token=scoped)
    registry.upload(wheels.wheel())
    added = registry.upload(wheels.wheel(version="2.0"), token=scoped)
    codes = [None if answer.is_success else answer.json()["code"] for answer in (created, added)]
    assert codes == [first, second]


def test_a_token_ends_when_it_expires(registry: Registry) -> None:
    login = ("__token__", token(registry, "read", expires="2026-11-23T11:00:00Z"))
    assert registry.client.get("/simple/", auth=login).status_code == 200
    registry.clock.forward(hours=1)
    answer = registry.client.get("/simple/", auth=login)
    assert answer.status_code == 401
    assert "has expired" in answer.json()["detail"]


def test_the_command_line_says_of_a_token_what_the_registry_says(registry: Registry) -> None:
    """With both clocks: one of them may be wrong. Exit code 5."""
    text = token(registry, "read", expires="2026-11-23T11:00:00Z")
    registry.clock.forward(hours=2)
    with command_line(registry, text) as client, pytest.raises(AuthenticationRequired) as refused:
        client.fleet("prod")
    assert str(refused.value) == (
        f"http://registry answered 401: the token {text.split('_')[1]} has expired: it was good until "
        "2026-11-23T11:00:00.000000Z, this registry's clock says 2026-11-23T12:00:00.000000Z"
    )
    assert refused.value.exit_code == 5


def test_a_token_ends_when_it_is_revoked_and_stays_listed(registry: Registry) -> None:
    text = token(registry, "read")
    chosen = text.split("_")[1]
    call(registry, "DELETE", f"tokens/{chosen}")
    answer = registry.client.get("/simple/", auth=("__token__", text))
    assert (answer.status_code, "has been revoked" in answer.json()["detail"]) == (401, True)
    listed = {row["id"]: row for row in call(registry, "GET", "tokens")["tokens"]}
    assert listed[chosen]["revoked_at"] == "2026-11-23T10:00:00.000000Z"


def test_the_last_use_of_a_token_is_shown_and_its_secret_never(registry: Registry) -> None:
    text = token(registry, "read")
    registry.clock.forward(minutes=30)
    registry.client.get("/simple/", auth=("__token__", text))
    rows = call(registry, "GET", "tokens")["tokens"]
    assert rows[-1]["last_used_at"] == "2026-11-23T10:30:00.000000Z"
    assert text.split("_", 2)[2] not in str(rows)


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, ["label is missing", "rights is missing"]),
        ({"label": "x", "rights": ["fly"]}, ["unknown rights 'fly'"]),
        ({"label": "x", "rights": ["read"], "projects": ["A/B"]}, ["projects holds 'A/B'"]),
        ({"label": "x", "rights": ["read"], "expires": "tomorrow"}, ["expires must be a time"]),
        ({"label": "x", "rights": ["read"], "expires": "2020-01-01T00:00:00Z"}, ["expires is in the past"]),
        ({"label": "\0", "rights": "read", "colour": 1}, ["label must", "rights must", "unknown field 'colour'"]),
    ],
)
def test_a_token_that_cannot_be_made_is_refused_with_all_reasons(
    registry: Registry, body: dict[str, object], problems: list[str]
) -> None:
    answer = api(registry, "POST", "tokens", body)
    assert answer.status_code == 422
    assert [problem for problem in problems if problem not in answer.json()["detail"]] == []


def test_only_administrators_of_everything_manage_identities(registry: Registry) -> None:
    local = ("__token__", token(registry, "admin", projects=["acme-*"]))
    requests: list[tuple[str, str, object]] = [
        ("POST", "tokens", {"label": "x", "rights": ["read"]}),
        ("GET", "tokens", None),
        ("GET", "users", None),
        ("PUT", "users/eve", {"password": "long enough"}),
        ("PUT", "groups/eve", {}),
        ("PUT", "projects/other/owners", {"groups": []}),
    ]
    for method, path, body in requests:
        assert api(registry, method, path, body, auth=local).status_code == 403, path


def test_a_user_logs_in_by_password_and_reads_everything(closed: Registry) -> None:
    closed.upload(wheels.wheel())
    anna = person(closed, "anna")
    assert closed.client.get("/simple/demand-model/", auth=anna).status_code == 200
    assert closed.client.get("/simple/demand-model/", auth=("anna", "wrong")).status_code == 401
    call(closed, "DELETE", "users/anna")
    assert closed.client.get("/simple/demand-model/", auth=anna).status_code == 401


def test_members_of_the_owning_group_upload_and_others_do_not(registry: Registry) -> None:
    registry.upload(wheels.wheel())
    anna, ben = person(registry, "anna", "forecasting"), person(registry, "ben", "risk")
    call(registry, "PUT", "projects/Demand_Model/owners", {"groups": ["forecasting"]})
    built = wheels.wheel(version="2.0")
    assert registry.upload(built, auth=ben).status_code == 403
    assert registry.upload(built, auth=anna).status_code == 200
    assert call(registry, "GET", "projects/demand-model/owners")["groups"] == ["forecasting"]


def test_a_new_project_belongs_to_the_groups_of_who_made_it(registry: Registry) -> None:
    anna = person(registry, "anna", "forecasting", rights=("create",))
    assert registry.upload(wheels.wheel(), auth=anna).status_code == 200
    assert registry.upload(wheels.wheel(version="2.0"), auth=anna).status_code == 200
    (group,) = call(registry, "GET", "groups")["groups"]
    assert group["projects"] == ["demand-model"]


def test_a_token_of_a_user_can_do_no_more_than_the_user(registry: Registry) -> None:
    anna = person(registry, "anna", "forecasting")
    registry.upload(wheels.wheel())
    made = call(registry, "POST", "tokens", {"label": "ci", "rights": ["admin"]}, auth=anna)
    assert made["user"] == "anna"
    assert registry.upload(wheels.wheel(version="2.0"), token=made["token"]).status_code == 403
    call(registry, "PUT", "projects/demand-model/owners", {"groups": ["forecasting"]})
    assert registry.upload(wheels.wheel(version="2.0"), token=made["token"]).status_code == 200
    call(registry, "DELETE", "users/anna")
    assert registry.upload(wheels.wheel(version="3.0"), token=made["token"]).status_code == 401


def test_users_manage_their_own_tokens_only(registry: Registry) -> None:
    anna, ben = person(registry, "anna"), person(registry, "ben")
    made = call(registry, "POST", "tokens", {"label": "mine", "rights": ["read"]}, auth=anna)
    assert [row["label"] for row in call(registry, "GET", "tokens", auth=anna)["tokens"]] == ["mine"]
    assert call(registry, "GET", "tokens", auth=ben)["tokens"] == []
    assert api(registry, "DELETE", f"tokens/{made['id']}", auth=ben).status_code == 404
    assert (
        api(registry, "POST", "tokens", {"label": "x", "rights": ["read"], "user": "ben"}, auth=anna).status_code == 403
    )
    by_token = ("__token__", made["token"])
    assert api(registry, "POST", "tokens", {"label": "x", "rights": ["read"]}, auth=by_token).status_code == 403
    call(registry, "DELETE", f"tokens/{made['id']}", auth=anna)


def test_an_htpasswd_file_is_taken_over_and_its_hashes_improved(closed: Registry) -> None:
    lines = [
        "sha:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        f"apr:{APR1}",
        "crypt:rqXexS6ZhobKA",
        "# a comment",
        "plain",
    ]
    done = call(closed, "POST", "users", {"htpasswd": "\n".join(lines)})
    assert done["taken"] == ["apr", "sha"]
    assert done["refused"] == ["crypt: the hash is neither bcrypt nor apr1 nor SHA-1", "line 5: no usable user name"]
    for _ in range(2):
        assert closed.client.get("/simple/", auth=("sha", "password")).status_code == 200
    database = Database(closed.settings.database_url)
    stored = Accounts(database).password("sha")
    database.close()
    assert stored is not None
    assert stored.startswith("$argon2id$")


def test_wrong_passwords_make_their_sender_wait_and_tokens_do_not(closed: Registry) -> None:
    anna = person(closed, "anna")
    answers = [closed.client.get("/simple/", auth=("anna", f"guess {number}")) for number in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "60"
    assert closed.client.get("/simple/", auth=anna).status_code == 429
    assert closed.client.get("/simple/", auth=closed.auth).status_code == 200
    closed.clock.forward(minutes=2)
    assert closed.client.get("/simple/", auth=anna).status_code == 200


def test_a_flood_of_wrong_passwords_is_remembered_within_bounds() -> None:
    tries = FailedTries(Clock())
    tracemalloc.start()
    for number in range(50_000):
        tries.count(f"user-{number}@127.0.0.1")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(tries) == 4096
    assert peak < 5_000_000


quick_hash = argon2.PasswordHasher(memory_cost=8, time_cost=1, parallelism=1).hash
"""A hash like those of the registry that costs little, to make and to verify: what is limited is their number."""


def test_of_many_logins_at_once_few_are_verified_and_the_rest_are_sent_away() -> None:
    stored = quick_hash("right")

    async def scene() -> list[str]:
        gate, outcomes = PasswordGate(Clock()), []

        async def attempt(number: int) -> None:
            try:
                admitted = await gate.admits("anna", f"wrong {number}", stored, address=f"127.0.0.{number}")
                outcomes.append("admitted" if admitted else "refused")
            except TooManyAttempts:
                outcomes.append("sent away")

        async with anyio.create_task_group() as group:
            for number in range(50):
                group.start_soon(attempt, number)
        return outcomes

    outcomes = anyio.run(scene)
    assert (outcomes.count("refused"), outcomes.count("sent away")) == (32, 18)


def test_tries_that_come_together_count_as_if_they_came_one_by_one() -> None:
    stored = quick_hash("right")

    async def scene() -> list[bool | None]:
        gate = PasswordGate(Clock())
        outcomes: list[bool | None] = []

        async def attempt(number: int) -> None:
            try:
                outcomes.append(await gate.admits("anna", f"wrong {number}", stored, address="127.0.0.1"))
            except TooManyAttempts:
                outcomes.append(None)

        async with anyio.create_task_group() as group:
            for number in range(30):
                group.start_soon(attempt, number)
        return outcomes

    outcomes = anyio.run(scene)
    assert outcomes.count(True) == 0
    assert outcomes.count(False) <= TRIES + AT_ONCE - 1


def test_new_passwords_are_hashed_few_at_a_time_too() -> None:
    async def scene() -> int:
        gate, sent_away = PasswordGate(Clock(), quick_hash), []

        async def make(number: int) -> None:
            try:
                await gate.hash(f"password {number}")
            except TooManyAttempts:
                sent_away.append(number)

        async with anyio.create_task_group() as group:
            for number in range(WAITING + 3):
                group.start_soon(make, number)
        return len(sent_away)

    assert anyio.run(scene) == 3


def test_a_confirmed_password_is_not_hashed_again(closed: Registry) -> None:
    anna = person(closed, "anna")
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: closed.client.get("/simple/", auth=anna).status_code, range(60)))
    assert statuses == [200] * 60


def test_a_changed_password_ends_the_old_one_at_once(closed: Registry) -> None:
    anna = person(closed, "anna")
    assert closed.client.get("/simple/", auth=anna).status_code == 200
    call(closed, "PUT", "users/anna", {"password": "another password"}, auth=anna)
    assert closed.client.get("/simple/", auth=anna).status_code == 401
    assert closed.client.get("/simple/", auth=("anna", "another password")).status_code == 200


def test_a_disabled_registry_setting_opens_reading(closed: Registry) -> None:
    with running(replace(closed.settings, anonymous_read=True), closed.clock, closed.token) as opened:
        assert opened.client.get("/simple/").status_code == 200
        assert opened.upload(wheels.wheel(), token="wy_a_b").status_code == 401
