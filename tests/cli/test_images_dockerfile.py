"""Facts of ``Dockerfile.<base>``, of the thin Dockerfiles of models, and of ``docker-bake.hcl``."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.proposals import ENERGY, GLIBC, MACOS, MUSL, SIX, base, model, package, proposal, wheel

from wheelyard_cli.images import bake, dockerfile
from wheelyard_cli.images.dockerfile import Dockerfiles
from wheelyard_cli.images.layers import HEAVY, MOST, layers_of
from wheelyard_cli.images.settings import ImageSettings
from wheelyard_cli.images.write import files_of
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.proposal import Base, LockedPackage, Proposal
from wheelyard_resolver.target import Target

TORCH = package("torch", "2.3.1", file=wheel("torch-2.3.1-cp311-cp311-manylinux1_x86_64.whl", size=779_000_000))
NUMPY = package("numpy", "1.26.4", file=wheel("numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.whl", size=HEAVY))
MODEL = model("churn", "1.9.0", wheel=wheel("churn-1.9.0-py3-none-any.whl"))
PLAIN = ImageSettings()


def text_of(one: Base, settings: ImageSettings = PLAIN, within: Proposal | None = None) -> str:
    text = Dockerfiles(within or proposal(one), settings).base(one)
    assert text is not None
    return text


def text_for(target: Target, settings: ImageSettings = PLAIN) -> str:
    return text_of(base("base-a", SIX, target=target), settings)


def test_a_target_that_is_not_linux_has_no_images() -> None:
    found = dataclasses.replace(proposal(base("base-a", SIX, target=MACOS)), models=(MODEL,))
    assert not [name for name in files_of(found, PLAIN) if name.startswith(("Dockerfile", "docker-bake", "smoke"))]


def test_a_glibc_target_builds_on_the_slim_image_of_its_python() -> None:
    assert "ARG PYTHON_IMAGE=python:3.11-slim\nFROM ${PYTHON_IMAGE}\n" in text_for(GLIBC)


def test_a_musl_target_builds_on_alpine_with_its_own_package_manager() -> None:
    text = text_for(MUSL, ImageSettings(system_packages=("libgomp",)))
    assert "ARG PYTHON_IMAGE=python:3.12-alpine\n" in text
    assert "RUN apk add --no-cache libgomp\n" in text
    assert "apt-get" not in text


@pytest.mark.parametrize("installer", ["pip", "uv"])
@pytest.mark.parametrize("target", [GLIBC, MUSL], ids=str)
@pytest.mark.parametrize("refused", ["<<", "--link ", "# syntax", "--privileged", "latest"])
def test_nothing_that_a_builder_refuses_or_fetches(target: Target, refused: str, installer: str) -> None:
    assert refused not in text_for(target, ImageSettings(installer="uv" if installer == "uv" else "pip"))


def test_a_login_comes_as_a_secret_mount_only() -> None:
    text = text_for(GLIBC)
    assert "--mount=type=secret,id=netrc,target=/mnt/netrc,required=false" in text
    assert not re.search(r"^(ENV|COPY).*(netrc|TOKEN|PASSWORD)", text, re.MULTILINE)
    assert re.findall(r"^ARG NETRC=(.*)$", text, re.MULTILINE) == ["/mnt/netrc"]


def test_what_runs_is_not_root() -> None:
    for text in (text_for(GLIBC), Dockerfiles(ENERGY, PLAIN).model(ENERGY.models[0], ENERGY.bases[0]) or ""):
        assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "10001:10001"


def test_a_team_decides_on_image_user_labels_and_system_packages() -> None:
    image = "registry.example/python:3.11@sha256:" + "1" * 64
    settings = ImageSettings(
        python_image=image,
        user="900:901",
        labels=(("com.example.team", 'the "platform"'),),
        source="https://git.example/fleet",
        system_packages=("libgomp1",),
    )
    text = text_for(GLIBC, settings)
    assert f"ARG PYTHON_IMAGE={image}\n" in text
    assert f'org.opencontainers.image.base.name="{image}"' in text
    assert "USER 900:901\n" in text
    assert 'com.example.team="the \\"platform\\""' in text
    assert 'org.opencontainers.image.source="https://git.example/fleet"' in text
    assert "apt-get install --yes --no-install-recommends libgomp1 " in text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"python_image": "a b"}, "is not the name of an image"),
        ({"user": "0"}, "is not a user of an image"),
        ({"user": "root"}, "is not a user of an image"),
        ({"system_packages": ("-y",)}, "is not the name of a system package"),
        ({"system_packages": ("a;b c",)}, "is not the name of a system package"),
        ({"prefix": "Registry/"}, "cannot begin an image's name"),
        ({"labels": (("io.wheelyard.lock", "x"),)}, "cannot be a label of yours"),
    ],
)
def test_settings_that_no_image_can_have_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ImageSettings(**settings)  # type: ignore[arg-type]


def test_uv_is_mounted_and_does_not_stay() -> None:
    text = text_for(GLIBC, ImageSettings(installer="uv", uv_image="registry.example/uv:1"))
    assert "ARG UV_IMAGE=registry.example/uv:1\n" in text
    assert "--mount=type=bind,from=uv,source=/uv,target=/mnt/uv" in text
    assert "pip install --require-hashes" not in text.replace("/mnt/uv pip install --system --require-hashes", "")
    assert "COPY" not in text


def test_the_label_leads_back_to_the_lock() -> None:
    assert f'io.wheelyard.lock="{ENERGY.bases[0].revision}"' in text_of(ENERGY.bases[0], within=ENERGY)


def test_its_date_is_that_of_its_newest_wheel() -> None:
    text = text_of(ENERGY.bases[0], within=ENERGY)
    assert 'org.opencontainers.image.created="2024-12-04T17:35:26Z"' in text


def test_without_upload_times_its_date_is_the_oldest_that_a_zip_file_holds() -> None:
    assert 'image.created="1980-01-01T00:00:00Z"' in text_of(base("base-a", package("plain", "1.0")))


def test_a_dollar_in_a_label_is_not_a_variable() -> None:
    text = text_for(GLIBC, ImageSettings(labels=(("com.example.home", "a$HOME"),)))
    assert 'com.example.home="a\\$HOME"' in text


def test_a_revision_follows_from_the_lock_alone() -> None:
    one = base("base-a", TORCH, SIX)
    assert base("other", SIX, TORCH, models=("another",)).revision == one.revision
    assert base("base-a", TORCH).revision != one.revision
    assert base("base-a", TORCH, SIX, target=MUSL).revision != one.revision


def test_another_lock_is_another_step_for_builders_that_do_not_look_into_mounts() -> None:
    assert heavy_free(base("base-a", SIX)) != heavy_free(base("base-a", NUMPY))


def heavy_free(one: Base) -> str:
    return text_of(one).rpartition("LABEL")[0].rpartition("RUN")[2]


def test_a_dockerfile_of_a_base_does_not_name_its_models() -> None:
    assert text_of(base("base-a", SIX, models=("one",))) == text_of(base("base-a", SIX, models=("two", "three")))


# -- layers -------------------------------------------------------------------------------------------------------


def heavy_steps(text: str) -> list[str]:
    return re.findall(r"RUN (?:.*\\\n)*? *echo '(?:.*\n)*? && find .*\n", text)


def test_heavy_wheels_come_first_the_heaviest_at_the_top() -> None:
    assert [package.name for package in layers_of(base("base-a", SIX, NUMPY, TORCH)).heavy] == ["torch", "numpy"]


def test_bases_with_the_same_heavy_wheel_have_the_same_step_for_it() -> None:
    """The text of a step is a part of its key in a builder's cache."""
    one, other = base("base-a", TORCH, NUMPY, SIX), base("base-b", TORCH, DIFFERENT)
    assert heavy_steps(text_of(one))[0] == heavy_steps(text_of(other))[0]


DIFFERENT = package("polars", "1.0", file=wheel("polars-1.0-py3-none-any.whl", size=30_000_000))


@given(sizes=st.lists(st.none() | st.integers(0, 3 * HEAVY), max_size=60))
def test_every_package_is_in_one_layer_and_layers_do_not_outgrow_engines(sizes: list[int | None]) -> None:
    packages: list[LockedPackage] = [
        package(f"p{place}", "1", file=wheel(f"p{place}-1-py3-none-any.whl", size=size))
        for place, size in enumerate(sizes)
    ]
    found = layers_of(base("base-a", *packages))
    assert sorted([*found.heavy, *found.rest], key=str) == sorted(packages, key=str)
    assert len(found.heavy) <= MOST


def test_a_heavy_wheel_of_another_index_is_looked_for_there_too() -> None:
    torch = dataclasses.replace(TORCH, index="https://download.example/cu126/")
    text = text_of(base("base-a", SIX, NUMPY, torch))
    assert "ARG INDEX_URL=https://index.example/simple/\n" in text
    steps = [step.replace("\\\n", "") for step in heavy_steps(text)[:2]]
    own = '--index-url "${INDEX_URL}" --extra-index-url https://download.example/cu126/ -r /mnt/lock.txt'
    assert [own in step for step in steps] == [True, False]


# -- models -------------------------------------------------------------------------------------------------------


def test_a_model_of_the_index_is_installed_by_its_hash_onto_its_base() -> None:
    one = base("base-a", SIX)
    text = Dockerfiles(proposal(one), ImageSettings(prefix="registry.example/ml")).model(MODEL, one) or ""
    assert f"ARG BASE_IMAGE=registry.example/ml/base-a:{one.revision[7:19]}\nFROM ${{BASE_IMAGE}}\n" in text
    assert MODEL.wheel is not None
    assert f"echo 'churn==1.9.0 --hash=sha256:{MODEL.wheel.sha256}' >/mnt/lock.txt" in text
    assert "pip install --require-hashes --no-deps --only-binary :all:" in text
    assert "python /mnt/smoke_import.py churn\n" in text


def test_a_model_that_no_index_has_is_taken_from_the_build_context() -> None:
    one = base("base-a", SIX)
    text = Dockerfiles(proposal(one), PLAIN).model(model("churn", "1.9.0"), one) or ""
    assert "--no-index --find-links /mnt/wheels" in text
    assert "--mount=type=bind,source=wheels,target=/mnt/wheels" in text


def test_a_model_of_another_index_than_its_base_is_looked_for_there_too() -> None:
    one, own = base("base-a", SIX), dataclasses.replace(MODEL, index="https://models.example/simple/")
    text = Dockerfiles(proposal(one), PLAIN).model(own, one) or ""
    assert "ARG INDEX_URL=https://index.example/simple/\n" in text
    assert '--index-url "${INDEX_URL}" --extra-index-url https://models.example/simple/ -r' in text


def test_a_model_that_needs_nothing_comes_from_its_own_index() -> None:
    one, own = base("base-a"), dataclasses.replace(MODEL, index="https://models.example/simple/")
    text = Dockerfiles(proposal(one), PLAIN).model(own, one) or ""
    assert "ARG INDEX_URL=https://models.example/simple/\n" in text
    assert "--extra-index-url" not in text


# -- the bake file ------------------------------------------------------------------------------------------------


def test_every_image_is_a_target_of_the_bake_file() -> None:
    text = bake.render(ENERGY, PLAIN) or ""
    assert re.findall(r'^target "(.*)"', text, re.MULTILINE) == [
        "_common",
        "base-a",
        "base-b",
        "model-churn",
        "model-demand-forecast_canary",
        "model-meter-anomaly",
    ]


def test_a_models_image_is_built_on_the_base_of_the_same_run() -> None:
    text = bake.render(ENERGY, PLAIN) or ""
    (target,) = re.findall(r'target "model-churn" \{.*?\n\}', text, re.DOTALL)
    assert 'base = "target:base-a"' in target
    assert 'BASE_IMAGE = "base"' in target


# -- templates of a team ------------------------------------------------------------------------------------------


def test_a_team_may_change_one_block_of_a_template(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile.base.jinja").write_text(
        '{% extends "default/Dockerfile.base.jinja" %}\n{% block end %}\nENTRYPOINT ["tini", "--"]\n{{ super() }}'
        "{% endblock %}\n"
    )
    text = text_for(GLIBC, ImageSettings(templates=tmp_path))
    assert text == text_for(GLIBC).replace("\nUSER 10001:", '\nENTRYPOINT ["tini", "--"]\nUSER 10001:')


@pytest.mark.parametrize(
    ("template", "message"), [("{% block %}", "Dockerfile.base.jinja:1"), ("{{ nothing }}", "'nothing' is undefined")]
)
def test_a_template_that_cannot_be_used_is_told_with_its_place(tmp_path: Path, template: str, message: str) -> None:
    (tmp_path / "Dockerfile.base.jinja").write_text(template)
    with pytest.raises(InputError) as caught:
        text_for(GLIBC, ImageSettings(templates=tmp_path))
    assert message in f"{caught.value.where}: {caught.value}"


# -- equal inputs, equal images -----------------------------------------------------------------------------------


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_no_two_images_have_a_step_in_common(installer: str) -> None:
    """buildah writes into an image's history what the image before each step was called: who shares one, races."""
    settings = ImageSettings(installer="uv" if installer == "uv" else "pip")
    firsts = []
    for name, text in files_of(ENERGY, settings).items():
        if name.startswith("Dockerfile"):
            steps = [line for line in text.splitlines() if line and not line.startswith("#")]
            last_from = max(place for place, line in enumerate(steps) if line.startswith("FROM "))
            firsts.append(steps[last_from + 1])
    assert len(firsts) == 5
    assert len(set(firsts)) == 5


# -- what others say ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [PLAIN, ImageSettings(installer="uv"), ImageSettings(system_packages=("tini",))])
def test_hadolint_has_nothing_to_say(tmp_path: Path, settings: ImageSettings) -> None:
    one = base("base-a", TORCH, SIX, models=("churn", "local"))
    found = dataclasses.replace(proposal(one), models=(MODEL, model("local", "1")))
    paths = []
    for name, text in files_of(found, settings).items():
        if name.startswith("Dockerfile"):
            paths.append(tmp_path / name)
            paths[-1].write_text(text)
    assert len(paths) == 3
    hadolint = Path(sysconfig.get_path("scripts"), "hadolint")
    done = subprocess.run([hadolint, "--no-color", *paths], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_dates_and_images_do_not_depend_on_the_clock() -> None:
    one = base("base-a", TORCH)
    assert dockerfile.created(one) == dockerfile.EPOCH
