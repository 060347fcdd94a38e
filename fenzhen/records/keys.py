"""Keys, the encrypting field, and keyed indexes by which sealed values can be found but not read.

Key material comes from `FENZHEN_KEYS` (``id:base64url32[,id:…]``, the first one encrypts) or from a file
with mode 0600 outside the database, made at the first start. A sealed value is
``fz1.<key id>.<base64url(nonce ‖ ciphertext ‖ tag)>``: AES-256-GCM, a fresh 96-bit nonce each, the key id
and the column as associated data, so that a value cannot be moved to another column unnoticed.
"""

import base64
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

_PREFIX = "fz1"


class KeyMissing(RuntimeError):
    """A value was sealed with a key that is not on this machine."""


class SealBroken(RuntimeError):
    """A sealed value does not open: it was changed, moved, or sealed with another key of the same name."""


@dataclass(frozen=True)
class Keyring:
    """All keys that can open; the first one seals. The index key derives from the *oldest* key, so that a
    new key does not make what is already indexed unfindable."""

    keys: Mapping[str, bytes]
    current: str

    @classmethod
    def parsed(cls, text: str) -> "Keyring":
        """From ``id:base64url,id:base64url``. Raises ValueError, naming the part that is wrong."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (p.strip() for p in text.split(","))):
            name, _, raw = part.partition(":")
            try:
                key = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
            except ValueError as why:
                raise ValueError(f"key {name!r} is not base64url") from why
            if len(key) != 32 or not name or "." in name:
                raise ValueError(f"key {name!r} must have a name without '.' and 32 bytes")
            keys[name] = key
        if not keys:
            raise ValueError("no key given")
        return cls(keys, next(iter(keys)))

    def seal(self, text: str, column: str) -> str:
        """Encrypt *text* for *column*."""
        nonce = os.urandom(12)
        aad = f"{self.current}|{column}".encode()
        body = AESGCM(self.keys[self.current]).encrypt(nonce, text.encode(), aad)
        return f"{_PREFIX}.{self.current}.{base64.urlsafe_b64encode(nonce + body).decode()}"

    def open(self, sealed: str, column: str) -> str:
        """Decrypt. Raises `KeyMissing` or `SealBroken`."""
        try:
            prefix, key_id, body = sealed.split(".", 2)
            raw = base64.urlsafe_b64decode(body)
        except ValueError:
            raise SealBroken(column) from None
        if prefix != _PREFIX:
            raise SealBroken(column)
        if key_id not in self.keys:
            raise KeyMissing(
                f"key {key_id!r} is needed to read {column}; put it into FENZHEN_KEYS or the key file"
            )
        try:
            return (
                AESGCM(self.keys[key_id]).decrypt(raw[:12], raw[12:], f"{key_id}|{column}".encode()).decode()
            )
        except InvalidTag:
            raise SealBroken(column) from None

    def seal_bytes(self, raw: bytes, column: str) -> bytes:
        """Encrypt a file's bytes for *column*: ``fz1.<key id>.`` and then nonce ‖ ciphertext ‖ tag as they are."""
        nonce = os.urandom(12)
        body = AESGCM(self.keys[self.current]).encrypt(nonce, raw, f"{self.current}|{column}".encode())
        return f"{_PREFIX}.{self.current}.".encode() + nonce + body

    def open_bytes(self, sealed: bytes, column: str) -> bytes:
        """Decrypt what `seal_bytes` sealed. Raises `KeyMissing` or `SealBroken`."""
        try:
            prefix, key, raw = sealed.split(b".", 2)
            key_id = key.decode()
        except ValueError:
            raise SealBroken(column) from None
        if prefix != _PREFIX.encode():
            raise SealBroken(column)
        if key_id not in self.keys:
            raise KeyMissing(
                f"key {key_id!r} is needed to read {column}; put it into FENZHEN_KEYS or the key file"
            )
        try:
            return AESGCM(self.keys[key_id]).decrypt(raw[:12], raw[12:], f"{key_id}|{column}".encode())
        except (InvalidTag, ValueError):
            raise SealBroken(column) from None

    @property
    def index_key(self) -> bytes:
        oldest = list(self.keys)[-1]
        return HKDF(SHA256(), 32, salt=None, info=b"fenzhen index").derive(self.keys[oldest])


def _key_file() -> Path:
    return Path(settings.FENZHEN_KEY_FILE)


@cache
def keyring() -> Keyring:
    """The keys of this installation; makes the key file at the first start."""
    if settings.FENZHEN_KEYS:
        return Keyring.parsed(settings.FENZHEN_KEYS)
    path = _key_file()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        line = "k1:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(line + "\n")
        try:
            os.link(fresh, path)  # fails if another process was faster: then its key is the key
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return Keyring.parsed(",".join(path.read_text().split()))


@cache
def _index_key() -> bytes:
    return keyring().index_key


def blind_index(value: str, purpose: str) -> str:
    """A keyed fingerprint: equal values match, nothing can be read from it. Empty for an empty value."""
    if not value:
        return ""
    return hmac.new(_index_key(), f"{purpose}|{value}".encode(), sha256).hexdigest()[:40]


class SealedText(models.TextField):
    """A text that the database only ever sees encrypted. An empty text stays empty."""

    description = "AES-GCM encrypted text"

    @property
    def _column(self) -> str:
        return f"{self.model._meta.db_table}.{self.attname}"

    def get_prep_value(self, value: Any) -> Any:
        if value is None or value == "":
            return value
        return keyring().seal(str(value), self._column)

    def from_db_value(self, value: Any, expression: object, connection: object) -> Any:
        if value is None or value == "":
            return value
        return keyring().open(value, self._column)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name not in {"isnull"}:
            raise TypeError(
                f"a sealed column cannot be compared; look its keyed index up instead ({lookup_name})"
            )
        return super().get_lookup(lookup_name)


class SealedJson(SealedText):
    """A JSON value kept as `SealedText` keeps a text."""

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(None if value is None else json.dumps(value, ensure_ascii=False))

    def from_db_value(self, value: Any, expression: object, connection: object) -> Any:
        text = super().from_db_value(value, expression, connection)
        return json.loads(text) if text else text
