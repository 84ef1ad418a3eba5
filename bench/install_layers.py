"""A base of sixty packages, and how long its image and plain pip take to install the same lock from warm wheels.

Both use the same registry, and each has everything in its cache. The image is built by buildah without a layer cache,
with pip or with uv, on a Python image made of the Python that runs this.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from registry_peers import free_port

PACKAGES = 60
INSTALLERS = ("pip", "uv")
UV_IMAGE = "localhost/uv:1"
FLEET = """
[fleet]
name = "sixty"
stage = "prod"
exclude-newer = "2026-11-01T00:00:00Z"
target = { python = "3.11", platform = "manylinux_2_28_x86_64" }

[[model]]
name = "sixty"
version = "1.0"
requires = [
  "fastapi>=0.110", "holidays", "mlflow-skinny>=2.14", "pandas>=2", "polars>=0.20", "pydantic>=2.5",
  "scikit-learn>=1.3", "statsmodels>=0.14", "tqdm>=4", "xarray>=2023.1",
]
"""
PYTHON_IMAGE = Path(__file__).parents[1] / "tests" / "engine" / "base-image.sh"


class NotHere(Exception):
    """The measurement needs what this machine does not have."""


@dataclass(frozen=True)
class Installing:
    """One base, proposed for each installer, the index that has its wheels, a place for environments and images."""

    work: Path
    index: str

    @property
    def layers(self) -> int:
        """How many layers the wheels take: each heavy one its own, one for the rest."""
        text = (self._proposal("pip") / "Dockerfile.base-a").read_text()
        return text.count(">/mnt/lock.txt \\\n")

    def propose(self, installer: str) -> str:
        """Write a proposal; what it says."""
        (self.work / "fleet.toml").write_text(FLEET)
        plan = ("propose", "--fleet", self.work / "fleet.toml", "--index-url", self.index, "--detach")
        images = ("-o", self._proposal(installer), "--installer", installer, "--uv-image", UV_IMAGE)
        return _run([_beside("wheelyard"), "bases", *plan, *images], {})

    def image(self, installer: str) -> float:
        """Seconds that building the image of the base takes, each layer anew."""
        return self._timed(
            *(_beside("wheelyard"), "bases", "build", self._proposal(installer), "--only", "base-a", "--no-cache"),
            *("--builder", "buildah", "--network", "host"),
        )

    def _proposal(self, installer: str) -> Path:
        return self.work / f"proposal-{installer}"

    def pip(self, *options: str) -> float:
        """Seconds that pip takes to install the lock into a new environment."""
        environment = self.work / "environment"
        shutil.rmtree(environment, ignore_errors=True)
        self._timed(sys.executable, "-m", "venv", environment)
        lock = self._proposal("pip") / "requirements.base-a.txt"
        install = ("install", "--quiet", "--require-hashes", "--no-deps", *options, "--index-url", self.index)
        return self._timed(environment / "bin" / "pip", *install, "-r", lock)

    def _timed(self, *command: str | Path) -> float:
        started = time.perf_counter()
        _run(command, {**_images(self.work), "PIP_CACHE_DIR": str(self.work / "pip"), "PIP_CONFIG_FILE": os.devnull})
        return time.perf_counter() - started


@contextmanager
def installing(work: Path) -> Iterator[Installing]:
    """A registry that hands PyPI through, and the proposals made from it.

    Raises:
        NotHere: images cannot be made here.
    """
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NotHere("images are made by root on Debian")
    work.mkdir(parents=True, exist_ok=True)
    _run([PYTHON_IMAGE, work / "python"], {**_images(work), "PYTHON": sys.executable})
    _make_uv_image(work)
    port = free_port()
    serve = [_beside("wheelyard"), "serve", "--data", str(work / "registry"), "--port", str(port)]
    with (work / "registry.log").open("wb") as log:
        server = subprocess.Popen(serve, stdout=log, stderr=log)
    try:
        _until_ready(server, work / "registry.log")
        found = Installing(work, f"http://127.0.0.1:{port}/simple/")
        for installer in INSTALLERS:
            told = found.propose(installer)
            if f"{PACKAGES} packages" not in told:
                raise AssertionError(f"it was to be {PACKAGES} packages:\n{told}")
        yield found
    finally:
        server.terminate()
        server.wait(timeout=10)


def _make_uv_image(work: Path) -> None:
    """An image with nothing but uv, as its makers publish one."""
    container = _run(["buildah", "from", "scratch"], _images(work)).strip()
    _run(["buildah", "add", "-q", container, _beside("uv"), "/uv"], _images(work))
    _run(["buildah", "commit", "-q", "--rm", container, UV_IMAGE], _images(work))


def _images(work: Path) -> dict[str, str]:
    """The environment of buildah with a store of its own."""
    settings = work / "storage.conf"
    settings.write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{work / "images"}"\nrunroot = "{work / "run"}"\n')
    return {"CONTAINERS_STORAGE_CONF": str(settings), "BUILDAH_ISOLATION": "chroot"}


def _until_ready(server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if b"wheelyard is ready" in log.read_bytes():
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"the registry did not start:\n{log.read_text()}")


def _run(command: Sequence[str | Path], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment, "NO_COLOR": "1"}
    )
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _beside(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
