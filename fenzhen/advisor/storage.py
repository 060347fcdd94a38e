"""A learned model as a file: numbers and words only, with a checksum; opening one runs nothing that is in it.

The file is one line (what it is, the format's number, the SHA-256 of the rest) and a skops archive of lists, words and arrays. It is written
by skops and read here by hand: skops would have to be told which types to trust and takes seconds to import (it brings all of scikit-learn),
while for lists, words and arrays thirty lines are enough, and whatever else stands in a file cannot even be named. Pickle is never used.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from fenzhen.advisor.classify import READINGS, Classifier

_KIND = "fenzhen-adviser"
_FORMAT = 3
_OF_A_READING = {
    "idf": "f", "worth": "f", "projection": "f", "latent": "f", "alpha": "f", "latent_column": "i",
    "words": "f", "words_column": "i", "words_latent": "f", "words_label": "i", "title_keys": "u", "body_keys": "u",
}  # fmt: skip
_NUMBERS = {"vectors": "f", "alpha_vectors": "f", "weights": "f", "kept": "i"} | {
    f"{reading}_{piece}": kind for reading in READINGS for piece, kind in _OF_A_READING.items()
}


class BadModelFile(ValueError):
    """The file cannot be used as a model: says why."""


def save(classifier: Classifier, path: Path | str, *, notes: dict[str, Any] | None = None) -> str:
    """Write a model; returns its checksum. ``notes``: plain words and numbers kept with it (certificate, figures, when).

    Written beside and moved into place, so that nobody ever reads half a file.
    """
    from skops import io  # slow to import, and only needed here

    body = io.dumps({"state": classifier.state, "notes": notes or {}})
    checksum = hashlib.sha256(body).hexdigest()
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(f"{_KIND} {_FORMAT} {checksum}\n".encode("ascii"))
            file.write(body)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return checksum


def load(path: Path | str) -> tuple[Classifier, dict[str, Any], str]:
    """Read a model: the classifier, its notes, its checksum.

    Raises `BadModelFile` (foreign, cut, changed, newer, older, or with anything but numbers and words in it) and `FileNotFoundError`.
    """
    with Path(path).open("rb") as file:
        line = file.readline(200)
        words = line.rstrip(b"\n").split(b" ")
        if not line.endswith(b"\n") or len(words) != 3 or words[0] != _KIND.encode("ascii"):
            raise BadModelFile(f"{path} is not a model of the adviser")
        if words[1] != str(_FORMAT).encode("ascii"):
            number = words[1].decode("ascii", "replace")
            older = number.isdigit() and int(number) < _FORMAT
            raise BadModelFile(
                f"{path} has format {number}; this program reads {_FORMAT}"
                + (": learn it anew from its labelled texts (fenzhen advise train)" if older else "")
            )
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
        if checksum.encode("ascii") != words[2]:
            raise BadModelFile(f"{path} is damaged: its checksum does not fit")
        return _opened(file, path, checksum)


def _opened(file: BinaryIO, path: Path | str, checksum: str) -> tuple[Classifier, dict[str, Any], str]:
    try:
        # An archive may stand behind something else, here the first line: it is found from the end of the file.
        with zipfile.ZipFile(file) as archive:
            kept = _read(json.loads(archive.read("schema.json")), archive, {})
        return Classifier(_sound(kept["state"])), dict(kept["notes"]), checksum
    except BadModelFile as bad:
        raise BadModelFile(f"{path}: {bad}") from None
    except (
        Exception
    ) as cause:  # a file made by somebody else may fail anywhere inside; all of it means the same
        raise BadModelFile(f"{path} cannot be read as a model of the adviser") from cause


def _read(node: dict[str, Any], archive: zipfile.ZipFile, seen: dict[int, Any]) -> Any:
    """What a node of a skops schema stands for: a dictionary, a list, an array, or a plain value."""
    kind = node["__loader__"]
    value: Any
    if kind == "CachedNode":
        return seen[node["__id__"]]
    if kind == "DictNode" and node["__class__"] == "dict":
        value = {key: _read(inner, archive, seen) for key, inner in node["content"].items()}
    elif kind == "ListNode" and node["__class__"] == "list":
        value = [_read(inner, archive, seen) for inner in node["content"]]
    elif kind == "NdArrayNode" and node["type"] == "numpy":
        value = np.load(BytesIO(archive.read(node["file"])), allow_pickle=False)
    elif kind == "JsonNode":
        value = json.loads(node["content"])
    else:
        raise BadModelFile("there is more in it than numbers and words")
    seen[node["__id__"]] = value
    return value


def _sound(state: dict[str, Any]) -> dict[str, Any]:
    """The state, if every piece is there, of its kind and of a size that fits the others."""
    for name, kind in _NUMBERS.items():
        piece = state[name]
        if not isinstance(piece, np.ndarray) or piece.dtype.kind != kind:
            raise BadModelFile(f"{name} is not what it should be")
        if kind == "f" and not np.isfinite(piece).all():
            raise BadModelFile(f"{name} holds values that are no numbers")
    labels = len(state["labels"])
    fits = (
        labels >= 2
        and all(isinstance(label, str) for label in state["labels"])
        and state["weights"].ndim == 2
        and state["weights"].shape[1] == labels
    )
    for reading in READINGS:
        titles, bodies = len(state[f"{reading}_title_keys"]), len(state[f"{reading}_body_keys"])
        fits = (
            fits
            and state[f"{reading}_title_columns"] == titles
            and len(state[f"{reading}_idf"]) == titles + bodies
            and state[f"{reading}_worth"].shape == (titles + bodies, 2 * labels)
        )
    if not fits:
        raise BadModelFile("its pieces do not fit each other")
    return state
