"""Tokens, users and groups from the command line, and a registry that is closed to readers without credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.registry import wheels
from tests.registry.serving import Server, run, script, serving, wheelyard_here


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("identity")
    with serving(folder, "--no-upstream", "--no-anonymous-read") as started:
        yield started


def admin(server: Server) -> dict[str, str]:
    """The environment of an administrator."""
    return {"WHEELYARD_REGISTRY": server.url, "WHEELYARD_TOKEN": server.token}


def test_a_token_made_here_does_what_it_may_until_it_is_revoked(server: Server) -> None:
    made = wheelyard_here("token", "create", "ci", "--right", "read", "--expires", "30d", **admin(server))
    assert made.returncode == 0, made.stderr
    login = ("__token__", made.stdout.strip())
    assert httpx.get(server.index_url, auth=login, trust_env=False).status_code == 200
    listed = wheelyard_here("token", "list", **admin(server))
    (line,) = [line for line in listed.stdout.splitlines() if " ci " in line]
    chosen = line.split()[0]
    assert line.endswith("active")
    assert login[1].startswith(f"wy_{chosen}_")
    assert wheelyard_here("token", "revoke", chosen, **admin(server)).stderr == f"token {chosen} is revoked\n"
    assert httpx.get(server.index_url, auth=login, trust_env=False).status_code == 401


def test_users_and_groups_are_managed_from_the_command_line(server: Server, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse\n")
    assert wheelyard_here("user", "add", "anna", "--password-file", str(secret), **admin(server)).returncode == 0
    assert (
        wheelyard_here("user", "group", "risk", "--member", "anna", "--right", "create", **admin(server)).returncode
        == 0
    )
    assert wheelyard_here("user", "own", "credit-score", "risk", **admin(server)).returncode == 0
    assert wheelyard_here("user", "groups", **admin(server)).stdout.splitlines()[1].split() == [
        *("risk", "anna", "create", "credit-score")
    ]
    assert httpx.get(server.index_url, auth=("anna", "correct horse"), trust_env=False).status_code == 200
    assert wheelyard_here("user", "disable", "anna", **admin(server)).returncode == 0
    assert wheelyard_here("user", "list", **admin(server)).stdout.splitlines()[1].split() == [
        "anna",
        "risk",
        "disabled",
    ]
    assert httpx.get(server.index_url, auth=("anna", "correct horse"), trust_env=False).status_code == 401


@pytest.mark.parametrize(
    ("command", "key"),
    [("user list", "users"), ("user groups", "groups"), ("stage list", "stages"), ("project alarms", "alarms")],
)
def test_what_is_listed_may_be_had_as_json(server: Server, command: str, key: str) -> None:
    done = wheelyard_here(*command.split(), "--format", "json", **admin(server))
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout)[key], list)


def test_a_refusal_is_told_in_the_registrys_words(server: Server) -> None:
    done = wheelyard_here("user", "own", "credit-score", "nobody", **admin(server))
    assert done.returncode == 2
    assert "the group nobody is not in this index" in done.stderr
    assert "hint: make it first: wheelyard user group nobody" in done.stderr


def test_an_htpasswd_file_is_imported(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "htpasswd"
    file.write_text("old:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nworse:abc\n")
    done = wheelyard_here("user", "import-htpasswd", str(file), **admin(server))
    assert done.returncode == 0
    assert "not taken: worse: the hash is neither bcrypt nor apr1 nor SHA-1" in done.stderr
    assert httpx.get(server.index_url, auth=("old", "password"), trust_env=False).status_code == 200


def test_check_reads_a_closed_registry_with_the_token_and_its_snapshot_does_not_hold_it(
    server: Server, tmp_path: Path
) -> None:
    built = wheels.wheel("closed_model")
    login = ("__token__", server.token)
    sent = httpx.post(
        server.url,
        data={":action": "file_upload"},
        files={"content": (built.filename, built.data)},
        auth=login,
        trust_env=False,
    )
    assert sent.status_code == 200
    assert wheelyard_here("deploy", "record", "closed-model==1.4.0", "--stage", "prod", **admin(server)).returncode == 0
    snapshot = tmp_path / "snapshot.wheelyard"
    home = {"NETRC": str(tmp_path / "none"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = wheelyard_here("check", "--format", "json", "--snapshot", str(snapshot), **admin(server), **home)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    held = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert snapshot in held
    assert not [path for path in held if server.token.split("_", 2)[2].encode() in path.read_bytes()]
    without = wheelyard_here("check", WHEELYARD_REGISTRY=server.url, **home)
    assert without.returncode == 5
    assert "401" in without.stderr


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_installers_use_credentials_of_the_url_and_stop_without(server: Server, tmp_path: Path, tool: str) -> None:
    built = wheels.wheel(f"closed_for_{tool}")
    httpx.post(
        server.url,
        data={":action": "file_upload"},
        files={"content": (built.filename, built.data)},
        auth=("__token__", server.token),
        trust_env=False,
    )
    start = {
        "pip": [script("pip"), "install", "--no-cache-dir", "--no-input", "--disable-pip-version-check"],
        "uv": [script("uv"), "pip", "install", "--no-cache"],
    }[tool]
    login = server.index_url.replace("://", f"://__token__:{server.token}@")
    nobody = {"NETRC": str(tmp_path / "none"), "HOME": str(tmp_path)}
    for url, works in ((server.index_url, False), (login, True)):
        done = run([*start, "--target", str(tmp_path / "site"), "--index-url", url, f"closed-for-{tool}"], **nobody)
        assert (done.returncode == 0) is works, done.stdout + done.stderr
        assert server.token not in done.stdout + done.stderr
