"""Wheelyard, devpi and proxpi as caches in front of another index, behind the face of :mod:`registry_peers`.

pypiserver is not among them: it keeps nothing of other indexes, it sends clients there.
"""

from __future__ import annotations

from registry_peers import Devpi, Peer, Running, Wheelyard, basic, environment, free_port

PROXPI = ("proxpi==1.3.1", "gunicorn==27.0.1")

PAGE_TTL = 1
"""Seconds for which a page is fresh, unless a benchmark says otherwise: the least that all three take."""


class Mirror(Peer):
    """A cache on a directory, in front of the index at ``upstream``."""

    upstream = ""
    page_ttl = PAGE_TTL


class WheelyardMirror(Wheelyard, Mirror):
    """This project in front of one upstream."""

    def start(self) -> Running:
        """See :class:`Peer`."""
        self.options = ("--upstream", self.upstream, "--page-ttl", str(self.page_ttl))
        return super().start()


class DevpiMirror(Devpi, Mirror):
    """devpi-server with one mirror index."""

    def start(self) -> Running:
        """See :class:`Peer`."""
        # It would ask for the list of all projects first, which the upstream here does not have.
        unlisted = {"mirror_no_project_list": True}
        self.settings = {
            "type": "mirror",
            "mirror_url": self.upstream,
            "mirror_cache_expiry": self.page_ttl,
            **unlisted,
        }
        return super().start()


class Proxpi(Mirror):
    """proxpi on gunicorn with two threads, as its container runs it. Its index is in memory."""

    name = "proxpi"

    def start(self) -> Running:
        """See :class:`Peer`."""
        tools, port = environment("proxpi", PROXPI), free_port()
        self.directory.mkdir(exist_ok=True)
        command = ["env", f"PROXPI_INDEX_URL={self.upstream}", f"PROXPI_INDEX_TTL={self.page_ttl}"]
        command += [f"PROXPI_CACHE_DIR={self.directory}", str(tools / "gunicorn"), "--bind", f"127.0.0.1:{port}"]
        process = self._launch(
            [*command, "--threads", "2", "--no-control-socket", "proxpi.server:app"], port, "/health"
        )
        return Running(self.name, port, "", "/index/", basic("x", "y"), process)


def before(mirror: Mirror, upstream: str) -> Mirror:
    """The mirror, set up to keep pages of ``upstream`` for an hour."""
    mirror.upstream, mirror.page_ttl = upstream, 3600
    return mirror
