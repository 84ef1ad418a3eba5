"""The registry's JSON API over HTTP. The command line knows a registry in no other way."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from wheelyard_cli import __version__
from wheelyard_cli.registry_address import REGISTRY_VARIABLE, TOKEN_VARIABLE, RegistryAddress
from wheelyard_cli.routing import without_credentials
from wheelyard_cli.transfer import OriginAuth
from wheelyard_resolver.errors import AuthenticationRequired, InputError, Undecided
from wheelyard_resolver.page import JSON_V1
from wheelyard_resolver.report import InvalidReport, Report, from_document

T = TypeVar("T")

_LARGE = httpx.Timeout(600.0, connect=10.0)

_NO_ANSWER_NOW = ("undecided", "busy")
"""Codes of refusals that say nothing about what was asked."""


class RegistryUnreachable(Undecided):
    """A registry did not answer, or answered with something that is not its API."""

    def __init__(self, *, url: str, reason: str, stated_in: str | None = None) -> None:
        named = f"registry in {stated_in}" if stated_in else f"--registry (or {REGISTRY_VARIABLE})"
        super().__init__(
            f"the registry at {url} could not be asked: {reason}",
            hint=f"check {named} and that `wheelyard serve` runs there",
        )
        self.url = url
        self.reason = reason


class NotInRegistry(InputError):
    """A registry does not have what is asked for."""


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """A deployment as the registry tells it; times are ISO 8601 in UTC."""

    model: str
    version: str
    stage: str
    slot: str
    owner: str | None
    base: str | None
    lock: str | None
    image: str | None
    commit: str | None
    data_version: str | None
    retired: bool
    warnings: list[str]
    since: str
    deployed_by: str | None


class RegistryClient:
    """A registry by its address, with a token (that of the environment, if the address is trusted) or else the
    credentials of the URL or of ~/.netrc.

    Every method raises :class:`RegistryUnreachable` (no answer, or a server error), Undecided (the registry could not
    decide a check), AuthenticationRequired (401) or InputError with the registry's own words (any other refusal).
    """

    def __init__(
        self,
        address: RegistryAddress,
        token: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        environment = os.environ if environment is None else environment
        token = token or address.tokens(environment).get(address.url)
        self._stated_in = address.stated_in
        self._token_kept = not address.trusted and bool(environment.get(TOKEN_VARIABLE))
        self.url = without_credentials(address.url).rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise InputError(f"{self.url!r} is not the URL of a registry", hint="it looks like http://127.0.0.1:8080")
        self._client = httpx.Client(
            auth=_Bearer(token) if token else OriginAuth([address.url], environment),
            headers={"User-Agent": f"wheelyard/{__version__}", "Accept": "application/json"},
            timeout=httpx.Timeout(30.0, connect=10.0),
            transport=transport or httpx.HTTPTransport(retries=2),
        )

    def __enter__(self) -> RegistryClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @property
    def index_url(self) -> str:
        """The simple index of this registry, for pip, uv and the resolver."""
        return f"{self.url}/simple/"

    def fleet(
        self, stage: str, *, name: str | None = None, python: str | None = None, platform: str | None = None
    ) -> dict[str, object]:
        """The fleet of a stage, in the shape of a fleet file."""
        query = {"stage": stage, "name": name, "python": python, "platform": platform}
        return self._ask("GET", "/api/v1/fleet", params=_given(query))

    def deploy(self, action: str, **body: object) -> DeploymentRow:
        """Send a change of what is deployed: ``record``, ``retire`` or ``promote``, with the fields of the API."""
        path = "/api/v1/deployments" if action == "record" else f"/api/v1/deployments/{action}"
        return self._row(self._ask("POST", path, json=_given(body)))

    def record_once(self, **body: object) -> bool:
        """Record a deployment under its idempotency key; whether it was not there yet."""
        status, _ = self._send("POST", "/api/v1/deployments", json=_given(body))
        return status == httpx.codes.CREATED

    def deployments(self, **query: str | None) -> Sequence[DeploymentRow]:
        """What is deployed, or what the query asks for (``at``, ``history=true``), from all pages of the answer."""
        return [self._row(entry) for entry in self._listed(self.ask_all("deployments", **query), "deployments")]

    def accept_bases(self, stage: str, body: Mapping[str, object]) -> list[str]:
        """Make bases, with their locks, the accepted ones of a stage; their names."""
        path = f"/api/v1/stages/{quote(stage, safe='')}/bases"
        bases = self._ask("PUT", path, json=body, timeout=_LARGE).get("bases")
        if not isinstance(bases, list):
            raise self._unreachable("its answer lists no bases")
        return [str(base["name"]) for base in bases]

    def lock(self, sha256: str) -> str:
        """The text of a lock that was accepted."""
        return str(self.call("GET", f"locks/{quote(sha256, safe='')}").get("text"))

    def check(self, body: Mapping[str, object]) -> Report:
        """The report on a check."""
        answer = self._ask("POST", "/api/v1/check", json=body, timeout=_LARGE)
        try:
            return from_document(answer)
        except InvalidReport as problem:
            raise self._unreachable(f"its answer is no report: {problem}") from problem

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
        """Any other request of the API; ``path`` is relative to ``/api/v1/``. Parts of it must be quoted already."""
        return self._ask(method, f"/api/v1/{path}", **({} if body is None else {"json": body}))

    def ask(self, path: str, **query: str | None) -> dict[str, object]:
        """The answer to a GET of the API; ``path`` is relative to ``/api/v1/``."""
        return self._ask("GET", f"/api/v1/{path}", params=_given(query))

    def ask_all(self, path: str, **query: str | None) -> dict[str, object]:
        """The answer to a GET from all its pages: the first one, its lists with the entries of all the others."""
        whole = self.ask(path, **query)
        following = whole.pop("next", None)
        while following is not None:
            more = self.ask(path, **query, after=str(following))
            following = more.pop("next", None)
            for name, entries in whole.items():
                if isinstance(entries, list):
                    whole[name] = [*entries, *self._listed(more, name)]
        return whole

    def hashes(self, project: str) -> dict[str, str]:
        """The sha256 of the files that a project's page lists, by name; nothing where there is no such project."""
        try:
            response = self._client.get(f"{self.index_url}{project}/", headers={"Accept": JSON_V1})
        except httpx.HTTPError as error:
            raise self._unreachable(str(error) or type(error).__name__) from error
        if response.status_code in {401, 403}:
            raise self._unauthenticated(response.status_code)
        files = (_document(response) or {}).get("files") if response.is_success else []
        if not isinstance(files, list):
            raise self._unreachable("its page lists no files")
        return {file["filename"]: file["hashes"].get("sha256", "") for file in files}

    def warm(self, project: str, filename: str) -> None:
        """Have a file, and the metadata of a wheel, brought into the registry's cache; what arrives is not kept."""
        target = f"{self.url}/files/{project}/{quote(filename, safe='')}"
        wanted = [target, f"{target}.metadata"] if filename.endswith(".whl") else [target]
        for url in wanted:
            try:
                with self._client.stream("GET", url, timeout=_LARGE) as response:
                    for _ in response.iter_raw():
                        pass
            except httpx.HTTPError as error:
                reason = f"{filename}: {str(error) or type(error).__name__}"
                raise self._unreachable(reason) from error
            if not response.is_success and not (url is not target and response.status_code == 404):
                raise self._unreachable(f"{filename}: it answered {response.status_code}")

    def import_file(self, project: str, path: Path, *, uploaded_at: dt.datetime) -> bool:
        """Send a distribution file as it is; whether it was new. A refusal is an InputError."""
        headers = {"Wheelyard-Uploaded-At": uploaded_at.isoformat(), "Content-Length": str(path.stat().st_size)}
        target = f"/api/v1/projects/{project}/files/{quote(path.name, safe='')}"
        with path.open("rb") as file:
            answer = self._ask("PUT", target, content=file, headers=headers, timeout=_LARGE)
        return answer.get("outcome") == "stored"

    def rows(self, path: str, name: str, **query: str | None) -> list[dict[str, object]]:
        """The list ``name`` of the answer to a GET, from all its pages."""
        found = self._listed(self.ask_all(path, **query), name)
        if not all(isinstance(row, dict) for row in found):
            raise self._unreachable(f"its answer lists no {name}")
        return found

    def _listed(self, answer: Mapping[str, object], name: str) -> list[Any]:
        found = answer.get(name)
        if not isinstance(found, list):
            raise self._unreachable(f"its answer lists no {name}")
        return found

    def _row(self, entry: object) -> DeploymentRow:
        try:
            assert isinstance(entry, dict)
            return DeploymentRow(**{name: entry[name] for name in DeploymentRow.__dataclass_fields__})
        except (AssertionError, KeyError) as error:
            raise self._unreachable("its answer is not a deployment") from error

    def _ask(self, method: str, path: str, **content: Any) -> dict[str, object]:
        return self._send(method, path, **content)[1]

    def _send(self, method: str, path: str, **content: Any) -> tuple[int, dict[str, object]]:
        try:
            response = self._client.request(method, self.url + path, **content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(str(error) or type(error).__name__) from error
        document = _document(response)
        if response.is_success and document is not None:
            return response.status_code, document
        if response.status_code == 401 or (response.status_code == 403 and document is None):
            reason = _text((document or {}).get("message"))
            raise self._unauthenticated(response.status_code, reason)
        if document is not None and document.get("code") in _NO_ANSWER_NOW:
            raise Undecided(str(document.get("message")), hint=_text(document.get("hint")))
        if document is None or response.status_code >= 500 or "code" not in document:
            raise self._unreachable(f"it answered {response.status_code} {response.reason_phrase}".rstrip())
        refusal = NotInRegistry if response.status_code == 404 else InputError
        raise refusal(str(document.get("message") or document.get("detail")), hint=_text(document.get("hint")))

    def _unreachable(self, reason: str) -> RegistryUnreachable:
        return RegistryUnreachable(url=self.url, reason=reason, stated_in=self._stated_in)

    def _unauthenticated(self, status: int, reason: str | None = None) -> AuthenticationRequired:
        hint = None
        if self._token_kept:
            hint = (
                f"{TOKEN_VARIABLE} is not sent to a registry that only {self._stated_in} names: "
                f"if you trust it, set {REGISTRY_VARIABLE} to it"
            )
        return AuthenticationRequired(url=self.url, status=status, reason=reason, hint=hint)


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _given(values: Mapping[str, T | None]) -> dict[str, T]:
    return {name: value for name, value in values.items() if value is not None}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _document(response: httpx.Response) -> dict[str, object] | None:
    try:
        document = response.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
