"""One way of reading texts, and what is learned from it: the scores that are weighed afterwards.

A reading turns a text into TF-IDF numbers of its n-grams or words, title and body apart. From them every label gets a score as
`fenzhen.advisor.classify` says: linear, counts, bent, and, where labels bear common names, familiar words.

The scores a model is weighed and certified by must come from models that had not seen the text. They are reckoned for all parts
together: what stays the same between parts (which texts are how like each other) is reckoned once, what does not (which rows may be
learned from, which n-grams are known, latent dimensions) is masked or learned anew for every part. Only the frequencies of n-grams
are those of all texts, the left-out ones among them; an n-gram that a part knows from fewer than two texts is not known there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float32]
#: Counts of the titles, counts of the bodies.
Pair = tuple[sparse.csr_matrix, sparse.csr_matrix]
Times = Callable[[Floats], Floats]

# Chosen on five parts of the labelled messages the project was given (docs/adviser.md); the differences nearby are within noise.
_TITLE_SHARE = 0.3
_RIDGE, RIDGE_BENT = 0.1, 0.05
BEND = 2.0
_LATENT = 200
_LATENT_COLUMNS = 40_000
_SMOOTH = 0.3
#: An n-gram must be known from so many texts.
LEAST_TEXTS = 2
#: Up to so many rows likenesses are kept as a matrix (4 bytes each); beyond they are reckoned when asked for, slower.
_MOST_AT_HAND = 7000
#: N-grams in more texts than this are multiplied as dense columns.
_OFTEN = 300
_BLOCK = 512
_FEW = 128


@dataclass(slots=True)
class View:
    """What was learned from one reading of the texts.

    ``worth``: of every n-gram for every label, linear and by counts, side by side. ``words``: the familiar words of the labels as rows,
    transposed; ``words_latent``: the same in the latent space; ``words_label``: whose they are.
    """

    idf: Floats
    title_columns: int
    worth: Floats
    latent_column: NDArray[np.int32]
    projection: Floats
    latent: Floats
    alpha: Floats
    words: Floats
    words_column: NDArray[np.int32]
    words_latent: Floats
    words_label: NDArray[np.int32]

    @property
    def labels(self) -> int:
        """How many labels."""
        return self.worth.shape[1] // 2

    @property
    def linear(self) -> Floats:
        """The linear part of `worth`."""
        return self.worth[:, : self.labels]

    def rows(self, counts: Pair) -> sparse.csr_matrix:
        """TF-IDF rows: title and body side by side, each of its share's length, together of length 1."""
        return rows_of(counts, self.idf, self.title_columns)

    def latent_of(self, rows: sparse.csr_matrix) -> Floats:
        """Unit vectors in the latent space (zeros for a text without known n-grams)."""
        return unit(
            np.asarray(_narrowed(rows, self.latent_column, self.projection.shape[0]) @ self.projection)
        )

    def scores(self, counts: Pair) -> list[Floats]:
        """The scores of every way, labels as columns."""
        rows = self.rows(counts)
        worth = np.asarray(rows @ self.worth)
        found = [worth[:, : self.labels], worth[:, self.labels :]]
        latent: Floats | None = None
        if self.latent.size:
            latent = self.latent_of(rows)
            found.append(bent_scores(latent, self.latent, self.alpha, BEND))
        if self.words.size:
            like = np.asarray(_narrowed(rows, self.words_column, self.words.shape[0]) @ self.words)
            found.append(best_of_each(like, self.words_label, self.labels))
            if latent is not None:
                found.append(best_of_each(latent @ self.words_latent.T, self.words_label, self.labels))
        return found


def rows_of(counts: Pair, idf: Floats, title_columns: int) -> sparse.csr_matrix:
    """As `View.rows` says."""
    title = _weighed(counts[0], idf[:title_columns])
    body = _weighed(counts[1], idf[title_columns:])
    squares_title, squares_body = _row_squares(title), _row_squares(body)
    share = np.where(squares_body > 0, np.where(squares_title > 0, _TITLE_SHARE, 0.0), 1.0)
    _scale(title, np.sqrt(share / np.maximum(squares_title, 1e-12)))
    _scale(body, np.sqrt((1 - share) / np.maximum(squares_body, 1e-12)))
    return _beside(title, body)


def view_of(
    counts: Pair,
    label_at: NDArray[np.int64],
    labels: int,
    part: NDArray[np.int64],
    kept: NDArray[np.int64],
    draw: np.random.Generator,
    *,
    bent: bool,
    words: Pair | None,
    words_label: NDArray[np.int32],
) -> tuple[View, NDArray[np.float64]]:
    """Learn from one reading: the view that learned from every row, and the scores of every row by views that had not seen its part.

    ``words``: counts of the familiar words, in the same columns. ``kept``: rows that serve as precedents.
    """
    n, parts = len(label_at), int(part.max()) + 1
    often = np.concatenate([np.bincount(one.indices, minlength=one.shape[1]) for one in counts])
    idf = (np.log((1 + n) / (1 + often)) + 1).astype(np.float32)
    titles = counts[0].shape[1]
    rows = rows_of(counts, idf, titles)
    #: Which rows each part's model may learn from; the last is the model that learns from all.
    inside = np.stack([part != number for number in range(parts)] + [np.ones(n, dtype=bool)], axis=1)
    columns = np.sort(np.argsort(-often, kind="stable")[:_LATENT_COLUMNS])
    columns = columns[often[columns] > 0]
    latent_column = np.full(rows.shape[1], -1, dtype=np.int32)
    latent_column[columns] = np.arange(len(columns), dtype=np.int32)

    none = np.zeros((0, 0), dtype=np.float32)
    word_rows = rows_of(words, idf, titles) if words is not None and len(words_label) else None
    view = View(
        idf, titles, none, latent_column, none, none, none,
        none, np.zeros(0, dtype=np.int32), none, words_label,
    )  # fmt: skip
    targets = np.full((n, labels), -1.0, dtype=np.float32)
    targets[np.arange(n), label_at] = 1.0

    size = min(_LATENT, n // 4, len(columns) // 4)
    bent = bent and size >= 2
    likeness = Likeness(rows, columns if bent else None)
    points_of: list[Floats] = []
    words_of: list[Floats] = []
    found: dict[str, NDArray[np.float64]] = {}

    def put(way: str, at: NDArray[np.int64], scores: Floats) -> None:
        found.setdefault(way, np.zeros((n, labels)))[at] = scores

    if bent:
        basis = draw.standard_normal((n, size + 10)).astype(np.float32)
        few = _narrowed(rows, latent_column, len(columns))
        words_few = _narrowed(word_rows, latent_column, len(columns)) if word_rows is not None else None
        words_like = np.asarray((words_few @ few.T).toarray()) if words_few is not None else None
        for number in range(parts + 1):
            turn = _latent_turn(likeness.times, basis, inside[:, number], size)
            points_of.append(unit(likeness.times(turn)))
            if words_like is not None:
                words_of.append(unit(words_like @ turn))
            if number == parts:
                view.projection = np.ascontiguousarray(few.T @ turn, dtype=np.float32)
        del few, basis
    likeness.complete()

    # Ridge: all parts at once, a row that may not be learned from has no weight.
    wide = np.repeat(inside, labels, axis=1).astype(np.float32)
    weights = solve(likeness.times, np.tile(targets, parts + 1), _RIDGE, wide)
    # Only now the bent ones: their matrix and this one are the largest there are, and need not be there together.
    del likeness, wide
    for number, points in enumerate(points_of):
        learned = inside[:, number]
        own_rows = kept[learned[kept]]
        alpha = bent_alpha(points[own_rows], targets[own_rows], BEND)
        if number < parts:
            outside = np.flatnonzero(~learned)
            put("bent", outside, bent_scores(points[outside], points[own_rows], alpha, BEND))
            if words_of:
                like = points[outside] @ words_of[number].T
                put("familiar_latent", outside, best_of_each(like, words_label, labels))
        else:
            view.latent, view.alpha = points[own_rows], alpha
            if words_of:
                view.words_latent = words_of[number]
    points_of.clear()

    across = rows.T.tocsr()
    member = np.zeros((n, labels), dtype=np.float32)
    member[np.arange(n), label_at] = 1.0
    present = sparse.csr_matrix(
        (np.ones_like(across.data), across.indices, across.indptr), shape=across.shape
    )
    texts_inside = np.asarray(present @ inside.astype(np.float32))
    del present
    titles_all, bodies_all = counts
    for number in range(parts + 1):
        learned = inside[:, number]
        own = weights[:, number * labels : (number + 1) * labels]
        worth = np.hstack(
            [np.asarray(across @ own), complement(np.asarray(across @ (member * learned[:, None])))]
        )
        unknown = texts_inside[:, number] < LEAST_TEXTS
        worth[unknown] = 0
        if number == parts:
            view.worth = np.ascontiguousarray(worth, dtype=np.float32)
            break
        outside = np.flatnonzero(~learned)
        part_idf = np.where(unknown, 0, idf).astype(np.float32)
        scored = rows_of((titles_all[outside], bodies_all[outside]), part_idf, titles)
        both = np.asarray(scored @ worth)
        put("linear", outside, both[:, :labels])
        put("counts", outside, both[:, labels:])
        if word_rows is not None:
            like = np.asarray((scored @ word_rows.T).toarray())
            put("familiar", outside, best_of_each(like, words_label, labels))
    if word_rows is not None:
        used = np.unique(word_rows.indices)
        view.words_column = np.full(rows.shape[1], -1, dtype=np.int32)
        view.words_column[used] = np.arange(len(used), dtype=np.int32)
        view.words = np.ascontiguousarray(word_rows[:, used].toarray().T, dtype=np.float32)
    order = ("linear", "counts", "bent", "familiar", "familiar_latent")
    return view, np.hstack([found[way] for way in order if way in found])


class Likeness:
    """Products with the matrix of likenesses (inner products) of all rows: of some columns first, of all after `complete`."""

    def __init__(self, rows: sparse.csr_matrix, columns: NDArray[np.int64] | None) -> None:
        self._all = rows
        self._now = rows if columns is None else rows[:, columns]
        self._left: NDArray[np.int64] | None = None
        if columns is not None:
            others = np.ones(rows.shape[1], dtype=bool)
            others[columns] = False
            self._left = np.flatnonzero(others)
        self._matrix: Symmetric | None = None
        if rows.shape[0] <= _MOST_AT_HAND:
            self._matrix = Symmetric(rows.shape[0])
            _add_products(self._now, self._matrix)

    def complete(self) -> None:
        """From now on all columns count."""
        if self._left is not None:
            if self._matrix is not None:
                _add_products(self._all[:, self._left], self._matrix)
            self._now, self._left = self._all, None

    def times(self, some: Floats) -> Floats:
        """The matrix times some columns."""
        if self._matrix is not None:
            return self._matrix.times(some)
        return np.asarray(self._now @ np.asarray(self._now.T @ some), dtype=np.float32)


class Symmetric:
    """A symmetric matrix of which only one half is kept: strips of rows, each from the diagonal on.

    >>> matrix = Symmetric(2)
    >>> matrix.strips[0][1][:] = [[1, 2], [2, 5]]
    >>> matrix.times(np.array([[1.0], [1.0]], dtype=np.float32)).ravel().tolist()
    [3.0, 7.0]
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.strips: list[tuple[int, Floats]] = [
            (at, np.zeros((min(_BLOCK, size - at), size - at), dtype=np.float32))
            for at in range(0, size, _BLOCK)
        ]

    def times(self, some: Floats) -> Floats:
        """The matrix times some columns."""
        product = np.zeros((self.size, some.shape[1]), dtype=np.float32)
        for at, strip in self.strips:
            end = at + len(strip)
            product[at:end] += strip @ some[at:]
            if end < self.size:
                product[end:] += strip[:, len(strip) :].T @ some[at:end]
        return product


def _add_products(rows: sparse.csr_matrix, onto: Symmetric) -> None:
    """The rows' inner products with each other, added to a matrix."""
    n = rows.shape[0]
    often = np.bincount(rows.indices, minlength=rows.shape[1]) if rows.nnz else np.zeros(rows.shape[1])
    dense = np.flatnonzero(often > _OFTEN)
    by_column = rows.tocsc()
    for first in range(0, len(dense), _BLOCK):
        block = by_column[:, dense[first : first + _BLOCK]].toarray().astype(np.float32)
        for at, strip in onto.strips:
            strip += block[at : at + len(strip)] @ block[at:].T
    rare = by_column[:, np.flatnonzero((often <= _OFTEN) & (often > 0))].tocsr()
    del by_column
    rare_across = rare.T.tocsr()
    for at, strip in onto.strips:
        for near in range(at, min(at + len(strip), n), _FEW):
            end = min(near + _FEW, at + len(strip))
            strip[near - at : end - at] += (rare[near:end] @ rare_across).toarray()[:, at:]


def _latent_turn(times: Times, basis: Floats, learned: NDArray[np.bool_], size: int) -> Floats:
    """What turns likenesses with the learned rows into latent coordinates: a randomised SVD (Halko et al. 2011, two power steps)."""
    held = learned[:, None].astype(np.float32)
    span = basis * held
    for _ in range(2):
        span, _ = np.linalg.qr(times(span) * held)
    span, _ = np.linalg.qr(times(span) * held)
    small = span.T @ (times(span) * held)
    values, vectors = np.linalg.eigh((small + small.T) / 2)
    values, vectors = values[::-1][:size], vectors[:, ::-1][:, :size]
    # The first direction is what all texts share: it tells none of them apart.
    turn = (span @ vectors[:, 1:]) / np.sqrt(np.maximum(values[1:], 1e-6))
    return np.ascontiguousarray(turn, dtype=np.float32)


def bent_alpha(points: Floats, targets: Floats, bend: float) -> Floats:
    """Weights of kernel ridge regression with a Gaussian kernel on unit vectors."""
    if not points.size:
        return np.zeros((0, targets.shape[1]), dtype=np.float32)
    kernel = Symmetric(len(points))
    for at, strip in kernel.strips:
        np.matmul(points[at : at + len(strip)], points[at:].T, out=strip)
        strip -= 1
        strip *= bend
        np.exp(strip, out=strip)
    return solve(kernel.times, targets, RIDGE_BENT)


def bent_scores(mine: Floats, kept: Floats, alpha: Floats, bend: float) -> Floats:
    """The bent score: a Gaussian of every likeness, each weighed by what was learned for the row it belongs to."""
    near = mine @ kept.T
    near -= 1
    near *= bend
    np.exp(near, out=near)
    return np.asarray(near @ alpha, dtype=np.float32)


def best_of_each(like: Floats, label_of: NDArray[np.int32], labels: int) -> Floats:
    """Per label the greatest of its columns; zero for a label without any."""
    best = np.zeros((len(like), labels), dtype=np.float32)
    for label in np.unique(label_of):
        best[:, label] = like[:, label_of == label].max(axis=1)
    return best


def solve(times: Times, targets: Floats, ridge: float, mask: Floats | None = None, most: int = 80) -> Floats:
    """(K + λ)⁻¹ y by conjugate gradients, all columns at once; K only as "K times a matrix".

    ``mask``: 1 where a row may be used for a column; the others stay zero, as if they were not there.
    """
    answer = np.zeros_like(targets)
    rest = targets.copy() if mask is None else targets * mask
    step = rest.copy()
    size = (rest * rest).sum(axis=0)
    enough = 1e-5 * size.max()
    for _ in range(most):
        bent = times(step)
        if mask is not None:
            bent *= mask
        bent += ridge * step
        far = size / np.maximum((step * bent).sum(axis=0), 1e-30)
        answer += far * step
        rest -= far * bent
        now = (rest * rest).sum(axis=0)
        if now.max() < enough:
            break
        step *= now / np.maximum(size, 1e-30)
        step += rest
        size = now
    return np.asarray(answer, dtype=np.float32)


def complement(inside: Floats) -> Floats:
    """Complement naive Bayes (Rennie et al. 2003) from the sums of the TF-IDF numbers per n-gram and label."""
    outside = inside.sum(axis=1, keepdims=True) - inside + _SMOOTH
    logs = np.log(outside / outside.sum(axis=0))
    return np.asarray(logs.mean(axis=1, keepdims=True) - logs, dtype=np.float32)


def unit(rows: NDArray[np.floating]) -> Floats:
    """Rows of length 1; zeros stay."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-9), dtype=np.float32)


def _narrowed(rows: sparse.csr_matrix, column: NDArray[np.int32], columns: int) -> sparse.csr_matrix:
    """Only the columns that have a new number."""
    there = column[rows.indices]
    known = there >= 0
    pointers = np.concatenate([[0], np.cumsum(known)])[rows.indptr]
    return sparse.csr_matrix((rows.data[known], there[known], pointers), shape=(rows.shape[0], columns))


def _beside(left: sparse.csr_matrix, right: sparse.csr_matrix) -> sparse.csr_matrix:
    return sparse.hstack([left, right], format="csr", dtype=np.float32)


def _weighed(counts: sparse.csr_matrix, idf: Floats) -> sparse.csr_matrix:
    data = (1 + np.log(counts.data)) * idf[counts.indices]
    return sparse.csr_matrix((data.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)


def _row_squares(rows: sparse.csr_matrix) -> NDArray[np.float64]:
    owners = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    squares = np.bincount(owners, weights=rows.data.astype(np.float64) ** 2, minlength=rows.shape[0])
    return np.asarray(squares, dtype=np.float64)


def _scale(rows: sparse.csr_matrix, by: NDArray[np.float64]) -> None:
    rows.data *= np.repeat(by, np.diff(rows.indptr)).astype(np.float32)
