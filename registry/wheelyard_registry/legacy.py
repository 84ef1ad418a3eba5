"""pypiserver, in the write path. No other module knows it.

pypiserver's WSGI application parses the legacy upload form and calls our backend, which passes the file on to the one
ingest. Two things of it are kept in mind here: it keeps its configuration in module globals (each
``app_from_config`` makes a fresh module), and its form parser is Bottle's over the standard library's ``cgi``.

Nothing but an upload gets through: the form's ``:action`` is read with Bottle's own parser before the application
sees the request, and no other route of it is ever called.
"""

from __future__ import annotations

import contextvars
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.distribution import parse_filename
from wheelyard_registry.errors import RefusedForm, UnsupportedAction
from wheelyard_registry.identity import Identity
from wheelyard_registry.ingest import Claims, Ingest, Outcome

with warnings.catch_warnings():
    # Bottle imports cgi, which Python 3.11 and 3.12 announce as deprecated; later ones get the legacy-cgi package.
    # It also installs an import hook of the kind that Python 3.12 dropped, of which 3.10 and 3.11 warn.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", ImportWarning)
    import pypiserver
    from pypiserver.backend import Backend, BackendProxy
    from pypiserver.bottle_wrapper import BaseRequest, request
    from pypiserver.config import RunConfig

# That hook serves Bottle's plugins only, of which there are none, and would slow and warn of every later import.
sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("pypiserver.")]

_sender: contextvars.ContextVar[Identity] = contextvars.ContextVar("sender")
_outcome: contextvars.ContextVar[list[Outcome]] = contextvars.ContextVar("outcome")


class CatalogueBackend(Backend):  # type: ignore[misc]  # pypiserver has no type information
    """pypiserver's view of the catalogue: it may add to it and ask for a name, nothing else."""

    def __init__(self, ingest: Ingest, files: Files) -> None:
        self.hash_algo = "sha256"
        self._ingest = ingest
        self._files = files

    def add_package(self, filename: str, stream: BinaryIO) -> None:
        """Pass an uploaded file on to the ingest; what the form states is compared there.

        A detached signature, which older clients send beside the file, is dropped, as PyPI drops it.
        """
        if filename.endswith(".asc"):
            return
        form = request.forms
        claims = Claims(
            name=form.get("name", ""),
            version=form.get("version", ""),
            digests={
                "sha256": form.get("sha256_digest", ""),
                "md5": form.get("md5_digest", ""),
                "blake2b": form.get("blake2_256_digest", ""),
            },
        )
        _outcome.get().append(self._ingest.take(filename, stream, claims, sender=_sender.get()))

    def exists(self, filename: str) -> bool:
        """Whether the name is taken, in any spelling."""
        return self._files.by_identity(parse_filename(filename).identity) is not None

    def get_all_packages(self) -> Iterable[Any]:
        """Nothing: reading is served by our own routes, never by pypiserver."""
        return ()

    def remove_package(self, pkg: Any) -> None:  # noqa: ARG002 (pypiserver's signature)
        """Refused: removal is not part of the legacy form here."""
        raise UnsupportedAction(action="remove_pkg")


class _Configuration(RunConfig):  # type: ignore[misc]  # pypiserver has no type information
    def get_backend(self, arg: CatalogueBackend) -> BackendProxy:
        return BackendProxy(arg)


class LegacyForm:
    """The legacy upload form, read by pypiserver."""

    def __init__(self, ingest: Ingest, files: Files) -> None:
        backend = CatalogueBackend(ingest, files)
        self._app = pypiserver.app_from_config(_configuration(backend))
        # Errors of the ingest must reach our own handler, and Bottle's should be text, not an HTML page.
        self._app.catchall = False
        self._app.default_error_handler = lambda error: str(error.body)

    def upload(self, body: Path, content_type: str, *, sender: Identity) -> Outcome:
        """Take the file out of a staged form. Blocks; runs in a worker thread.

        Raises:
            RegistryError: the form or the file in it was refused.
        """
        outcomes: list[Outcome] = []
        context = contextvars.copy_context()
        with body.open("rb") as file:
            environ = _environ(file, body.stat().st_size, content_type)
            context.run(_sender.set, sender)
            context.run(_outcome.set, outcomes)
            context.run(self._pass_on, environ)
        if not outcomes:
            raise RefusedForm(reason="it holds no file")
        return outcomes[0]

    def _pass_on(self, environ: dict[str, Any]) -> None:
        try:
            action = BaseRequest(environ).forms.get(":action")
        except (ValueError, UnicodeError) as error:
            raise RefusedForm(reason=str(error)) from error
        if action != "file_upload":
            raise UnsupportedAction(action=action)
        answer: list[str] = []

        def start_response(status: str, *_: object) -> None:
            answer.append(status)

        text = b"".join(self._app(environ, start_response)).decode("utf-8", "replace")
        if not answer[0].startswith("200"):
            raise RefusedForm(reason=text.strip() or answer[0])


def _configuration(backend: CatalogueBackend) -> RunConfig:
    # overwrite=True only keeps pypiserver from asking whether the name exists: the ingest decides that, in a
    # transaction, and answers an identical upload with success. authenticate=[] because our route has done it.
    return _Configuration(
        roots=[Path()],
        verbosity=0,
        log_frmt="",
        log_file=None,
        log_stream=None,
        hash_algo="sha256",
        backend_arg=backend,
        port=0,
        host="",
        authenticate=[],
        password_file=".",  # noqa: S106 (pypiserver's way to say that there is none)
        disable_fallback=True,
        fallback_url="",
        health_endpoint="/health",
        server_method="",
        overwrite=True,
        welcome_msg="",
        cache_control=None,
        log_req_frmt="upload form received",
        log_res_frmt="upload form answered",
        log_err_frmt="upload form refused",
        server_base_url="/",
    )


def _environ(file: BinaryIO, size: int, content_type: str) -> dict[str, Any]:
    """A WSGI environment (PEP 3333) that holds the form and nothing else of the request."""
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(size),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "0",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": file,
        # Bottle copies wsgi.input into a temporary file of its own unless it finds a seekable body here.
        "bottle.request.body": file,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
