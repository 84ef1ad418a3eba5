"""What an upload must be, and that a refused one leaves nothing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.registry import wheels
from tests.registry.conftest import Registry
from tests.registry.wheels import Built, core_metadata


def test_an_upload_is_listed_with_what_its_metadata_says(registry: Registry) -> None:
    built = wheels.wheel(requires=["six>=1.15"])
    assert registry.upload(built).status_code == 200
    page = registry.page("demand-model")
    assert page["versions"] == ["1.4.0"]
    assert page["files"] == [
        {
            "filename": built.filename,
            "url": f"../../files/demand-model/{built.filename}",
            "hashes": {"sha256": built.sha256},
            "size": len(built.data),
            "upload-time": "2026-11-23T10:00:00.000000Z",
            "requires-python": ">=3.8",
            "yanked": False,
            "core-metadata": {"sha256": Built("", core_metadata("demand_model", "1.4.0", ["six>=1.15"])).sha256},
            "provenance": None,
        }
    ]


def test_an_sdist_is_listed_without_metadata(registry: Registry) -> None:
    assert registry.upload(wheels.sdist()).status_code == 200
    file = registry.only_file("demand-model")
    assert (file["filename"], file["core-metadata"]) == ("demand_model-1.4.0.tar.gz", False)


good = wheels.wheel()

REFUSED = {
    "other name inside": (
        wheels.wheel(metadata=core_metadata("another", "1.4.0")),
        "its metadata names the project 'another', its file name says 'demand-model'",
    ),
    "other version inside": (
        wheels.wheel(metadata=core_metadata("demand_model", "1.5.0")),
        "its metadata states version 1.5.0, its file name says 1.4.0",
    ),
    "no metadata fields": (wheels.wheel(metadata=b"Metadata-Version: 2.1\n\n"), "no valid Name"),
    "bad requirement": (wheels.wheel(requires=["six=>1"]), "no valid Requires-Dist"),
    "other dist-info": (
        Built(good.filename, wheels.wheel("other", "1.4.0").data),
        "it has no .dist-info for demand-model 1.4.0 (found: other-1.4.0.dist-info/METADATA)",
    ),
    "text, no zip": (Built(good.filename, b"hello"), "it is not a readable zip archive"),
    "nothing at all": (Built(good.filename, b""), "it is not a readable zip archive"),
    "truncated zip": (Built(good.filename, good.data[:-60]), "it is not a readable zip archive"),
    "member twice": (
        wheels.duplicated(good, "demand_model/__init__.py"),
        "it holds 'demand_model/__init__.py' 2 times",
    ),
    "name not in UTF-8": (
        Built(good.filename, wheels.wheel(members=[("\u00e9", b"")]).data.replace("\u00e9".encode(), b"\xff\xff")),
        "it is not a readable zip archive",
    ),
    "way out": (wheels.wheel(members=[("../evil.py", b"")]), "it holds '../evil.py', which leads out of the archive"),
    "absolute": (wheels.wheel(members=[("/etc/evil", b"")]), "it holds the absolute path '/etc/evil'"),
    "no version": (Built("demand_model-py3-none-any.whl", good.data), "demand_model-py3-none-any.whl"),
    "version that is none": (
        Built("demand_model-1.x_y-py3-none-any.whl", good.data),
        "demand_model-1.x_y-py3-none-any.whl was refused",
    ),
    "markup in the name": (Built("<b>demand_model-1.4.0-py3-none-any.whl", good.data), "Bad filename: <b>"),
    "egg": (Built("demand_model-1.0-py3.11.egg", good.data), "neither a wheel (.whl) nor an sdist"),
    "sdist without PKG-INFO": (wheels.sdist(metadata=b""), "it has no PKG-INFO in its top directory"),
    "sdist of another": (
        wheels.sdist(metadata=core_metadata("other", "1.4.0")),
        "its metadata names the project 'other'",
    ),
    "sdist of text": (Built("demand_model-1.4.0.tar.gz", b"hello"), "it is not a readable archive"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_contradicts_itself_is_refused_with_the_reason(registry: Registry, case: str) -> None:
    built, reason = REFUSED[case]
    response = registry.upload(built)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert reason in response.json()["detail"]
    assert response.json()["hint"]
    assert registry.stored_files() == []
    assert registry.client.get("/simple/demand-model/").status_code == 404


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sha256_digest": "0" * 64}, "its sha256 is "),
        ({"md5_digest": "0" * 32}, "its md5 is "),
        ({"blake2_256_digest": "0" * 64}, "its blake2b is "),
        ({"name": "other"}, "the upload states the project 'other'"),
        ({"version": "9"}, "the upload states version '9'"),
    ],
)
def test_a_form_that_contradicts_the_file_is_refused(registry: Registry, fields: dict[str, str], reason: str) -> None:
    response = registry.upload(wheels.wheel(), fields)
    assert response.status_code == 400
    assert reason in response.json()["detail"]
    assert response.json()["hint"]
    assert registry.stored_files() == []


@pytest.mark.parametrize("field", [":action", "name", "version", "sha256_digest"])
def test_a_form_that_contradicts_itself_is_refused(registry: Registry, field: str) -> None:
    built = wheels.wheel()
    stated = {":action": "file_upload", "name": "demand_model", "version": "1.4.0", "sha256_digest": built.sha256}
    parts = [(name, (None, value)) for name, value in stated.items()] + [(field, (None, "0" * 64))]
    content = ("content", (built.filename, built.data))
    response = registry.client.post("/", files=[*parts, content], auth=registry.auth)
    assert (response.status_code, response.json()["code"]) == (400, "bad-form")
    assert f"more than one value of {field}" in response.json()["detail"]
    assert response.json()["hint"]
    assert registry.stored_files() == []


def test_everything_wrong_is_said_at_once(registry: Registry) -> None:
    response = registry.upload(wheels.wheel(metadata=core_metadata("another", "2")))
    assert "names the project 'another'" in response.json()["detail"]
    assert "states version 2" in response.json()["detail"]


def test_fields_that_this_registry_does_not_know_fail_no_upload(registry: Registry) -> None:
    attested = {"attestations": json.dumps([{"version": 1, "envelope": {"statement": "x" * 50_000}}])}
    fields = {**attested, "metadata_version": "2.99", "new_field": "é"}
    assert registry.upload(wheels.wheel(), fields).status_code == 200


def test_metadata_of_a_newer_minor_version_is_accepted(registry: Registry) -> None:
    newer = core_metadata("demand_model", "1.4.0", extra="New-Field: x").replace(b"2.1", b"2.99")
    assert registry.upload(wheels.wheel(metadata=newer)).status_code == 200


def test_a_wheel_that_vendors_another_dist_info_keeps_its_own_metadata(registry: Registry) -> None:
    vendored = ("demand_model/_vendor/pip-1.dist-info/METADATA", core_metadata("pip", "1"))
    beside = ("aaa-1.0.dist-info/METADATA", core_metadata("aaa", "1.0"))
    built = wheels.wheel(first=[beside, vendored])
    assert registry.upload(built).status_code == 200
    served = registry.client.get(f"/files/demand-model/{built.filename}.metadata").content
    assert served == core_metadata("demand_model", "1.4.0")


def test_the_same_bytes_again_are_a_success_that_changes_nothing(registry: Registry) -> None:
    built = wheels.wheel()
    registry.upload(built)
    before = registry.page("demand-model")
    registry.clock.forward(hours=1)
    assert registry.upload(built).status_code == 200
    assert registry.page("demand-model") == before


def test_other_bytes_under_a_used_name_are_a_conflict(registry: Registry) -> None:
    first, second = wheels.wheel(), wheels.wheel(requires=["six"])
    registry.upload(first)
    response = registry.upload(second)
    assert response.status_code == 409
    assert "already exists" in response.json()["detail"]
    assert registry.client.get(f"/files/demand-model/{first.filename}").content == first.data


def test_another_spelling_of_a_used_name_is_a_conflict(registry: Registry) -> None:
    registry.upload(wheels.sdist())
    respelt = wheels.sdist("Demand.Model", "1.4")
    response = registry.upload(respelt)
    assert response.status_code == 409
    assert "demand_model-1.4.0.tar.gz is the same file by another name" in response.json()["detail"]


def test_of_eight_uploads_of_one_name_one_wins_and_its_bytes_are_served(registry: Registry) -> None:
    rivals = [wheels.wheel(requires=[f"six!={number}"]) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(registry.upload, rivals))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    (winner,) = (built for built, answer in zip(rivals, answers, strict=True) if answer.status_code == 200)
    file = registry.only_file("demand-model")
    assert file["hashes"]["sha256"] == winner.sha256
    assert registry.client.get(f"/files/demand-model/{winner.filename}").content == winner.data
