"""Tokens: how they look, how they are stored, how a request carries one.

A token is ``wy_<id>_<secret>``: the id finds its row, the secret has 256 bits, and only the SHA-256 of the whole is
stored. A slow hash is for passwords that people choose; 256 random bits need none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

PREFIX = "wy"


@dataclass(frozen=True, slots=True)
class Token:
    """A token in clear. It exists only between its making and its being shown; ``repr`` hides the secret."""

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """What the user keeps."""
        return f"{PREFIX}_{self.id}_{self.secret}"

    @property
    def digest(self) -> str:
        """What the registry keeps: hex SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def matches(self, digest: str) -> bool:
        """Whether ``digest`` belongs to this token, compared in constant time."""
        return hmac.compare_digest(self.digest, digest)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking, once a token has been recognised."""

    token_id: str
    label: str


def new_token() -> Token:
    """A fresh token from the operating system's randomness."""
    return Token(id=secrets.token_hex(6), secret=secrets.token_urlsafe(32))


def parse_token(text: str) -> Token | None:
    """The token that ``text`` spells, or None if it is not one of ours."""
    parts = text.strip().split("_", 2)
    if len(parts) != 3 or parts[0] != PREFIX or not all(parts):
        return None
    return Token(id=parts[1], secret=parts[2])


def token_of(authorization: str | None) -> Token | None:
    """The token in an ``Authorization`` header: Bearer (RFC 6750), or Basic (RFC 7617) as password or as user name.

    twine and uv send it as the password of ``__token__``; pip users write it into a URL as the user name.
    """
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return parse_token(credentials)
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return parse_token(password) or parse_token(user)
