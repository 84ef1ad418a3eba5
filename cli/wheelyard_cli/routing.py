"""Which index answers for a project: the default one, or the first ``[[index]]`` whose patterns name it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit, urlunsplit

from packaging.utils import NormalizedName

DEFAULT_INDEX = "https://pypi.org/simple/"


@dataclass(frozen=True, slots=True)
class IndexRoute:
    """An index, and the shell-style patterns of the normalised project names that it alone answers for."""

    url: str
    projects: tuple[str, ...]

    def names(self, project: NormalizedName) -> bool:
        """Whether one of the patterns matches."""
        return any(fnmatchcase(project, pattern) for pattern in self.projects)


@dataclass(frozen=True, slots=True)
class Routing:
    """The default index and the routed ones. A project has exactly one index: the same name is never mixed."""

    default: str = DEFAULT_INDEX
    routes: tuple[IndexRoute, ...] = ()

    def index_of(self, project: NormalizedName) -> str:
        """The URL of the index that answers for a project, as given, ending in ``/``."""
        found = next((route.url for route in self.routes if route.names(project)), self.default)
        return found if found.endswith("/") else f"{found}/"

    def urls(self) -> tuple[str, ...]:
        """Every index URL, the default first."""
        return (self.default, *(route.url for route in self.routes))


def without_credentials(url: str) -> str:
    """The URL as it may be shown and stored: no user name, no password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
