"""``bases verify`` on what ``bases propose`` wrote, through the commands themselves."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.shell import FLEET, PROJECTS, Shell
from tests.conformance.loopback import loopback
from tests.resolver.fake_index import FakeIndex

from wheelyard_cli.main import main

SNAPSHOT = "index.snapshot"


@pytest.fixture(scope="session")
def proposed_once(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a proposal, and the fleet file beside it."""
    place = tmp_path_factory.mktemp("proposed")
    fleet = place / "fleet.toml"
    fleet.write_text(FLEET)
    asked = ["bases", "propose", "--fleet", str(fleet), "--snapshot", str(world), "--offline", "-o", str(place / "out")]
    with pytest.raises(SystemExit, match="0"):
        main(asked)
    return place


@pytest.fixture
def proposed(shell: Shell, proposed_once: Path) -> Path:
    """A copy of them in the shell's directory, to be damaged."""
    shutil.copytree(proposed_once, shell.directory, dirs_exist_ok=True)
    return shell.directory / "out"


# -- what is proposed verifies ------------------------------------------------------------------------------------


def test_a_proposal_verifies_by_what_lies_in_its_directory(shell: Shell, proposed: Path) -> None:
    """Nothing else is needed: not the snapshot it was made from, not the network."""
    (shell.directory / "world.snapshot").unlink()
    digest = json.loads((proposed / "proposal.json").read_text())["snapshot"]
    found = shell.run("bases", "verify", "out")
    assert (found.code, found.err) == (0, "")
    assert found.out == (
        "verified: 2 models in 2 bases, 1 base is impossible; 1 conflict and 0 unplaceable models re-derived from "
        f"snapshot {digest}\n"
        "the fleet is the certificate's own word for it; --fleet FILE compares the two\n"
    )


def test_the_fleet_file_may_be_held_against_the_certificate(shell: Shell, proposed: Path) -> None:
    """With --fleet nothing is taken on the certificate's word; another fleet is told."""
    assert proposed.is_dir()
    found = shell.run("bases", "verify", "out", "--fleet", "fleet.toml")
    assert (found.code, len(found.out.splitlines())) == (0, 1)
    (shell.directory / "fleet.toml").write_text(FLEET.replace("pandas<2", "pandas<3"))
    found = shell.run("bases", "verify", "out", "--fleet", "fleet.toml")
    assert found.code == 1
    assert found.out == (
        "refuted: 1 thing does not hold\n"
        "  the certificate's fleet, models, demand, requires: it has pandas<2, the fleet pandas<3\n"
    )


def test_a_detached_proposal_verifies_by_the_snapshot_it_was_made_from(shell: Shell) -> None:
    """Its certificate names the digest of what was used; a snapshot that holds more will do."""
    shell.ask("bases", "propose", "-o", "out", "--detach")
    assert not (shell.directory / "out" / SNAPSHOT).exists()
    found = shell.run("bases", "verify", "out", "--snapshot", "world.snapshot")
    assert (found.code, found.err) == (0, "")
    found = shell.run("bases", "verify", "out")
    assert (found.code, found.out) == (5, "")
    assert found.err == (
        "error: the snapshot is not in out: the proposal was made with --detach, or it was removed\n"
        "hint: name the snapshot that it was made from: --snapshot FILE\n"
    )


@pytest.mark.parametrize("options", [(), ("--snapshot", "grown.snapshot")])
def test_a_proposal_from_an_index_over_http_verifies(shell: Shell, options: tuple[str, ...]) -> None:
    """With a snapshot that grows, and with none given; the index is gone by then."""
    (shell.directory / "fleet.toml").write_text(FLEET)
    with loopback() as server:
        url = server.mount("all", FakeIndex(PROJECTS))
        proposed = shell.run("bases", "propose", "--fleet", "fleet.toml", "--index-url", url, "-o", "out", *options)
    assert proposed.code == 0
    assert shell.run("bases", "verify", "out", "--fleet", "fleet.toml").code == 0


def test_a_model_without_a_place_and_a_model_of_the_index_verify(shell: Shell) -> None:
    """The first makes propose fail, and is certified; the second is read from the index for the comparison too."""
    fleet = FLEET + '[[model]]\nname = "etl"\nversion = "1"\nrequires = ["pyspark"]\n'
    fleet += '[[model]]\npackage = "edge-1==2"\n'
    assert shell.ask("bases", "propose", "-o", "out", fleet=fleet).code == 1
    found = shell.run("bases", "verify", "out", "--fleet", "fleet.toml", "--format", "json")
    document = json.loads(found.out)
    assert (found.code, document["verified"], document["problems"]) == (0, True, [])
    assert (document["unplaceable"], document["models"], document["lower_bound"]) == (1, 3, 2)


def test_what_was_not_proved_least_verifies_as_such(shell: Shell) -> None:
    """Five models in a ring of conflicts, no time: two bases are certified, more are there, none is called least."""
    ring = "".join(
        f'[[model]]\nname = "m{number}"\nversion = "1"\nrequires = ["edge-{number}==1", "edge-{(number + 1) % 5}==2"]\n'
        for number in range(5)
    )
    head = FLEET.partition("[[model]]")[0]
    assert shell.ask("bases", "propose", "-o", "out", "--time-limit", "0", fleet=head + ring).code == 4
    found = json.loads(shell.run("bases", "verify", "out", "--format", "json").out)
    assert (found["verified"], found["lower_bound"]) == (True, 2)
    assert found["bases"] > 2


DOCS = Path(__file__).parents[2] / "docs" / "design" / "resolving.md"


def test_the_certificate_in_the_documentation_is_a_real_one(shell: Shell) -> None:
    """What is proved of the two models that the text names."""
    fleet = FLEET.replace('["pandas>=2", "numpy>=2"]', '["numpy>=2"]').replace('["pandas<2"]', '["pandas<2", "numpy"]')
    assert shell.ask("bases", "propose", "-o", "out", fleet=fleet).code == 0
    written = json.loads((shell.directory / "out" / "certificate.json").read_text())
    shown = json.loads(DOCS.read_text().partition("```json\n")[2].partition("```")[0])
    assert shown == {key: written[key] for key in ("conflicts", "bounds")}
    assert shell.run("bases", "verify", "out").code == 0


# -- what was changed does not --------------------------------------------------------------------------------------


def test_everything_that_is_wrong_is_told(shell: Shell, proposed: Path) -> None:
    """Exit 1; a model left out, a hash, and a file of no base."""
    _edit(proposed / "proposal.json", lambda text: text.replace('"churn"\n', '"chorn"\n'))
    lock = proposed / "requirements.base-a.txt"
    _edit(lock, lambda text: text.replace("--hash=sha256:6", "--hash=sha256:7"))
    (proposed / "pylock.base-c.toml").write_text("")
    found = shell.run("bases", "verify", "out")
    assert found.code == 1
    assert found.out.startswith("refuted: ")
    for words in ("churn is nowhere", "requirements.base-a.txt: ", "pylock.base-c.toml is of no base of the proposal"):
        assert words in found.out


@pytest.mark.parametrize(("table", "key"), [("page", "project"), ("metadata", "url")])
def test_a_snapshot_without_a_record_is_undecided(shell: Shell, proposed: Path, table: str, key: str) -> None:
    """Exit 5: with the right snapshot the answer may still be yes."""
    with closing(sqlite3.connect(proposed / SNAPSHOT)) as connection, connection:
        connection.execute(f"DELETE FROM {table} WHERE {key} = (SELECT min({key}) FROM {table})")  # noqa: S608
    found = shell.run("bases", "verify", "out")
    assert (found.code, found.out) == (5, "")
    assert "does not hold the" in found.err


def test_a_record_with_other_bytes_is_found(shell: Shell, proposed: Path) -> None:
    """Also where the snapshot itself calls them by the old hash."""
    with closing(sqlite3.connect(proposed / SNAPSHOT)) as connection, connection:
        for digest, body in connection.execute("SELECT sha256, zlib FROM blob").fetchall():
            changed = zlib.compress(zlib.decompress(body).replace(b"numpy<2", b"numpy<3"))
            connection.execute("UPDATE blob SET zlib = ? WHERE sha256 = ?", (changed, digest))
    found = shell.run("bases", "verify", "out")
    assert found.code == 1
    assert "in the snapshot is not the one that the certificate names" in found.out


# -- what cannot be read is an error, and no more than that ------------------------------------------------------------

Damage = Callable[[Path], object]


def _edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 40)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _nested(path: Path) -> None:
    path.write_text("[" * 200_000)


def _huge(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(300 << 20)  # a hole: it takes no room


def _a_number_too_many(path: Path) -> None:
    path.write_text('{"schema": ' + "9" * 10_000 + "}")


@pytest.mark.parametrize("name", ["certificate.json", "proposal.json"])
@pytest.mark.parametrize("damage", [_truncate, _noise, _empty, _nested, _huge, _a_number_too_many])
def test_a_document_that_cannot_be_read_is_one_error(shell: Shell, proposed: Path, name: str, damage: Damage) -> None:
    """Exit 2, the file is named, nothing on stdout."""
    damage(proposed / name)
    found = shell.run("bases", "verify", "out")
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith("error: ")
    assert name in found.err
    assert len(found.err.splitlines()) == 1


@pytest.mark.parametrize("damage", [_truncate, _noise, _empty, _nested])
@pytest.mark.parametrize("name", ["pylock.base-a.toml", "requirements.base-a.txt"])
def test_a_lock_that_cannot_be_read_is_wrong(shell: Shell, proposed: Path, name: str, damage: Damage) -> None:
    """It is no lock of its base; bytes that are no text are an error."""
    damage(proposed / name)
    found = shell.run("bases", "verify", "out")
    assert found.code == (2 if damage is _noise else 1)
    assert name in found.out + found.err


def _a_page_without_end(path: Path) -> None:
    """A body of zeros, small as it is stored."""
    body = zlib.compress(bytes(257 << 20), 1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE blob SET zlib = ?", (body,))


def _a_view_without_end(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE page RENAME TO other")
        connection.execute(
            "CREATE VIEW page AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT * FROM n"
        )


def _a_text_for_a_body(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE blob SET zlib = 'text'")


def _no_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE metadata")


@pytest.mark.parametrize(
    "damage",
    [_truncate, _noise, _empty, _a_page_without_end, _a_view_without_end, _a_text_for_a_body, _no_tables],
)
def test_a_snapshot_that_cannot_be_read_is_one_error(shell: Shell, proposed: Path, damage: Damage) -> None:
    """Exit 2 with a hint; neither its size nor what it unpacks to is believed."""
    damage(proposed / SNAPSHOT)
    found = shell.run("bases", "verify", "out")
    assert (found.code, found.out) == (2, "")
    assert [line.partition(":")[0] for line in found.err.splitlines()] == ["error", "hint"]


def test_a_name_that_leads_out_of_the_directory_is_refused(shell: Shell, proposed: Path) -> None:
    """Files are named after bases."""
    _edit(proposed / "proposal.json", lambda text: text.replace('"base-a"', '"../base-a"'))
    found = shell.run("bases", "verify", "out")
    assert (found.code, found.err) == (2, "error: proposal.json: '../base-a' is not the name of a base\n")


def test_a_directory_without_a_certificate_is_undecided(shell: Shell, proposed: Path) -> None:
    """There is nothing to check by; a directory without a proposal is a mistake."""
    (proposed / "certificate.json").unlink()
    assert shell.run("bases", "verify", "out").code == 5
    (proposed / "proposal.json").unlink()
    assert shell.run("bases", "verify", "out").code == 2
