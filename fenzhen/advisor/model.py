"""Words → ranked categories, from a district's lists alone.

On the first day there is no decided ticket. What there is: for every leaf its name, its definition, some utterances
in callers' own words, and what the other leaves send to it. A text is compared with all of these in two ways, by its
n-grams and words (TF-IDF) and by its meaning (sentence vectors), and four things are read off per leaf and way: the
nearest utterance, the centre of all its texts, its definition, and a kernel ridge classifier over all texts. A
multinomial model with one non-negative weight for each joins them; its probabilities are calibrated, because the
weights are fitted on scores of utterances that were each left out of everything that scored them (for the ridge by
the closed form f_i - (K+λI)^-1 y_i / [(K+λI)^-1]_ii of leave-one-out residuals).

Little text is little evidence: what a text of few known words says is mixed with "any category", so that empty or
foreign text gives a flat answer.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import ThreadpoolController

from fenzhen.advisor import embed
from fenzhen.advisor.catalogue import BadCatalogue, Category, read_categories
from fenzhen.advisor.text import clean, clean_with_origins, grams, placed_grams, plain_for_embedding, scale_of

Floats = NDArray[np.float32]

#: One decision is too small to share: more BLAS threads than one only wait for each other (measured: 21 ms against 40).
_BLAS = ThreadpoolController()

#: Part of the checksum: raise it when what is cached is reckoned differently.
_VERSION = "1"
_TITLE_SHARE = 0.5
_TITLE_LONGEST, _BODY_LONGEST = 48, 160
#: Known features at which a text carries 63 % of full evidence; a title alone never carries more than half.
_EVIDENCE = 4.0
_TITLE_ALONE = 0.5
#: Below this the words of a text said nothing.
_LEAST_EVIDENCE = 0.1
_RIDGES = (0.3, 1.0, 3.0)
#: How strongly the weights are held down: keeps readings that say much the same from driving each other out.
_HELD = 2e-4
_TEXTS_AT_ONCE = 256

EXAMPLE, DEFINITION, NAME, ELSEWHERE = range(4)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A category and its probability."""

    code: str
    probability: float


@dataclass(frozen=True, slots=True)
class Word:
    """``[start, end)`` of the title or the body as given, and its share (0..1) of what the words said."""

    field: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How well utterances are placed that were left out: the adviser's own honest figure."""

    n: int
    top1: float
    top3: float
    log_loss: float
    calibration_error: float


class Adviser:
    """The cold-start ranker. Make it with `from_district` or `from_categories`; it is read-only afterwards."""

    def __init__(self, categories: Sequence[Category], state: dict[str, NDArray[Any]]) -> None:
        self.categories_by_code = {category.code: category for category in categories}
        self.codes: tuple[str, ...] = tuple(category.code for category in categories)
        self._class_of = state["class_of"].astype(np.int64)
        self._doc_kind = state["doc_kind"]
        features = bytes(state["features"].tobytes()).decode("utf-8").split("\n")
        self._index = {feature: at for at, feature in enumerate(features)}
        self._idf: Floats = state["idf"]
        shape = (len(self._class_of), len(features))
        self._docs = sparse.csr_matrix((state["data"], state["indices"], state["indptr"]), shape=shape)
        self._docs_t = self._docs.T.tocsr()
        self._vectors: Floats | None = state["vectors"] if state["vectors"].size else None
        self._alpha: Floats = state["alpha"]
        self._alpha_vectors: Floats | None = state["alpha_vectors"] if state["alpha_vectors"].size else None
        self._weights: Floats = state["weights"]
        self._grouping = _Grouping(self._class_of, self._doc_kind, len(self.codes))
        self._norms = (state["norms"], state["norms_vectors"])
        self._last: tuple[tuple[str, str], tuple[sparse.csr_matrix, NDArray[np.float64], Floats]] | None = (
            None
        )
        self.left_out = LeftOut(
            int(state["left_out"][0]), *(round(float(value), 4) for value in state["left_out"][1:])
        )

    # --- making one ---------------------------------------------------------------------------------------------------

    @classmethod
    def from_district(
        cls, path: Path | str, *, cache: Path | str | None = None, embedding: bool = True
    ) -> Adviser:
        """Read a district's lists. ``cache``: a folder that keeps what was reckoned, by checksum of the inputs.

        Raises `BadCatalogue` and `FileNotFoundError`.
        """
        return cls.from_categories(read_categories(path), cache=cache, embedding=embedding)

    @classmethod
    def from_categories(
        cls, categories: Iterable[Category], *, cache: Path | str | None = None, embedding: bool = True
    ) -> Adviser:
        """Make an adviser from category records. Without ``embedding`` (or the encoder) it uses n-grams alone.

        Raises `BadCatalogue` when there is nothing to learn from.
        """
        listed = sorted(categories, key=lambda category: category.code)
        if not listed:
            raise BadCatalogue("no category: nothing to advise on")
        with_vectors = embedding and embed.available()
        if cache is None:
            return cls(listed, _reckon(listed, with_vectors))
        path = Path(cache) / f"adviser-{checksum(listed, with_vectors)}.npz"
        state = _load(path)
        if state is None:
            state = _reckon(listed, with_vectors)
            _save(path, state)
        return cls(listed, state)

    # --- asking it ----------------------------------------------------------------------------------------------------

    @property
    def uses_embedding(self) -> bool:
        """Whether sentence vectors take part."""
        return self._vectors is not None

    def warm(self) -> None:
        """Load everything now, so that the first caller does not wait."""
        if self.uses_embedding:
            embed.warm()
        self.categories("预热", "预热")

    def categories(self, title: str, body: str = "", top: int = 5) -> list[Ranked]:
        """The most likely categories, best first.

        >>> adviser = Adviser.from_categories([
        ...     Category("010101", "住房", "物业", "电梯", "电梯故障、困人", examples=("电梯坏了没人修", "电梯老是停")),
        ...     Category("040101", "市政", "水", "停水", "停水、水压低", examples=("家里没水了", "水龙头不出水")),
        ... ], embedding=False)
        >>> adviser.categories("电梯", "我们单元的电梯又坏了,老人下不了楼")[0].code
        '010101'
        >>> [round(one.probability, 2) for one in adviser.categories("", "")]
        [0.5, 0.5]
        """
        return self.categories_batch([(title, body)], top=top)[0]

    def categories_batch(self, texts: Sequence[tuple[str, str]], top: int = 5) -> list[list[Ranked]]:
        """`categories` for many (title, body) at once."""
        out: list[list[Ranked]] = []
        for row in self.probabilities(texts):
            # A stable sort: of equally likely categories the one with the smaller code comes first.
            order = np.argsort(-row, kind="stable")[:top]
            out.append([Ranked(self.codes[at], float(row[at])) for at in order])
        return out

    def probabilities(self, texts: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """Probability of every category (columns in the order of `codes`), one row a text."""
        rows: list[NDArray[np.float64]] = []
        with _BLAS.limit(limits=1, user_api="blas"):
            for at in range(0, len(texts), _TEXTS_AT_ONCE):
                rows.append(self._some(texts[at : at + _TEXTS_AT_ONCE]))
        return np.vstack(rows) if rows else np.zeros((0, len(self.codes)))

    def words(
        self, title: str, body: str, code: str, against: str | None = None, most: int = 6
    ) -> list[Word]:
        """The words that spoke for a category (against another, or against all), the weightiest first.

        Taken from the linear TF-IDF part: each feature's contribution is spread over the characters it covers.
        """
        query, evidence, similarities = self._compared([(title, body)])
        if evidence[0] < _LEAST_EVIDENCE:
            return []
        similarity = similarities[0]
        doc_weights = self._doc_weights(code, similarity)
        doc_weights -= self._doc_weights(against, similarity) if against else self._mean_doc_weights()
        feature_weights = np.zeros(len(self._index), dtype=np.float32)
        feature_weights[query.indices] = self._docs_t[query.indices] @ doc_weights
        scored: list[tuple[float, str, int, int]] = []
        for name, text in (("title", title), ("body", body)):
            scored += self._scored_spans(name, text, feature_weights)
        scored.sort(key=lambda item: -item[0])
        total = sum(score for score, *_ in scored)
        if total <= 0:
            return []
        return [Word(name, start, end, round(score / total, 4)) for score, name, start, end in scored[:most]]

    def nearest_examples(self, title: str, body: str, code: str, top: int = 3) -> list[str]:
        """The utterances of a category that are nearest to the text by their words."""
        similarity = self._compared([(title, body)])[2][0]
        class_at = self.codes.index(code)
        at = np.flatnonzero((self._class_of == class_at) & (self._doc_kind == EXAMPLE))
        examples = self.categories_by_code[code].examples
        order = np.argsort(-similarity[at], kind="stable")[:top]
        return [examples[one] for one in order if similarity[at[one]] > 0]

    # --- inside -------------------------------------------------------------------------------------------------------

    def _some(self, texts: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        _, evidence, similarity = self._compared(texts)
        parts = self._parts(similarity, self._alpha, self._norms[0])
        if self._vectors is not None and self._alpha_vectors is not None:
            near = _embedded(texts) @ self._vectors.T
            parts = np.concatenate([parts, self._parts(near, self._alpha_vectors, self._norms[1])])
        likely = _softmax(np.tensordot(self._weights, parts, axes=1))
        return evidence[:, None] * likely + (1 - evidence[:, None]) / len(self.codes)

    def _compared(
        self, texts: Sequence[tuple[str, str]]
    ) -> tuple[sparse.csr_matrix, NDArray[np.float64], Floats]:
        """TF-IDF rows, evidence and similarity to every document. The last single text is remembered: its words are
        usually asked for next."""
        if len(texts) > 1:
            query, evidence = self._query(texts)
            return query, evidence, np.asarray((self._docs @ query.T).todense(), dtype=np.float32).T
        last = self._last
        if last is not None and last[0] == texts[0]:
            return last[1]
        query, evidence = self._query(texts)
        dense = np.zeros(len(self._index), dtype=np.float32)
        dense[query.indices] = query.data
        compared = query, evidence, np.asarray(self._docs @ dense, dtype=np.float32)[None, :]
        self._last = (texts[0], compared)
        return compared

    def _parts(self, similarity: Floats, alpha: Floats, norms: Floats) -> Floats:
        """The four readings, each texts × categories."""
        grouping = self._grouping
        return np.stack(
            [
                grouping.nearest(similarity),
                grouping.total(similarity) / norms,
                grouping.definition(similarity),
                similarity @ alpha,
            ]
        ).astype(np.float32)

    def _query(self, texts: Sequence[tuple[str, str]]) -> tuple[sparse.csr_matrix, NDArray[np.float64]]:
        """TF-IDF rows of the texts, title and body weighed as two fields, and how much evidence each carries."""
        rows: list[dict[int, float]] = []
        evidence = np.zeros(len(texts))
        for at, (title, body) in enumerate(texts):
            in_title, known_title = self._field(title)
            in_body, known_body = self._field(body)
            share = _TITLE_SHARE if in_title and in_body else 1.0 if in_title else 0.0
            row = {feature: share * value for feature, value in in_title.items()}
            for feature, value in in_body.items():
                row[feature] = row.get(feature, 0.0) + (1 - share) * value
            norm = float(np.sqrt(sum(value * value for value in row.values()))) or 1.0
            rows.append({feature: value / norm for feature, value in row.items()})
            evidence[at] = 1 - np.exp(-(known_title + known_body) / _EVIDENCE)
            if not known_body:
                evidence[at] *= _TITLE_ALONE
        return _to_matrix(rows, len(self._index)), evidence

    def _field(self, text: str) -> tuple[dict[int, float], int]:
        raw = grams(clean(text)) if text else {}
        row: dict[int, float] = {}
        known = 0
        squares = 0.0
        for feature, count in raw.items():
            at = self._index.get(feature)
            if at is None:
                continue
            scale = scale_of(feature)
            value = scale * (1 + math.log(count / scale)) * float(self._idf[at])
            row[at] = value
            squares += value * value
            known += len(feature) == 2
        norm = squares**0.5 or 1.0
        return {at: value / norm for at, value in row.items()}, known

    def _doc_weights(self, code: str, similarity: Floats) -> Floats:
        """What each document's similarity adds to a category's score: the four readings, linear for this text."""
        at = self.codes.index(code)
        mine = self._class_of == at
        weights = self._weights[3] * self._alpha[:, at] + self._weights[1] * mine / self._norms[0][at]
        for weight, described in ((self._weights[0], False), (self._weights[2], True)):
            read = mine & (np.isin(self._doc_kind, (DEFINITION, NAME)) == described)
            if read.any():
                weights[int(np.argmax(np.where(read, similarity, -1.0)))] += weight
        return np.asarray(weights, dtype=np.float32)

    def _mean_doc_weights(self) -> Floats:
        mean = self._weights[3] * self._alpha.mean(axis=1)
        mean = mean + self._weights[1] / self._norms[0][self._class_of] / len(self.codes)
        return np.asarray(mean, dtype=np.float32)

    def _scored_spans(
        self, name: str, text: str, feature_weights: NDArray[Any]
    ) -> list[tuple[float, str, int, int]]:
        if not text:
            return []
        cleaned = clean_with_origins(text)
        known = [
            (at, start, end, feature)
            for feature, start, end in placed_grams(cleaned.text)
            if (at := self._index.get(feature)) is not None
        ]
        counts: dict[int, int] = {}
        for at, *_ in known:
            counts[at] = counts.get(at, 0) + 1
        # What one occurrence adds to each of its characters; sums of steps are quicker than sums of slices.
        steps = [0.0] * (len(cleaned.text) + 1)
        values = (feature_weights[list(counts)] * self._idf[list(counts)]).tolist()
        each = {
            at: value * (1 + math.log(n)) / n for (at, n), value in zip(counts.items(), values, strict=True)
        }
        for at, start, end, feature in known:
            value = each[at] * scale_of(feature) / (end - start)
            steps[start] += value
            steps[end] -= value
        score = np.cumsum(steps[:-1])
        highest = float(score.max(initial=0.0))
        if highest <= 0:
            return []
        spans: list[tuple[float, str, int, int]] = []
        marked = score > 0.3 * highest
        at = 0
        while at < len(marked):
            if not marked[at]:
                at += 1
                continue
            end = at
            while end < len(marked) and marked[end]:
                end += 1
            spans.append(
                (float(score[at:end].sum()), name, cleaned.origins[at], cleaned.origins[end - 1] + 1)
            )
            at = end
        return spans


class _Grouping:
    """Sums and maxima of document similarities per category."""

    def __init__(self, class_of: NDArray[np.int64], kinds: NDArray[Any], classes: int) -> None:
        docs = len(class_of)
        ones = np.ones(docs, dtype=np.float32)
        self.member = sparse.csr_matrix((ones, (np.arange(docs), class_of)), shape=(docs, classes))
        described = np.flatnonzero((kinds == DEFINITION) | (kinds == NAME))
        self._described = described
        self._described_class = class_of[described]
        self._near = np.flatnonzero((kinds == EXAMPLE) | (kinds == ELSEWHERE))
        self._near_class = class_of[self._near]
        self.classes = classes
        self.class_of = class_of

    def nearest(self, similarity: Floats) -> Floats:
        """Per category the greatest similarity to one of its utterances."""
        return self._greatest(similarity[:, self._near], self._near_class)

    def definition(self, similarity: Floats) -> Floats:
        """Per category the greatest similarity to its definition or its path."""
        return self._greatest(similarity[:, self._described], self._described_class)

    def total(self, similarity: Floats) -> Floats:
        """Per category the sum over all of its texts."""
        return np.asarray((self.member.T @ similarity.T).T, dtype=np.float32)

    def _greatest(self, similarity: Floats, classes: NDArray[np.int64]) -> Floats:
        out = np.zeros((similarity.shape[0], self.classes), dtype=np.float32)
        if similarity.shape[1]:
            # The documents stand in the order of their categories, so each category is one slice.
            starts = np.flatnonzero(np.r_[True, classes[1:] != classes[:-1]])
            out[:, classes[starts]] = np.maximum.reduceat(similarity, starts, axis=1)
        return out


# --- reckoning, once a set of lists ---------------------------------------------------------------------------------------


def _documents(categories: Sequence[Category]) -> tuple[list[str], NDArray[np.int64], NDArray[np.int8]]:
    texts: list[str] = []
    class_of: list[int] = []
    kinds: list[int] = []
    for at, category in enumerate(categories):
        described = [(EXAMPLE, text) for text in category.examples]
        described += [(DEFINITION, category.definition), (NAME, category.path)]
        described += [(ELSEWHERE, text) for text in category.elsewhere]
        for kind, text in described:
            if text.strip():
                texts.append(text)
                class_of.append(at)
                kinds.append(kind)
    if not texts:
        raise BadCatalogue("the categories have no texts at all")
    return texts, np.array(class_of, dtype=np.int64), np.array(kinds, dtype=np.int8)


def _reckon(categories: Sequence[Category], with_vectors: bool) -> dict[str, NDArray[Any]]:
    texts, class_of, kinds = _documents(categories)
    counted = [grams(clean(text)) for text in texts]
    frequency: dict[str, int] = {}
    for row in counted:
        for feature in row:
            frequency[feature] = frequency.get(feature, 0) + 1
    features = sorted(frequency)
    index = {feature: at for at, feature in enumerate(features)}
    idf = np.array(
        [np.log((1 + len(texts)) / (1 + frequency[feature])) + 1 for feature in features], dtype=np.float32
    )
    rows: list[dict[int, float]] = []
    for row in counted:
        weighed = {
            index[feature]: scale_of(feature)
            * (1 + np.log(count / scale_of(feature)))
            * float(idf[index[feature]])
            for feature, count in row.items()
        }
        norm = float(np.sqrt(sum(value * value for value in weighed.values()))) or 1.0
        rows.append({at: value / norm for at, value in weighed.items()})
    docs = _to_matrix(rows, len(features))
    kernel = np.asarray((docs @ docs.T).todense(), dtype=np.float64)
    grouping = _Grouping(class_of, kinds, len(categories))
    targets = np.zeros((len(texts), len(categories)))
    targets[np.arange(len(texts)), class_of] = 1.0
    probe = np.flatnonzero(kinds == EXAMPLE)
    if not len(probe):
        probe = np.arange(len(texts))

    alpha, parts, norms = _ways(kernel, targets, grouping, kinds, probe)
    vectors = np.zeros((0, embed.SIZE), dtype=np.float32)
    alpha_vectors = np.zeros((0, len(categories)))
    norms_vectors = np.zeros(0)
    if with_vectors:
        vectors = embed.encode([plain_for_embedding(text, _BODY_LONGEST) for text in texts])
        near = np.asarray(vectors @ vectors.T, dtype=np.float64)
        alpha_vectors, more, norms_vectors = _ways(near, targets, grouping, kinds, probe)
        parts = np.concatenate([parts, more])
    weights = _fit_weights(parts, class_of[probe])
    fitted = _softmax(np.tensordot(weights, parts, axes=1))
    return {
        "class_of": class_of,
        "doc_kind": kinds,
        "features": np.frombuffer("\n".join(features).encode("utf-8"), dtype=np.uint8),
        "idf": idf,
        "data": docs.data.astype(np.float32),
        "indices": docs.indices,
        "indptr": docs.indptr,
        "vectors": vectors,
        "alpha": alpha.astype(np.float32),
        "alpha_vectors": alpha_vectors.astype(np.float32),
        "norms": norms.astype(np.float32),
        "norms_vectors": norms_vectors.astype(np.float32),
        "weights": weights.astype(np.float32),
        "left_out": np.array(_figures(fitted, class_of[probe])),
    }


def _ways(
    kernel: NDArray[np.float64],
    targets: NDArray[np.float64],
    grouping: _Grouping,
    kinds: NDArray[Any],
    probe: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The ridge of one kernel, and the four readings of every probe with itself left out of each of them."""
    class_of = grouping.class_of
    own = class_of[probe]
    rows = np.arange(len(probe))
    member = grouping.member.astype(np.float64)
    squared = np.asarray(member.T @ np.asarray(kernel @ member.toarray())).diagonal()
    norms = np.sqrt(np.maximum(squared, 1e-9))

    left = kernel[probe].copy()
    left[rows, probe] = 0.0
    nearest = grouping.nearest(left.astype(np.float32))
    total = grouping.total(left.astype(np.float32)).astype(np.float64)
    # The norm of the own centre without the probe: |S - x|^2 = |S|^2 - 2 S.x + 1, where S.x counts x itself.
    self_similarity = kernel[probe, probe]
    without = squared[own] - 2 * (total[rows, own] + self_similarity) + self_similarity
    centre = total / norms
    centre[rows, own] = total[rows, own] / np.sqrt(np.maximum(without, 1e-9))
    defined = grouping.definition(left.astype(np.float32))

    tried: list[tuple[float, NDArray[np.float64], NDArray[np.float64]]] = []
    for ridge in _RIDGES:
        inverse = _inverse(kernel + ridge * np.eye(len(kernel)))
        alpha = (inverse @ targets.astype(np.float32)).astype(np.float64)
        out = targets[probe] - alpha[probe] / inverse[probe, probe][:, None]
        tried.append((float(np.mean((out - targets[probe]) ** 2)), alpha, out))
    _, alpha, ridge_out = min(tried, key=lambda one: one[0])
    return alpha, np.stack([nearest, centre, defined, ridge_out]), norms


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Inverse of a positive definite matrix by its Cholesky factor: half the work of the general one.

    Single precision is enough: a kernel of unit vectors with a ridge of at least .3 has a condition below 10,000.
    """
    from scipy import linalg  # takes long to load, and only learning needs it

    factor, failed = linalg.lapack.spotrf(matrix.astype(np.float32), lower=1)
    lower, failed_too = linalg.lapack.spotri(factor, lower=1)
    if failed or failed_too:
        return np.linalg.inv(matrix).astype(np.float32)
    upper = np.triu_indices(len(lower), 1)
    lower[upper] = lower.T[upper]
    return np.asarray(lower)


def _fit_weights(parts: NDArray[np.float64], own: NDArray[np.int64]) -> NDArray[np.float64]:
    """Non-negative weights of the readings that make the left-out utterances likeliest, gently held down."""
    rows = np.arange(len(own))

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        likely = _softmax(np.tensordot(weights, parts, axes=1))
        value = -float(np.mean(np.log(np.maximum(likely[rows, own], 1e-12)))) + _HELD * float(
            weights @ weights
        )
        slope = np.array([np.mean((likely * part).sum(axis=1) - part[rows, own]) for part in parts])
        return value, slope + 2 * _HELD * weights

    start = np.full(len(parts), 5.0)
    from scipy.optimize import minimize  # takes long to load, and only learning needs it

    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, 200.0)] * len(parts))
    return np.asarray(found.x, dtype=np.float64)


def _figures(likely: NDArray[np.float64], own: NDArray[np.int64]) -> list[float]:
    rows = np.arange(len(own))
    order = np.argsort(-likely, axis=1, kind="stable")
    confidence, right = likely.max(axis=1), order[:, 0] == own
    error = 0.0
    for low in np.arange(0.0, 1.0, 0.1):
        inside = (confidence > low) & (confidence <= low + 0.1)
        if inside.any():
            error += float(inside.mean()) * abs(
                float(right[inside].mean()) - float(confidence[inside].mean())
            )
    return [
        float(len(own)),
        float(right.mean()),
        float((order[:, :3] == own[:, None]).any(axis=1).mean()),
        -float(np.mean(np.log(np.maximum(likely[rows, own], 1e-12)))),
        error,
    ]


def _softmax(scores: NDArray[Any]) -> NDArray[np.float64]:
    shifted = np.exp(np.asarray(scores, dtype=np.float64) - scores.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def _embedded(texts: Sequence[tuple[str, str]]) -> Floats:
    """One unit vector a text: the mean of its title's and its body's."""
    flat: list[str] = []
    for title, body in texts:
        flat += [plain_for_embedding(title, _TITLE_LONGEST), plain_for_embedding(body, _BODY_LONGEST)]
    vectors = embed.encode(flat)
    mean = vectors[0::2] + vectors[1::2]
    return np.asarray(mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _to_matrix(rows: Sequence[dict[int, float]], columns: int) -> sparse.csr_matrix:
    pointers = np.cumsum([0, *(len(row) for row in rows)])
    indices = np.fromiter((at for row in rows for at in row), dtype=np.int32, count=int(pointers[-1]))
    data = np.fromiter(
        (value for row in rows for value in row.values()), dtype=np.float32, count=int(pointers[-1])
    )
    matrix = sparse.csr_matrix((data, indices, pointers), shape=(len(rows), columns))
    matrix.sort_indices()
    return matrix


def checksum(categories: Sequence[Category], with_vectors: bool) -> str:
    """Names what an adviser was reckoned from: every text, the encoder and the version of the reckoning."""
    said = [
        [one.code, one.level1, one.level2, one.name, one.definition, list(one.examples), list(one.elsewhere)]
        for one in categories
    ]
    head = [_VERSION, embed.version() if with_vectors else "n-grams"]
    return hashlib.sha256(json.dumps([head, said], ensure_ascii=False).encode("utf-8")).hexdigest()[:24]


_KEYS = frozenset(
    "class_of doc_kind features idf data indices indptr vectors alpha alpha_vectors norms norms_vectors weights left_out".split()
)


def _load(path: Path) -> dict[str, NDArray[Any]] | None:
    """What was kept, or None when there is nothing, or nothing whole: a damaged file is reckoned anew."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            state = {key: kept[key] for key in kept.files}
    except (
        Exception
    ):  # a cut or foreign file fails in many ways (zip, zlib, struct, key): all mean "not there"
        return None
    return state if set(state) == _KEYS else None


def _save(path: Path, state: dict[str, NDArray[Any]]) -> None:
    """Written beside and moved into place, so that two starting workers never read half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **state)  # type: ignore[arg-type]  # numpy's stub takes the names for its own flags
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
