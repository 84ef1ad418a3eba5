"""The API's document is true: schemathesis asks a real server for all that it describes, rightly and wrongly."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import pytest
import tomli_w
from tests.registry import wheels
from tests.registry.serving import Server, clean_environment, foreign, serving

pytestmark = pytest.mark.heavy

_RELEASES = [f"1.{minor}.0" for minor in range(40)]

# Schemas cannot say "printable" or "not in the past", so some data that fits them is rightly refused. That every
# operation wants credentials is for tests/registry/test_openapi.py: here it would meet the limit on wrong passwords.
_LEFT_OUT = "positive_data_acceptance,ignored_auth"


def fill(server: Server) -> None:
    """Put in what half of the requests then ask for, so that they reach further than a 404."""
    with httpx.Client(base_url=server.url, auth=("__token__", server.token), trust_env=False) as client:
        for version in _RELEASES:
            built = wheels.wheel("demand_model", version)
            files = {"content": (built.filename, built.data)}
            assert client.post("/", data={":action": "file_upload"}, files=files).status_code == 200
        assert client.put("/api/v1/users/anna", json={"password": "a long password"}).status_code == 200
        assert client.put("/api/v1/groups/forecasting", json={"members": ["anna"]}).status_code == 200


def known() -> dict[str, object]:
    """A configuration of schemathesis that names what there is."""
    values = {
        "project": ["demand-model"],
        "version": _RELEASES,
        "filename": [wheels.wheel("demand_model", version).filename for version in _RELEASES],
        "name": ["anna", "forecasting"],
        "stage": ["prod"],
    }
    bound = {name: {"dictionary": name, "probability": 0.5} for name in values}
    return {"dictionaries": {name: {"values": each} for name, each in values.items()}, "parameters": bound}


def test_every_answer_is_one_that_the_document_describes(tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(tomli_w.dumps(known()))
    command = [foreign("schemathesis"), "--config-file", str(config), "--no-color", "run"]
    with serving(tmp_path, "--no-upstream", "--no-anonymous-read") as server:
        fill(server)
        command += [f"{server.url}/api/v1/openapi.json", "-H", f"Authorization: Bearer {server.token}"]
        command += ["--checks", "all", "--exclude-checks", _LEFT_OUT, "--seed", "1", "--max-examples", "60"]
        command += ["--continue-on-failure"]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=900, check=False, env=clean_environment(), cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in server.log.read_text()
