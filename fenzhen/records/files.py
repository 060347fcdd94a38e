"""The bytes of attached files: what kind they really are, pictures without where and when they were taken,
and where they lie sealed.

A phone writes into every photo where it stood (GPS), when, and with which serial number. All of that is cut
out before anything is kept; the picture itself is not touched, so nothing gets blurred by saving it again. Only
the way up (orientation) is written back, because a photo of a phone would lie on its side without it.
"""

import io
import os
import secrets
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from fenzhen.records.keys import keyring

#: Megabytes that one file may have.
LARGEST_MB = 20
#: What may be attached, by its content: the name's ending and the type that it is served as.
TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PICTURES = frozenset({"image/jpeg", "image/png"})
_PNG = b"\x89PNG\r\n\x1a\n"
#: Parts of a PNG that draw it; everything else says something about it (place, time, program, comments).
_PNG_DRAWS = frozenset(
    {
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"iCCP",
        b"sBIT",
        b"bKGD",
        b"pHYs",
    }
)


class BadFile(ValueError):
    """The bytes are none of the kinds that may be attached, or they are damaged."""


def kind_of(raw: bytes) -> str:
    """``jpg``, ``png``, ``pdf``, ``docx`` or ``xlsx``, told by the content and never by the name.

    Raises `BadFile`; also for office files that carry programs (macros).
    """
    if raw[:3] == b"\xff\xd8\xff":
        return "jpg"
    if raw[:8] == _PNG:
        return "png"
    if raw[:5] == b"%PDF-":
        return "pdf"
    if raw[:4] == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as packed:
                names = set(packed.namelist())
        except (zipfile.BadZipFile, OSError, ValueError):
            raise BadFile("damaged") from None
        if not any(name.lower().endswith(("vbaproject.bin", ".exe")) for name in names):
            if "word/document.xml" in names:
                return "docx"
            if "xl/workbook.xml" in names:
                return "xlsx"
    raise BadFile("kind")


def bare(raw: bytes, kind: str) -> bytes:
    """A picture without anything but the picture; other files as they are. Raises `BadFile` for a damaged one."""
    if kind == "jpg":
        return _bare_jpeg(raw)
    if kind == "png":
        return _bare_png(raw)
    return raw


def keep(raw: bytes, checksum: str) -> str:
    """Seal *raw* and write it into the data folder; returns the name under which it lies there."""
    name = f"{secrets.token_hex(16)}.fz"
    path = _folder() / name[:2] / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealed = keyring().seal_bytes(raw, f"file:{checksum}")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(sealed)
    return name


def opened(name: str, checksum: str) -> bytes:
    """The bytes of what was kept under *name*. Raises `SealBroken`, `KeyMissing`, FileNotFoundError."""
    return keyring().open_bytes((_folder() / name[:2] / name).read_bytes(), f"file:{checksum}")


def erase(name: str) -> None:
    """Remove the bytes; nothing happens where they are gone already."""
    (_folder() / name[:2] / name).unlink(missing_ok=True)


# ---------------------------------------------------------------------------------------------------------


def _folder() -> Path:
    return Path(settings.FENZHEN_DATA_DIR) / "files"


def _segments(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, bytes with the marker) of a JPEG up to its end; what lies behind the end is left out (phones
    hang films and second pictures there, each with its own place). A scan comes with its picture data."""
    at = 2
    while True:
        while raw[at : at + 2] == b"\xff\xff":
            at += 1
        if len(raw) < at + 2 or raw[at] != 0xFF:
            raise BadFile("damaged")
        marker = raw[at + 1]
        if marker == 0xD9:
            return
        if len(raw) < at + 4:
            raise BadFile("damaged")
        length = struct.unpack(">H", raw[at + 2 : at + 4])[0]
        end = at + 2 + length
        if length < 2 or end > len(raw):
            raise BadFile("damaged")
        if marker == 0xDA:  # picture data: until a marker that is neither a stuffed 00 nor a restart
            while True:
                end = raw.find(b"\xff", end)
                if end < 0 or end + 1 >= len(raw):
                    raise BadFile("damaged")
                follows = raw[end + 1]
                if follows != 0 and not 0xD0 <= follows <= 0xD7 and follows != 0xFF:
                    break
                end += 1 if follows == 0xFF else 2
        yield marker, raw[at:end]
        at = end


def _bare_jpeg(raw: bytes) -> bytes:
    kept: list[bytes] = []
    way_up, drawn = 1, False
    for marker, piece in _segments(raw):
        drawn = drawn or marker == 0xDA
        if marker == 0xE1 and piece[4:10] == b"Exif\0\0":
            way_up = _orientation(piece[10:]) or way_up
        is_colour = marker == 0xE2 and piece[4:16] == b"ICC_PROFILE\0"
        if 0xE0 <= marker <= 0xEF and marker not in {0xE0, 0xEE} and not is_colour:
            continue
        if marker == 0xFE:
            continue
        kept.append(piece)
    if not drawn:
        raise BadFile("damaged")
    first = 1 if kept[0][1] == 0xE0 else 0
    if way_up != 1:
        kept.insert(first, _only_orientation(way_up))
    return b"\xff\xd8" + b"".join(kept) + b"\xff\xd9"


def _orientation(tiff: bytes) -> int:
    """Tag 0x0112 of the first directory; 0 where there is none or the block is damaged."""
    try:
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        at = struct.unpack(f"{order}I", tiff[4:8])[0]
        for n in range(min(struct.unpack(f"{order}H", tiff[at : at + 2])[0], 200)):
            entry = tiff[at + 2 + 12 * n : at + 14 + 12 * n]
            tag, _type, _count, value = struct.unpack(f"{order}HHIH", entry[:10])
            if tag == 0x0112:
                return int(value) if 1 <= value <= 8 else 0
    except (KeyError, struct.error):
        pass
    return 0


def _only_orientation(way_up: int) -> bytes:
    tiff = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, way_up, 0, 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _bare_png(raw: bytes) -> bytes:
    out, at, names = [_PNG], 8, []
    while at + 12 <= len(raw):
        length = struct.unpack(">I", raw[at : at + 4])[0]
        name, end = raw[at + 4 : at + 8], at + 12 + length
        if end > len(raw) or zlib.crc32(raw[at + 4 : end - 4]) != struct.unpack(">I", raw[end - 4 : end])[0]:
            raise BadFile("damaged")
        names.append(name)
        if name in _PNG_DRAWS:
            out.append(raw[at:end])
        at = end
        if name == b"IEND":
            break
    if names[:1] != [b"IHDR"] or names[-1:] != [b"IEND"] or b"IDAT" not in names:
        raise BadFile("damaged")
    return b"".join(out)
