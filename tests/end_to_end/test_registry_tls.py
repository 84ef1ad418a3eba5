"""Publishers and installers, as they are, over TLS with a private authority, at a registry that is closed to strangers.

Each client is told of the authority and of its token in its own way; docs/registry.md says the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import pytest
from tests.end_to_end.tls_files import TlsFiles, issue
from tests.registry import wheels
from tests.registry.serving import Server, foreign, run_in, script, serving

from wheelyard_resolver.page import JSON_V1

pytestmark = pytest.mark.heavy


@dataclass(frozen=True)
class Project:
    """A project whose files can be uploaded: flit builds it, for the others its files lie in ``dist``."""

    folder: Path
    name: str

    def write(self, contents: str = "one", version: str = "1.0.0") -> Project:
        """Write sources and distribution files anew; other ``contents`` make other files of the same names."""
        module, dist = self.folder / f"{self.name}.py", self.folder / "dist"
        dist.mkdir(parents=True, exist_ok=True)
        for old in dist.iterdir():
            old.unlink()
        pyproject = f'[project]\nname = "{self.name}"\nversion = "{version}"\ndescription = "A model"\n'
        pyproject += 'requires-python = ">=3.8"\n[build-system]\n'
        pyproject += 'requires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
        (self.folder / "pyproject.toml").write_text(pyproject)
        module.write_text(f'"""A model."""\n\nCONTENTS = "{contents}"\n')
        member = (f"{self.name}/contents.txt", contents.encode())
        info = wheels.core_metadata(self.name, version, extra=f"Summary: {contents}")
        for built in (
            wheels.wheel(self.name, version, first=[member]),
            wheels.sdist(self.name, version, metadata=info),
        ):
            (dist / built.filename).write_bytes(built.data)
        return self

    @property
    def files(self) -> list[str]:
        """The distribution files in ``dist``."""
        return sorted(str(path) for path in (self.folder / "dist").iterdir())


@dataclass(frozen=True)
class Place:
    """A server that speaks TLS, its authority, and a folder to work in."""

    server: Server
    tls: TlsFiles
    folder: Path

    def project(self, name: str) -> Project:
        """A project of this name, written."""
        folder = self.folder / name
        folder.mkdir()
        return Project(folder, name).write()

    def run(self, command: list[str], project: Project | None = None, **environment: str) -> CompletedProcess[str]:
        """Run a client that finds no settings of this machine, in the project's folder."""
        home = {"HOME": str(self.folder), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        folder = None if project is None else project.folder
        return run_in(folder, command, **home, **environment)

    def page(self, name: str) -> dict[str, str]:
        """Names and hashes of a project's files."""
        url = f"{self.server.index_url}{name.replace('_', '-')}/"
        auth, headers = ("__token__", self.server.token), {"Accept": JSON_V1}
        page = httpx.get(url, headers=headers, auth=auth, verify=self.tls.trust, trust_env=False)
        return {file["filename"]: file["hashes"]["sha256"] for file in page.json().get("files", [])}

    def index_with(self, token: str) -> str:
        """The index URL, with a token in it."""
        return self.server.index_url.replace("https://", f"https://__token__:{token}@")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("tls")
    tls = issue(folder)
    with serving(folder, "--no-upstream", "--no-anonymous-read", *tls.options) as server:
        yield Place(server, tls, folder)


def twine(
    place: Place, project: Project, token: str, *options: str, program: str = script("twine")
) -> CompletedProcess[str]:
    """``twine upload``."""
    quiet = ["--non-interactive", "--disable-progress-bar", "--repository-url", f"{place.server.url}/legacy/"]
    command = [program, "upload", *quiet, "-u", "__token__", "-p", token, *options, *project.files]
    return place.run(command, project, TWINE_CERT=str(place.tls.authority))


def uv(place: Place, project: Project, token: str, *options: str) -> CompletedProcess[str]:
    """``uv publish``."""
    target = ["--publish-url", f"{place.server.url}/legacy/", "--token", token]
    command = [script("uv"), "publish", "--no-cache", *target, *options, *project.files]
    return place.run(command, project, SSL_CERT_FILE=str(place.tls.authority))


def poetry(place: Place, project: Project, token: str, *options: str) -> CompletedProcess[str]:
    """``poetry publish``, its repository named by the environment."""
    named = {
        "POETRY_REPOSITORIES_YARD_URL": f"{place.server.url}/legacy/",
        "POETRY_CERTIFICATES_YARD_CERT": str(place.tls.authority),
        "POETRY_HTTP_BASIC_YARD_USERNAME": "__token__",
        "POETRY_HTTP_BASIC_YARD_PASSWORD": token,
    }
    return place.run([foreign("poetry"), "publish", "--no-interaction", "-r", "yard", *options], project, **named)


def flit(place: Place, project: Project, token: str, *options: str) -> CompletedProcess[str]:
    """``flit publish``, which also builds."""
    named = {
        "FLIT_INDEX_URL": f"{place.server.url}/legacy/",
        "FLIT_USERNAME": "__token__",
        "FLIT_PASSWORD": token,
        "REQUESTS_CA_BUNDLE": str(place.tls.authority),
        "SOURCE_DATE_EPOCH": "1700000000",
    }
    return place.run([foreign("flit"), "publish", "--no-use-vcs", *options], project, **named)


def hatch(place: Place, project: Project, token: str, *options: str) -> CompletedProcess[str]:
    """``hatch publish``."""
    target = ["--repo", f"{place.server.url}/legacy/", "--user", "__token__", "--auth", token, "--no-prompt"]
    command = [foreign("hatch"), "publish", *target, "--ca-cert", str(place.tls.authority), *options, *project.files]
    return place.run(command, project)


def pip(place: Place, target: Path, token: str, *wanted: str) -> CompletedProcess[str]:
    """``pip install``."""
    quiet = ["--no-cache-dir", "--disable-pip-version-check", "--no-input", "--retries", "0", "--target", str(target)]
    command = [sys.executable, "-m", "pip", "install", *quiet, "--index-url", place.index_with(token), *wanted]
    return place.run(command, PIP_CERT=str(place.tls.authority))


def uv_pip(place: Place, target: Path, token: str, *wanted: str) -> CompletedProcess[str]:
    """``uv pip install``."""
    quiet = ["--no-cache", "--python", sys.executable, "--target", str(target)]
    command = [script("uv"), "pip", "install", *quiet, "--index-url", place.index_with(token), *wanted]
    return place.run(command, SSL_CERT_FILE=str(place.tls.authority))


Publisher = Callable[..., CompletedProcess[str]]
Installer = Callable[..., CompletedProcess[str]]

publishers = pytest.mark.parametrize("publish", [twine, uv, poetry, flit, hatch], ids=lambda each: each.__name__)
installers = pytest.mark.parametrize("install", [pip, uv_pip], ids=lambda each: each.__name__)


def name_of(purpose: str, call: Callable[..., object]) -> str:
    """A project name that no other test uses."""
    return f"{purpose}_by_{call.__name__}"


def installed(target: Path, name: str) -> list[str]:
    """The versions of a project in a folder."""
    return [path.name.removesuffix(".dist-info").partition("-")[2] for path in target.glob(f"{name}-*.dist-info")]


@publishers
def test_wheel_and_sdist_are_uploaded(place: Place, publish: Publisher) -> None:
    project = place.project(name_of("sent", publish))
    done = publish(place, project, place.server.token)
    assert done.returncode == 0, done.stdout + done.stderr
    stem = f"{project.name}-1.0.0"
    assert sorted(place.page(project.name)) == [f"{stem}-py3-none-any.whl", f"{stem}.tar.gz"]


@publishers
def test_the_same_files_again_are_a_success(place: Place, publish: Publisher) -> None:
    project = place.project(name_of("again", publish))
    first = publish(place, project, place.server.token)
    page = place.page(project.name)
    second = publish(place, project, place.server.token)
    assert (first.returncode, second.returncode) == (0, 0), second.stdout + second.stderr
    assert place.page(project.name) == page


@publishers
def test_other_contents_under_a_used_name_are_an_error(place: Place, publish: Publisher) -> None:
    project = place.project(name_of("changed", publish))
    publish(place, project, place.server.token)
    page = place.page(project.name)
    done = publish(place, project.write("two"), place.server.token)
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "409" in said
    assert place.page(project.name) == page


@publishers
def test_a_wrong_token_is_an_error_that_does_not_repeat_it(place: Place, publish: Publisher) -> None:
    project = place.project(name_of("unwanted", publish))
    done = publish(place, project, "wy_000000000000_wrong")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "401" in said
    assert "wy_000000000000_wrong" not in said
    assert place.page(project.name) == {}


def test_uv_shows_the_reason_of_a_refusal(place: Place) -> None:
    project = place.project("reasoned")
    uv(place, project, place.server.token)
    done = uv(place, project.write("two"), place.server.token)
    assert "already exists with other contents; a file name is never used twice" in done.stderr
    assert "raise the version and build again" in done.stderr


def test_poetry_shows_the_reason_of_a_refusal(place: Place) -> None:
    project = place.project("shown")
    poetry(place, project, place.server.token)
    done = poetry(place, project.write("two"), place.server.token)
    assert "already exists with other contents" in done.stdout + done.stderr


def test_poetry_skips_what_exists_if_told_to(place: Place) -> None:
    project = place.project("skipped_by_poetry")
    poetry(place, project, place.server.token)
    page = place.page(project.name)
    done = poetry(place, project.write("two"), place.server.token, "--skip-existing")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "File exists. Skipping" in done.stdout + done.stderr
    assert place.page(project.name) == page


def test_twine_skips_what_exists_if_told_to(place: Place) -> None:
    older = foreign("twine")
    project = place.project("skipped_by_twine")
    twine(place, project, place.server.token, program=older)
    page = place.page(project.name)
    done = twine(place, project.write("two"), place.server.token, "--skip-existing", program=older)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("because it appears to already exist") == len(page) == 2
    assert place.page(project.name) == page


def test_newer_twine_keeps_that_option_to_pypi(place: Place) -> None:
    project = place.project("kept_to_pypi")
    done = twine(place, project, place.server.token, "--skip-existing")
    assert done.returncode != 0
    assert "does not have support for the following features: --skip-existing" in done.stdout + done.stderr
    assert place.page(project.name) == {}


def test_uv_skips_what_the_check_url_lists(place: Place) -> None:
    project = place.project("skipped_by_uv")
    check = ("--check-url", place.index_with(place.server.token))
    first = uv(place, project, place.server.token, *check)
    again = uv(place, project, place.server.token, *check)
    assert (first.returncode, again.returncode) == (0, 0), again.stderr
    assert "already exists, skipping" in again.stderr


@installers
def test_a_package_is_installed(place: Place, tmp_path: Path, install: Installer) -> None:
    project = place.project(name_of("installed", install))
    uv(place, project, place.server.token)
    done = install(place, tmp_path / "site", place.server.token, project.name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / project.name / "contents.txt").read_text() == "one"


@installers
def test_a_wrong_token_installs_nothing(place: Place, tmp_path: Path, install: Installer) -> None:
    project = place.project(name_of("closed", install))
    uv(place, project, place.server.token)
    done = install(place, tmp_path / "site", "wy_000000000000_wrong", project.name)
    assert done.returncode != 0
    assert not (tmp_path / "site" / project.name).exists()
    assert "wy_000000000000_wrong" not in done.stdout + done.stderr


@installers
def test_a_yanked_release_is_passed_by_unless_pinned(place: Place, tmp_path: Path, install: Installer) -> None:
    project = place.project(name_of("yanked", install))
    uv(place, project, place.server.token)
    uv(place, project.write(version="2.0.0"), place.server.token)
    yank = f"{place.server.url}/api/v1/projects/{project.name.replace('_', '-')}/releases/2.0.0/yank"
    token = ("__token__", place.server.token)
    answer = httpx.post(yank, json={"reason": "wrong units"}, auth=token, verify=place.tls.trust, trust_env=False)
    assert answer.status_code == 200, answer.text
    install(place, tmp_path / "newest", place.server.token, project.name)
    pinned = install(place, tmp_path / "pinned", place.server.token, f"{project.name}==2.0.0")
    assert installed(tmp_path / "newest", project.name) == ["1.0.0"]
    assert installed(tmp_path / "pinned", project.name) == ["2.0.0"]
    assert "wrong units" in pinned.stdout + pinned.stderr


@installers
def test_a_client_that_does_not_know_the_authority_sends_nothing(
    place: Place, tmp_path: Path, install: Installer
) -> None:
    other = Place(place.server, issue(tmp_path), place.folder)
    done = install(other, tmp_path / "site", place.server.token, "anything")
    assert done.returncode != 0
    assert "certificate" in (done.stdout + done.stderr).lower()
