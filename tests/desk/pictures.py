"""Small pictures with everything that a phone writes into them, made here byte by byte."""

import struct
import zlib

GPS_WORDS = b"39.726N 116.341E SN-SECRET-4711"


def jpeg(way_up: int = 6, tail: bytes = b"", words: bytes = GPS_WORDS) -> bytes:
    """A JPEG of one grey block (8 x 8) with Exif, a second picture's index, XMP and a comment."""

    def piece(marker: int, body: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    tiff = b"II*\0\x08\0\0\0" + struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, way_up, 0, 0) + words
    counts = bytes([0, 1] + [0] * 14)
    return b"".join(
        [
            b"\xff\xd8",
            piece(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            piece(0xE1, b"Exif\0\0" + tiff),
            piece(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + words),
            piece(0xE2, b"MPF\0" + words),
            piece(0xFE, words),
            piece(0xDB, b"\0" + bytes([1] * 64)),
            piece(0xC0, b"\x08\0\x08\0\x08\x01\x01\x11\0"),
            piece(0xC4, b"\0" + counts + b"\0"),
            piece(0xC4, b"\x10" + counts + b"\0"),
            piece(0xDA, b"\x01\x01\0\0\x3f\0"),
            b"\x3f\xff\x00\x7f",
            b"\xff\xd9",
            tail,
        ]
    )


def png(words: bytes = GPS_WORDS) -> bytes:
    """A PNG of one red dot with place, time and words in it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
            chunk(b"eXIf", b"II*\0" + words),
            chunk(b"tEXt", b"Comment\0" + words),
            chunk(b"tIME", b"\x07\xea\x03\x0b\x09\x00\x00"),
            chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")),
            chunk(b"IEND", b""),
        ]
    )
