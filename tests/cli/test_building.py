"""Facts of building a proposal's images; the builder is a fake that says what real ones were heard to say."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from wheelyard_cli.building import images
from wheelyard_cli.building.builders import Builder, BuildOptions, choose
from wheelyard_cli.building.causes import BuildFailed, cause_of, cause_of_push
from wheelyard_cli.building.images import Image
from wheelyard_cli.building.run import Output, build_all
from wheelyard_resolver.errors import InputError

BASE = Image("base-a", "Dockerfile.base-a", "ml/base-a:1", "linux/amd64")
MODEL = Image("churn", "Dockerfile.model.churn", "ml/churn:1-1", "linux/amd64", "base-a")
OTHER = Image("base-b", "Dockerfile.base-b", "ml/base-b:1", "linux/amd64")
ALL = (BASE, MODEL, OTHER)


def options(directory: Path, **given: object) -> BuildOptions:
    return dataclasses.replace(BuildOptions(directory, 315532800, {}), **given)  # type: ignore[arg-type]


class FakeBuilder:
    """Answers commands as buildah does, and remembers which images were built, in order."""

    def __init__(self, fails: str | None = None, says: str = "") -> None:
        self.built: list[str] = []
        self._fails = fails
        self._says = says
        self._lock = threading.Lock()

    def __call__(self, command: Sequence[str]) -> Output:
        if "push" in command:
            Path(command[command.index("--digestfile") + 1]).write_text("sha256:" + "d" * 64)
            return Output(0, "")
        tag = command[command.index("-t") + 1]
        if self._fails is not None and tag.startswith(self._fails):
            return Output(1, self._says)
        with self._lock:
            self.built.append(tag)
        Path(command[command.index("--iidfile") + 1]).write_text("a" * 64)
        return Output(0, "")


def build(directory: Path, fake: FakeBuilder, **given: object) -> dict[str, Image]:
    found = build_all(ALL, Builder("buildah"), options(directory, **given), jobs=2, report=lambda _: None, execute=fake)
    return dict(found)


def test_a_model_is_built_after_its_base(tmp_path: Path) -> None:
    fake = FakeBuilder()
    found = build(tmp_path, fake)
    assert fake.built.index(BASE.tag) < fake.built.index(MODEL.tag)
    assert {image.id for image in found.values()} == {"sha256:" + "a" * 64}


def test_what_was_pushed_is_referred_to_by_digest(tmp_path: Path) -> None:
    assert build(tmp_path, FakeBuilder(), push=True)["churn"].reference == "ml/churn@sha256:" + "d" * 64


def test_after_a_failure_nothing_is_begun_that_needs_it(tmp_path: Path) -> None:
    fake = FakeBuilder(fails="ml/base-a", says="write /var/x: no space left on device")
    with pytest.raises(BuildFailed, match="base-a was not built: the disk is full") as caught:
        build(tmp_path, fake)
    assert MODEL.tag not in fake.built
    assert caught.value.tail == ("write /var/x: no space left on device",)


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("Error: creating build container: localhost/x:1: image not known", "the image that it starts from"),
        (
            'failed to create LLB definition: Head "http://localhost/v2/": connection refused',
            "the image that it starts",
        ),
        ("#7 8.5 WARNING: ... Failed to establish a new connection: [Errno 111]", "the index cannot be reached"),
        (
            "SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]')\nERROR: No matching distribution found for six==1.17.0",
            "does not trust the certificate of the index",
        ),
        ("ERROR: HTTP error 401 while getting http://i/a.whl\nERROR: 401 Client Error: Unauthorized", "wants a login"),
        ("ERROR: No matching distribution found for numpy==1", "the index does not show numpy==1"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM ...\n#7 1.151     six==1.17.0 from http://i/six.whl:",
            "the index serves six==1.17.0 with another hash",
        ),
        ("wheelyard: churn: import churn failed: ValueError: bad", "`import churn` fails: ValueError: bad"),
        ("pandas 1.5.3 requires pytz, which is not installed.", "pip check: pandas 1.5.3 requires pytz"),
        ("something new", "see the end of what the builder said"),
    ],
)
def test_a_cause_is_known_by_what_builders_say(output: str, cause: str) -> None:
    assert cause in cause_of(output, login=True).message


def test_what_an_index_does_not_show_may_be_for_want_of_a_login() -> None:
    found = cause_of("ERROR: No matching distribution found for numpy==1", login=False)
    assert found.message == "the index does not show numpy==1 without a login"
    assert found.hint.startswith("where it wants one, give --netrc FILE")


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ('pinging container registry x: Get "https://x/v2/": dial tcp x: connect: connection refused', "be reached"),
        ("dial tcp: lookup nowhere.example on 10.0.0.1:53: no such host", "be reached"),
        ("denied: requested access to the resource is denied", "its registry refuses it"),
        ("http: server gave HTTP response to HTTPS client", "does not speak TLS"),
        ("something new", "see the end of what the builder said"),
    ],
)
def test_the_cause_of_a_failed_push_is_told_as_that(output: str, cause: str) -> None:
    assert cause in cause_of_push(output).message
    assert cause_of(f"#6 ERROR: {output}\n------\n > pushing x/ml/a:1 with docker:\n", login=True) == cause_of_push(
        output
    )
    failed = BuildFailed(image="base-a", cause=cause_of_push(output), tail=())
    assert str(failed).startswith("base-a was not pushed: ")


def test_a_login_is_a_secret_and_no_argument(tmp_path: Path) -> None:
    for kind in ("buildx", "docker", "podman", "buildah"):
        command = Builder(kind).build(BASE, options(tmp_path, netrc=Path("/home/me/.netrc")), tmp_path / "result")
        assert command[command.index("--secret") + 1] == "id=netrc,src=/home/me/.netrc"
        assert not [word for word in command if word.startswith("INDEX_URL")]


def test_an_image_is_dated_by_what_its_builder_goes_by(tmp_path: Path) -> None:
    dated = {"buildx": "SOURCE_DATE_EPOCH=315532800", "docker": "SOURCE_DATE_EPOCH=315532800", "podman": "315532800"}
    for kind in ("buildx", "docker", "podman"):
        assert dated[kind] in Builder(kind).build(BASE, options(tmp_path), tmp_path / "result")


def only(*names: str) -> Callable[[str], str | None]:
    return lambda name: f"/usr/bin/{name}" if name in names else None


def test_the_first_builder_that_answers_is_taken() -> None:
    assert (
        choose(None, which=only("docker", "buildah"), works=lambda command: command[0] == "buildah").kind == "buildah"
    )
    assert choose(None, which=only("docker"), works=lambda command: "buildx" not in command).kind == "docker"


def test_without_a_builder_the_hint_names_some() -> None:
    with pytest.raises(InputError, match="nothing to build images with") as caught:
        choose(None, which=only(), works=lambda _: True)
    assert "buildah" in str(caught.value.hint)


def test_results_are_written_back_for_what_was_built(tmp_path: Path) -> None:
    (tmp_path / "images.json").write_text(images.to_text(ALL))
    images.record(tmp_path, {"churn": dataclasses.replace(MODEL, id="sha256:1")})
    assert [image.id for image in images.read(tmp_path)] == [None, "sha256:1", None]
    assert [path.name for path in tmp_path.iterdir()] == ["images.json"]


@pytest.mark.parametrize("content", ["", "[]", '{"schema": "x"}', '{"schema": "wheelyard/images/1", "images": [{}]}'])
def test_a_file_that_lists_no_images_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "images.json").write_text(content)
    with pytest.raises(InputError, match=r"cannot be read|not a list of images"):
        images.read(tmp_path)


def test_the_wheels_of_models_that_no_index_has_are_told_by_their_digest(tmp_path: Path) -> None:
    """It is a build argument: builders that do not look into mounts see by it that one has changed."""
    assert images.local_wheels(tmp_path) is None
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "churn-1.0-py3-none-any.whl").write_bytes(b"one")
    first = images.local_wheels(tmp_path)
    (tmp_path / "wheels" / "churn-1.0-py3-none-any.whl").write_bytes(b"other")
    assert first is not None
    assert images.local_wheels(tmp_path) != first
