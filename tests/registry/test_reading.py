"""Pages and files as clients get them."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name
from tests.registry import wheels
from tests.registry.conftest import Registry
from tests.registry.wheels import Built, core_metadata

from wheelyard_registry.negotiation import choose
from wheelyard_resolver.page import HTML_V1, JSON_V1, DistributionFile, RawPage, parse_page

PIP = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"


@pytest.fixture
def built(registry: Registry) -> Built:
    """A wheel that is in the registry."""
    made = wheels.wheel(requires=["six"])
    assert registry.upload(made).status_code == 200
    return made


@pytest.mark.parametrize(
    ("accept", "served"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        (PIP, JSON_V1),
        (JSON_V1, JSON_V1),
        (HTML_V1, HTML_V1),
        (f"{JSON_V1};q=0.1, {HTML_V1}", HTML_V1),
        ("application/vnd.pypi.simple.latest+json", JSON_V1),
        ("application/vnd.pypi.simple.v2+json, application/vnd.pypi.simple.v1+html;q=0.5", HTML_V1),
    ],
)
def test_the_client_chooses_the_form_of_a_page(accept: str | None, served: str) -> None:
    assert choose(accept, None) == served


def test_the_query_overrides_the_header(registry: Registry, built: Built) -> None:
    response = registry.client.get(f"/simple/demand-model/?format={JSON_V1}", headers={"Accept": "text/html"})
    assert response.headers["content-type"] == JSON_V1
    assert response.json()["files"][0]["filename"] == built.filename


@pytest.mark.parametrize("path", ["/simple/", "/simple/demand-model/"])
def test_a_type_that_no_page_has_answers_406(registry: Registry, built: Built, path: str) -> None:
    response = registry.client.get(path, headers={"Accept": "application/vnd.pypi.simple.v2+json"})
    assert (response.status_code, response.json()["code"]) == (406, "not-acceptable")
    assert built.filename


@pytest.mark.parametrize("media_type", [JSON_V1, HTML_V1])
def test_both_forms_say_the_same(registry: Registry, built: Built, media_type: str) -> None:
    response = registry.client.get("/simple/demand-model/", headers={"Accept": media_type})
    raw = RawPage("http://registry/simple/demand-model/", media_type, response.content)
    page = parse_page(canonicalize_name("demand-model"), raw)
    (file,) = page.files
    assert file == DistributionFile(
        filename=built.filename,
        url=f"http://registry/files/demand-model/{built.filename}",
        sha256=built.sha256,
        size=len(built.data) if media_type == JSON_V1 else None,
        requires_python=">=3.8",
        upload_time=registry.clock.now if media_type == JSON_V1 else None,
        core_metadata=Built("", core_metadata("demand_model", "1.4.0", ["six"])).sha256,
    )


def test_the_list_names_the_private_projects(registry: Registry, built: Built) -> None:
    response = registry.client.get("/simple/", headers={"Accept": JSON_V1})
    assert response.json()["projects"] == [{"name": "demand-model"}]
    assert '<a href="demand-model/">' in registry.client.get("/simple/").text
    assert built.filename


@pytest.mark.parametrize("path", ["/simple", "/simple/demand-model", "/simple/Demand_Model/"])
def test_other_spellings_are_redirected(registry: Registry, built: Built, path: str) -> None:
    response = registry.client.get(path, follow_redirects=True)
    assert response.status_code == 200
    assert response.url.path in {"/simple/", "/simple/demand-model/"}
    assert built.filename


def test_a_page_is_sent_once_and_then_confirmed(registry: Registry, built: Built) -> None:
    first = registry.client.get("/simple/demand-model/", headers={"Accept": JSON_V1})
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["vary"] == "Accept, Accept-Encoding"
    again = registry.client.get("/simple/demand-model/", headers={"Accept": JSON_V1, "If-None-Match": f'"x", {etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    other_form = registry.client.get("/simple/demand-model/", headers={"If-None-Match": etag})
    assert other_form.status_code == 200
    registry.upload(wheels.wheel(version="1.5.0"))
    changed = registry.client.get("/simple/demand-model/", headers={"Accept": JSON_V1, "If-None-Match": etag})
    assert changed.status_code == 200
    assert built.filename


def test_an_unknown_project_and_file_answer_404_with_a_reason(registry: Registry) -> None:
    for path in (
        "/simple/nothing/",
        "/files/nothing/nothing-1.0.tar.gz",
        "/files/nothing/x-1-py3-none-any.whl.metadata",
    ):
        response = registry.client.get(path)
        assert (response.status_code, response.json()["code"]) == (404, "not-found")


def test_a_file_is_served_whole_and_for_ever(registry: Registry, built: Built) -> None:
    response = registry.client.get(f"/files/demand-model/{built.filename}")
    assert response.content == built.data
    assert response.headers["etag"] == f'"{built.sha256}"'
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["cache-control"].startswith("private")
    again = registry.client.get(f"/files/demand-model/{built.filename}", headers={"If-None-Match": f'"{built.sha256}"'})
    assert again.status_code == 304


def test_head_tells_the_size_and_sends_nothing(registry: Registry, built: Built) -> None:
    response = registry.client.request("HEAD", f"/files/demand-model/{built.filename}")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == str(len(built.data))
    assert response.headers["cache-control"].startswith("private")
    assert response.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-10", 206, slice(-10, None)),
        ("bytes=99999999-", 416, None),
        ("bytes=9-5", 200, slice(None)),
        ("bytes=x", 200, slice(None)),
        ("bytes=-0", 416, None),
        ("bytes=99999999-, 3-5", 206, slice(3, 6)),
        ("bytes=0-4, 9-5", 200, slice(None)),
        ("bytes=0-4,", 200, slice(None)),
        (f"bytes={'9' * 5000}-", 200, slice(None)),
        ("BYTES = 0-4", 206, slice(0, 5)),
        ("lines=1-2", 200, slice(None)),
        ("nonsense", 200, slice(None)),
    ],
)
def test_ranges_are_honoured_and_unreadable_ones_ignored(
    registry: Registry, built: Built, wanted: str, status: int, part: slice | None
) -> None:
    response = registry.client.get(f"/files/demand-model/{built.filename}", headers={"Range": wanted})
    assert response.status_code == status
    if part is not None:
        assert response.content == built.data[part]


@pytest.mark.parametrize(("condition", "status"), [("right", 206), ('"other"', 200)])
def test_a_resumed_download_continues_only_the_same_file(
    registry: Registry, built: Built, condition: str, status: int
) -> None:
    tag = f'"{built.sha256}"' if condition == "right" else condition
    response = registry.client.get(
        f"/files/demand-model/{built.filename}", headers={"Range": "bytes=5-", "If-Range": tag}
    )
    assert response.status_code == status


def test_a_date_or_a_weak_tag_does_not_continue_a_download(registry: Registry, built: Built) -> None:
    path = f"/files/demand-model/{built.filename}"
    date = registry.client.request("HEAD", path).headers["last-modified"]
    for condition in (date, f'W/"{built.sha256}"', "nonsense"):
        response = registry.client.get(path, headers={"Range": "bytes=99999999-", "If-Range": condition})
        assert (response.status_code, response.content) == (200, built.data)


def test_several_ranges_come_as_parts(registry: Registry, built: Built) -> None:
    response = registry.client.get(f"/files/demand-model/{built.filename}", headers={"Range": "bytes=0-9, 30-39"})
    assert response.status_code == 206
    assert response.headers["content-type"].startswith("multipart/byteranges")
    assert built.data[:10] in response.content
    assert built.data[30:40] in response.content


def test_a_range_beyond_the_end_says_how_long_the_file_is(registry: Registry, built: Built) -> None:
    response = registry.client.get(f"/files/demand-model/{built.filename}", headers={"Range": "bytes=99999999-"})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(built.data)}"
    assert response.json()["code"] == "range-not-satisfiable"


def test_a_range_means_nothing_to_head(registry: Registry, built: Built) -> None:
    response = registry.client.request("HEAD", f"/files/demand-model/{built.filename}", headers={"Range": "bytes=0-1"})
    assert (response.status_code, response.headers["content-length"]) == (200, str(len(built.data)))


def test_metadata_is_confirmed_and_immutable_too(registry: Registry, built: Built) -> None:
    path = f"/files/demand-model/{built.filename}.metadata"
    first, head = registry.client.get(path), registry.client.request("HEAD", path)
    assert first.headers["etag"] == f'"{Built("", first.content).sha256}"'
    assert first.headers["cache-control"] == "private, max-age=365000000, immutable"
    assert head.headers["content-length"] == str(len(first.content))
    assert registry.client.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert registry.client.get(path, headers={"Range": "bytes=0-1"}).content == first.content


def test_metadata_is_served_byte_for_byte(registry: Registry, built: Built) -> None:
    response = registry.client.get(f"/files/demand-model/{built.filename}.metadata")
    assert response.content == core_metadata("demand_model", "1.4.0", ["six"])


def test_a_file_is_found_only_under_its_own_project(registry: Registry, built: Built) -> None:
    assert registry.client.get(f"/files/other/{built.filename}").status_code == 404


def test_the_health_routes_answer(registry: Registry) -> None:
    assert registry.client.get("/healthz").text == "ok\n"
    assert registry.client.get("/readyz").json() == {"ready": True}


def test_a_method_that_does_not_exist_answers_405_as_a_problem(registry: Registry) -> None:
    response = registry.client.post("/simple/")
    assert (response.status_code, response.json()["code"]) == (405, "method-not-allowed")
