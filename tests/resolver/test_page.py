"""Project pages: JSON and HTML say the same thing, and what is neither is refused."""

from __future__ import annotations

import datetime as dt
import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName

from wheelyard_resolver.errors import UnreadablePage
from wheelyard_resolver.page import HTML_V1, JSON_V1, DistributionFile, RawPage, parse_page, parse_time

DEMAND = NormalizedName("demand")
URL = "https://index.example/simple/demand/"

texts = st.text("ab <>&\"'=\u00e9", max_size=20)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)


@st.composite
def files(draw: st.DrawFn) -> DistributionFile:
    """A file as both forms can express it: without size and upload time, which HTML has not."""
    name = f"demand-{draw(st.integers(0, 99))}-py3-none-any.whl"
    specifier = draw(st.none() | st.sampled_from([">=3.9", ">=3.8,<3.13", "!=3.10.*"]))
    return DistributionFile(
        filename=name,
        url=f"https://files.example/{draw(st.integers(0, 9))}/{name}",
        sha256=draw(digests),
        requires_python=specifier,
        yanked=draw(st.none() | texts),
        core_metadata=draw(st.none() | digests),
    )


def as_json(files: list[DistributionFile]) -> RawPage:
    entries = [
        {
            "filename": file.filename,
            "url": file.url,
            "hashes": {"sha256": file.sha256},
            "requires-python": file.requires_python,
            "yanked": file.yanked or file.yanked is not None,
            "core-metadata": {"sha256": file.core_metadata} if file.core_metadata else False,
        }
        for file in files
    ]
    body = json.dumps({"meta": {"api-version": "1.4"}, "name": "demand", "files": entries})
    return RawPage(URL, JSON_V1, body.encode())


def as_html(files: list[DistributionFile]) -> RawPage:
    anchors = []
    for file in files:
        attributes = [f'href="{html.escape(file.url)}#sha256={file.sha256}"']
        if file.requires_python:
            attributes.append(f'data-requires-python="{html.escape(file.requires_python)}"')
        if file.yanked is not None:
            attributes.append(f'data-yanked="{html.escape(file.yanked)}"')
        if file.core_metadata:
            attributes.append(f'data-core-metadata="sha256={file.core_metadata}"')
        anchors.append(f"<a {' '.join(attributes)}>{file.filename}</a><br/>")
    return RawPage(URL, "text/html; charset=utf-8", "\n".join(anchors).encode())


@given(st.lists(files(), max_size=5))
def test_json_and_html_say_the_same(listed: list[DistributionFile]) -> None:
    """The same files in either form are read as the same values."""
    assert parse_page(DEMAND, as_json(listed)) == parse_page(DEMAND, as_html(listed))
    assert parse_page(DEMAND, as_html(listed)).files == tuple(listed)


def page(body: object, content_type: str = JSON_V1) -> RawPage:
    return RawPage(URL, content_type, json.dumps(body).encode() if not isinstance(body, bytes) else body)


def one_file(**keys: object) -> DistributionFile:
    entry = {"filename": "demand-1-py3-none-any.whl", "url": "demand-1-py3-none-any.whl", "hashes": {}, **keys}
    return parse_page(DEMAND, page({"meta": {"api-version": "1.0"}, "files": [entry]})).files[0]


def test_a_relative_url_is_relative_to_the_page() -> None:
    """PEP 691: file URLs may be relative."""
    assert one_file(url="../../files/a.whl").url == "https://index.example/files/a.whl"


def test_size_and_upload_time_are_those_of_pep_700() -> None:
    """The size is in bytes, the time in UTC."""
    file = one_file(size=17, **{"upload-time": "2026-01-02T03:04:05.678901+02:00"})
    assert file.size == 17
    assert file.upload_time == dt.datetime(2026, 1, 2, 1, 4, 5, 678901, tzinfo=dt.timezone.utc)


def test_a_yank_may_have_a_reason_or_none() -> None:
    """PEP 592: true, or the reason."""
    assert one_file(yanked=True).yanked == ""
    assert one_file(yanked="broken").yanked == "broken"
    assert one_file(yanked=False).yanked is None


def test_the_old_name_of_core_metadata_is_read_too() -> None:
    """PEP 714 renamed dist-info-metadata."""
    assert one_file(**{"dist-info-metadata": {"sha256": "ab"}}).core_metadata == "ab"
    assert one_file(**{"dist-info-metadata": True}).core_metadata == ""


def test_html_honours_base_and_drops_the_fragment() -> None:
    """PEP 503 pages may set <base href>."""
    body = b'<base href="https://files.example/x/"><a href="demand-1%2Blocal-py3-none-any.whl#md5=1">x</a>'
    file = parse_page(DEMAND, page(body, HTML_V1)).files[0]
    assert file.url == "https://files.example/x/demand-1%2Blocal-py3-none-any.whl"
    assert file.filename == "demand-1+local-py3-none-any.whl"
    assert file.sha256 is None


def test_the_status_of_a_project_is_read() -> None:
    """PEP 792, in both forms."""
    stated = page({"meta": {"api-version": "1.4"}, "files": [], "project-status": {"status": "quarantined"}})
    assert parse_page(DEMAND, stated).status == "quarantined"
    marked = page(b'<meta name="pypi:project-status" content="archived">', "text/html")
    assert parse_page(DEMAND, marked).status == "archived"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (page({"meta": {"api-version": "2.0"}, "files": []}), "ValueError: simple API version 2.0 is not 1.x"),
        (page({"files": []}), "KeyError: 'meta'"),
        (page([]), "TypeError: list indices must be integers or slices, not str"),
        (page(b"{"), "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (page(b"x", "application/octet-stream"), "its content type is 'application/octet-stream'"),
        (
            page(b'<meta name="pypi:repository-version" content="2.1">', "text/html"),
            "ValueError: simple API version 2.1 is not 1.x",
        ),
    ],
)
def test_what_is_no_simple_page_is_refused(raw: RawPage, reason: str) -> None:
    """The error names the page and what is wrong with it."""
    with pytest.raises(UnreadablePage) as caught:
        parse_page(DEMAND, raw)
    assert caught.value.message == f"the page {URL} is not a simple API page: {reason}"


def test_a_time_without_a_zone_is_no_time() -> None:
    """An upload time must be a point in time."""
    with pytest.raises(ValueError, match="has no time zone"):
        parse_time("2026-01-02T03:04:05")
    assert parse_time("2026-01-02T03:04:05Z") == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc)
