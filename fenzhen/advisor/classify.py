"""Words → label, learned from labelled texts: several simple models and one that weighs them.

A text has two fields, title and body, and is read in two ways: as character n-grams (1-4) of the fields apart, each with its vocabulary
and its share, and as words of both together. Either becomes numbers by TF-IDF. Every label then gets a score in three ways from either reading (fenzhen/advisor/views.py), and one more with sentence vectors:

- *linear*: ridge regression on the n-grams, one against the rest; its words are the explanation;
- *counts*: complement naive Bayes (Rennie et al. 2003) on the same;
- *bent*: kernel ridge with a Gaussian kernel on 200 latent dimensions (LSA): texts that share no n-gram may still be near;
- *familiar*: for labels with common names, the likeness to what usually belongs there (fenzhen/advisor/familiar.py);
- *bent* once more on sentence vectors, if asked for (slower: about 15 ms a text).

A multinomial logistic regression turns the scores into probabilities (fenzhen/advisor/stack.py). It learns from scores that were each given by models that had not
seen the text (eight parts, near-duplicates together), so the
probabilities are calibrated. The same left-out scores, weighed by a regression that has not seen the text either, are
`Learned.left_out`: what a certificate is drawn from.

Text without known n-grams is no evidence: probabilities are mixed with "any label" as evidence falls.

>>> texts = [("路灯不亮", "巷子里的路灯坏了"), ("拖欠工资", "老板三个月没有发工资")] * 5
>>> model = learn(texts, ["灯", "钱"] * 5).classifier
>>> model.labels[int(model.probabilities([("工资", "公司没有发工资")])[0].argmax())]
'钱'
>>> [round(float(one), 2) for one in model.probabilities([("", "")])[0]]
[0.5, 0.5]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from fenzhen.advisor import embed
from fenzhen.advisor.duplicates import near_duplicates
from fenzhen.advisor.familiar import phrases_of
from fenzhen.advisor.model import Word
from fenzhen.advisor.ngrams import (
    Reader,
    counted,
    gram_keys,
    vocabulary_of,
    word_keys,
)
from fenzhen.advisor.stack import softmax, weigh, with_one
from fenzhen.advisor.text import clean, clean_with_origins, plain_for_embedding
from fenzhen.advisor.views import Floats, Pair, View, bent_alpha, bent_scores, unit, view_of

Fields = tuple[str, str]
Say = Callable[[str], None]

#: Fewer labelled texts than this are no training file.
LEAST_ROWS = 10
PARTS = 8

_BEND_VECTORS = 3.0
#: So many texts at most are kept as precedents (at random beyond); the linear part always learns from all.
_MOST_PRECEDENTS = 6000
_TITLE_LONGEST, _BODY_LONGEST = 48, 160
#: Known n-grams at which a text carries 63 % of full evidence.
_EVIDENCE = 6.0
_AT_ONCE = 256
#: Fewer rows have no latent dimensions worth the name.
_LEAST_LATENT = 60
#: How a text is read: name, reader, and whether title and body are one text.
_READINGS: tuple[tuple[str, Reader, bool], ...] = (("chars", gram_keys, False), ("words", word_keys, True))
READINGS = tuple(name for name, *_ in _READINGS)
_PIECES = tuple(piece.name for piece in fields(View))

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
        self._views = [View(**{piece: state[f"{name}_{piece}"] for piece in _PIECES}) for name in READINGS]
        self._keys = [(state[f"{name}_title_keys"], state[f"{name}_body_keys"]) for name in READINGS]
        self._weights: NDArray[np.float64] = state["weights"]

    @property
    def uses_embedding(self) -> bool:
        """Whether sentence vectors take part."""
        return bool(self.state["vectors"].size)

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
        counts, state = self._counted(texts), self.state
        scores: list[NDArray[Any]] = []
        for view, pair in zip(self._views, counts, strict=True):
            scores += view.scores(pair)
        if self.uses_embedding:
            scores.append(
                bent_scores(_vectors(texts), state["vectors"], state["alpha_vectors"], _BEND_VECTORS)
            )
        likely = softmax(with_one(np.hstack(scores).astype(np.float64)) @ self._weights)
        return _mixed(likely, _evidence(counts[0]))

    def _counted(self, texts: Sequence[Fields]) -> list[Pair]:
        titles, bodies = [clean(title) for title, _ in texts], [clean(body) for _, body in texts]
        return [
            _counted_as(titles, bodies, keys, reader, one)
            for keys, (_, reader, one) in zip(self._keys, _READINGS, strict=True)
        ]

    def explain(self, title: str, body: str, label: str, most: int = 6) -> list[Word]:
        """The words that spoke for a label against all others, by the linear part, the weightiest first.

        Raises `KeyError` for a label that was not learned.
        """
        if label not in self.labels:
            raise KeyError(label)
        at = self.labels.index(label)
        view, keys_of = self._views[0], self._keys[0]
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
        view = self._views[0]
        if not view.latent.size:
            return []
        near = view.latent @ view.latent_of(view.rows(self._counted([(title, body)])[0]))[0]
        order = np.argsort(-near, kind="stable")[:top]
        return [(int(self.state["kept"][at]), round(float(near[at]), 4)) for at in order if near[at] > 0]


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
    same = near_duplicates([f"{title} {body}" for title, body in zip(titles, bodies, strict=True)])
    part = parts_of(label_at, same, seed)
    n, parts = len(texts), int(part.max()) + 1
    draw = np.random.default_rng(seed)
    kept = np.arange(n) if n <= _MOST_PRECEDENTS else np.sort(draw.choice(n, _MOST_PRECEDENTS, replace=False))
    known = phrases_of(names)
    phrases = [phrase for _, phrase in known]
    state: dict[str, Any] = {"labels": list(names), "kept": kept}
    scores: list[NDArray[np.float64]] = []
    evidence: NDArray[np.float64] | None = None
    with _BLAS.limit(limits=1, user_api="blas"):
        for name, reader, one in _READINGS:
            first_field, second_field = _fields(titles, bodies, one)
            title_keys, in_titles = vocabulary_of(first_field, reader=reader)
            body_keys, in_bodies = vocabulary_of(second_field, reader=reader)
            columns = len(title_keys) + len(body_keys)
            first = evidence is None
            if first:
                if not columns:
                    raise BadTraining("the texts have no two characters in common: nothing to learn from")
                evidence = _evidence((in_titles, in_bodies))
            say(f"{name}: {n} texts, {len(names)} labels, {columns} known, {parts} parts")
            view, left = view_of(
                (in_titles, in_bodies), label_at, len(names), part, kept, draw,
                bent=n >= _LEAST_LATENT,
                words=_counted_as(phrases, phrases, (title_keys, body_keys), reader, one) if first else None,
                words_label=np.array([at for at, _ in known] if first else [], dtype=np.int32),
            )  # fmt: skip
            scores.append(left)
            state |= {f"{name}_{piece}": getattr(view, piece) for piece in _PIECES}
            state |= {f"{name}_title_keys": title_keys, f"{name}_body_keys": body_keys}
        none = np.zeros((0, len(names)), dtype=np.float32)
        state |= {"vectors": none, "alpha_vectors": none}
        if embedding:
            say("sentence vectors")
            vectors = _vectors(texts) if vectors is None else vectors
            scores.append(_by_vectors(vectors, label_at, len(names), part, kept))
            targets = _targets(label_at, len(names))[kept]
            state |= {
                "vectors": vectors[kept],
                "alpha_vectors": bent_alpha(vectors[kept], targets, _BEND_VECTORS),
            }
        say("weighing")
        together = np.hstack(scores)
        # Models that never met a label say nothing about how far they are to be believed on it.
        often = np.bincount(label_at, minlength=len(names))
        own = np.zeros((parts, len(names)), dtype=np.int64)
        np.add.at(own, (part, label_at), 1)
        met = own[part, label_at] < often[label_at]
        state["weights"] = weigh(together, label_at, len(names), met)
        likely = np.zeros((n, len(names)))
        for number in range(parts):
            inside, outside = part != number, part == number
            fair = weigh(together[inside], label_at[inside], len(names), met[inside])
            likely[outside] = softmax(with_one(together[outside]) @ fair)
    assert evidence is not None
    return Learned(Classifier(state), LeftOut(_mixed(likely, evidence), label_at, same, part))


def lead(likely: NDArray[np.float64]) -> NDArray[np.float64]:
    """How sure the first label is: how far its probability is ahead of the second's, after squaring (shares of the sum of the squares).

    It ranks right and wrong answers better than the first probability alone: two labels that share a text between them are a
    question, one label with many small rivals hardly is. Squares make the small rivals smaller still; the ratio of the two best alone
    would rank as well, but be sure of the best of thirty labels that are all unlikely (docs/adviser.md).

    >>> lead(np.array([[0.7, 0.3, 0.0], [0.7, 0.15, 0.15]])).round(2).tolist()
    [0.69, 0.87]
    """
    if not len(likely):
        return np.zeros(0)
    squares = likely * likely
    best = np.partition(squares, squares.shape[1] - 2, axis=1)[:, -2:]
    return np.asarray((best[:, 1] - best[:, 0]) / squares.sum(axis=1), dtype=np.float64)


# --- the parts ----------------------------------------------------------------------------------------------------------


def _fields(titles: Sequence[str], bodies: Sequence[str], one: bool) -> tuple[Sequence[str], Sequence[str]]:
    """The two fields of a reading; where title and body are one text, the first is empty."""
    if not one:
        return titles, bodies
    return [""] * len(titles), [f"{title} {body}" for title, body in zip(titles, bodies, strict=True)]


def _counted_as(
    titles: Sequence[str],
    bodies: Sequence[str],
    keys: tuple[NDArray[np.uint64], NDArray[np.uint64]],
    reader: Reader,
    one: bool,
) -> Pair:
    first, second = _fields(titles, bodies, one)
    return counted(first, keys[0], reader), counted(second, keys[1], reader)


def _by_vectors(
    vectors: Floats,
    label_at: NDArray[np.int64],
    labels: int,
    part: NDArray[np.int64],
    kept: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Bent on sentence vectors for every row, by models that had not seen its part."""
    targets = _targets(label_at, labels)
    found = np.zeros((len(label_at), labels))
    for number in range(int(part.max()) + 1):
        own, outside = kept[part[kept] != number], np.flatnonzero(part == number)
        alpha = bent_alpha(vectors[own], targets[own], _BEND_VECTORS)
        found[outside] = bent_scores(vectors[outside], vectors[own], alpha, _BEND_VECTORS)
    return found


def _targets(label_at: NDArray[np.int64], labels: int) -> Floats:
    targets = np.full((len(label_at), labels), -1.0, dtype=np.float32)
    targets[np.arange(len(label_at)), label_at] = 1.0
    return targets


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


def _vectors(texts: Sequence[Fields]) -> Floats:
    """One unit vector a text: title and body beside each other."""
    flat: list[str] = []
    for title, body in texts:
        flat += [plain_for_embedding(title, _TITLE_LONGEST), plain_for_embedding(body, _BODY_LONGEST)]
    found = [embed.encode(flat[at : at + _AT_ONCE]) for at in range(0, len(flat), _AT_ONCE)]
    both = (
        np.vstack(found).reshape(len(texts), -1) if found else np.zeros((0, 2 * embed.SIZE), dtype=np.float32)
    )
    return unit(both)


def _evidence(counts: Pair) -> NDArray[np.float64]:
    known = np.diff(counts[0].indptr) + np.diff(counts[1].indptr)
    return np.asarray(1 - np.exp(-known / _EVIDENCE), dtype=np.float64)


def _mixed(likely: NDArray[np.float64], evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    return evidence[:, None] * likely + (1 - evidence[:, None]) / likely.shape[1]


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
