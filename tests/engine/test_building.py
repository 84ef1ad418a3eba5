"""What ``bases propose`` writes really builds, with buildah and with Docker's BuildKit, and repeats. (heavy)"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.engine.conftest import PYTHON, Engine, Place
from tests.engine.images import blobs, contents, holds, image_of, layers, parts, predict
from tests.registry import wheels
from tests.registry.serving import serving, wheelyard

from wheelyard_cli.building.images import read
from wheelyard_cli.images.dockerfile import EPOCH
from wheelyard_cli.images.layers import HEAVY

pytestmark = pytest.mark.heavy


MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture(scope="module")
def examples(place: Place) -> Path:
    return place.propose("examples", "churn-score==1.9.0", "demand-forecast==1.4.0")


def test_a_base_and_its_models_build_run_and_keep_no_secret(
    any_engine: Engine, place: Place, examples: Path, tmp_path: Path
) -> None:
    engine = any_engine
    done = engine.build(examples, "--netrc", str(place.netrc))
    assert done.returncode == 0, done.stderr
    model = image_of(examples, "demand-forecast")
    assert model.id is not None
    assert model.base == "base-a"
    code = "import os, demand_forecast; print(os.getuid(), demand_forecast.__name__)"
    assert predict(engine, model.tag, code) == "10001 demand_forecast"
    token = place.server.token.encode()
    for image in read(examples):
        searched = {name: holds(data, token) for name, data in parts(engine, image.tag, tmp_path)}
        assert len(searched) > 3
        assert not any(searched.values())


def test_a_second_build_without_any_cache_gives_equal_images(
    any_store: Engine, place: Place, examples: Path, tmp_path: Path
) -> None:
    """In the older image store of Docker the contents are equal: it orders them in a layer in one of two ways."""
    engine = any_store
    names = ("base-a", "demand-forecast")
    found: list[list[object]] = []
    for _ in range(2):
        done = engine.build(examples, "--no-cache", "--netrc", str(place.netrc), "--only", "demand-forecast")
        assert done.returncode == 0, done.stderr
        images = [image_of(examples, name) for name in names]
        if engine.repeats:
            found.append([image.id for image in images])
        else:
            found.append([contents(engine, image.tag, tmp_path) for image in images])
    assert found[0] == found[1]


def test_an_image_of_docker_bears_the_fixed_time(docker: Engine, place: Place, examples: Path) -> None:
    assert docker.build(examples, "--netrc", str(place.netrc), "--only", "demand-forecast").returncode == 0
    done = docker.run("docker", "image", "inspect", "--format", "{{.Created}}", image_of(examples, "base-a").tag)
    assert done.stdout.strip() == EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_bases_with_the_same_heavy_wheel_share_its_layer(engine: Engine, place: Place, tmp_path: Path) -> None:
    out = place.propose("heavy", "engine-one==1.0.0", "engine-two==1.0.0")
    done = engine.build(out, "--netrc", str(place.netrc))
    assert done.returncode == 0, done.stderr
    one, other = (layers(engine, image_of(out, name).tag) for name in ("base-a", "base-b"))
    assert len(one) == len(other)
    everything = blobs(engine, image_of(out, "base-a").tag, tmp_path).values()
    different = [place for place, digests in enumerate(zip(one, other, strict=True)) if len(set(digests)) > 1]
    assert len(different) == 1, "the rest of the lock; the Python image, the user and the heavy wheel are shared"
    wheel = next(data for data in everything if b"engine_heavy/data.bin" in data)
    assert f"sha256:{hashlib.sha256(wheel).hexdigest()}" in {*one} & {*other}


def test_a_change_of_one_model_leaves_the_images_of_other_bases(buildah: Engine, place: Place, tmp_path: Path) -> None:
    engine = buildah
    before = place.propose(f"before-{engine.name}", "engine-light==1.0.0", "engine-late==1.0.0")
    assert engine.build(before, "--netrc", str(place.netrc)).returncode == 0
    assert wheelyard("bases", "accept", str(before), str(tmp_path / "accepted")).returncode == 0
    options = ("--accepted", str(tmp_path / "accepted"))
    after = place.propose(f"after-{engine.name}", "engine-light==1.1.0", "engine-late==1.0.0", options=options)
    assert engine.build(after, "--no-cache", "--netrc", str(place.netrc)).returncode == 0
    changed, kept = image_of(before, "engine-light").base, image_of(before, "engine-late").base
    assert changed is not None
    assert kept is not None
    assert image_of(after, kept).id == image_of(before, kept).id
    assert image_of(after, "engine-late").id == image_of(before, "engine-late").id
    assert image_of(after, changed).id != image_of(before, changed).id


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_wheels_of_several_indexes_are_installed(
    installer: str, buildah: Engine, uv_image: str, place: Place, tmp_path: Path
) -> None:
    """A heavy one, which has a step of its own, and that of the model."""
    with serving(tmp_path, "--no-upstream", "--anonymous-read") as server:
        (tmp_path / "uploads").mkdir()
        Place(server, place.netrc, tmp_path / "uploads").upload(
            wheels.wheel("routed_heavy", "1.0.0", padding=HEAVY),
            wheels.wheel("routed_model", "1.0.0", requires=["routed-heavy", "engine-part", "engine-more"]),
        )
        elsewhere = server.index_url.replace("127.0.0.1", "localhost")  # a login belongs to a host, whatever the port
        route = f'[[index]]\nurl = "{elsewhere}"\nprojects = ["routed-*"]\n'
        options = ("--installer", installer, "--uv-image", uv_image)
        out = place.propose(f"routed-{installer}", "routed-model==1.0.0", options=options, further=route)
        done = buildah.build(out, "--netrc", str(place.netrc))
    assert done.returncode == 0, done.stderr
    code = "import routed_heavy, engine_part, engine_more, routed_model; print('all')"
    assert predict(buildah, image_of(out, "routed-model").tag, code) == "all"


def test_what_is_pushed_is_deployed_by_its_digest(any_engine: Engine, place: Place, image_registry: str) -> None:
    prefix = ("--prefix", f"{image_registry}/ml")
    out = place.propose(f"pushed-{any_engine.name}", "engine-light==1.0.0", options=prefix)
    done = any_engine.build(out, "--netrc", str(place.netrc), "--push")
    assert done.returncode == 0, done.stderr
    for image in read(out):
        name, _, tag = image.tag.removeprefix(f"{image_registry}/").rpartition(":")
        kept = httpx.head(f"http://{image_registry}/v2/{name}/manifests/{tag}", headers={"Accept": MANIFESTS})
        assert image.digest == kept.headers["Docker-Content-Digest"]
        assert f"{image.name} {image_registry}/{name}@{image.digest}" in done.stdout.splitlines()
    model = image_of(out, "engine-light").reference
    where = ("--stage", any_engine.name, "--registry", place.server.url)
    deployed = wheelyard(
        *("deploy", "record", "engine-light==1.0.0", "--image", model, *where), WHEELYARD_TOKEN=place.server.token
    )
    assert deployed.returncode == 0, deployed.stderr


# -- what goes wrong ----------------------------------------------------------------------------------------------


@pytest.fixture
def copy(examples: Path, tmp_path: Path) -> Path:
    """A proposal to spoil, that no cache knows."""
    copied = tmp_path / "out"
    shutil.copytree(examples, copied)
    return copied


def failure(engine: Engine, directory: Path, *options: str) -> str:
    """What a build says that must fail, and record nothing."""
    before = (directory / "images.json").read_bytes()
    done = engine.build(directory, "--no-cache", *options)
    assert done.returncode == 1, done.stderr
    assert (directory / "images.json").read_bytes() == before
    assert not list(directory.glob(".wheelyard*"))
    return done.stderr


def test_a_wrong_hash_is_named(engine: Engine, place: Place, copy: Path) -> None:
    lock, dockerfile = copy / "requirements.base-a.txt", copy / "Dockerfile.base-a"
    before = hashlib.sha256(lock.read_bytes()).hexdigest()
    lock.write_text(re.sub(r"--hash=sha256:\w{64}", f"--hash=sha256:{'0' * 64}", lock.read_text(), count=1))
    dockerfile.write_text(dockerfile.read_text().replace(before, hashlib.sha256(lock.read_bytes()).hexdigest()))
    said = failure(engine, copy, "--netrc", str(place.netrc))
    assert "with another hash than the lock's" in said


def test_a_lock_that_was_changed_by_hand_is_refused(engine: Engine, place: Place, copy: Path) -> None:
    lock = copy / "requirements.base-a.txt"
    lock.write_text(lock.read_text() + "# mine\n")
    said = failure(engine, copy, "--netrc", str(place.netrc))
    assert "requirements.base-a.txt is not the one that its Dockerfile was written for" in said


def test_an_index_that_does_not_answer_is_named(engine: Engine, copy: Path) -> None:
    said = failure(engine, copy, "--index-url", "http://127.0.0.1:9/simple/")
    assert "the index cannot be reached from the build" in said


def test_a_missing_login_is_named(engine: Engine, copy: Path) -> None:
    said = failure(engine, copy)
    assert re.search(r"the index does not show \S+ without a login\nhint: .*give --netrc FILE", said)


def test_a_base_image_that_is_gone_is_named(engine: Engine, place: Place, copy: Path) -> None:
    said = failure(engine, copy, "--netrc", str(place.netrc), "--from", "localhost/nowhere:1")
    assert "the image that it starts from cannot be had" in said


def test_a_model_that_installs_but_does_not_import_is_named(engine: Engine, place: Place) -> None:
    out = place.propose("broken", "engine-broken==1.0.0")
    said = failure(engine, out, "--netrc", str(place.netrc))
    assert "`import engine_broken_too` fails: ValueError: numpy.dtype size changed" in said


def test_a_registry_of_images_that_does_not_answer_is_named(any_engine: Engine, place: Place) -> None:
    out = place.propose("unpushed", "engine-light==1.0.0", options=("--prefix", "127.0.0.1:9/ml"))
    said = failure(any_engine, out, "--netrc", str(place.netrc), "--push")
    assert "base-a was not pushed: its registry cannot be reached" in said


def test_a_netrc_file_that_is_not_there_is_refused_before_anything_is_built(copy: Path) -> None:
    done = wheelyard("bases", "build", str(copy), "--netrc", str(copy / "nowhere"))
    assert done.returncode == 2
    assert "does not exist" in done.stderr


def fill(directory: Path) -> None:
    """Leave no room in the file system of a directory."""
    subprocess.run(["dd", "if=/dev/zero", f"of={directory / 'filling'}", "bs=4k"], capture_output=True, check=False)


def test_a_full_disk_of_the_builder_is_named(buildah: Engine, python_image: Path, place: Place, copy: Path) -> None:
    """Its image store has room for the Python image, and for little more."""
    full = copy.parent / "store"
    full.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(full)], check=True)
    try:
        settings = full / "storage.conf"
        settings.write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{full / "a"}"\nrunroot = "{full / "b"}"\n')
        small = replace(buildah, environment={**buildah.environment, "CONTAINERS_STORAGE_CONF": str(settings)})
        loaded = small.run("skopeo", "copy", "-q", f"docker-archive:{python_image}", f"containers-storage:{PYTHON}")
        assert loaded.returncode == 0, loaded.stderr
        fill(full)
        assert "was not built: the disk is full" in failure(small, copy, "--netrc", str(place.netrc))
    finally:
        subprocess.run(["umount", "--lazy", str(full)], check=True)


def test_a_full_disk_is_named_and_what_was_recorded_stays(engine: Engine, place: Place, copy: Path) -> None:
    full = copy.parent / "full"
    full.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(full)], check=True)
    try:
        shutil.copytree(copy, full / "out")
        before = (full / "out" / "images.json").read_bytes()
        fill(full)
        done = engine.build(full / "out", "--netrc", str(place.netrc), "--only", "demand-forecast")
        assert done.returncode == 2
        assert "images.json cannot be written: No space left on device" in done.stderr
        assert (full / "out" / "images.json").read_bytes() == before
        assert not list((full / "out").glob(".wheelyard*"))
    finally:
        subprocess.run(["umount", str(full)], check=True)


# -- the bake file ------------------------------------------------------------------------------------------------


def test_buildx_reads_the_bake_file(docker: Engine, place: Place, examples: Path) -> None:
    """A model is built on its base's target, the login is a secret, and the index is that of the Dockerfile."""
    command = ["env", f"NETRC={place.netrc}", "docker", "buildx", "bake", "--print", "-f"]
    done = docker.run(*command, str(examples / "docker-bake.hcl"))
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert set(plan["target"]) == {"base-a", "model-churn-score", "model-demand-forecast"}
    model = plan["target"]["model-churn-score"]
    assert model["contexts"] == {"base": "target:base-a"}
    assert model["tags"] == [image_of(examples, "churn-score").tag]
    assert str(place.netrc) in str(model["secret"])
    assert "INDEX_URL" not in model["args"]
