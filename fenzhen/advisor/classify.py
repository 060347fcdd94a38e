"""Words → label, learned from labelled texts: several simple models and one that weighs them.

A text has two fields, title and body, and is read in two ways: as character n-grams (1-4) and as words. Each becomes numbers by TF-IDF, with
a vocabulary and a share per field. Every label then gets a score in four ways from either reading, and two more with sentence vectors:

- *linear*: ridge regression on the n-grams, one against the rest; its words are the explanation;
- *counts*: complement naive Bayes (Rennie et al. 2003) on the same;
- *bent*: kernel ridge with a Gaussian kernel on 200 latent dimensions (LSA): texts that share no n-gram may still be near;
- *precedents*: the labels of the 15 nearest decided texts there;
- *bent* and *precedents* once more on sentence vectors, if asked for (slower: about 15 ms a text).

A multinomial logistic regression turns the scores into probabilities. It learns from scores that were each given by models that had not
seen the text (eight parts, near-duplicates together, everything including frequencies and latent dimensions learned anew), so the
probabilities are calibrated. The same left-out scores, weighed by a regression that has not seen the text either, are
`Learned.left_out`: what a certificate is drawn from.

Text without known n-grams is no evidence: probabilities are mixed with "any label" as evidence falls.

>>> texts = [("路灯不亮", "巷子里的路灯坏了"), ("拖欠工资", "老板三个月没有发工资")] * 5
>>> model = learn(texts, ["市政", "劳动"] * 5).classifier
>>> model.labels[int(model.probabilities([("工资", "公司没有发工资")])[0].argmax())]
'劳动'
>>> [round(float(one), 2) for one in model.probabilities([("", "")])[0]]
[0.5, 0.5]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from threadpoolctl import ThreadpoolController

from fenzhen.advisor import embed
from fenzhen.advisor.duplicates import near_duplicates
from fenzhen.advisor.model import Word
from fenzhen.advisor.ngrams import (
    Reader,
    counted,
    gram_keys,
    vocabulary_of,
    word_and_pair_keys,
    word_keys,
)
from fenzhen.advisor.text import clean, clean_with_origins, plain_for_embedding

Floats = NDArray[np.float32]
Fields = tuple[str, str]
Say = Callable[[str], None]
#: Of one reading: counts of the titles, counts of the bodies.
Pair = tuple[sparse.csr_matrix, sparse.csr_matrix]

#: Fewer labelled texts than this are no training file.
LEAST_ROWS = 10
PARTS = 8

# Chosen on five parts of the labelled messages the project was given (bench/adviser); the differences nearby are within noise.
_TITLE_SHARE = 0.3
_RIDGE, _RIDGE_BENT = 0.1, 0.05
_BEND, _BEND_VECTORS = 2.0, 3.0
_LATENT = 200
_LATENT_COLUMNS = 40_000
_NEAREST = 15
_SMOOTH = 0.3
_HELD = 3.0
#: So many texts at most are kept as precedents (at random beyond); the linear part always learns from all.
_MOST_PRECEDENTS = 6000
_TITLE_LONGEST, _BODY_LONGEST = 48, 160
#: Known n-grams at which a text carries 63 % of full evidence.
_EVIDENCE = 6.0
_AT_ONCE = 256
#: Fewer rows have no latent dimensions worth the name.
_LEAST_LATENT = 60
#: How a text is read: name, reader of the title, reader of the body.
_READINGS: tuple[tuple[str, Reader, Reader], ...] = (
    ("chars", gram_keys, gram_keys),
    ("words", word_and_pair_keys, word_keys),
)
READINGS = tuple(name for name, *_ in _READINGS)

_BLAS = ThreadpoolController()


class BadTraining(ValueError):
    """The labelled texts cannot be learned from: says why."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Probabilities of every training text by models that had not seen it; ``same``: equal numbers are near-duplicates."""

    probabilities: NDArray[np.float64]
    label_at: NDArray[np.int64]
    same: NDArray[np.int64]
    part: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Learned:
    """A classifier and how it did on texts it had not seen."""

    classifier: Classifier
    left_out: LeftOut


class Classifier:
    """A learned model. Made by `learn` or from its `state`; read-only afterwards."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.labels: tuple[str, ...] = tuple(str(label) for label in state["labels"])
        self.state = dict(state)
        self._model = _Model(
            tuple(
                _View(**{piece: state[f"{name}_{piece}"] for piece in _View.__slots__})
                for name, *_ in _READINGS
            ),
            *(state[piece] for piece in _Model.__slots__[1:]),
        )
        self._keys = [(state[f"{name}_title_keys"], state[f"{name}_body_keys"]) for name, *_ in _READINGS]
        self._weights: NDArray[np.float64] = state["weights"]

    @property
    def uses_embedding(self) -> bool:
        """Whether sentence vectors take part."""
        return bool(self._model.vectors.size)

    def warm(self) -> None:
        """Load everything now, so that the first text does not wait."""
        if self.uses_embedding:
            embed.warm()
        self.probabilities([("预热", "预热")])

    def probabilities(self, texts: Sequence[Fields]) -> NDArray[np.float64]:
        """Probability of every label (columns in the order of `labels`), one row a (title, body)."""
        rows = []
        with _BLAS.limit(limits=1, user_api="blas"):
            for at in range(0, len(texts), _AT_ONCE):
                rows.append(self._some(texts[at : at + _AT_ONCE]))
        return np.vstack(rows) if rows else np.zeros((0, len(self.labels)))

    def _some(self, texts: Sequence[Fields]) -> NDArray[np.float64]:
        counts = self._counted(texts)
        vectors = _vectors(texts) if self.uses_embedding else None
        scores = self._model.scores(counts, vectors)
        likely = _softmax(_with_one(scores) @ self._weights)
        return _mixed(likely, _evidence(counts[0]))

    def _counted(self, texts: Sequence[Fields]) -> list[Pair]:
        titles, bodies = [clean(title) for title, _ in texts], [clean(body) for _, body in texts]
        return [
            (counted(titles, of_titles, read_title), counted(bodies, of_bodies, read_body))
            for (of_titles, of_bodies), (_, read_title, read_body) in zip(self._keys, _READINGS, strict=True)
        ]

    def explain(self, title: str, body: str, label: str, most: int = 6) -> list[Word]:
        """The words that spoke for a label against all others, by the linear part, the weightiest first.

        Raises `KeyError` for a label that was not learned.
        """
        if label not in self.labels:
            raise KeyError(label)
        at = self.labels.index(label)
        view, keys_of = self._model.views[0], self._keys[0]
        row = view.rows(self._counted([(title, body)])[0])
        weights = view.linear
        # One against the rest, seen from the mean of all labels.
        worth = row.data * (weights[row.indices, at] - weights[row.indices].mean(axis=1))
        worth_of = dict(zip(row.indices.tolist(), worth.tolist(), strict=True))
        offset = 0
        spans: list[tuple[float, str, int, int]] = []
        for name, text, keys in (("title", title, keys_of[0]), ("body", body, keys_of[1])):
            spans += _spans(name, text, keys, {at - offset: w for at, w in worth_of.items() if at >= offset})
            offset += len(keys)
        spans.sort(key=lambda span: -span[0])
        total = sum(span[0] for span in spans)
        return [Word(name, start, end, round(w / total, 4)) for w, name, start, end in spans[:most]]

    def precedents(self, title: str, body: str, top: int = 3) -> list[tuple[int, float]]:
        """Rows of the training file that are most like the text, with their likeness (0..1)."""
        view = self._model.views[0]
        if not view.latent.size:
            return []
        near = view.latent @ view.latent_of(view.rows(self._counted([(title, body)])[0]))[0]
        order = np.argsort(-near, kind="stable")[:top]
        return [(int(self._model.kept[at]), round(float(near[at]), 4)) for at in order if near[at] > 0]


def learn(
    texts: Sequence[Fields],
    labels: Sequence[str],
    *,
    embedding: bool = False,
    seed: int = 0,
    vectors: Floats | None = None,
    say: Say = lambda _: None,
) -> Learned:
    """Learn from labelled (title, body) pairs.

    ``embedding``: with sentence vectors (``vectors`` where they were reckoned before). Raises `BadTraining`: too few rows, one label
    only, a row without label, no text at all.
    """
    names = _checked(texts, labels)
    label_at = np.array([names.index(label) for label in labels], dtype=np.int64)
    titles, bodies = [clean(title) for title, _ in texts], [clean(body) for _, body in texts]
    state: dict[str, Any] = {"labels": list(names)}
    counts: list[Pair] = []
    for name, read_title, read_body in _READINGS:
        state[f"{name}_title_keys"], in_titles = vocabulary_of(titles, reader=read_title)
        state[f"{name}_body_keys"], in_bodies = vocabulary_of(bodies, reader=read_body)
        counts.append((in_titles, in_bodies))
    known = counts[0][0].shape[1] + counts[0][1].shape[1]
    if not known:
        raise BadTraining("the texts have no two characters in common: nothing to learn from")
    say(f"{len(texts)} texts, {len(names)} labels, {known} n-grams")
    if embedding and vectors is None:
        say("reckoning sentence vectors")
        vectors = _vectors(texts)
    same = near_duplicates([f"{title} {body}" for title, body in zip(titles, bodies, strict=True)])
    part = parts_of(label_at, same, seed)
    bent = len(texts) >= _LEAST_LATENT
    with _BLAS.limit(limits=1, user_api="blas"):
        scores: NDArray[np.float64] | None = None
        for number in range(int(part.max()) + 1):
            say(f"part {number + 1} of {int(part.max()) + 1}")
            inside, outside = np.flatnonzero(part != number), np.flatnonzero(part == number)
            some = _fit(
                _rows_of(counts, inside), label_at[inside], len(names), _take(vectors, inside), seed, bent
            )
            left = some.scores(_rows_of(counts, outside), _take(vectors, outside))
            if scores is None:
                scores = np.zeros((len(texts), left.shape[1]))
            scores[outside] = left
        assert scores is not None
        say("everything")
        model = _fit(counts, label_at, len(names), vectors, seed, bent)
        spread = scores.std(axis=0) + 1e-9
        middle = scores.mean(axis=0)
        weights = _weigh((scores - middle) / spread, label_at, len(names))
        likely = np.zeros((len(texts), len(names)))
        for number in range(int(part.max()) + 1):
            inside, outside = part != number, part == number
            fair = _weigh((scores[inside] - middle) / spread, label_at[inside], len(names))
            likely[outside] = _softmax(_with_one((scores[outside] - middle) / spread) @ fair)
    # The classifier takes scores as they are: the scaling goes into the weights.
    unscaled = weights.copy()
    unscaled[:-1] /= spread[:, None]
    unscaled[-1] -= (middle / spread) @ weights[:-1]
    for (name, *_), view in zip(_READINGS, model.views, strict=True):
        state |= {f"{name}_{piece}": getattr(view, piece) for piece in _View.__slots__}
    state |= {piece: getattr(model, piece) for piece in _Model.__slots__[1:]}
    state["weights"] = unscaled
    left_out = LeftOut(_mixed(likely, _evidence(counts[0])), label_at, same, part)
    return Learned(Classifier(state), left_out)


# --- the parts ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _View:
    """What was learned from one reading of the texts."""

    idf: Floats
    title_columns: int
    linear: Floats
    counts: Floats
    latent_column: NDArray[np.int32]
    projection: Floats
    latent: Floats
    alpha: Floats

    def rows(self, counts: Pair) -> sparse.csr_matrix:
        """TF-IDF rows: title and body side by side, each of its share's length, together of length 1."""
        title = _weighed(counts[0], self.idf[: self.title_columns])
        body = _weighed(counts[1], self.idf[self.title_columns :])
        squares_title, squares_body = _row_squares(title), _row_squares(body)
        share = np.where(squares_body > 0, np.where(squares_title > 0, _TITLE_SHARE, 0.0), 1.0)
        _scale(title, np.sqrt(share / np.maximum(squares_title, 1e-12)))
        _scale(body, np.sqrt((1 - share) / np.maximum(squares_body, 1e-12)))
        return sparse.hstack([title, body], format="csr", dtype=np.float32)

    def latent_of(self, rows: sparse.csr_matrix) -> Floats:
        """Unit vectors in the latent space (zeros for a text without known n-grams)."""
        column = self.latent_column[rows.indices]
        there = column >= 0
        pointers = np.concatenate([[0], np.cumsum(there)])[rows.indptr]
        shape = (rows.shape[0], self.projection.shape[0])
        few = sparse.csr_matrix((rows.data[there], column[there], pointers), shape=shape)
        return _unit(np.asarray(few @ self.projection))


@dataclass(slots=True)
class _Model:
    """Everything learned from one set of rows, but for the weighing of the scores."""

    views: tuple[_View, ...]
    vectors: Floats
    alpha_vectors: Floats
    kept: NDArray[np.int64]
    kept_labels: NDArray[np.int64]

    def scores(self, counts: Sequence[Pair], vectors: Floats | None) -> NDArray[np.float64]:
        """All scores side by side: readings, ways within them, labels within these."""
        found: list[NDArray[Any]] = []
        for view, pair in zip(self.views, counts, strict=True):
            rows = view.rows(pair)
            found += [np.asarray(rows @ view.linear), np.asarray(rows @ view.counts)]
            if view.latent.size:
                found += self._near(view.latent_of(rows), view.latent, view.alpha, _BEND)
        if self.vectors.size and vectors is not None:
            found += self._near(vectors, self.vectors, self.alpha_vectors, _BEND_VECTORS)
        return np.hstack(found).astype(np.float64)

    def _near(self, mine: Floats, kept: Floats, alpha: Floats, bend: float) -> list[Floats]:
        near = mine @ kept.T
        votes = np.zeros((len(mine), alpha.shape[1]), dtype=np.float32)
        most = min(_NEAREST, near.shape[1])
        at = np.argpartition(-near, most - 1, axis=1)[:, :most]
        likeness = np.maximum(np.take_along_axis(near, at, axis=1), 0) ** 2
        np.add.at(votes, (np.arange(len(mine))[:, None], self.kept_labels[at]), likeness)
        votes /= np.maximum(votes.sum(axis=1, keepdims=True), 1e-9)
        near -= 1
        near *= bend
        np.exp(near, out=near)
        return [np.asarray(near @ alpha, dtype=np.float32), votes]


def _fit(
    counts: Sequence[Pair],
    label_at: NDArray[np.int64],
    labels: int,
    vectors: Floats | None,
    seed: int,
    bent: bool,
) -> _Model:
    draw = np.random.default_rng(seed)
    n = len(label_at)
    kept = np.arange(n) if n <= _MOST_PRECEDENTS else np.sort(draw.choice(n, _MOST_PRECEDENTS, replace=False))
    targets = np.full((n, labels), -1.0, dtype=np.float32)
    targets[np.arange(n), label_at] = 1.0
    views = tuple(_view(pair, label_at, targets, kept, draw, bent) for pair in counts)
    nothing = np.zeros((0, labels), dtype=np.float32)
    model = _Model(views, nothing, nothing, kept, label_at[kept])
    if vectors is not None:
        model.vectors = vectors[kept]
        model.alpha_vectors = _bent(model.vectors, targets[kept], _BEND_VECTORS)
    return model


def _view(
    counts: Pair,
    label_at: NDArray[np.int64],
    targets: Floats,
    kept: NDArray[np.int64],
    draw: np.random.Generator,
    bent: bool,
) -> _View:
    idf = np.concatenate([_idf(one, len(label_at)) for one in counts])
    nothing = np.zeros((0, 0), dtype=np.float32)
    view = _View(
        idf, counts[0].shape[1], nothing, nothing, np.zeros(0, dtype=np.int32), nothing, nothing, nothing
    )
    rows = view.rows(counts)
    across = rows.T.tocsr()
    view.linear = np.asarray(across @ _solve(lambda some: rows @ (across @ some), targets, _RIDGE))
    view.counts = _complement(across, label_at, targets.shape[1])
    if bent:
        _to_latent(view, rows, draw)
        view.latent = view.latent_of(rows[kept])
        view.alpha = _bent(view.latent, targets[kept], _BEND)
    return view


def _to_latent(view: _View, rows: sparse.csr_matrix, draw: np.random.Generator) -> None:
    """Latent dimensions of the commonest n-grams by a randomised SVD (Halko et al. 2011, two power steps)."""
    often = np.bincount(rows.indices, weights=rows.data > 0, minlength=rows.shape[1])
    columns = np.sort(np.argsort(-often, kind="stable")[:_LATENT_COLUMNS])
    columns = columns[often[columns] > 0]
    view.latent_column = np.full(rows.shape[1], -1, dtype=np.int32)
    view.latent_column[columns] = np.arange(len(columns), dtype=np.int32)
    size = min(_LATENT, rows.shape[0] // 4, len(columns) // 4)
    if size < 2:
        view.projection = np.zeros((len(columns), 1), dtype=np.float32)
        return
    few = rows[:, columns]
    across = few.T.tocsr()
    basis = draw.standard_normal((len(columns), size + 10)).astype(np.float32)
    for _ in range(2):
        basis, _ = np.linalg.qr(across @ np.asarray(few @ basis))
    _, _, right = np.linalg.svd(np.asarray(few @ basis), full_matrices=False)
    # The first direction is what all texts share: it tells none of them apart.
    view.projection = np.ascontiguousarray((basis @ right.T)[:, 1:size], dtype=np.float32)


def _bent(points: Floats, targets: Floats, bend: float) -> Floats:
    if not points.size:
        return np.zeros((0, targets.shape[1]), dtype=np.float32)
    kernel = points @ points.T
    kernel -= 1
    kernel *= bend
    np.exp(kernel, out=kernel)
    return _solve(lambda some: np.asarray(kernel @ some, dtype=np.float32), targets, _RIDGE_BENT)


def _solve(times: Callable[[Floats], Floats], targets: Floats, ridge: float, most: int = 80) -> Floats:
    """(K + λ)⁻¹ y by conjugate gradients, all columns at once; K only as "K times a matrix"."""
    answer = np.zeros_like(targets)
    rest = targets.copy()
    step = rest.copy()
    size = (rest * rest).sum(axis=0)
    enough = 1e-5 * size.max()
    for _ in range(most):
        bent = np.asarray(times(step)) + ridge * step
        far = size / np.maximum((step * bent).sum(axis=0), 1e-30)
        answer += far * step
        rest -= far * bent
        now = (rest * rest).sum(axis=0)
        if now.max() < enough:
            break
        step = rest + (now / np.maximum(size, 1e-30)) * step
        size = now
    return np.asarray(answer, dtype=np.float32)


def _complement(across: sparse.csr_matrix, label_at: NDArray[np.int64], labels: int) -> Floats:
    member = np.zeros((len(label_at), labels), dtype=np.float32)
    member[np.arange(len(label_at)), label_at] = 1.0
    inside = np.asarray(across @ member)
    outside = inside.sum(axis=1, keepdims=True) - inside + _SMOOTH
    logs = np.log(outside / outside.sum(axis=0))
    return np.asarray(logs.mean(axis=1, keepdims=True) - logs, dtype=np.float32)


def _weigh(scores: NDArray[np.float64], label_at: NDArray[np.int64], labels: int) -> NDArray[np.float64]:
    """Multinomial logistic regression on standardised scores, held down by half the squared weights; last row: what stands alone."""
    with_one = _with_one(scores)
    shape = (with_one.shape[1], labels)
    rows = np.arange(len(label_at))

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape)
        likely = _softmax(with_one @ weights)
        value = -float(np.log(np.maximum(likely[rows, label_at], 1e-300)).sum())
        likely[rows, label_at] -= 1
        slope = with_one.T @ likely
        held = weights.copy()
        held[-1] = 0
        return value + 0.5 * _HELD * float((held * held).sum()), (slope + _HELD * held).ravel()

    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return np.asarray(found.x.reshape(shape), dtype=np.float64)


# --- small parts ----------------------------------------------------------------------------------------------------------


def _checked(texts: Sequence[Fields], labels: Sequence[str]) -> list[str]:
    if len(texts) != len(labels):
        raise BadTraining(f"{len(texts)} texts, but {len(labels)} labels")
    if len(texts) < LEAST_ROWS:
        raise BadTraining(f"{len(texts)} labelled rows: at least {LEAST_ROWS} are needed")
    empty = sum(1 for label in labels if not label.strip())
    if empty:
        raise BadTraining(f"{empty} rows have no label")
    number = Counter(labels)
    if len(number) < 2:
        raise BadTraining(f"only one label ({next(iter(number))}): there is nothing to tell apart")
    if not any(title.strip() or body.strip() for title, body in texts):
        raise BadTraining("all texts are empty")
    return sorted(number)


def parts_of(
    label_at: NDArray[np.int64], same: NDArray[np.int64], seed: int, most: int = PARTS
) -> NDArray[np.int64]:
    """A part (0, 1, …) per row: near-duplicates in one, labels spread evenly."""
    draw = np.random.default_rng(seed)
    groups, first, inverse = np.unique(same, return_index=True, return_inverse=True)
    order = draw.permutation(len(groups))
    order = order[np.argsort(label_at[first[order]], kind="stable")]
    parts = min(most, len(groups))
    if parts < 2:
        raise BadTraining("all texts are nearly the same: nothing to tell apart")
    part = np.zeros(len(groups), dtype=np.int64)
    part[order] = np.arange(len(groups)) % parts
    return np.asarray(part[inverse])


def _idf(counts: sparse.csr_matrix, n: int) -> Floats:
    often = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log((1 + n) / (1 + often)) + 1
    # Seen once is not known: in a part of the rows it must weigh as little as an n-gram never seen.
    return np.where(often >= 2, idf, 0.0).astype(np.float32)


def _weighed(counts: sparse.csr_matrix, idf: Floats) -> sparse.csr_matrix:
    data = (1 + np.log(counts.data)) * idf[counts.indices]
    return sparse.csr_matrix((data.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)


def _row_squares(rows: sparse.csr_matrix) -> NDArray[np.float64]:
    owners = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    squares = np.bincount(owners, weights=rows.data.astype(np.float64) ** 2, minlength=rows.shape[0])
    return np.asarray(squares, dtype=np.float64)


def _scale(rows: sparse.csr_matrix, by: NDArray[np.float64]) -> None:
    rows.data *= np.repeat(by, np.diff(rows.indptr)).astype(np.float32)


def _rows_of(counts: Sequence[Pair], at: NDArray[np.int64]) -> list[Pair]:
    return [(titles[at], bodies[at]) for titles, bodies in counts]


def _take(vectors: Floats | None, at: NDArray[np.int64]) -> Floats | None:
    return None if vectors is None else vectors[at]


def _vectors(texts: Sequence[Fields]) -> Floats:
    """One unit vector a text: title and body beside each other."""
    flat: list[str] = []
    for title, body in texts:
        flat += [plain_for_embedding(title, _TITLE_LONGEST), plain_for_embedding(body, _BODY_LONGEST)]
    found = [embed.encode(flat[at : at + _AT_ONCE]) for at in range(0, len(flat), _AT_ONCE)]
    both = (
        np.vstack(found).reshape(len(texts), -1) if found else np.zeros((0, 2 * embed.SIZE), dtype=np.float32)
    )
    return _unit(both)


def _unit(rows: NDArray[Any]) -> Floats:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-9), dtype=np.float32)


def _evidence(counts: Pair) -> NDArray[np.float64]:
    known = np.diff(counts[0].indptr) + np.diff(counts[1].indptr)
    return np.asarray(1 - np.exp(-known / _EVIDENCE), dtype=np.float64)


def _mixed(likely: NDArray[np.float64], evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    return evidence[:, None] * likely + (1 - evidence[:, None]) / likely.shape[1]


def _with_one(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hstack([scores, np.ones((len(scores), 1))])


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _spans(
    name: str, text: str, keys: NDArray[np.uint64], worth: Mapping[int, float]
) -> list[tuple[float, str, int, int]]:
    """Stretches of a field as given whose n-grams speak for the label: (worth, field, start, end)."""
    cleaned = clean_with_origins(text)
    if not cleaned.text or not len(keys):
        return []
    places: dict[int, list[tuple[int, int]]] = {}
    for size in (1, 2, 3, 4):
        for start in range(len(cleaned.text) - size + 1):
            piece = cleaned.text[start : start + size]
            key = 0
            for letter in piece:
                key = (key << 16) | (ord(letter) & 0xFFFF)
            at = int(np.searchsorted(keys, np.uint64(key)))
            if at < len(keys) and int(keys[at]) == key and at in worth:
                places.setdefault(at, []).append((start, start + size))
    value = np.zeros(len(cleaned.text))
    for at, where in places.items():
        for start, end in where:
            value[start:end] += worth[at] / len(where) / (end - start)
    if value.max(initial=0.0) <= 0:
        return []
    marked = value > 0.3 * value.max()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(np.int8), [0]])))
    return [
        (float(value[start:end].sum()), name, cleaned.origins[start], cleaned.origins[end - 1] + 1)
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]
