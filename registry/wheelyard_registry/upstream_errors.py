"""Refusals that are about upstream indexes, and what comes from them. See :mod:`.errors`."""

from __future__ import annotations

import datetime as dt

from wheelyard_registry.errors import RegistryError


class UpstreamFailed(RegistryError):
    """The upstream index is needed for this answer and cannot give it."""

    status = 502
    code = "upstream-failed"

    def __init__(self, *, url: str, reason: str) -> None:
        super().__init__(
            f"the upstream index could not be asked for {url}: {reason}",
            hint="try again later; what this registry has already cached is still served",
        )


class UpstreamTimeout(UpstreamFailed):
    """The upstream index did not answer in time."""

    status = 504
    code = "upstream-timeout"


class Offline(UpstreamFailed):
    """What is wanted was not fetched before this registry went offline."""

    status = 503
    code = "offline"

    def __init__(self, *, url: str) -> None:
        RegistryError.__init__(
            self,
            f"{url} is not in the cache, and this registry runs offline",
            hint="fetch it where there is a network (wheelyard mirror prefetch), and bring the data directory here",
        )


class CoolingDown(RegistryError):
    """An upstream file that is too young to be served."""

    status = 403
    code = "cooling-down"

    def __init__(self, *, filename: str, until: dt.datetime, days: int) -> None:
        super().__init__(
            f"{filename} is younger than {days} days, so it is not served before {until:%Y-%m-%d %H:%M} UTC",
            hint="use an older version, or ask an administrator for a waiver: wheelyard project waive",
        )


class ForbiddenHost(RegistryError):
    """Upstream leads to a place that it was not given."""

    status = 502
    code = "upstream-host"

    def __init__(self, *, index: str, host: str, address: str | None = None) -> None:
        if address is None:
            super().__init__(
                f"the upstream index {index} leads to the host {host}, which is not one of its own",
                hint="if its files are kept there, add the host to file-hosts of this index in the --upstreams file",
            )
        else:
            super().__init__(
                f"{host}, a host of the upstream index {index}, has the address {address}, which is not a public one",
                hint="if it is in your own network, start with --private-upstreams, or write private-network = true",
            )


class CorruptUpstream(RegistryError):
    """What upstream sent is not what it announced."""

    status = 502
    code = "upstream-corrupt"

    def __init__(self, *, filename: str, reason: str) -> None:
        super().__init__(
            f"upstream sent {filename}, but {reason}; nothing was kept",
            hint="try again; if it stays so, the upstream index or a proxy before it serves damaged files",
        )
