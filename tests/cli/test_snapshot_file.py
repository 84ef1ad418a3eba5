"""A snapshot file: what went in comes out, offline, after a kill, and beside other processes."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName

from wheelyard_cli.routing import IndexRoute, Routing
from wheelyard_cli.snapshot_file import SnapshotFile
from wheelyard_resolver.errors import IndexUnreachable, InputError, MissingOffline
from wheelyard_resolver.page import DistributionFile, RawPage

ROUTING = Routing("https://index.example/simple/")
DEMAND, CHURN, ABSENT = (NormalizedName(name) for name in ("demand", "churn", "absent"))
PAGE = RawPage("https://index.example/simple/demand/", "text/html; charset=utf-8", b"<a>\r\n\x00\xff")
WHEEL = DistributionFile("demand-1-py3-none-any.whl", "https://files.example/demand-1-py3-none-any.whl")
BAD_WHEEL = DistributionFile("demand-2-py3-none-any.whl", "https://files.example/demand-2-py3-none-any.whl")


class Known:
    """An index that knows what it is given, and remembers what it was asked."""

    def __init__(
        self, pages: Mapping[NormalizedName, RawPage | None], metadata: Mapping[str, bytes | None] | None = None
    ) -> None:
        self._pages = pages
        self._metadata = metadata or {}
        self.asked: list[str] = []

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        self.asked += projects
        return {project: self._pages[project] for project in projects}

    def metadata(self, files: Sequence[DistributionFile]) -> Mapping[str, bytes | None]:
        self.asked += [file.filename for file in files]
        return {file.url: self._metadata[file.url] for file in files}


def known() -> Known:
    return Known({DEMAND: PAGE, CHURN: PAGE, ABSENT: None}, {WHEEL.url: b"Name: demand\n", BAD_WHEEL.url: None})


def filled(path: Path, routing: Routing = ROUTING) -> Path:
    with SnapshotFile(path, known(), routing) as snapshot:
        snapshot.pages([DEMAND, ABSENT])
        snapshot.metadata([WHEEL, BAD_WHEEL])
    return path


names = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True).map(NormalizedName)
raw_pages = st.builds(RawPage, url=st.text(max_size=20), content_type=st.text(max_size=20), body=st.binary(max_size=99))


@given(
    pages=st.dictionaries(names, st.none() | raw_pages, max_size=5),
    metadata=st.dictionaries(st.text(max_size=20), st.none() | st.binary(max_size=99), max_size=5),
)
def test_a_replay_equals_what_was_recorded(
    pages: dict[NormalizedName, RawPage | None], metadata: dict[str, bytes | None]
) -> None:
    """Every page and METADATA, present or absent, byte for byte."""
    files = [DistributionFile("x.whl", url) for url in metadata]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "snapshot"
        with SnapshotFile(path, Known(pages, metadata), ROUTING) as snapshot:
            assert snapshot.pages(list(pages)) == pages
            assert snapshot.metadata(files) == metadata
        if pages or metadata:
            with SnapshotFile(path, None, ROUTING) as snapshot:
                assert snapshot.pages(list(pages)) == pages
                assert snapshot.metadata(files) == metadata


def test_what_is_held_is_not_fetched_again(tmp_path: Path) -> None:
    """The file grows by what is missing, asked for once however often it is named."""
    filled(tmp_path / "snapshot")
    index = known()
    with SnapshotFile(tmp_path / "snapshot", index, ROUTING) as snapshot:
        assert snapshot.pages([DEMAND, CHURN, ABSENT, CHURN]) == {DEMAND: PAGE, CHURN: PAGE, ABSENT: None}
        snapshot.metadata([WHEEL, BAD_WHEEL])
    assert index.asked == [CHURN]


def test_offline_names_what_is_missing(tmp_path: Path) -> None:
    """The first of it, and how much more."""
    path = filled(tmp_path / "snapshot")
    with SnapshotFile(path, None, ROUTING) as snapshot:
        with pytest.raises(MissingOffline) as pages:
            snapshot.pages([DEMAND, CHURN, NormalizedName("other")])
        with pytest.raises(MissingOffline) as metadata:
            snapshot.metadata([DistributionFile("churn-1-py3-none-any.whl", "https://files.example/c")])
    assert str(pages.value) == f"the snapshot {path} does not hold the page of churn and 1 more"
    assert str(metadata.value) == f"the snapshot {path} does not hold the METADATA of churn-1-py3-none-any.whl"


def test_a_page_belongs_to_the_index_that_answers_for_the_project(tmp_path: Path) -> None:
    """Routed elsewhere, the project has another page; credentials are no part of the index."""
    path = filled(tmp_path / "snapshot", Routing("https://me:secret@index.example/simple"))
    with SnapshotFile(path, None, ROUTING) as snapshot:
        assert snapshot.pages([DEMAND]) == {DEMAND: PAGE}
    elsewhere = Routing(ROUTING.default, (IndexRoute("https://other.example/", ("demand",)),))
    with SnapshotFile(path, None, elsewhere) as snapshot, pytest.raises(MissingOffline):
        snapshot.pages([DEMAND])
    assert b"secret" not in path.read_bytes()


def test_a_failed_batch_leaves_what_was_there(tmp_path: Path) -> None:
    """No trace of the batch, and no file where there was none."""

    class Down(Known):
        def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
            raise IndexUnreachable(url="https://index.example/", reason=f"it is down ({len(projects)} asked for)")

    with SnapshotFile(tmp_path / "new", Down({}), ROUTING) as snapshot, pytest.raises(IndexUnreachable):
        snapshot.pages([DEMAND])
    assert list(tmp_path.iterdir()) == []
    path = filled(tmp_path / "snapshot")
    before = path.read_bytes()
    with SnapshotFile(path, Down({}), ROUTING) as snapshot, pytest.raises(IndexUnreachable):
        snapshot.pages([DEMAND, CHURN])
    assert path.read_bytes() == before


KILLED_WHILE_WRITING = """
    import os, signal, sqlite3, sys
    connection = sqlite3.connect(sys.argv[1], isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    for number in range(200):
        connection.execute("INSERT INTO blob VALUES (?, 1, ?)", (str(number), os.urandom(5000)))
    connection.execute("DELETE FROM page")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_in_the_middle_of_a_batch_leaves_a_usable_file(tmp_path: Path) -> None:
    """A process that is killed while it writes leaves the batches before; reading repairs the file."""
    path = filled(tmp_path / "snapshot")
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED_WHILE_WRITING), path], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.with_name("snapshot-journal").exists()
    with SnapshotFile(path, None, ROUTING) as snapshot:
        assert snapshot.pages([DEMAND, ABSENT]) == {DEMAND: PAGE, ABSENT: None}
        assert snapshot.info().pages == 1


def test_two_that_write_agree_on_the_first_answer(tmp_path: Path) -> None:
    """What the file holds is the answer, so that a replay repeats it."""
    path = filled(tmp_path / "snapshot")
    newer = RawPage(PAGE.url, PAGE.content_type, b"newer")

    class Slow(Known):
        def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
            with SnapshotFile(path, known(), ROUTING) as other:
                other.pages([CHURN])
            return super().pages(projects)

    with SnapshotFile(path, Slow({CHURN: newer}), ROUTING) as snapshot:
        assert snapshot.pages([CHURN]) == {CHURN: PAGE}


def test_an_empty_file_is_a_snapshot_that_holds_nothing_yet(tmp_path: Path) -> None:
    """As mktemp makes it."""
    path = tmp_path / "snapshot"
    path.touch()
    with SnapshotFile(path, None, ROUTING) as snapshot:
        assert (snapshot.info().pages, snapshot.info().size) == (0, 0)
    filled(path)
    with SnapshotFile(path, None, ROUTING) as snapshot:
        assert snapshot.pages([DEMAND]) == {DEMAND: PAGE}


def foreign_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE catalogue (name TEXT)")
    connection.close()


@pytest.mark.parametrize("offline", [True, False])
@pytest.mark.parametrize("kind", ["text", "database"])
def test_another_file_is_refused_and_left_alone(tmp_path: Path, kind: str, offline: bool) -> None:
    """One clear error, no byte changed."""
    path = tmp_path / "notes"
    path.write_text("my notes, which are long enough") if kind == "text" else foreign_database(path)
    before = path.read_bytes()
    with pytest.raises(InputError) as caught:
        SnapshotFile(path, None if offline else known(), ROUTING)
    assert str(caught.value) == f"{path} is not a snapshot"
    assert caught.value.hint == "name a snapshot, or a file that does not exist yet"
    assert path.read_bytes() == before


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """With both versions."""
    path = filled(tmp_path / "snapshot")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(InputError) as caught:
        SnapshotFile(path, None, ROUTING)
    assert str(caught.value) == f"the snapshot {path} has version 2 of the format, this wheelyard reads 1"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """Offline there must be a file; otherwise at least its directory."""
    with pytest.raises(InputError, match="there is no snapshot"):
        SnapshotFile(tmp_path / "snapshot", None, ROUTING)
    with pytest.raises(InputError, match="there is no directory"):
        SnapshotFile(tmp_path / "a" / "snapshot", known(), ROUTING)


def test_damage_is_noticed(tmp_path: Path) -> None:
    """A body that does not match its hash is not answered."""
    path = filled(tmp_path / "snapshot")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE blob SET zlib = x'00'")
    connection.close()
    with SnapshotFile(path, None, ROUTING) as snapshot, pytest.raises(InputError, match="is damaged"):
        snapshot.pages([DEMAND])


def test_a_write_protected_file_can_be_replayed(tmp_path: Path) -> None:
    """As one that is kept in a repository or an image."""
    path = filled(tmp_path / "snapshot")
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        with SnapshotFile(path, None, ROUTING) as snapshot:
            assert snapshot.pages([DEMAND]) == {DEMAND: PAGE}
    finally:
        tmp_path.chmod(0o755)
    assert os.listdir(tmp_path) == ["snapshot"]  # noqa: PTH208 (names are what is compared)


def test_info_counts_what_is_held(tmp_path: Path) -> None:
    """The digest covers the content: neither the order nor the times in which it came."""
    noon = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone.utc)
    times = iter(noon + dt.timedelta(minutes=minute) for minute in range(9))
    first, second = tmp_path / "first", tmp_path / "second"
    with SnapshotFile(first, known(), ROUTING, clock=lambda: next(times)) as snapshot:
        snapshot.pages([DEMAND, CHURN, ABSENT])
        snapshot.metadata([WHEEL, BAD_WHEEL])
        info = snapshot.info()
    assert (info.pages, info.absent_pages, info.metadata, info.unreadable_metadata) == (2, 1, 1, 1)
    assert info.content_size == len(PAGE.body) + len(b"Name: demand\n")
    assert info.size == first.stat().st_size
    assert (info.oldest, info.newest) == (noon, noon + dt.timedelta(minutes=4))
    with SnapshotFile(second, known(), ROUTING) as snapshot:
        snapshot.metadata([BAD_WHEEL, WHEEL])
        snapshot.pages([ABSENT, CHURN])
        assert snapshot.info().digest != info.digest
        snapshot.pages([DEMAND])
        assert snapshot.info().digest == info.digest
