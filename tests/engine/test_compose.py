"""The stack of docker-compose.yml, really up: publish, install, check, restart. (heavy)"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.engine.conftest import Engine, Place
from tests.registry import wheels

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[2]
BASE = "python:3.11-slim"

# The engine of this tier reaches no other index: private packages alone, from a registry that asks none.
OVERRIDE = """
services:
  registry:
    build:
      network: host
    command: !override
      - wheelyard
      - serve
      - --data=/data
      - --host=0.0.0.0
      - --port=8080
      - --admin-token-file=/data/admin.token
      - --anonymous-read
      - --no-upstream
"""


@dataclass(frozen=True)
class Stack:
    """The services, and the folder that clients see as /dist."""

    engine: Engine
    command: tuple[str, ...]
    dist: Path

    def compose(self, *arguments: str) -> str:
        """``docker compose``; what it prints."""
        done = self.engine.run(*self.command, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def client(self, script: str) -> subprocess.CompletedProcess[str]:
        """A shell script in a container beside the registry, with the wheelyard command and pip."""
        network, mount = "wheelyard-test_default", f"{self.dist}:/dist"
        run = ["docker", "run", "--rm", "--network", network, "-v", mount, "--user", "0:0"]
        return self.engine.run(*run, "wheelyard-registry", "sh", "-ec", script)


@pytest.fixture(scope="module")
def stack(docker: Engine, place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    (folder / "dist").mkdir()
    (folder / "override.yml").write_text(OVERRIDE)
    # The image is built from this place's registry, which hands PyPI through; anonymous readers are not let in.
    index = place.server.index_url.replace("://", f"://__token__:{place.server.token}@")
    environment = {**docker.environment, "PYTHON_IMAGE": BASE, "INDEX_URL": index, "WHEELYARD_PORT": "18080"}
    files = ["-f", str(ROOT / "docker-compose.yml"), "-f", str(folder / "override.yml")]
    command = ("docker", "compose", "-p", "wheelyard-test", *files)
    found = Stack(replace(docker, environment=environment), command, folder / "dist")
    network = ["--network", "host", "-f", str(ROOT / "registry" / "Dockerfile"), "-t", "wheelyard-registry"]
    arguments = ["--build-arg", f"PYTHON_IMAGE={BASE}", "--build-arg", f"INDEX_URL={index}"]
    built = found.engine.run("docker", "build", *network, *arguments, str(ROOT))
    assert built.returncode == 0, built.stdout + built.stderr
    found.compose("up", "-d", "--wait", "--no-build")
    yield found
    found.compose("down", "--volumes", "--timeout", "5")


def test_the_file_is_valid(docker: Engine) -> None:
    done = docker.run("docker", "compose", "-f", str(ROOT / "docker-compose.yml"), "config", "-q")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_published_is_installed_checked_and_there_after_a_restart(stack: Stack) -> None:
    for built in (wheels.wheel("stack_part", "1.0.0"), wheels.wheel("stack_model", "1.0.0", requires=["stack-part"])):
        (stack.dist / built.filename).write_bytes(built.data)
    token = stack.compose("exec", "-T", "registry", "cat", "/data/admin.token").strip()
    registry = f"export WHEELYARD_REGISTRY=http://registry:8080 WHEELYARD_TOKEN={token}\n"
    published = stack.client(
        registry + "wheelyard import /dist\nwheelyard deploy record stack-model==1.0.0 --stage prod --owner me"
    )
    assert published.returncode == 0, published.stderr
    use = (
        "python -m venv /tmp/v\n"
        "/tmp/v/bin/pip install -q --index-url http://registry:8080/simple/ --trusted-host registry stack-model\n"
        "/tmp/v/bin/python -c 'import stack_model; print(stack_model.__version__)'\n"
        "wheelyard bases propose --registry http://registry:8080"
    )
    before = stack.client(registry + use)
    assert before.returncode == 0, before.stderr
    assert before.stdout.startswith("1.0.0\nprod (prod): 1 model in 1 base, fewer is impossible (proved)")
    stack.compose("restart")
    stack.compose("up", "-d", "--wait", "--no-build")
    after = stack.client(registry + use)
    assert (after.returncode, after.stdout) == (0, before.stdout)


def test_the_registry_runs_without_rights_on_a_root_that_it_cannot_write_to(stack: Stack) -> None:
    said = stack.compose("exec", "-T", "registry", "sh", "-c", "id -u; touch /opt/wheelyard/x 2>&1 || true")
    assert said.splitlines()[0] == "10001"
    assert "Read-only file system" in said
