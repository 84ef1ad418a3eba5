"""pypiserver, in the write path. No other module knows it.

pypiserver's WSGI application knows the legacy upload API: what a form must hold, which file names it takes, what goes
with what. It gets the form already read (its own parser copies a large body three times, see
docs/design/decisions.md) and calls our backend, which passes the staged file on to the one ingest. It keeps its
configuration in module globals: each ``app_from_config`` makes a fresh module.

Nothing but an upload gets through: any other ``:action`` is refused before the application sees it, and no other route
of it is ever called.
"""

from __future__ import annotations

import contextvars
import io
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wheelyard_registry.blobs import Staged
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.distribution import parse_filename
from wheelyard_registry.file_errors import RefusedForm, UnsupportedAction
from wheelyard_registry.ingest import Claims, Ingest, Outcome, Sender
from wheelyard_registry.upload_form import DIGEST_FIELDS, FILE_FIELD, UploadForm

with warnings.catch_warnings():
    # Bottle imports cgi, which Python 3.11 and 3.12 announce as deprecated; later ones get the legacy-cgi package.
    # It also installs an import hook of the kind that Python 3.12 dropped, of which 3.10 and 3.11 warn.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", ImportWarning)
    import pypiserver
    from pypiserver.backend import Backend, BackendProxy
    from pypiserver.bottle_wrapper import FileUpload, FormsDict
    from pypiserver.config import RunConfig

# That hook serves Bottle's plugins only, of which there are none, and would slow and warn of every later import.
sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("pypiserver.")]


@dataclass
class _Upload:
    """What travels beside a request through pypiserver: the form, who sent it, and what became of it."""

    form: UploadForm
    sender: Sender
    outcomes: list[Outcome] = field(default_factory=list)


_current: contextvars.ContextVar[_Upload] = contextvars.ContextVar("upload")


class CatalogueBackend(Backend):  # type: ignore[misc]  # pypiserver has no type information
    """pypiserver's view of the catalogue: it may add to it and ask for a name, nothing else."""

    def __init__(self, ingest: Ingest, files: Files) -> None:
        self.hash_algo = "sha256"
        self._ingest = ingest
        self._files = files

    def add_package(self, filename: str, stream: Staged) -> None:
        """Pass an uploaded file on to the ingest; what the form states is compared there.

        A detached signature, which older clients send beside the file, is dropped, as PyPI drops it.
        """
        if filename.endswith(".asc"):
            return
        upload = _current.get()
        claims = Claims(
            name=upload.form.field("name"),
            version=upload.form.field("version"),
            digests={algorithm: upload.form.field(name) for name, algorithm in DIGEST_FIELDS.items()},
        )
        upload.outcomes.append(self._ingest.take(filename, stream, claims, sender=upload.sender))

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
    """The legacy upload API, as pypiserver understands it."""

    def __init__(self, ingest: Ingest, files: Files) -> None:
        backend = CatalogueBackend(ingest, files)
        self._app = pypiserver.app_from_config(_configuration(backend))
        # Errors of the ingest must reach our own handler, and Bottle's should be text, not an HTML page.
        self._app.catchall = False
        self._app.default_error_handler = lambda error: str(error.body)

    def upload(self, form: UploadForm, sender: Sender) -> Outcome:
        """Take the file of a form. Blocks; runs in a worker thread.

        Raises:
            RegistryError: the form or the file in it was refused.
        """
        upload = _Upload(form, sender)
        context = contextvars.copy_context()
        context.run(_current.set, upload)
        context.run(self._pass_on, form)
        if not upload.outcomes:
            raise RefusedForm(reason="it holds no file")
        return upload.outcomes[0]

    def _pass_on(self, form: UploadForm) -> None:
        action = form.field(":action") or None
        if action != "file_upload":
            raise UnsupportedAction(action=action)
        answer: list[str] = []

        def start_response(status: str, *_: object) -> None:
            answer.append(status)

        text = b"".join(self._app(_environ(form), start_response)).decode("utf-8", "replace")
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


def _environ(form: UploadForm) -> dict[str, Any]:
    """A WSGI environment (PEP 3333) that holds the form and nothing else of the request."""
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "multipart/form-data",
        "CONTENT_LENGTH": "0",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "0",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        # Where Bottle keeps a form once it has read it: with this, it reads none.
        "bottle.request.post": _bottle_form(form),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _bottle_form(form: UploadForm) -> FormsDict:
    post = FormsDict()
    post.recode_unicode = False
    for name, value in form.fields:
        post.append(name, value)
    for other in form.others:
        post.append(other.field, FileUpload(io.BytesIO(), other.field, other.filename))
    if form.file is not None:
        post.append(FILE_FIELD, FileUpload(form.file, FILE_FIELD, form.filename))
    return post
