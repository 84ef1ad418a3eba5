"""Real builders, a real registry, and a real proposal; what cannot be had is skipped, loudly."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.registry import wheels
from tests.registry.serving import Server, free_port, run, script, serving, wheelyard
from tests.registry.wheels import Built

from wheelyard_cli.images.layers import HEAVY

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
WORK = Path(os.environ.get("WHEELYARD_ENGINE_DIR", Path(sys.prefix) / "engine"))
"""What the tier installs and makes for itself, kept for the next run."""

PYTHON = "docker.io/library/python:3.11-slim"

FLEET = """
[fleet]
name = "engine"
stage = "prod"
target = { python = "3.11", platform = "manylinux_2_28_x86_64" }
"""


@dataclass(frozen=True)
class Engine:
    """A builder with the Python image that bases start from, in the host's network or one where its registry is too.

    ``repeats``: whether its image store keeps equal files as equal layers.
    """

    name: str
    kind: str
    environment: Mapping[str, str]
    repeats: bool = True

    @property
    def has_daemon(self) -> bool:
        """Whether its images are an engine's; else they are in a store that buildah and skopeo read."""
        return self.kind in {"docker", "buildx"}

    def build(self, directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
        """``wheelyard bases build``."""
        arguments = ["bases", "build", str(directory), "--builder", self.kind, "--network", "host", *options]
        return self.run(script("wheelyard"), *arguments)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this builder."""
        clients = self.environment.get("CLIENTS", "/usr/bin")
        path = os.pathsep.join([clients, os.environ.get("PATH", os.defpath)])
        environment = {**os.environ, "PATH": path, **self.environment, "NO_COLOR": "1"}
        environment.pop("NETRC", None)
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=900)


@pytest.fixture(scope="session")
def buildah(image_registry_port: int) -> Engine:
    """buildah without a daemon, in the host's network."""
    engine = _daemonless("buildah", image_registry_port)
    _script("base-image.sh", str(WORK / "base"), PYTHON=sys.executable, **engine.environment)
    return engine


@pytest.fixture(scope="session")
def uv_image(buildah: Engine) -> str:
    """An image with nothing but uv, as its makers publish one."""
    container = buildah.run("buildah", "from", "scratch").stdout.strip()
    added = buildah.run("buildah", "add", "-q", container, script("uv"), "/uv")
    assert added.returncode == 0, added.stderr
    committed = buildah.run("buildah", "commit", "-q", "--rm", container, "localhost/uv:1")
    assert committed.returncode == 0, committed.stderr
    return "localhost/uv:1"


@pytest.fixture(scope="session")
def python_image(buildah: Engine) -> Path:
    """The Python image as an archive for the other builders."""
    archive = WORK / "python.tar"
    archive.unlink(missing_ok=True)
    copied = buildah.run("skopeo", "copy", "-q", f"containers-storage:{PYTHON}", f"docker-archive:{archive}:{PYTHON}")
    assert copied.returncode == 0, copied.stderr
    return archive


@pytest.fixture(scope="session")
def podman(python_image: Path, image_registry_port: int) -> Engine:
    """podman without a daemon, in the host's network."""
    engine = _daemonless("podman", image_registry_port)
    if shutil.which("podman") is None:
        installed = subprocess.run(
            ["apt-get", "install", "-y", "-q", "--no-install-recommends", "podman"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
        if installed.returncode != 0:
            pytest.skip(f"podman cannot be installed: {installed.stderr}")
    loaded = engine.run("skopeo", "copy", "-q", f"docker-archive:{python_image}", f"containers-storage:{PYTHON}")
    assert loaded.returncode == 0, loaded.stderr
    return engine


def _daemonless(kind: str, port: int) -> Engine:
    """A builder with an image store of its own, that expects no TLS of the images' registry."""
    store, registries = WORK / f"{kind}.storage.conf", WORK / f"{kind}.registries.conf"
    store.parent.mkdir(parents=True, exist_ok=True)
    store.write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{WORK / kind}"\nrunroot = "{WORK / kind}.run"\n')
    registries.write_text(
        f'unqualified-search-registries = ["docker.io"]\n[[registry]]\nlocation = "127.0.0.1:{port}"\ninsecure = true\n'
    )
    files = {"CONTAINERS_STORAGE_CONF": str(store), "CONTAINERS_REGISTRIES_CONF": str(registries)}
    return Engine(kind, kind, {**files, "BUILDAH_ISOLATION": "chroot"})


@pytest.fixture(scope="session")
def docker(python_image: Path) -> Iterator[Engine]:
    """A Docker Engine of our own, in which `docker build` is BuildKit."""
    with _docker_engine("docker", "trixie", python_image) as engine:
        yield engine


@pytest.fixture(scope="session")
def buildx(docker: Engine) -> Engine:
    """The same by way of the buildx plugin."""
    return replace(docker, name="buildx", kind="buildx")


@pytest.fixture(scope="session")
def old_docker(python_image: Path) -> Iterator[Engine]:
    """A Docker Engine 20.10, whose BuildKit knows nothing of SOURCE_DATE_EPOCH."""
    with _docker_engine("old_docker", "bookworm", python_image) as engine:
        yield engine


@pytest.fixture(scope="session")
def containerd_docker(python_image: Path) -> Iterator[Engine]:
    """A Docker Engine whose images are in containerd's store."""
    with _docker_engine("containerd_docker", "trixie", python_image, "containerd") as engine:
        yield engine


@contextmanager
def _docker_engine(name: str, release: str, python_image: Path, *store: str) -> Iterator[Engine]:
    said = _script("docker-engine.sh", "start", str(WORK / "docker"), release, *store)
    settings = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    engine = Engine(name, "docker", settings, repeats=bool(store))
    try:
        loaded = engine.run("docker", "load", "-q", "-i", str(python_image))
        assert loaded.returncode == 0, loaded.stderr
        yield engine
    finally:
        _script("docker-engine.sh", "stop", str(WORK / "docker"), release, *store)


@pytest.fixture(params=["buildah", "docker"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A builder without a daemon, and one with."""
    return _engine(request)


@pytest.fixture(params=["buildah", "containerd_docker"])
def repeating_engine(request: pytest.FixtureRequest) -> Engine:
    """A builder without a daemon, and one with, that both keep equal files as equal layers."""
    return _engine(request)


@pytest.fixture(params=["buildah", "podman", "docker", "buildx", "old_docker"])
def any_engine(request: pytest.FixtureRequest) -> Engine:
    """Each builder in turn."""
    return _engine(request)


@pytest.fixture(params=["buildah", "podman", "docker", "buildx", "old_docker", "containerd_docker"])
def any_store(request: pytest.FixtureRequest) -> Engine:
    """Each builder with each kind of image store in turn."""
    return _engine(request)


def _engine(request: pytest.FixtureRequest) -> Engine:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Engine)
    return found


@pytest.fixture(scope="session")
def image_registry_port() -> int:
    """A free port."""
    return free_port()


@pytest.fixture(scope="session")
def image_registry(image_registry_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry for images that anybody may push to; its address."""
    root = _script("debian-packages.sh", str(WORK / "packages"), "bookworm", "docker-registry").strip()
    folder, address = tmp_path_factory.mktemp("images"), f"127.0.0.1:{image_registry_port}"
    configuration = folder / "config.json"  # every JSON document is YAML
    storage = {"filesystem": {"rootdirectory": str(folder / "data")}}
    configuration.write_text(json.dumps({"version": "0.1", "storage": storage, "http": {"addr": address}}))
    with (folder / "log").open("wb") as log:
        command = [f"{root}/usr/bin/docker-registry", "serve", str(configuration)]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with reachable_from_the_engine(image_registry_port, folder):
            _until(lambda: socket.create_connection(("127.0.0.1", image_registry_port)).close())
            yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


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

    def propose(self, name: str, *models: str, options: tuple[str, ...] = (), further: str = "") -> Path:
        """The directory of a proposal for released models; ``further`` are further tables of their fleet."""
        fleet, out = self.folder / f"{name}.toml", self.folder / name
        fleet.write_text(FLEET + "".join(f'[[model]]\npackage = "{model}"\n' for model in models) + further)
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
    with private_registry(folder) as found:
        found.twine(*map(str, (folder / "dist").glob("*.whl")))
        found.upload(
            wheels.wheel("engine_heavy", "1.0.0", padding=HEAVY),
            wheels.wheel("engine_part", "1.0.0"),
            wheels.wheel("engine_part", "2.0.0"),
            wheels.wheel("engine_more", "1.0.0"),
            wheels.wheel("engine_light", "1.0.0", requires=["engine-part<2"]),
            wheels.wheel("engine_light", "1.1.0", requires=["engine-part<2", "engine-more"]),
            wheels.wheel("engine_late", "1.0.0", requires=["engine-part>=2"]),
            wheels.wheel("engine_one", "1.0.0", requires=["engine-heavy", "engine-part<2"]),
            wheels.wheel("engine_two", "1.0.0", requires=["engine-heavy", "engine-part>=2"]),
            wheels.wheel(
                "engine_broken",
                "1.0.0",
                requires=["engine-part<2"],
                first=[("engine_broken_too.py", b"raise ValueError('numpy.dtype size changed')\n")],
            ),
        )
        yield found


def netrc_of(server: Server, folder: Path) -> Path:
    """A netrc file with the token of a registry."""
    netrc = folder / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login __token__ password {server.token}\n")
    return netrc


@contextmanager
def private_registry(folder: Path) -> Iterator[Place]:
    """A registry that wants a login, and that builds reach."""
    with serving(folder, "--no-anonymous-read") as server:
        netrc = netrc_of(server, folder)
        with reachable_from_the_engine(int(server.url.rpartition(":")[2]), folder):
            yield Place(server, netrc, folder)


@contextmanager
def reachable_from_the_engine(port: int, folder: Path) -> Iterator[None]:
    """A port of the loopback interface in the engines' network namespace too, where there is one."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        yield
        return
    subprocess.run(["ip", "netns", "add", "wheelyard-engine"], capture_output=True, check=False)
    subprocess.run(["ip", "-n", "wheelyard-engine", "link", "set", "lo", "up"], check=True)
    path = folder / f"relay-{port}.sock"
    relay = [sys.executable, str(HERE / "relay.py")]
    inside = ["nsenter", "--net=/run/netns/wheelyard-engine", *relay, str(port), str(path)]
    processes = [subprocess.Popen([*relay, str(path), str(port)]), subprocess.Popen(inside)]
    try:
        _until(lambda: _connect(path))
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait(timeout=10)


def _connect(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def _until(connect: Callable[[], None]) -> None:
    """Wait until somebody listens."""
    for _ in range(100):
        with suppress(OSError):
            return connect()
        time.sleep(0.1)
    return connect()


def _script(name: str, *arguments: str, **environment: str) -> str:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip(f"{name} needs root and Debian's packages")
    done = subprocess.run(
        [str(HERE / name), *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, f"{name} failed:\n{done.stderr}"
    return done.stdout
