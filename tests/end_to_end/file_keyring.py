"""A keyring in a file, for clients that ask the ``keyring`` command: ``PYTHON_KEYRING_BACKEND`` names it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import keyring.backend


class FileKeyring(keyring.backend.KeyringBackend):
    """Keeps its passwords in the file that ``FILE_KEYRING`` names."""

    priority = 1

    @property
    def _path(self) -> Path:
        return Path(os.environ["FILE_KEYRING"])

    def _kept(self) -> dict[str, str]:
        kept = json.loads(self._path.read_text()) if self._path.exists() else {}
        assert isinstance(kept, dict)
        return kept

    def get_password(self, service: str, username: str) -> str | None:
        """The password, if there is one."""
        return self._kept().get(f"{username}@{service}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""
        self._path.write_text(json.dumps({**self._kept(), f"{username}@{service}": password}))
