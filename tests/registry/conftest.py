"""A registry in this process, with a token, and a loopback upstream."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from httpx import Response
from tests.registry.catalogue_url import drop_test_catalogues, with_test_catalogue
from tests.registry.fake_upstream import FakeUpstream, serving_upstream
from tests.registry.in_process import Client, client_of
from tests.registry.wheels import Built

from wheelyard_registry.app import Registry as Application
from wheelyard_registry.app import create_app
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.settings import Settings
from wheelyard_registry.storage import prepare
from wheelyard_registry.upstream_index import UpstreamIndex
from wheelyard_resolver.page import JSON_V1


@dataclass
class Clock:
    """A time that moves when a test says so."""

    now: dt.datetime = field(default=dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.timezone.utc))

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        """Let time pass."""
        self.now += dt.timedelta(**delta)


@dataclass(frozen=True)
class Registry:
    """A running registry as a test talks to it."""

    settings: Settings
    app: Application
    client: Client
    token: str
    clock: Clock

    @property
    def auth(self) -> tuple[str, str]:
        """What twine sends."""
        return ("__token__", self.token)

    def upload(
        self,
        built: Built,
        fields: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
        auth: tuple[str, str] | None = None,
    ) -> Response:
        """Upload as twine does; ``fields`` are added to the form or replace what is in it."""
        form = {":action": "file_upload", "protocol_version": "1", **(fields or {})}
        content = {"content": (built.filename, built.data, "application/octet-stream")}
        return self.client.post("/", data=form, files=content, auth=auth or ("__token__", token or self.token))

    def page(self, project: str) -> dict[str, Any]:
        """A project page as JSON."""
        response = self.client.get(f"/simple/{project}/", headers={"Accept": JSON_V1})
        assert response.status_code == 200, response.text
        document = response.json()
        assert isinstance(document, dict)
        return document

    def only_file(self, project: str) -> dict[str, Any]:
        """The one file of a project's page."""
        (file,) = self.page(project)["files"]
        assert isinstance(file, dict)
        return file

    def stored_files(self) -> list[Path]:
        """Every file that holds somebody's bytes."""
        settings = self.settings
        folders = (settings.blobs, settings.cache, settings.staging)
        return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


@contextmanager
def running(settings: Settings, clock: Clock, token: str | None = None) -> Iterator[Registry]:
    """A registry on a data directory, prepared as ``wheelyard serve`` does it."""
    settings = with_test_catalogue(settings)
    if settings.database is None and not settings.data.exists():
        _lay_out(settings)
    prepared = prepare(settings, clock)
    text = token or (prepared.first_token.text if prepared.first_token else "")
    app = create_app(settings, clock=clock)
    with prepared.lock, client_of(app, app.at_once) as client:
        yield Registry(settings, app, client, text, clock)


def _lay_out(settings: Settings) -> None:
    """A new data directory with its tables there already, and without the shelves of its blobs, which are made on
    demand: most of a start is migrations and 512 directories, and they have tests of their own."""
    settings.data.mkdir(parents=True)
    settings.blobs.mkdir()
    settings.cache.mkdir()
    (settings.data / "catalogue.sqlite3").write_bytes(_empty_catalogue())


@cache
def _empty_catalogue() -> bytes:
    """An SQLite catalogue of the newest revision."""
    with TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        with closing(Database(settings.database_url)) as database:
            database.migrate()
        return (settings.data / "catalogue.sqlite3").read_bytes()


def basic(user: str, password: str) -> dict[str, str]:
    """A Basic header."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> Iterator[None]:
    yield
    drop_test_catalogues()


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with serving_upstream() as index:
        yield index


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry without upstream."""
    with running(Settings(data=tmp_path / "data", upstreams=(), anonymous_read=True), Clock()) as started:
        yield started


@pytest.fixture
def mirror(tmp_path: Path, upstream: FakeUpstream) -> Iterator[Registry]:
    """A registry before the loopback upstream."""
    settings = Settings(
        data=tmp_path / "data", upstreams=(UpstreamIndex.at(upstream.url),), upstream_retries=0, anonymous_read=True
    )
    with running(settings, Clock()) as started:
        yield started
