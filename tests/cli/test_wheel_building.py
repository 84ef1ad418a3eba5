"""Facts of wheels built from source: what is fetched, what is built, what record the wheel holds."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import pytest
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version
from tests.registry import wheels

from wheelyard_cli.transfer import Transfer
from wheelyard_cli.wheel_building.build_record import embed
from wheelyard_cli.wheel_building.isolated import BuildBackendFailed, build_wheel
from wheelyard_cli.wheel_building.source import fetch, find_sdist
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.page import DistributionFile, RawPage

NAME, VERSION = canonicalize_name("pure"), Version("1.0")
CONTENT = b"an sdist"
SDIST = DistributionFile("pure-1.0.tar.gz", "https://i.example/pure-1.0.tar.gz", hashlib.sha256(CONTENT).hexdigest())


class OnePage:
    """An index of one project."""

    def __init__(self, *files: DistributionFile) -> None:
        entries = [{"filename": file.filename, "url": file.url, "hashes": _hashes(file)} for file in files]
        self._body = json.dumps({"meta": {"api-version": "1.0"}, "name": "pure", "files": entries}).encode()

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        page = RawPage("https://i.example/simple/pure/", "application/vnd.pypi.simple.v1+json", self._body)
        return {project: page if project == NAME else None for project in projects}


def _hashes(file: DistributionFile) -> dict[str, str]:
    return {"sha256": file.sha256} if file.sha256 else {}


def transfer(content: bytes) -> Transfer:
    return Transfer(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=content)), environment={})


def test_the_sdist_of_a_release_is_found_among_its_files() -> None:
    other = DistributionFile("pure-0.9.tar.gz", "https://i.example/pure-0.9.tar.gz", "0" * 64)
    assert find_sdist(OnePage(other, SDIST), NAME, VERSION).filename == "pure-1.0.tar.gz"


@pytest.mark.parametrize(
    ("project", "version", "files", "message"),
    [
        ("nowhere", "1.0", [], "the index has no project nowhere"),
        ("pure", "2.0", [SDIST], r"no source distribution of pure 2\.0"),
        ("pure", "1.0", [DistributionFile(SDIST.filename, SDIST.url)], "states no sha256"),
    ],
)
def test_what_is_not_there_is_told(project: str, version: str, files: list[DistributionFile], message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_sdist(OnePage(*files), canonicalize_name(project), Version(version))


def test_what_was_fetched_has_the_hash_of_its_page(tmp_path: Path) -> None:
    assert fetch(transfer(CONTENT), SDIST, tmp_path).read_bytes() == CONTENT


def test_another_hash_is_refused_and_nothing_stays(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"its index says sha256:{SDIST.sha256}"):
        fetch(transfer(b"something else"), SDIST, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_record_names_the_source_and_is_itself_recorded(tmp_path: Path) -> None:
    built = wheels.wheel("pure", "1.0")
    path = tmp_path / built.filename
    path.write_bytes(built.data)
    embed(path, NAME, VERSION, SDIST, 315532800)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        text = archive.read("pure-1.0.dist-info/sboms/wheelyard-build.cdx.json")
        record = {
            row[0]: row[1:] for row in csv.reader(io.StringIO(archive.read("pure-1.0.dist-info/RECORD").decode()))
        }
        assert set(record) == set(archive.namelist())
    assert record["pure-1.0.dist-info/sboms/wheelyard-build.cdx.json"][1] == str(len(text))
    component = json.loads(text)["metadata"]["component"]
    (ancestor,) = component["pedigree"]["ancestors"]
    assert ancestor["hashes"] == [{"alg": "SHA-256", "content": SDIST.sha256}]
    assert {item["name"]: item["value"] for item in component["properties"]}["wheelyard:build:generator"] == "tests"


def test_a_backend_that_fails_is_told_with_its_own_words(tmp_path: Path) -> None:
    sdist = tmp_path / "broken-1.0.tar.gz"
    backend = b"def build_wheel(*_):\n    raise SystemExit('no compiler here')\n"
    project = b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    with tarfile.open(sdist, "w:gz") as archive:
        for name, content in (("pyproject.toml", project), ("backend.py", backend)):
            member = tarfile.TarInfo(f"broken-1.0/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    (tmp_path / "out").mkdir()
    with pytest.raises(BuildBackendFailed, match="no compiler here"):
        build_wheel(sdist, tmp_path / "out", epoch=315532800)
