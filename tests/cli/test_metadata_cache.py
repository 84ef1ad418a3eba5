"""The cache of METADATA: it may forget, it never lies, and it never fails a run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from wheelyard_cli.metadata_cache import DirectoryCache, user_cache
from wheelyard_resolver.page import DistributionFile

FILE = DistributionFile(
    "demand-1-py3-none-any.whl", "https://files.example/demand-1-py3-none-any.whl", sha256="ab" * 32
)


def entries(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"", b"Name: demand\n\n\xff\n"])
def test_what_was_put_comes_back(tmp_path: Path, content: bytes) -> None:
    """Byte for byte, from another instance too, and nothing half-written is left."""
    DirectoryCache(tmp_path).put(FILE, content)
    assert DirectoryCache(tmp_path).get(FILE) == content
    assert len(entries(tmp_path)) == 1


def test_another_url_or_hash_is_another_wheel(tmp_path: Path) -> None:
    """An index cannot plant METADATA for the wheel of another by stating its hash."""
    cache = DirectoryCache(tmp_path)
    cache.put(FILE, b"x")
    assert cache.get(dataclasses.replace(FILE, url="https://evil.example/demand-1-py3-none-any.whl")) is None
    assert cache.get(dataclasses.replace(FILE, sha256="cd" * 32)) is None


def test_a_wheel_of_unknown_hash_is_not_kept(tmp_path: Path) -> None:
    """What stands under its URL may change."""
    cache = DirectoryCache(tmp_path)
    cache.put(dataclasses.replace(FILE, sha256=None), b"x")
    assert entries(tmp_path) == []


def test_a_damaged_entry_is_none(tmp_path: Path) -> None:
    """Cut short by a crash, for example."""
    cache = DirectoryCache(tmp_path)
    cache.put(FILE, b"Name: demand\n")
    (entry,) = entries(tmp_path)
    entry.write_bytes(entry.read_bytes()[:-3])
    assert cache.get(FILE) is None


def test_a_directory_that_cannot_be_used_costs_nothing_but_time(tmp_path: Path) -> None:
    """A file stands where the directory should be."""
    (tmp_path / "cache").write_text("in the way")
    cache = DirectoryCache(tmp_path / "cache")
    cache.put(FILE, b"x")
    assert cache.get(FILE) is None


def test_the_environment_moves_the_cache(tmp_path: Path) -> None:
    """WHEELYARD_CACHE_DIR."""
    user_cache({"WHEELYARD_CACHE_DIR": str(tmp_path)}).put(FILE, b"x")
    assert len(entries(tmp_path)) == 1
