"""A certificate authority of our own, and a certificate that it issued for loopback."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class TlsFiles:
    """PEM files: the authority to trust, and what the server shows."""

    authority: Path
    certificate: Path
    key: Path

    @property
    def options(self) -> tuple[str, ...]:
        """For ``wheelyard serve``."""
        return ("--tls-certificate", str(self.certificate), "--tls-key", str(self.key))

    @property
    def trust(self) -> ssl.SSLContext:
        """For httpx: this authority and no other."""
        return ssl.create_default_context(cafile=self.authority)


def issue(folder: Path) -> TlsFiles:
    """Make an authority and a certificate for 127.0.0.1."""
    files = TlsFiles(folder / "authority.pem", folder / "certificate.pem", folder / "key.pem")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(files.authority)
    files.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(files.key)
    return files
