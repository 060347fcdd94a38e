"""Character n-grams of many texts as numbers, a whole batch at a time.

A model that decides a thousand times a second cannot walk through n-grams one by one: a text becomes its code points, an n-gram of up to
four of them one 64-bit number (16 bits a character, so two n-grams never share a number), and counting is sorting.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import rjieba
from numpy.typing import NDArray
from scipy import sparse

SIZES = (1, 2, 3, 4)
_AT_ONCE = 500
Keys = tuple[NDArray[np.int32], NDArray[np.uint64]]
#: Cleaned texts → whose and which, the texts ascending.
Reader = Callable[[Sequence[str]], Keys]

#: Characters that count: Chinese, small letters, and 0 for every run of digits. Anything else ends a run.
_COUNTS = np.zeros(0x110000, dtype=bool)
for _low, _high in ((0x61, 0x7B), (0x30, 0x31), (0x3400, 0x4DC0), (0x4E00, 0xA000)):
    _COUNTS[_low:_high] = True


def gram_keys(
    texts: Sequence[str], sizes: Sequence[int] = SIZES
) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
    """Whose and which: for every n-gram of every cleaned text the number of the text (ascending) and its key."""
    joined = "\n".join(text.replace("\n", " ") for text in texts) + "\n"
    points = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32)
    counts = _COUNTS[points]
    owner = np.zeros(len(points), dtype=np.int32)
    np.cumsum(points[:-1] == 10, out=owner[1:])
    wide = points.astype(np.uint64)
    at_all: list[NDArray[np.int64]] = []
    key_all: list[NDArray[np.uint64]] = []
    good, key = counts, wide
    for size in range(1, max(sizes) + 1):
        if size > 1:
            left = len(points) - size + 1
            if left <= 0:
                break
            good = good[:left] & counts[size - 1 :]
            key = (key[:left] << np.uint64(16)) | wide[size - 1 :]
        if size in sizes:
            at = np.flatnonzero(good)
            at_all.append(at)
            key_all.append(key[at])
    where = np.concatenate(at_all) if at_all else np.zeros(0, dtype=np.int64)
    keys = np.concatenate(key_all) if key_all else np.zeros(0, dtype=np.uint64)
    owners = owner[where]
    if len(texts) > 1:
        order = np.argsort(owners, kind="stable")
        owners, keys = owners[order], keys[order]
    return owners, keys


#: Word → key, for words met before (0: does not count); emptied when it has grown large (callers' typos never end).
_KEY_OF: dict[str, int] = {}


def word_keys(texts: Sequence[str]) -> Keys:
    """Whose and which of the words of two letters or more.

    >>> len(word_keys(["小区停水,没有人来"])[1])
    4
    """
    keys: list[int] = []
    ends: list[int] = []
    if len(_KEY_OF) > 200_000:
        _KEY_OF.clear()
    known = _KEY_OF.get
    for text in texts:
        # Half a character (a cut emoji) cannot be written as UTF-8, and the cutter reads nothing else.
        for word in rjieba.cut(text.encode("utf-8", "replace").decode("utf-8")):
            if len(word) > 1:
                key = known(word)
                if key is None:
                    key = _word_key(word)
                if key:
                    keys.append(key)
        ends.append(len(keys))
    owners = np.repeat(np.arange(len(texts), dtype=np.int32), np.diff(ends, prepend=0))
    return owners, np.array(keys, dtype=np.uint64)


def _word_key(word: str) -> int:
    """Two sums of 32 bits: among a hundred thousand words two hardly ever share a number. 0 for what begins with no letter."""
    raw = word.encode("utf-8", "replace")
    key = (zlib.crc32(raw) << 32) | zlib.adler32(raw[::-1] + raw) if _COUNTS[ord(word[0])] else 0
    _KEY_OF[word] = key
    return key


def gram_of(key: int) -> str:
    """The n-gram a key stands for.

    >>> gram_of(int(gram_keys(["停水"], (2,))[1][0]))
    '停水'
    """
    letters = ""
    while key:
        letters = chr(key & 0xFFFF) + letters
        key >>= 16
    return letters


def counted(
    texts: Sequence[str], vocabulary: NDArray[np.uint64], reader: Reader = gram_keys
) -> sparse.csr_matrix:
    """Counts of the n-grams (or what the reader reads) of a vocabulary (sorted keys) in cleaned texts, one row a text."""
    owners, keys = reader(texts)
    shape = (len(texts), len(vocabulary))
    if not len(vocabulary) or not len(keys):
        return sparse.csr_matrix(shape, dtype=np.float32)
    # Sorted needles are found several times quicker: neighbours are in the cache.
    order = np.argsort(keys)
    found = np.searchsorted(vocabulary, keys[order])
    found[found == len(vocabulary)] = 0
    known = vocabulary[found] == keys[order]
    columns = np.zeros(len(keys), dtype=np.int64)
    columns[order] = np.where(known, found, -1)
    there = columns >= 0
    owners, columns = owners[there], columns[there]
    return _summed(owners, columns, shape)


def vocabulary_of(
    texts: Sequence[str], least: int = 2, reader: Reader = gram_keys
) -> tuple[NDArray[np.uint64], sparse.csr_matrix]:
    """The keys of all n-grams (or what the reader reads) in at least so many of the texts, sorted, and their counts.

    Some texts at a time: all n-grams of ten thousand texts at once would take a gigabyte.
    """
    some = [texts[at : at + _AT_ONCE] for at in range(0, len(texts), _AT_ONCE)]
    keys_all: list[NDArray[np.uint64]] = []
    often_all: list[NDArray[np.int64]] = []
    for few in some:
        owners, keys = reader(few)
        order = np.lexsort((owners, keys))
        owners, keys = owners[order], keys[order]
        first = np.ones(len(keys), dtype=bool)
        first[1:] = keys[1:] != keys[:-1]
        new = first.copy()
        new[1:] |= owners[1:] != owners[:-1]
        keys_all.append(keys[first])
        often_all.append(
            np.add.reduceat(new, np.flatnonzero(first)) if len(keys) else np.zeros(0, dtype=np.int64)
        )
    if not keys_all:
        return np.zeros(0, dtype=np.uint64), sparse.csr_matrix((0, 0), dtype=np.float32)
    keys, often = np.concatenate(keys_all), np.concatenate(often_all)
    order = np.argsort(keys, kind="stable")
    keys, often = keys[order], often[order]
    first_at = (
        np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        if len(keys)
        else np.zeros(0, dtype=np.int64)
    )
    total = np.add.reduceat(often, first_at) if len(keys) else often
    vocabulary = keys[first_at][total >= least]
    return vocabulary, sparse.vstack(
        [counted(few, vocabulary, reader) for few in some], format="csr", dtype=np.float32
    )


def _summed(
    owners: NDArray[np.int32], columns: NDArray[np.int64], shape: tuple[int, int]
) -> sparse.csr_matrix:
    # One sort of (row, column) pairs does what converting from coordinates would do with three passes.
    pairs = np.sort(owners.astype(np.int64) * shape[1] + columns)
    if not len(pairs):
        return sparse.csr_matrix(shape, dtype=np.float32)
    first = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]]))
    counts = np.diff(np.append(first, len(pairs))).astype(np.float32)
    rows, cells = np.divmod(pairs[first], shape[1])
    pointers = np.searchsorted(rows, np.arange(shape[0] + 1)).astype(np.int32)
    matrix = sparse.csr_matrix((counts, cells.astype(np.int32), pointers), shape=shape)
    matrix.has_sorted_indices = True
    return matrix
