"""Pages as the simple repository API 1.4 has them, point by point."""

from __future__ import annotations

import gzip
import hashlib
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from tests.registry import wheels
from tests.registry.conftest import Registry
from tests.registry.fake_upstream import FakeUpstream

from wheelyard_registry.compression import ENCODINGS, SMALLEST, Compressor, plain
from wheelyard_registry.negotiation import choose_encoding
from wheelyard_registry.simple import versions
from wheelyard_resolver.page import HTML_V1, JSON_V1, DistributionFile

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PAGE = "/simple/demand-model/"


@pytest.fixture
def releases(registry: Registry) -> list[wheels.Built]:
    """Some releases, uploaded out of order."""
    built = [wheels.wheel(version=version) for version in ("1.10.0", "1.9.0", "1.2.0", "2.0.0rc1", "1.1.0")]
    assert [registry.upload(each).status_code for each in built] == [200] * len(built)
    return built


@pytest.fixture
def many_releases(registry: Registry) -> None:
    """Enough releases to make a page worth compressing."""
    for number in range(50):
        assert registry.upload(wheels.wheel(version=f"1.{number}")).status_code == 200


def get(registry: Registry, media_type: str, **headers: str) -> Any:
    """The page, in a media type, without a client's own Accept-Encoding."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return registry.client.get(PAGE, headers={"Accept": media_type, "Accept-Encoding": "identity", **named})


def test_json_states_its_version_name_status_and_versions(registry: Registry, releases: list[wheels.Built]) -> None:
    page = registry.page("demand-model")
    assert page["meta"]["api-version"] == "1.4"
    assert page["name"] == "demand-model"
    assert page["project-status"] == {"status": "active"}
    assert page["versions"] == ["1.1.0", "1.2.0", "1.9.0", "1.10.0", "2.0.0rc1"]
    assert len(page["files"]) == len(releases)


def test_html_states_the_same_in_attributes(registry: Registry) -> None:
    built = wheels.wheel()
    registry.upload(built)
    text = get(registry, HTML_V1).text
    metadata = hashlib.sha256(wheels.core_metadata("demand_model", "1.4.0")).hexdigest()
    assert '<meta name="pypi:repository-version" content="1.4">' in text
    assert f'href="../../files/demand-model/{built.filename}#sha256={built.sha256}"' in text
    assert 'data-requires-python="&gt;=3.8"' in text
    assert f'data-core-metadata="sha256={metadata}" data-dist-info-metadata="sha256={metadata}"' in text
    assert f">{built.filename}</a>" in text


def test_an_sdist_offers_no_metadata_file(registry: Registry) -> None:
    registry.upload(wheels.sdist())
    assert registry.only_file("demand-model")["core-metadata"] is False
    assert "core-metadata" not in get(registry, HTML_V1).text


@pytest.mark.parametrize(
    ("reason", "in_json", "in_html"),
    [("wrong <units>", "wrong <units>", 'data-yanked="wrong &lt;units&gt;"'), (None, True, 'data-yanked=""')],
)
def test_a_yank_is_stated_with_its_reason(
    registry: Registry, reason: str | None, in_json: object, in_html: str
) -> None:
    built = wheels.wheel()
    registry.upload(built)
    path = f"/api/v1/projects/demand-model/files/{built.filename}/yank"
    body = {} if reason is None else {"reason": reason}
    assert registry.client.post(path, json=body, auth=registry.auth).status_code == 200
    assert registry.only_file("demand-model")["yanked"] == in_json
    assert in_html in get(registry, HTML_V1).text
    assert registry.client.request("DELETE", path, auth=registry.auth).status_code == 200
    assert registry.only_file("demand-model")["yanked"] is False
    assert "data-yanked" not in get(registry, HTML_V1).text


def test_a_status_is_stated_with_its_reason(registry: Registry) -> None:
    registry.upload(wheels.wheel())
    body = {"status": "deprecated", "reason": 'see "demand2"'}
    changed = registry.client.request("PUT", "/api/v1/projects/demand-model/status", json=body, auth=registry.auth)
    assert changed.status_code == 200
    assert registry.page("demand-model")["project-status"] == body
    text = get(registry, HTML_V1).text
    assert '<meta name="pypi:project-status" content="deprecated">' in text
    assert '<meta name="pypi:project-status-reason" content="see &quot;demand2&quot;">' in text


def test_what_upstream_says_of_provenance_and_status_is_passed_on(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("attested", wheels.wheel("attested"))
    url = f"https://pypi.example/integrity/attested/1.4.0/{built.filename}/provenance"
    upstream.provenance[built.filename] = url
    upstream.status["attested"] = {"status": "archived", "reason": "finished"}
    assert mirror.only_file("attested")["provenance"] == url
    assert mirror.page("attested")["project-status"] == {"status": "archived", "reason": "finished"}
    text = mirror.client.get("/simple/attested/", headers={"Accept": HTML_V1}).text
    assert f'data-provenance="{url}"' in text
    assert '<meta name="pypi:project-status-reason" content="finished">' in text


def test_a_page_without_sizes_claims_no_version_that_requires_them(mirror: Registry, upstream: FakeUpstream) -> None:
    upstream.add("old-style", wheels.wheel("old_style"))
    upstream.states_sizes = False
    page = mirror.page("old-style")
    assert "size" not in page["files"][0]
    assert page["meta"]["api-version"] == "1.0"


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("br", None),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.1, gzip;q=0.9", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0, *", "zstd"),
        ("*;q=0", None),
        ("gzip;q=nonsense", None),
        (";;,,q=1", None),
    ],
)
def test_the_client_chooses_the_encoding(accept: str | None, encoding: str | None) -> None:
    assert choose_encoding(accept, ENCODINGS) == encoding


@pytest.mark.parametrize("media_type", [JSON_V1, HTML_V1])
@pytest.mark.parametrize(("encoding", "decoded"), [("gzip", gzip.decompress), ("zstd", zstd.decompress)])
@pytest.mark.usefixtures("many_releases")
def test_each_representation_has_a_tag_of_its_own(
    registry: Registry, media_type: str, encoding: str, decoded: Any
) -> None:
    plainly = get(registry, media_type)
    raw = get(registry, media_type, Accept_Encoding=encoding)
    assert plainly.headers.get("content-encoding") is None
    assert raw.headers["content-encoding"] == encoding
    assert raw.headers["vary"] == "Accept, Accept-Encoding"
    assert raw.headers["etag"] != plainly.headers["etag"]
    again = get(registry, media_type, Accept_Encoding=encoding, If_None_Match=raw.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["vary"] == "Accept, Accept-Encoding"
    assert again.headers["cache-control"] == "private, no-cache"
    assert get(registry, media_type, If_None_Match=raw.headers["etag"]).status_code == 200
    compressed = Compressor().compress(plain(plainly.content), encoding)
    assert decoded(compressed.body) == plainly.content
    assert compressed.etag == raw.headers["etag"] == plain(compressed.body).etag
    assert int(raw.headers["content-length"]) == len(compressed.body) < len(plainly.content)


def test_a_small_list_is_not_compressed(registry: Registry) -> None:
    assert get(registry, JSON_V1, Accept_Encoding="gzip").status_code == 404
    listed = registry.client.get("/simple/", headers={"Accept": JSON_V1, "Accept-Encoding": "gzip, zstd"})
    assert "content-encoding" not in listed.headers


@pytest.mark.usefixtures("releases")
def test_a_small_page_is_not_compressed(registry: Registry) -> None:
    for path in (PAGE, "/simple/"):
        listed = registry.client.get(path, headers={"Accept": JSON_V1, "Accept-Encoding": "gzip, zstd"})
        assert 0 < int(listed.headers["content-length"]) < SMALLEST
        assert "content-encoding" not in listed.headers


def test_what_was_compressed_is_held_within_a_bound() -> None:
    pages = [plain(bytes([number]) * 10_000) for number in range(20)]
    one = Compressor().compress(pages[0], "gzip")
    compressor = Compressor(bound=3 * len(one.body) + 20)
    for page in pages:
        compressor.hold(page, compressor.compress(page, "gzip"))
        compressor.hold(page, compressor.compress(page, "gzip"))
    held = [number for number, page in enumerate(pages) if compressor.held(page, "gzip") is not None]
    assert held == [17, 18, 19]


@pytest.mark.parametrize("wanted", [JSON_V1, HTML_V1, "text/html"])
def test_format_in_the_query_names_the_media_type(
    registry: Registry, releases: list[wheels.Built], wanted: str
) -> None:
    for path in ("/simple/", PAGE):
        response = registry.client.get(path, params={"format": wanted}, headers={"Accept": "image/png"})
        assert response.status_code == 200
        assert response.headers["content-type"].partition(";")[0] == wanted
    assert releases


def test_an_unknown_format_answers_406_with_what_there_is(registry: Registry, releases: list[wheels.Built]) -> None:
    for path in ("/simple/", PAGE):
        response = registry.client.get(path, params={"format": "application/json"})
        assert (response.status_code, response.json()["code"]) == (406, "not-acceptable")
        assert JSON_V1 in response.json()["hint"]
    assert releases


@pytest.mark.parametrize("accept", [f"{JSON_V1};q=0", "image/*", "text/plain"])
def test_a_page_that_the_client_does_not_take_is_not_sent(
    registry: Registry, releases: list[wheels.Built], accept: str
) -> None:
    assert get(registry, accept).status_code == 406
    assert releases


def test_a_page_can_be_asked_for_its_headers(registry: Registry, releases: list[wheels.Built]) -> None:
    whole = get(registry, JSON_V1)
    head = registry.client.request("HEAD", PAGE, headers={"Accept": JSON_V1, "Accept-Encoding": "identity"})
    for name in ("etag", "content-length", "content-type", "vary", "cache-control"):
        assert head.headers[name] == whole.headers[name]
    assert releases


def test_file_names_of_a_page_are_links_that_work(registry: Registry) -> None:
    built = wheels.wheel(version="1.0+local.1")
    registry.upload(built)
    url = registry.only_file("demand-model")["url"]
    assert registry.client.get(f"{PAGE}{url}").content == built.data


_NAMES = (
    "six-1.0-py3-none-any.whl",
    "six-1.0-1-cp311-cp311-manylinux_2_28_x86_64.whl",
    "six-1.0-none-any.whl.whl",
    "six-1.0-any.whl",
    "six-1.0.post1-py3-none-any.whl",
    "six-1.0.0-py3-none-any.whl",
    "six-later-py3-none-any.whl",
    "six-0.9.tar.gz",
    "six-1.0.zip",
    "six.whl",
    "notes.txt",
)


@given(st.lists(st.sampled_from(_NAMES)))
def test_a_page_has_the_versions_that_its_files_have_each_alone(names: list[str]) -> None:
    files = [DistributionFile(name, f"https://files.invalid/{name}") for name in names]
    alone = {Version(version) for file in files for version in versions([file])}
    assert [Version(version) for version in versions(files)] == sorted(alone)
