"""A site that goes offline: what a lock names is fetched before, and served afterwards."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.registry import wheels
from tests.registry.fake_upstream import serving_upstream
from tests.registry.serving import run, script, serving, wheelyard
from tests.registry.wheels import Built


def pylock(built: Built) -> str:
    return (
        'lock-version = "1.0"\ncreated-by = "a test"\n[[packages]]\nname = "six"\nversion = "1.16.0"\n'
        f'[[packages.wheels]]\nname = "{built.filename}"\nurl = "https://x.example/{built.filename}"\n'
        f'hashes = {{sha256 = "{built.sha256}"}}\n'
    )


def requirements(built: Built) -> str:
    return f"--index-url https://x.example\nsix==1.16.0 \\\n    --hash=sha256:{built.sha256}\n    # via nothing\n"


@pytest.mark.parametrize("lock", [pylock, requirements])
def test_what_was_prefetched_installs_offline_and_what_was_not_is_said(tmp_path: Path, lock: object) -> None:
    assert callable(lock)
    with serving_upstream() as upstream:
        built = upstream.add("six", wheels.wheel("six", "1.16.0", padding=2_000_000))
        upstream.add("six", wheels.wheel("six", "1.17.0"))
        path = tmp_path / ("pylock.toml" if lock is pylock else "requirements.txt")
        path.write_text(lock(built))
        with serving(tmp_path, "--upstream", upstream.url) as online:
            done = wheelyard("mirror", "prefetch", "-r", str(path), "--registry", online.url)
        assert (done.returncode, done.stdout) == (0, f"{built.filename}\n"), done.stderr
    with serving(tmp_path, "--upstream", upstream.url, "--offline", token_file=False) as server:
        target = tmp_path / "site"
        pip = [script("pip"), "install", "--no-cache-dir", "--no-deps", "--target", str(target)]
        installed = run([*pip, "--index-url", server.index_url, "six==1.16.0"])
        assert installed.returncode == 0, installed.stderr
        assert (target / "six-1.16.0.dist-info").is_dir()
        absent = httpx.get(f"{server.url}/files/six/six-1.17.0-py3-none-any.whl")
        assert (absent.status_code, absent.json()["code"]) == (503, "offline")
        assert httpx.get(f"{server.url}/simple/never-seen/").json()["code"] == "offline"


def test_a_prefetch_says_what_is_not_to_be_had(tmp_path: Path) -> None:
    with serving_upstream() as upstream, serving(tmp_path, "--upstream", upstream.url) as server:
        upstream.add("six", wheels.wheel("six", "1.16.0"))
        path = tmp_path / "requirements.txt"
        path.write_text(f"six==1.16.0 --hash=sha256:{'0' * 64}\n")
        done = wheelyard("mirror", "prefetch", "-r", str(path), "--registry", server.url)
        assert (done.returncode, f"not to be had: six sha256:{'0' * 64}" in done.stderr) == (1, True)


def test_requirements_without_hashes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("six>=1\n")
    done = wheelyard("mirror", "prefetch", "-r", str(path), "--registry", "http://127.0.0.1:1")
    assert (done.returncode, "'six>=1' has no sha256" in done.stderr) == (2, True)
