"""The file that describes several upstream indexes (TOML).

[[upstream]]
url = "https://download.pytorch.org/whl/cu126/"
names = ["torch", "nvidia-*"]
file-hosts = ["download-r2.pytorch.org"]
login-variable = "TORCH_LOGIN"      # an environment variable that holds user:password
private-network = false
proxy = "http://proxy.example:3128"
proxy-login-variable = "PROXY_LOGIN"

[[upstream]]
url = "https://pypi.org/simple/"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import tomli

from wheelyard_registry.errors import CannotServe
from wheelyard_registry.upstream_index import UpstreamIndex

_KEYS = (
    "url",
    "names",
    "file-hosts",
    "login-variable",
    "private-network",
    "proxy",
    "proxy-login-variable",
)


def read_upstreams(path: Path, environment: Mapping[str, str]) -> tuple[UpstreamIndex, ...]:
    """The indexes that a file describes, in its order.

    Raises:
        CannotServe: it cannot be read, or says something that is not understood.
    """
    try:
        tables = tomli.loads(path.read_text("utf-8")).get("upstream")
        if not isinstance(tables, list) or not tables:
            raise ValueError("it has no [[upstream]]")
        return tuple(_index(table, environment) for table in tables)
    except OSError as error:
        reason = f"{path} cannot be read ({error.strerror or error})"
        raise CannotServe(reason=reason, hint="give --upstreams a TOML file") from error
    except ValueError as error:
        raise CannotServe(
            reason=f"{path} does not describe upstream indexes: {error}",
            hint=f"each [[upstream]] has a url and, if wanted, {', '.join(_KEYS[1:])}",
        ) from error


def _index(table: object, environment: Mapping[str, str]) -> UpstreamIndex:
    if not isinstance(table, dict) or not isinstance(table.get("url"), str):
        raise ValueError("an [[upstream]] has no url")
    url = str(table["url"])
    unknown = sorted(set(table) - set(_KEYS))
    if unknown:
        raise ValueError(f"{unknown[0]} is not a key of an [[upstream]]")
    try:
        index = UpstreamIndex.at(url, private_network=_flag(table))
    except ValueError as error:
        raise ValueError(f"the url {url!r} cannot be used: {error}") from error
    described = replace(
        index,
        names=_strings(table, "names"),
        file_hosts=_strings(table, "file-hosts"),
        login=_login(table, "login-variable", environment) or index.login,
    )
    return _proxied(described, table, environment)


def _proxied(index: UpstreamIndex, table: Mapping[str, object], environment: Mapping[str, str]) -> UpstreamIndex:
    proxy, login = table.get("proxy"), _login(table, "proxy-login-variable", environment)
    if proxy is None:
        if login is not None:
            raise ValueError("proxy-login-variable is for a proxy, and there is none")
        return index
    try:
        return index.through(str(proxy), login)
    except ValueError as error:
        raise ValueError(f"the proxy cannot be used: {error}") from error


def _flag(table: Mapping[str, object]) -> bool:
    given = table.get("private-network", False)
    if not isinstance(given, bool):
        raise ValueError("private-network is true or false")
    return given


def _strings(table: Mapping[str, object], key: str) -> tuple[str, ...]:
    given = table.get(key, [])
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise ValueError(f"{key} is a list of strings")
    return tuple(given)


def _login(table: Mapping[str, object], key: str, environment: Mapping[str, str]) -> str | None:
    variable = table.get(key)
    if variable is None:
        return None
    login = environment.get(str(variable), "")
    if ":" not in login:
        raise ValueError(f"the environment variable {variable} does not hold user:password")
    return login
