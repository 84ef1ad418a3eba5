"""What ``wheelyard doctor`` says of PyPI, devpi, pypiserver and Wheelyard: writes docs/doctor.md. ``make doctors``.

python bench/index_doctors.py [--write docs/doctor.md]
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from string import Template

from registry_peers import Devpi, Peer, Running, Wheelyard, free_port, running, wheel
from result_page import arguments

WHEEL = wheel("demand-forecast", "1.4.0", 60_000)

PAGE = Template("""\
# Examining an index

    wheelyard doctor URL [--project NAME] [--format json]

reads the pages, a file and the metadata of one project of any simple index, asks for a name that nobody has, and
sends a wrong password. It changes nothing. Credentials come from the URL, percent-encoded, or from netrc.

| level | meaning |
|---|---|
| `ok` | as the specifications say, and good for pip and uv |
| `weak` | it works, and costs time, bandwidth or a feature; the line below says which |
| `bad` | something goes wrong: wrong files, strangers' files, or none; exit code 1 |
| `unknown` | it cannot be told from outside |

It cannot see what an index does behind its answers: whether a proxy mixes private and public files of one name (ask it
for a private name of yours, and look whose files are listed), whether an upload is visible at once, whether files are
kept for ever.

Four indexes follow, each as its makers document it. `make doctors` writes this page anew.

## Wheelyard

    wheelyard serve --data ./registry --no-upstream --no-anonymous-read
    wheelyard doctor http://__token__:TOKEN@127.0.0.1:8080/simple/

```
$wheelyard
```

The test suite holds this to be `ok` in every line.

## PyPI

    wheelyard doctor https://pypi.org/simple/ --project requests

```
$pypi
```

This was taken inside a closed network, through a mirror that answers in PyPI's name. The mirror passes on JSON, hashes
and times, but neither tags nor metadata files, so its users load whole pages and read wheels for their metadata. That
is what the doctor is for: it examines what your clients meet.

## devpi

    devpi-init && devpi-server --port 3141           # and an index root/dev, with a wheel in it
    wheelyard doctor http://127.0.0.1:3141/root/dev/+simple/

```
$devpi
```

Upload times are what a lock by date needs (`uv --exclude-newer`). Metadata files are an option of devpi-server.

## pypiserver

    pypi-server run -p 8081 ./packages
    wheelyard doctor http://127.0.0.1:8081/simple/

```
$pypiserver
```

The `bad` line goes away with `--disable-fallback`. Give clients the public index in another way then, and mind
[whose name it is](clients.md#one-index-not-two).
""")


class PypiServerAsIs(Peer):
    """pypiserver with its defaults, on a folder that holds a wheel."""

    name = "pypiserver"

    def start(self) -> Running:
        """See :class:`registry_peers.Peer`."""
        self.directory.mkdir(exist_ok=True)
        (self.directory / WHEEL.filename).write_bytes(WHEEL.data)
        port = free_port()
        command = [str(Path(sys.executable).with_name("pypi-server")), "run", "-i", "127.0.0.1", "-p", str(port)]
        process = self._launch([*command, str(self.directory)], port, "/health")
        return Running(self.name, port, "/", "/simple/", "", process)


SHOWN: dict[type[Peer], int] = {Wheelyard: 8080, Devpi: 3141, PypiServerAsIs: 8081}
"""The peers, and the ports that the page says they listen on."""


def examined(url: str, *options: str) -> str:
    """What the command prints."""
    command = [str(Path(sys.executable).with_name("wheelyard")), "doctor", url, *options]
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=environment)
    return done.stdout.rstrip()


def examined_peer(peer: Peer, port: int) -> str:
    """What is said of a peer that holds one wheel."""
    with running(peer) as server:
        login = ""
        if not isinstance(peer, PypiServerAsIs):
            connection = server.connect()
            status = server.upload(connection, WHEEL.form())
            connection.close()
            if status != 200:
                raise RuntimeError(f"{server.name} answered {status} to an upload")
        if isinstance(peer, Wheelyard):
            login = base64.b64decode(server.authorization.removeprefix("Basic ")).decode() + "@"
        said = examined(f"http://{login}127.0.0.1:{server.port}{server.index_path}")
    return said.replace(f"127.0.0.1:{server.port}", f"127.0.0.1:{port}")


def main() -> None:
    """Examine them all and print the page."""
    given = arguments(__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="wheelyard-doctors-") as directory:
        said = {kind.name: examined_peer(kind(Path(directory) / kind.name), port) for kind, port in SHOWN.items()}
    page = PAGE.substitute(said, pypi=examined("https://pypi.org/simple/", "--project", "requests"))
    print(page, end="")
    if given.write is not None:
        given.write.write_text(page)


if __name__ == "__main__":
    main()
