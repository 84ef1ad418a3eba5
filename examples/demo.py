"""The whole way of a model, on this machine: publish, install, check, plan.

Run it with ``make demo``. It starts a registry on a free port of the loopback interface and uses nothing but commands
that anybody could type; each is shown before it runs. Only ``demo-out/`` is left behind.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tomli

EXAMPLES = Path(__file__).resolve().parent
PROJECT = EXAMPLES.parent
CANDIDATE = EXAMPLES / "candidate-price-signal"
THREE = ("load-stream", "meter-anomaly", "tariff-quote")
INSTALLED = "demand-forecast"
TRY_IT = "import datetime, demand_forecast; print(demand_forecast.predict(datetime.date(2026, 12, 23), 5))"

BUILDERS = ("docker", "podman", "buildah")
BUILT = "tariff-quote"

START_LIMIT = 30
COMMAND_LIMIT = 120


class DemoFailed(Exception):
    """A step did not do what it is here to show."""


@dataclass(frozen=True)
class Registry:
    """The running registry: where it answers, and the admin token of its first start."""

    url: str
    token: str


@dataclass(frozen=True)
class Shell:
    """Runs commands as a person would: shown first, output as it is, in the given environment."""

    environment: Mapping[str, str]

    def run(self, *command: str | Path, expect: int = 0) -> str:
        """Run a command and return what it wrote.

        Raises:
            DemoFailed: it ended with another code than the expected one, or not in time.
        """
        code, written = self._run(command)
        if code != expect:
            raise DemoFailed(f"`{_line(command)}` ended with exit code {code}, not {expect}")
        return written

    def attempt(self, *command: str | Path) -> bool:
        """Run a command that may fail; whether it ended well."""
        try:
            return self._run(command)[0] == 0
        except DemoFailed as late:
            print(f"    {late}", flush=True)
            return False

    def _run(self, command: Sequence[str | Path]) -> tuple[int, str]:
        words = [_shown(word) for word in command]
        print(f"\n  $ {_line(command)}", flush=True)
        program = shutil.which(words[0], path=self.environment["PATH"]) or words[0]
        try:
            done = subprocess.run(
                [program, *words[1:]],
                env=dict(self.environment),
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=COMMAND_LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise DemoFailed(f"`{_line(command)}` was not done after {COMMAND_LIMIT} s") from late
        print(textwrap.indent(done.stdout.rstrip(), "    "), flush=True)
        return done.returncode, done.stdout


def _line(command: Sequence[str | Path]) -> str:
    return shlex.join(_shown(word) for word in command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all steps; exit 1 with the failed step named if one fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=Path("demo-out"), help="default: %(default)s")
    output: Path = parser.parse_args(arguments).output
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exit that still stops the server
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="wheelyard-demo-") as directory:
            demonstrate(Path(directory), output)
    except DemoFailed as failure:
        print(f"\nthe demo failed: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit("\ninterrupted")
    print(f"\nDone in {time.monotonic() - started:.0f} s; the registry is stopped and its data removed.")


def demonstrate(work: Path, output: Path) -> None:
    """All steps, in order."""
    title("1. Start a registry: one process, with SQLite and a directory")
    with registry(work) as server:
        shell = Shell(_environment(server))
        models = sorted(path.parent for path in EXAMPLES.glob("*/pyproject.toml") if path.parent != CANDIDATE)

        title(f"2. Publish {len(models)} model packages and record them as deployed")
        publish(shell, server, models, work / "wheels")

        title(f"3. Install {INSTALLED} with plain pip: the private wheel and its dependencies from one index")
        install(shell, server, work / "environment")

        title("4. Ask, before shipping, whether a new model can live with the others")
        shell.run("wheelyard", "check", "--registry", server.url, CANDIDATE, expect=1)
        print("\n  Exit code 1: a CI job would stop here, and the lines above say what to change.")

        title("5. Why three models that get along in pairs do not get along")
        shell.run("wheelyard", "explain", "--registry", server.url, *THREE, expect=1)

        title("6. Plan the fewest base environments")
        shell.run("wheelyard", "bases", "propose", "--registry", server.url, "-o", output)

        title("7. Build an image: the smallest base, and a model on it")
        build(shell, output)
    where_to_look(output)


def publish(shell: Shell, server: Registry, models: Sequence[Path], wheels: Path) -> None:
    """Build the models' wheels, upload them with twine, record them as deployed in prod."""
    for model in models:
        shell.run("python", "-m", "build", "--quiet", "--wheel", "--no-isolation", "--outdir", wheels, model)
    files = sorted(wheels.glob("*.whl"))
    shell.run("twine", "upload", "--disable-progress-bar", "--repository-url", f"{server.url}/legacy/", *files)
    for model in models:
        project = tomli.loads((model / "pyproject.toml").read_text())["project"]
        release, owner = f"{project['name']}=={project['version']}", project["authors"][0]["name"]
        shell.run("wheelyard", "deploy", "record", release, "--stage", "prod", "--owner", owner)
    shell.run("wheelyard", "deploy", "list")


def install(shell: Shell, server: Registry, environment: Path) -> None:
    """Install a model into a throw-away environment by an unchanged pip, and let it predict."""
    python = environment / "bin" / "python"
    shell.run("python", "-m", "venv", environment)
    shell.run(
        python, "-m", "pip", "install", "--only-binary", ":all:", "--index-url", f"{server.url}/simple/", INSTALLED
    )
    shell.run(python, "-c", TRY_IT)


def build(shell: Shell, output: Path) -> None:
    """Build a model's image and its base where a builder and the Python image are to be had, else say what it takes."""
    if not any(shutil.which(program, path=shell.environment["PATH"]) for program in BUILDERS):
        print(f"\n  Nothing here builds images ({', '.join(BUILDERS)}). Where one does:\n")
    elif shell.attempt("wheelyard", "bases", "build", output, "--only", BUILT, "--network", "host"):
        return
    else:
        print("\n  Not built on this machine, for the reason above. Where the Python image can be pulled:\n")
    print(f"  $ wheelyard bases build {output}            all images, with docker, podman or buildah")
    print(f"  $ cd {output} && docker buildx bake --load  the same without wheelyard")


@contextmanager
def registry(work: Path) -> Iterator[Registry]:
    """A registry with an empty data directory, stopped at the end whatever happens.

    Raises:
        DemoFailed: it ends by itself or does not answer in time.
    """
    log = work / "registry.log"
    command = ["wheelyard", "serve", "--data", str(work / "data"), "--port", "0"]
    print(f"\n  $ {shlex.join(command)} &", flush=True)
    with log.open("wb") as output:
        server = subprocess.Popen(
            [_script("wheelyard"), *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _started(server, log)
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _started(server: subprocess.Popen[bytes], log: Path) -> Registry:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        said = log.read_text(errors="replace")
        url = re.search(r"ready at (http://[^/\s]+)", said)
        token = re.search(r"\bwy_[\w-]+", said)
        if url and token:
            print(textwrap.indent(said.rstrip(), "    "), flush=True)
            return Registry(url=url[1], token=token[0])
        if server.poll() is not None:
            raise DemoFailed(f"the registry ended with exit code {server.returncode}:\n{said}")
        time.sleep(0.05)
    raise DemoFailed(f"the registry was not ready after {START_LIMIT} s:\n{log.read_text(errors='replace')}")


def _environment(server: Registry) -> dict[str, str]:
    """What a team would set once: the registry and its token. pip is kept from this machine's own settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "TWINE_", "WHEELYARD_"))}
    return {
        **kept,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "NO_COLOR": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "TWINE_NON_INTERACTIVE": "1",
        "TWINE_USERNAME": "__token__",
        "TWINE_PASSWORD": server.token,
        "WHEELYARD_REGISTRY": server.url,
        "WHEELYARD_TOKEN": server.token,
    }


def _script(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise DemoFailed(f"{name} is not installed beside {sys.executable}; run `make demo`")
    return found


def _shown(word: str | Path) -> str:
    if isinstance(word, Path) and word.is_relative_to(PROJECT):
        return str(word.relative_to(PROJECT))
    return str(word)


def where_to_look(output: Path) -> None:
    """Name what was written and what may be done with it."""
    title("Where to look")
    for name, what in (
        ("proposal.md", "the answer for people: bases, conflicts, what to do next"),
        ("proposal.json", "the same for programs"),
        ("pylock.*.toml", "one lock a base (PEP 751)"),
        ("requirements.*.txt", "the same lock with hashes, for every pip"),
        ("Dockerfile.base-*", "the image of a base"),
        ("Dockerfile.model.*", "on it, the image of a model"),
        ("docker-bake.hcl", "builds all of them with docker buildx bake"),
        ("images.json", "their tags, and once they are built what identifies each"),
        ("sbom.*.cdx.json", "what is in each base (CycloneDX)"),
    ):
        found = sorted(path.name for path in output.glob(name))
        if not found:
            raise DemoFailed(f"{output}/{name} was not written")
        print(f"  {output}/{', '.join(found)}\n      {what}")


def title(text: str) -> None:
    """Print a heading."""
    print(f"\n{text}\n{'=' * len(text)}", flush=True)


if __name__ == "__main__":
    main()
