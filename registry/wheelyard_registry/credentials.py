"""What a request carries to say who sends it: a token, or a user name with a password.

A token is ``wy_<id>_<secret>``: the id finds its row, the secret has 256 bits, and only the SHA-256 of the whole is
stored. A slow hash is for passwords that people choose; 256 random bits need none.
"""

from __future__ import annotations

import base64
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
class Login:
    """A user name with a password in clear."""

    user: str
    password: str = field(repr=False)


def new_token() -> Token:
    """A fresh token from the operating system's randomness."""
    return Token(id=secrets.token_hex(6), secret=secrets.token_urlsafe(32))


def parse_token(text: str) -> Token | None:
    """The token that ``text`` spells, or None if it is not one of ours."""
    parts = text.strip().split("_", 2)
    if len(parts) != 3 or parts[0] != PREFIX or not all(parts) or not text.isascii():
        return None
    return Token(id=parts[1], secret=parts[2])


def credentials_of(authorization: str) -> Token | Login | None:
    """What an ``Authorization`` header carries; None if it is nothing that could be known here.

    A token comes as Bearer (RFC 6750), or in Basic (RFC 7617) as password or as user name: twine and uv send it as
    the password of ``__token__``; pip users write it into a URL as the user name.
    """
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return parse_token(given)
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except ValueError:  # not ASCII, not base64, or not UTF-8 behind it
        return None
    token = parse_token(password) or parse_token(user)
    if token is not None:
        return token
    return Login(user, password) if user and password else None
