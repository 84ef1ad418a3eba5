"""The server as a process: its start, its end, and what happens on the wire."""

from __future__ import annotations

import base64
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import tomli
from tests.end_to_end.tls_files import issue
from tests.registry import wheels
from tests.registry.serving import Server, serving, wheelyard, wheelyard_here
from tests.registry.wheels import Built

from wheelyard_cli.fleet_file import read_fleet


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), "--no-upstream") as started:
        yield started


def upload(server: Server, built: Built) -> httpx.Response:
    """Upload a file."""
    return httpx.post(
        server.url,
        data={":action": "file_upload"},
        files={"content": (built.filename, built.data)},
        auth=("__token__", server.token),
        trust_env=False,
    )


def staged(server: Server, *, expected: bool) -> bool:
    """Whether anything lies in the staging folder, after the server had time to make it so or not."""
    folder = server.data / "staging"
    deadline = time.monotonic() + 5
    while any(folder.iterdir()) is not expected and time.monotonic() < deadline:
        time.sleep(0.01)
    return any(folder.iterdir())


def test_the_token_file_is_for_its_owner_only(server: Server) -> None:
    mode = (server.data.parent / "admin.token").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert server.token.startswith("wy_")
    assert server.token not in server.log.read_text()


def test_without_a_token_file_the_token_is_shown_once(tmp_path: Path) -> None:
    said = []
    for _ in range(2):
        with serving(tmp_path, "--no-upstream", token_file=False) as started:
            said.append(started.log.read_text())
    assert "admin token (shown once, keep it): wy_" in said[0]
    assert "admin token" not in said[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_success(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path, "--no-upstream") as started:
        started.process.send_signal(number)
        assert started.process.wait(timeout=10) == 0
    assert "Traceback" not in started.log.read_text()


def test_killed_and_started_again_it_has_everything(tmp_path: Path) -> None:
    built = wheels.wheel()
    with serving(tmp_path, "--no-upstream") as started:
        assert upload(started, built).status_code == 200
        started.process.kill()
        started.process.wait(timeout=10)
    (tmp_path / "data" / "staging" / "left.part").write_bytes(b"half")
    with serving(tmp_path, "--no-upstream") as again:
        served = httpx.get(f"{again.url}/files/demand-model/{built.filename}", trust_env=False)
        assert served.content == built.data
        assert not staged(again, expected=False)


def test_a_port_in_use_is_one_clear_message(server: Server, tmp_path: Path) -> None:
    port = server.url.rpartition(":")[2]
    done = wheelyard("serve", "--data", str(tmp_path), "--port", port, "--no-upstream")
    assert done.returncode == 2
    assert f"127.0.0.1:{port} cannot be listened on" in done.stderr
    assert "--port 0 takes a free one" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--upstream", "pypi.org/simple"], "is not an http or https URL"),
        (["--upstream", "https://pypi.org/simple", "--no-upstream"], "exclude each other"),
        (["--data", "/dev/null/x"], "cannot be used"),
    ],
)
def test_unusable_options_are_one_clear_message(tmp_path: Path, options: list[str], message: str) -> None:
    done = wheelyard("serve", "--port", "0", "--data", str(tmp_path), *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_large_file_is_the_same_again_until_it_is_withdrawn(server: Server) -> None:
    built = wheels.wheel("large_model", padding=1_000_000)
    path = f"{server.url}/files/large-model/{built.filename}"
    with httpx.Client(auth=("__token__", server.token), trust_env=False) as client:
        assert upload(server, built).status_code == 200
        first, again = client.get(path), client.get(path)
        assert first.content == again.content == built.data
        assert set(first.headers.items()) - set(again.headers.items()) <= {("date", first.headers.get("date", ""))}
        assert client.get(path, headers={"if-none-match": first.headers["etag"]}).status_code == 304
        assert client.get(path, headers={"range": "bytes=5-9"}).content == built.data[5:10]
        withdrawn = f"{server.url}/api/v1/projects/large-model/files/{built.filename}/quarantine"
        assert client.post(withdrawn, json={"reason": "leak"}).is_success
        assert client.get(path).status_code == 403


@pytest.mark.parametrize("asked_before", [False, True])
def test_a_download_under_way_ends_whole_although_the_server_is_stopped(tmp_path: Path, asked_before: bool) -> None:
    built = wheels.wheel("large_model", padding=20_000_000)
    with serving(tmp_path, "--no-upstream") as server:
        assert upload(server, built).status_code == 200
        path = f"{server.url}/files/large-model/{built.filename}"
        with httpx.Client(auth=("__token__", server.token), trust_env=False) as client:
            if asked_before:
                assert client.get(path).status_code == 200
            with client.stream("GET", path) as answer:
                pieces = answer.iter_bytes(100_000)
                first = next(pieces)
                server.process.send_signal(signal.SIGTERM)
                assert first + b"".join(pieces) == built.data
        assert server.process.wait(timeout=20) == 0


def half_an_upload(server: Server, sent: float, *, chunked: bool) -> bytes:
    """A request as it goes over the wire, cut off after a part of its body."""
    built = wheels.wheel("cut_off", padding=4_000_000)
    boundary = "x-boundary"
    body = f'--{boundary}\r\nContent-Disposition: form-data; name=":action"\r\n\r\nfile_upload\r\n--{boundary}\r\n'
    body += f'Content-Disposition: form-data; name="content"; filename="{built.filename}"\r\n\r\n'
    content = body.encode() + built.data + f"\r\n--{boundary}--\r\n".encode()
    login = base64.b64encode(f"__token__:{server.token}".encode()).decode()
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(content)}"
    head = f"POST /legacy/ HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {login}\r\n{length}\r\n"
    head += f"Content-Type: multipart/form-data; boundary={boundary}\r\n\r\n"
    part = content[: int(len(content) * sent)]
    return head.encode() + (f"{len(content):x}\r\n".encode() + part if chunked else part)


def connected(server: Server) -> socket.socket:
    """A raw connection to the server."""
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)))


@pytest.mark.parametrize("sent", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("chunked", [True, False])
def test_a_connection_cut_in_the_middle_of_an_upload_leaves_nothing(server: Server, sent: float, chunked: bool) -> None:
    with connected(server) as connection:
        connection.sendall(half_an_upload(server, sent, chunked=chunked))
        # The first part of the body holds no file yet: there is nothing to stage.
        assert staged(server, expected=sent > 0) is (sent > 0)
    assert not staged(server, expected=False)
    assert httpx.get(f"{server.index_url}cut-off/", trust_env=False).status_code == 404


def test_a_stalled_upload_does_not_keep_a_stopped_server_alive(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-upstream", "--grace", "0.2") as started, connected(started) as connection:
        connection.sendall(half_an_upload(started, 0.5, chunked=False))
        assert staged(started, expected=True)
        started.process.terminate()
        assert started.process.wait(timeout=10) == 0
        assert not staged(started, expected=False)
    assert "Traceback" not in started.log.read_text()


def test_deployments_are_recorded_listed_and_exported(server: Server, tmp_path: Path) -> None:
    upload(server, wheels.wheel("churn", "1.8.0"))
    where = {"WHEELYARD_REGISTRY": server.url, "WHEELYARD_TOKEN": server.token}
    recorded = wheelyard_here("deploy", "record", "churn==1.8", "--stage", "prod", "--owner", "crm", **where)
    assert (recorded.returncode, recorded.stderr) == (0, "recorded churn 1.8.0 in prod (slot default)\n")
    listed = wheelyard_here("deploy", "list", "--stage", "prod", **where)
    assert listed.stdout.splitlines()[1].split()[:5] == ["prod", "churn", "1.8.0", "default", "crm"]
    fleet = tmp_path / "fleet.toml"
    exported = wheelyard_here("fleet", "export", "--stage", "prod", "--python", "3.12", "-o", str(fleet), **where)
    assert exported.returncode == 0, exported.stderr
    document = read_fleet(fleet)
    assert (document.stage, len(document.models)) == ("prod", 1)
    assert tomli.loads(fleet.read_text()) == {
        "fleet": {"name": "prod", "stage": "prod", "target": {"python": "3.12", "platform": "manylinux_2_28_x86_64"}},
        "model": [
            {"name": "churn", "version": "1.8.0", "slot": "default", "package": "churn==1.8.0", "owner": "crm"},
        ],
    }


def test_a_release_goes_through_the_stages_and_the_past_can_be_told(server: Server) -> None:
    upload(server, wheels.wheel("tariff", "2.0.0"))
    where = {"WHEELYARD_REGISTRY": server.url, "WHEELYARD_TOKEN": server.token}
    image = f"registry.example/tariff@sha256:{'ab' * 32}"
    details = ["--base", "base-a", "--image", image, "--commit", "0123abc", "--data-version", "2026-10", "--by", "anna"]
    when = ["--at", "2026-01-05T08:00:00Z", "--idempotency-key", "run-1"]
    for _ in range(2):  # a pipeline that is run again
        done = wheelyard_here("deploy", "record", "tariff==2.0.0", "--stage", "test", *details, *when, **where)
        assert done.stderr == "recorded tariff 2.0.0 in test (slot default)\n"
    done = wheelyard_here("deploy", "promote", "tariff", "--from", "test", "--to", "live", **where)
    assert done.stderr == "promoted tariff 2.0.0 from test to live (slot default)\n"
    done = wheelyard_here("deploy", "retire", "tariff", "--stage", "test", **where)
    assert done.stderr == "retired tariff 2.0.0 from test (slot default)\n"
    history = wheelyard_here("deploy", "history", "tariff", **where).stdout.splitlines()
    assert [line.split()[1:4:2] for line in history[1:]] == [["test", "2.0.0"], ["live", "2.0.0"], ["test", "2.0.0"]]
    assert history[1].startswith("2026-01-05T08:00:00Z  test")
    assert history[1].endswith("anna")
    assert "2.0.0 retired" in history[3]
    then = wheelyard_here("fleet", "at", "2026-06-01T00:00:00Z", "--stage", "test", **where).stdout.splitlines()
    assert then == [
        "MODEL   VERSION  SLOT     BASE    LOCK  IMAGE                                        COMMIT   DATA",
        "tariff  2.0.0    default  base-a  -     registry.example/tariff@sha256:abababababab  0123abc  2026-10",
    ]
    assert wheelyard_here("fleet", "at", "2026-01-01T00:00:00Z", "--stage", "test", **where).stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["deploy", "retire", "churn", "--stage", "nowhere"], 2, "churn is not deployed in nowhere/default"),
        (["deploy", "record", "early==1.8", "--stage", "prod", "--at", "2999-01-01T00:00:00Z"], 2, "is in the future"),
        (["deploy", "record", "churn>=1", "--stage", "prod"], 2, "'churn>=1' does not name one version"),
        (["deploy", "record", "churn==77", "--stage", "prod"], 2, "churn 77 is not in this registry"),
        (["deploy", "record", "churn==1", "--stage", "a b"], 2, "stage 'a b' may hold"),
        (["fleet", "export", "--stage", "prod", "-o", "/dev/null/fleet.toml"], 2, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_exit_code(
    server: Server, arguments: list[str], code: int, message: str
) -> None:
    upload(server, wheels.wheel("early", "1.8.0"))
    done = wheelyard_here(*arguments, "--registry", server.url, WHEELYARD_TOKEN=server.token)
    assert done.returncode == code
    assert message in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_token_recording_is_undecided(server: Server, tmp_path: Path) -> None:
    done = wheelyard_here(
        "deploy", "record", "churn==1.8.0", "--stage", "prod", "--registry", server.url, NETRC=str(tmp_path / "none")
    )
    assert done.returncode == 5
    assert f"{server.url} answered 401: writing to this registry needs a token" in done.stderr


def test_a_token_in_the_netrc_file_is_used(server: Server, tmp_path: Path) -> None:
    upload(server, wheels.wheel("from_netrc", "1.0.0"))
    file = tmp_path / "netrc"
    file.write_text(f"machine 127.0.0.1 login __token__ password {server.token}\n")
    file.chmod(0o600)
    done = wheelyard_here(
        "deploy", "record", "from-netrc==1.0.0", "--stage", "dev", "--registry", server.url, NETRC=str(file)
    )
    assert done.returncode == 0, done.stderr


def test_with_a_certificate_it_speaks_https_only(tmp_path: Path) -> None:
    tls = issue(tmp_path)
    with serving(tmp_path, "--no-upstream", *tls.options) as server:
        assert server.url.startswith("https://")
        assert httpx.get(f"{server.url}/readyz", verify=tls.trust, trust_env=False).status_code == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{server.url}/readyz", trust_env=False)
        with pytest.raises(httpx.TransportError):
            httpx.get(server.url.replace("https", "http"), trust_env=False)
        assert "Traceback" not in server.log.read_text()


def test_a_certificate_and_a_key_that_do_not_fit_are_refused_at_once(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    certificate, key = str(issue(first).certificate), str(issue(second).key)
    refused = wheelyard("serve", "--data", str(tmp_path / "data"), "--tls-certificate", certificate, "--tls-key", key)
    assert refused.returncode != 0
    assert "are no certificate and its key" in refused.stderr
    assert "give PEM files" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    refused = wheelyard(
        "serve", "--data", str(tmp_path / "data"), "--tls-certificate", str(issue(tmp_path).certificate)
    )
    assert refused.returncode != 0
    assert "--tls-certificate and --tls-key belong together" in refused.stderr
