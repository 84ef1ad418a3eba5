"""Facts of ``Dockerfile.<base>``."""

from __future__ import annotations

import re

import pytest
from tests.cli.proposals import ENERGY, GLIBC, MACOS, MUSL, SIX, base, package, proposal

from wheelyard_cli.images import dockerfile, pylock
from wheelyard_resolver.target import Target


def text_for(target: Target) -> str:
    one = base("base-a", SIX, target=target)
    text = dockerfile.render(proposal(one), one)
    assert text is not None
    return text


def test_a_target_that_is_not_linux_has_no_dockerfile() -> None:
    one = base("base-a", SIX, target=MACOS)
    assert dockerfile.render(proposal(one), one) is None


def test_a_glibc_target_builds_on_the_slim_image_of_its_python() -> None:
    assert "ARG PYTHON_IMAGE=python:3.11-slim\nFROM ${PYTHON_IMAGE}\n" in text_for(GLIBC)


def test_a_musl_target_builds_on_alpine_with_its_own_commands() -> None:
    text = text_for(MUSL)
    assert "ARG PYTHON_IMAGE=python:3.12-alpine\n" in text
    assert "adduser -D -u 10001" in text
    assert "useradd" not in text


@pytest.mark.parametrize("target", [GLIBC, MUSL], ids=str)
@pytest.mark.parametrize("refused", ["<<", "--link", "# syntax", "--privileged", "latest"])
def test_nothing_that_a_builder_refuses_or_fetches(target: Target, refused: str) -> None:
    assert refused not in text_for(target)


def test_a_login_comes_as_a_secret_mount_only() -> None:
    text = text_for(GLIBC)
    assert "--mount=type=secret,id=netrc,target=/root/.netrc,required=false" in text
    assert not re.search(r"^(ARG|ENV|COPY).*(netrc|TOKEN|PASSWORD)", text, re.MULTILINE)


def test_what_runs_is_not_root() -> None:
    assert re.findall(r"^USER (.*)$", text_for(GLIBC), re.MULTILINE) == ["10001:10001"]


def test_the_label_leads_back_to_the_lock() -> None:
    one = ENERGY.bases[0]
    assert f'io.wheelyard.lock-digest="{pylock.digest(ENERGY, one)}"' in (dockerfile.render(ENERGY, one) or "")


def test_its_date_is_that_of_its_newest_wheel() -> None:
    text = dockerfile.render(ENERGY, ENERGY.bases[0]) or ""
    assert 'org.opencontainers.image.created="2024-12-04T17:35:26Z"' in text
    assert "ARG SOURCE_DATE_EPOCH=1733333726\n" in text


def test_without_upload_times_its_date_is_the_oldest_that_a_zip_file_holds() -> None:
    one = base("base-a", package("plain", "1.0"))
    assert "ARG SOURCE_DATE_EPOCH=315532800\n" in (dockerfile.render(proposal(one), one) or "")


def test_a_dollar_in_a_label_is_not_a_variable() -> None:
    one = base("base-a", SIX, models=("a$HOME",))
    assert 'io.wheelyard.models="a\\$HOME"' in (dockerfile.render(proposal(one), one) or "")
