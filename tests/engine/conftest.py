"""Real builders, a real registry, and a real proposal; what cannot be had is skipped, loudly."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.registry import wheels
from tests.registry.serving import Server, run, script, serving, wheelyard
from tests.registry.wheels import Built

from wheelyard_cli.images.layers import HEAVY

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
WORK = Path(os.environ.get("WHEELYARD_ENGINE_DIR", Path(sys.prefix) / "engine"))
"""What the tier installs and makes for itself, kept for the next run."""

FLEET = """
[fleet]
name = "engine"
stage = "prod"
target = { python = "3.11", platform = "manylinux_2_28_x86_64" }
"""


@dataclass(frozen=True)
class Engine:
    """A builder with the Python image that bases start from, and how this machine's registry is reached from it."""

    kind: str
    environment: Mapping[str, str]
    network: str

    def build(self, directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
        """``wheelyard bases build``."""
        arguments = ["bases", "build", str(directory), "--builder", self.kind, "--network", self.network, *options]
        return self.run(script("wheelyard"), *arguments)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this builder."""
        # Debian's client before any other: a newer one without its buildx plugin cannot build.
        path = os.pathsep.join(["/usr/bin", os.environ.get("PATH", os.defpath)])
        environment = {**os.environ, "PATH": path, **self.environment, "NO_COLOR": "1"}
        environment.pop("NETRC", None)
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=900)


@pytest.fixture(scope="session")
def buildah() -> Engine:
    """buildah without a daemon, in the host's network."""
    environment = {"STORAGE_DRIVER": "overlay", "BUILDAH_ISOLATION": "chroot"}
    _script("base-image.sh", str(WORK / "base"), PYTHON=sys.executable, **environment)
    return Engine("buildah", environment, "host")


@pytest.fixture(scope="session")
def docker(buildah: Engine) -> Iterator[Engine]:
    """A Docker Engine of our own with the same Python image."""
    said = _script("docker-engine.sh", "start", str(WORK / "docker"))
    environment = {"DOCKER_BUILDKIT": "1", **dict(line.split("=", 1) for line in said.splitlines() if "=" in line)}
    engine = Engine("docker", environment, "host")
    image, archive = "docker.io/library/python:3.11-slim", WORK / "python.tar"
    archive.unlink(missing_ok=True)
    copied = buildah.run("skopeo", "copy", "-q", f"containers-storage:{image}", f"docker-archive:{archive}:{image}")
    loaded = engine.run("docker", "load", "-q", "-i", str(archive))
    assert (copied.returncode, loaded.returncode) == (0, 0), copied.stderr + loaded.stderr
    yield engine
    _script("docker-engine.sh", "stop", str(WORK / "docker"))


@pytest.fixture(params=["buildah", "docker"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each builder in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Engine)
    return found


@dataclass(frozen=True)
class Place:
    """A registry that wants a login, and the netrc file with it."""

    server: Server
    netrc: Path
    folder: Path

    def upload(self, *built: Built) -> None:
        """Publish distribution files."""
        for file in built:
            (self.folder / file.filename).write_bytes(file.data)
        self.twine(*(str(self.folder / file.filename) for file in built))

    def twine(self, *files: str) -> None:
        """Publish files."""
        login = ["-u", "__token__", "-p", self.server.token]
        quiet = ["--non-interactive", "--disable-progress-bar", "--repository-url", f"{self.server.url}/legacy/"]
        done = run([script("twine"), "upload", *quiet, *login, *files])
        assert done.returncode == 0, done.stdout + done.stderr

    def propose(self, name: str, *models: str, options: tuple[str, ...] = ()) -> Path:
        """The directory of a proposal for released models."""
        fleet, out = self.folder / f"{name}.toml", self.folder / name
        fleet.write_text(FLEET + "".join(f'[[model]]\npackage = "{model}"\n' for model in models))
        index = ["--index-url", self.server.index_url, "-o", str(out), "--detach"]
        done = wheelyard("bases", "propose", "--fleet", str(fleet), *index, *options, NETRC=str(self.netrc))
        assert done.returncode == 0, done.stderr
        return out


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A registry with two example models, and two models that share a heavy wheel but not their base."""
    folder = tmp_path_factory.mktemp("registry")
    examples = [EXAMPLES / "churn-score", EXAMPLES / "demand-forecast"]
    for model in examples:
        run([sys.executable, "-m", "build", "-q", "-w", "-n", "-o", str(folder / "dist"), str(model)])
    with serving(folder, "--no-anonymous-read") as server, ExitStack() as relays:
        netrc = folder / "netrc"
        netrc.write_text(f"machine 127.0.0.1 login __token__ password {server.token}\n")
        found = Place(server, netrc, folder)
        found.twine(*map(str, (folder / "dist").glob("*.whl")))
        found.upload(
            wheels.wheel("engine_heavy", "1.0.0", padding=HEAVY),
            wheels.wheel("engine_part", "1.0.0"),
            wheels.wheel("engine_part", "2.0.0"),
            wheels.wheel("engine_one", "1.0.0", requires=["engine-heavy", "engine-part<2"]),
            wheels.wheel("engine_two", "1.0.0", requires=["engine-heavy", "engine-part>=2"]),
            wheels.wheel(
                "engine_broken",
                "1.0.0",
                requires=["engine-part<2"],
                first=[("engine_broken_too.py", b"raise ValueError('numpy.dtype size changed')\n")],
            ),
        )
        relays.enter_context(reachable_from_the_engine(server, folder))
        yield found


@contextmanager
def reachable_from_the_engine(server: Server, folder: Path) -> Iterator[None]:
    """The registry's port in the engine's network namespace too, where there is one."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        yield
        return
    subprocess.run(["ip", "netns", "add", "wheelyard-engine"], capture_output=True, check=False)
    subprocess.run(["ip", "-n", "wheelyard-engine", "link", "set", "lo", "up"], check=True)
    port, path = server.url.rpartition(":")[2], folder / "relay.sock"
    relay = [sys.executable, str(HERE / "relay.py")]
    inside = ["nsenter", "--net=/run/netns/wheelyard-engine", *relay, port, str(path)]
    processes = [subprocess.Popen([*relay, str(path), port]), subprocess.Popen(inside)]
    try:
        _wait_for(path)
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait(timeout=10)


def _wait_for(path: Path) -> None:
    for _ in range(100):
        if path.exists():
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens on {path}")


def _script(name: str, *arguments: str, **environment: str) -> str:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip(f"{name} needs root and Debian's packages")
    done = subprocess.run(
        [str(HERE / name), *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, f"{name} failed:\n{done.stderr}"
    return done.stdout
