"""Yank, status, quarantine and deletion."""

from __future__ import annotations

import pytest
from tests.registry import wheels
from tests.registry.api import api, call, token
from tests.registry.conftest import Registry
from tests.registry.wheels import Built

from wheelyard_resolver.page import HTML_V1


@pytest.fixture
def built(registry: Registry) -> Built:
    """A wheel that is in the registry."""
    made = wheels.wheel()
    assert registry.upload(made).status_code == 200
    return made


def files(registry: Registry) -> dict[str, object]:
    """What the page says about yanks, by file."""
    return {file["filename"]: file["yanked"] for file in registry.page("demand-model")["files"]}


def kinds(registry: Registry) -> list[str]:
    """The kinds of the audit log's entries."""
    return [event["kind"] for event in call(registry, "GET", "audit")["events"]]


def test_a_release_is_yanked_with_a_reason_and_back(registry: Registry, built: Built) -> None:
    source, other = wheels.sdist(), wheels.wheel(version="1.5.0")
    registry.upload(source)
    registry.upload(other)
    answer = call(registry, "POST", "projects/Demand.Model/releases/1.4/yank", {"reason": "wrong units"})
    assert answer == {"files": sorted([built.filename, source.filename]), "yanked": "wrong units"}
    assert files(registry) == {built.filename: "wrong units", source.filename: "wrong units", other.filename: False}
    page = registry.client.get("/simple/demand-model/", headers={"Accept": HTML_V1}).text
    assert page.count('data-yanked="wrong units"') == 2
    assert registry.client.get(f"/files/demand-model/{built.filename}").status_code == 200
    call(registry, "DELETE", "projects/demand-model/releases/1.4.0/yank")
    assert set(files(registry).values()) == {False}
    assert kinds(registry)[-2:] == ["yanked", "unyanked"]


def test_one_file_is_yanked_without_a_reason(registry: Registry, built: Built) -> None:
    source = wheels.sdist()
    registry.upload(source)
    call(registry, "POST", f"projects/demand-model/files/{built.filename}/yank", {})
    assert files(registry) == {built.filename: True, source.filename: False}


def test_yanking_changes_the_page_and_its_tag(registry: Registry, built: Built) -> None:
    tag = registry.client.get("/simple/demand-model/").headers["etag"]
    call(registry, "POST", f"projects/demand-model/files/{built.filename}/yank", {})
    assert registry.client.get("/simple/demand-model/", headers={"If-None-Match": tag}).status_code == 200


def test_yanking_is_a_right_of_its_own(registry: Registry, built: Built) -> None:
    path = f"projects/demand-model/files/{built.filename}/yank"
    uploader, yanker = token(registry, "upload"), token(registry, "yank")
    assert api(registry, "POST", path, {}, auth=("__token__", uploader)).status_code == 403
    assert api(registry, "POST", path, {}, auth=("__token__", yanker)).status_code == 200


@pytest.mark.parametrize("path", ["files/x-1-py3-none-any.whl", "releases/9.9", "releases/nonsense"])
def test_what_is_not_here_is_404(registry: Registry, built: Built, path: str) -> None:
    for method, end, body in (("POST", "/yank", {}), ("POST", "/quarantine", {}), ("DELETE", "", None)):
        assert api(registry, method, f"projects/demand-model/{path}{end}", body).status_code == 404
    assert built.filename


def test_an_archived_project_takes_no_uploads_and_shows_its_files(registry: Registry, built: Built) -> None:
    call(registry, "PUT", "projects/demand-model/status", {"status": "archived", "reason": "see demand-model-2"})
    page = registry.page("demand-model")
    assert page["project-status"] == {"status": "archived", "reason": "see demand-model-2"}
    assert [file["filename"] for file in page["files"]] == [built.filename]
    refused = registry.upload(wheels.wheel(version="2.0"))
    assert (refused.status_code, refused.json()["code"]) == (403, "project-closed")
    call(registry, "PUT", "projects/demand-model/status", {"status": "active"})
    assert registry.upload(wheels.wheel(version="2.0")).status_code == 200


def test_a_deprecated_project_goes_on(registry: Registry, built: Built) -> None:
    call(registry, "PUT", "projects/demand-model/status", {"status": "deprecated"})
    assert registry.upload(wheels.wheel(version="2.0")).status_code == 200
    html = registry.client.get("/simple/demand-model/", headers={"Accept": HTML_V1}).text
    assert '<meta name="pypi:project-status" content="deprecated">' in html
    assert built.filename in html


def test_a_quarantined_project_shows_and_gives_out_nothing(registry: Registry, built: Built) -> None:
    call(registry, "PUT", "projects/demand-model/status", {"status": "quarantined", "reason": "leaked key"})
    assert registry.page("demand-model")["files"] == []
    for end in ("", ".metadata"):
        answer = registry.client.get(f"/files/demand-model/{built.filename}{end}")
        assert (answer.status_code, answer.json()["code"]) == (403, "quarantined")
    assert registry.upload(wheels.wheel(version="2.0")).status_code == 403


def test_only_administrators_quarantine_a_project_or_let_it_out(registry: Registry, built: Built) -> None:
    owner = ("__token__", token(registry, "yank"))
    path = "projects/demand-model/status"
    assert api(registry, "PUT", path, {"status": "quarantined"}, auth=owner).status_code == 403
    assert api(registry, "PUT", path, {"status": "archived"}, auth=owner).status_code == 200
    call(registry, "PUT", path, {"status": "quarantined"})
    assert api(registry, "PUT", path, {"status": "active"}, auth=owner).status_code == 403
    assert built.filename


def test_a_file_is_quarantined_at_once_and_let_back(registry: Registry, built: Built) -> None:
    owner = ("__token__", token(registry, "yank"))
    path = f"projects/demand-model/files/{built.filename}/quarantine"
    assert api(registry, "POST", path, {"reason": "customer data"}, auth=owner).status_code == 200
    assert registry.page("demand-model")["files"] == []
    refused = registry.client.get(f"/files/demand-model/{built.filename}")
    assert (refused.status_code, "customer data" in refused.json()["detail"]) == (403, True)
    assert api(registry, "DELETE", path, auth=owner).status_code == 403
    call(registry, "DELETE", path)
    assert registry.client.get(f"/files/demand-model/{built.filename}").content == built.data


def test_a_deleted_file_is_gone_and_its_name_is_never_used_again(registry: Registry, built: Built) -> None:
    assert call(registry, "DELETE", "projects/demand-model/releases/1.4.0?reason=leak") == {"deleted": [built.filename]}
    assert registry.stored_files() == []
    assert registry.page("demand-model")["files"] == []
    assert registry.client.get(f"/files/demand-model/{built.filename}").status_code == 404
    for again in (built, wheels.wheel(requires=["six"])):
        refused = registry.upload(again)
        assert (refused.status_code, refused.json()["code"]) == (410, "file-deleted")
    respelt = registry.upload(Built("Demand_Model-1.4-py3-none-any.whl", built.data))
    assert respelt.status_code == 410
    assert registry.stored_files() == []


def test_bytes_that_another_file_shares_survive_a_deletion(registry: Registry) -> None:
    first = wheels.sdist()
    twin = Built("demand_model-1.4.0-py3-none-any.whl", wheels.wheel().data)
    registry.upload(first)
    registry.upload(twin)
    before = set(registry.stored_files())
    call(registry, "DELETE", f"projects/demand-model/files/{first.filename}")
    assert len(before) - len(registry.stored_files()) == 1
    assert registry.client.get(f"/files/demand-model/{twin.filename}").content == twin.data


def test_what_is_deployed_is_deleted_only_by_force_and_the_log_says_so(registry: Registry, built: Built) -> None:
    call(registry, "POST", "deployments", {"model": "demand-model", "version": "1.4.0", "stage": "prod"})
    path = f"projects/demand-model/files/{built.filename}"
    refused = api(registry, "DELETE", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "deployed")
    assert "deployed in prod/default" in refused.json()["detail"]
    assert registry.client.get(f"/files/demand-model/{built.filename}").status_code == 200
    call(registry, "DELETE", f"{path}?force=true")
    entry = call(registry, "GET", "audit")["events"][-1]
    assert entry["kind"] == "deleted"
    assert entry["facts"] == {
        "files": [built.filename],
        "reason": None,
        "forced": True,
        "deployed_in": ["prod/default"],
    }


def test_deleting_is_for_administrators(registry: Registry, built: Built) -> None:
    scoped = ("__token__", token(registry, "upload", "yank", "create"))
    assert api(registry, "DELETE", f"projects/demand-model/files/{built.filename}", auth=scoped).status_code == 403
