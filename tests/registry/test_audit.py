"""The audit log: every change is in it, and tampering with it shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Route
from tests.registry import wheels
from tests.registry.api import api, call, token
from tests.registry.conftest import Registry

from wheelyard_cli.audit_chain import BrokenLog, Head, verify
from wheelyard_registry.catalogue.audit import BEFORE_THE_FIRST, Event, link_of
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.catalogue.tables import event as table


@pytest.fixture
def busy(registry: Registry) -> Registry:
    """A registry in which some things happened."""
    for version in ("1.0", "1.1", "1.2"):
        registry.upload(wheels.wheel(version=version))
    call(registry, "POST", "projects/demand-model/releases/1.1/yank", {"reason": "naïve → wrong"})
    return registry


def head(registry: Registry) -> Head:
    """The head as the API tells it."""
    return Head(**call(registry, "GET", "audit/head"))


def check(registry: Registry, expected: Head | None) -> Head:
    """Follow the log as the command line does."""
    return verify(call(registry, "GET", "audit")["events"], expected)


def tamper(registry: Registry, *statements: sa.Executable) -> None:
    """Change the log behind the registry's back."""
    database = Database(registry.settings.database_url)
    with database.write() as connection:
        for statement in statements:
            connection.execute(statement)
    database.close()


def relink(registry: Registry) -> None:
    """What a careful forger does: compute all links anew."""
    database = Database(registry.settings.database_url)
    before = BEFORE_THE_FIRST
    with database.write() as connection:
        for row in connection.execute(sa.select(table).order_by(table.c.serial)).mappings().all():
            said = {name: value for name, value in row.items() if name != "link"}
            before = link_of(before, **said)
            connection.execute(sa.update(table).where(table.c.serial == row["serial"]).values(link=before))
    database.close()


def test_an_untouched_log_is_whole_and_goes_on_from_an_earlier_head(busy: Registry) -> None:
    earlier = head(busy)
    assert check(busy, earlier) == earlier
    busy.upload(wheels.wheel(version="2.0"))
    assert check(busy, earlier) == head(busy) != earlier


PROJECT, FILE = "projects/{project}", "projects/{project}/files/{filename}"
RELEASE = "projects/{project}/releases/{version}"
CHANGES: tuple[tuple[str, str, object, str], ...] = (
    ("PUT", "users/{name}", {"password": "long enough"}, "user-added"),
    ("POST", "users", {"htpasswd": "old:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="}, "user-added"),
    ("PUT", "groups/{name}", {"members": ["anna"]}, "group-set"),
    ("PUT", f"{PROJECT}/owners", {"groups": ["anna"]}, "owners-set"),
    ("DELETE", "users/{name}", None, "user-disabled"),
    ("POST", "tokens", {"label": "x", "rights": ["read"]}, "token-created"),
    ("DELETE", "tokens/{id}", None, "token-revoked"),
    ("POST", f"{FILE}/yank", {"reason": "r"}, "yanked"),
    ("DELETE", f"{FILE}/yank", None, "unyanked"),
    ("POST", f"{RELEASE}/yank", {}, "yanked"),
    ("DELETE", f"{RELEASE}/yank", None, "unyanked"),
    ("POST", f"{FILE}/quarantine", {}, "quarantined"),
    ("DELETE", f"{FILE}/quarantine", None, "released-from-quarantine"),
    ("POST", f"{RELEASE}/quarantine", {}, "quarantined"),
    ("DELETE", f"{RELEASE}/quarantine", None, "released-from-quarantine"),
    ("PUT", f"{PROJECT}/status", {"status": "deprecated"}, "status-set"),
    ("PUT", f"{PROJECT}/overlay", {"overlay": True, "reason": "r"}, "overlay-set"),
    ("PUT", f"{PROJECT}/cooldown-waiver", {"until": "2027-01-01T00:00:00Z", "reason": "r"}, "cooldown-waived"),
    ("DELETE", f"{PROJECT}/cooldown-waiver", None, "cooldown-waiver-ended"),
    ("PUT", "stages/{stage}", {"order": 1, "python": "3.11", "platform": "manylinux_2_28_x86_64"}, "stage-set"),
    ("PUT", f"{PROJECT}/stage", {"stage": "prod"}, "project-stage-set"),
    ("PUT", f"{PROJECT}/stage", {"stage": None}, "project-stage-set"),
    ("PUT", "stages/{stage}/bases", {"snapshot": f"sha256:{'5' * 64}", "bases": []}, "bases-accepted"),
    ("DELETE", "stages/{stage}", None, "stage-removed"),
    ("POST", "deployments", {"model": "demand-model", "version": "1.1", "stage": "test"}, "deployed"),
    ("POST", "deployments/promote", {"model": "demand-model", "from": "test", "to": "prod"}, "deployed"),
    ("POST", "deployments/retire", {"model": "demand-model", "stage": "prod"}, "retired"),
    ("POST", "deployments/retire", {"model": "demand-model", "stage": "test"}, "retired"),
    ("DELETE", FILE, None, "deleted"),
    ("DELETE", RELEASE, None, "deleted"),
)
"""Every change that the API can make, in an order in which it can, and the event of it."""

UPLOADS = {("POST", "/"), ("POST", "/legacy/"), ("PUT", f"/api/v1/{FILE}")}
CHANGES_NOTHING = {("POST", "/api/v1/check")}


def test_every_change_is_in_the_log_once_with_its_sender(busy: Registry) -> None:
    made = wheels.wheel(version="1.0").filename
    names = {"name": "anna", "project": "demand-model", "filename": made, "version": "1.1", "stage": "prod"}
    for method, path, body, kind in CHANGES:
        before = head(busy).serial
        tokens = {made["label"]: made["id"] for made in call(busy, "GET", "tokens")["tokens"]}
        call(busy, method, path.format(**names, id=tokens.get("x")), body)
        (event,) = call(busy, "GET", f"audit?after={before}")["events"]
        assert (event["kind"], event["by"]) == (kind, f"token:{busy.token.split('_')[1]}"), path
    for path, version in (("/", "3.0"), ("/legacy/", "3.1")):
        before, built = head(busy).serial, wheels.wheel(version=version)
        content = {"content": (built.filename, built.data)}
        busy.client.post(path, data={":action": "file_upload"}, files=content, auth=busy.auth)
        assert [event["subject"] for event in call(busy, "GET", f"audit?after={before}")["events"]] == [built.filename]


def test_no_change_is_left_out_of_that_test(busy: Registry) -> None:
    tried = {(method, f"/api/v1/{path}") for method, path, _, _ in CHANGES}
    routes = [route for route in busy.app.routes if isinstance(route, Route)]
    there = {(method, route.path) for route in routes for method in route.methods or () if method not in READING}
    assert tried | UPLOADS | CHANGES_NOTHING == there


READING = {"GET", "HEAD"}

TAMPERING: dict[str, tuple[Callable[[], sa.Executable], str]] = {
    "a changed fact": (lambda: sa.update(table).where(table.c.serial == 3).values(facts={}), "entry 3 "),
    "a changed sender": (lambda: sa.update(table).where(table.c.serial == 2).values(by="token:x"), "entry 2 "),
    "a removed entry": (lambda: sa.delete(table).where(table.c.serial == 3), "entry 3 is missing"),
    "a shortened log": (lambda: sa.delete(table).where(table.c.serial > 4), "it ends at entry 4"),
    "an emptied log": (lambda: sa.delete(table), "it ends at entry 0"),
}


@pytest.mark.parametrize("case", TAMPERING)
def test_tampering_shows(busy: Registry, case: str) -> None:
    kept = head(busy)
    statement, reason = TAMPERING[case]
    tamper(busy, statement())
    with pytest.raises(BrokenLog, match=reason):
        check(busy, kept)


def test_a_log_that_was_rewritten_with_all_its_links_shows_by_the_head(busy: Registry) -> None:
    kept = head(busy)
    tamper(busy, sa.update(table).where(table.c.serial == 3).values(by="token:innocent"))
    relink(busy)
    assert check(busy, None).serial == kept.serial
    with pytest.raises(BrokenLog, match=r"entries up to \d+ were rewritten"):
        check(busy, kept)


def test_a_log_that_was_shortened_and_went_on_shows_by_the_head(busy: Registry) -> None:
    kept = head(busy)
    tamper(busy, sa.delete(table).where(table.c.serial == kept.serial))
    busy.upload(wheels.wheel(version="2.0"))
    assert head(busy).serial == kept.serial
    with pytest.raises(BrokenLog, match="rewritten"):
        check(busy, kept)


@given(
    subject=st.text(st.characters(codec="utf-8"), max_size=40),
    facts=st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=9)),
    at=st.datetimes(timezones=st.just(dt.timezone.utc)),
)
def test_both_implementations_agree_on_every_link(subject: str, facts: dict[str, object], at: dt.datetime) -> None:
    link = link_of(BEFORE_THE_FIRST, serial=1, at=at, kind="test", subject=subject, facts=facts, by="token:a")
    entry = Event(1, at, "test", subject, facts, "token:a", link)
    assert verify([entry.as_json()], None) == Head(1, link)


def test_the_log_is_for_administrators_of_everything(busy: Registry) -> None:
    scoped = ("__token__", token(busy, "admin", projects=["demand-*"]))
    assert api(busy, "GET", "audit", auth=scoped).status_code == 403
    assert api(busy, "GET", "audit/head", auth=scoped).status_code == 403
    assert api(busy, "GET", "audit?after=x").status_code == 422
