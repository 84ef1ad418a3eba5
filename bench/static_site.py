"""nginx serving files as they are: what the machine allows."""

from __future__ import annotations

import getpass
import gzip
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from registry_peers import NotStarted, free_port

_SETTINGS = """
user {user}; worker_processes 1; daemon off; pid {work}/nginx.pid; error_log {work}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; etag on; gzip_static on;
  open_file_cache max=10000; open_file_cache_valid 60s; client_body_temp_path {work}; proxy_temp_path {work};
  default_type application/octet-stream; types {{ }}
  server {{
    listen 127.0.0.1:{port}; root {root};
    location /simple/ {{ index page; default_type application/vnd.pypi.simple.v1+json; {otherwise} }}
    location /files/ {{ {otherwise} }}
    location @other {{ proxy_pass {other}; }}
  }}
}}
"""


@dataclass(frozen=True)
class StaticSite:
    """A running nginx and the folder it serves: ``simple/<project>/page`` is JSON, ``files`` are files."""

    root: Path
    port: int

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def keep(self, path: str, body: bytes) -> str:
        """Serve these bytes under a path, which is returned."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
        return path

    def keep_page(self, project: str, body: bytes) -> None:
        """Serve a JSON page of the simple API, also compressed."""
        place = f"/simple/{project}/page" if project else "/simple/page"
        self.keep(place, body)
        self.keep(f"{place}.gz", gzip.compress(body, 6))


@contextmanager
def static_site(work: Path, other: str = "") -> Iterator[StaticSite]:
    """nginx with one worker, set up as its documentation says is fastest. What it lacks comes from ``other``, if given.

    Raises:
        NotStarted: it did not answer.
    """
    root, port = work / "root", free_port()
    root.mkdir(parents=True)
    otherwise = "try_files $uri $uri/page @other;" if other else ""
    text = _SETTINGS.format(
        user=getpass.getuser(), work=work, port=port, root=root, otherwise=otherwise, other=other or "http://127.0.0.1"
    )
    (work / "nginx.conf").write_text(text)
    process = subprocess.Popen(["nginx", "-c", str(work / "nginx.conf"), "-e", str(work / "nginx.log")], cwd=work)
    try:
        deadline = time.monotonic() + 10
        while subprocess.run(["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{port}/"], check=False).returncode:
            if time.monotonic() > deadline or process.poll() is not None:
                raise NotStarted(f"nginx did not start: {(work / 'nginx.log').read_text()}")
            time.sleep(0.05)
        yield StaticSite(root, port)
    finally:
        process.terminate()
        process.wait()
