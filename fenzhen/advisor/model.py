"""Words → ranked categories, from a district's lists alone.

On the first day there is no decided ticket. What there is: for every leaf its name, its definition, some utterances
in callers' own words, and what the other leaves send to it. A text is compared with all of these in two ways, by its
n-grams and words (TF-IDF) and by its meaning (sentence vectors). Per leaf and way are read off: the nearest utterance,
the centre of all its texts, its definition; further, from the words, how exclusively they belong to the leaf (complement
naive Bayes, Rennie et al. 2003), and from the vectors a kernel ridge classifier over all texts. A multinomial model
with one non-negative weight for each joins them; its probabilities are calibrated, because the weights are fitted on
scores of utterances that were each left out of everything that scored them (for the ridge by the closed form
f_i - (K+λI)^-1 y_i / [(K+λI)^-1]_ii of leave-one-out residuals, for the words by taking the utterance's own counts away).

Little text is little evidence: what a text of few known words says is mixed with "any category", so that empty or
foreign text gives a flat answer.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ahocorasick
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import ThreadpoolController

from fenzhen.advisor import embed
from fenzhen.advisor.catalogue import BadCatalogue, Category, read_categories
from fenzhen.advisor.text import (
    WORD,
    clean,
    clean_with_origins,
    grams,
    placed_grams,
    plain_for_embedding,
    scale_of,
    sentences,
    words,
)

Floats = NDArray[np.float32]

#: One decision is too small to share: more BLAS threads than one only wait for each other (measured: 21 ms against 40).
_BLAS = ThreadpoolController()

#: Part of the checksum: raise it when what is cached is reckoned differently.
_VERSION = "3"
_TITLE_SHARE = 0.5
_TITLE_LONGEST, _BODY_LONGEST, _BODY_LAST = 48, 130, 40
_TEXT_LONGEST = 160
#: Known features at which a text carries 63 % of full evidence; a title alone never carries more than half.
_EVIDENCE = 4.0
_TITLE_ALONE = 0.5
#: Below this the words of a text said nothing.
_LEAST_EVIDENCE = 0.1
_RIDGES = (0.3, 1.0, 3.0)
#: Added to every count of a feature outside a leaf.
_SMOOTHINGS = (0.1, 0.3, 1.0)
#: How strongly the weights are held down: keeps readings that say much the same from driving each other out.
_HELD = 2e-4
_TEXTS_AT_ONCE = 256
_ENCODED_AT_ONCE = 256

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
        self._words = {
            feature[len(WORD) :]: at for feature, at in self._index.items() if feature.startswith(WORD)
        }
        self._finder = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        for at, feature in enumerate(features):
            if not feature.startswith(WORD):
                self._finder.add_word(feature, at)
        self._finder.make_automaton()
        self._idf: Floats = state["idf"]
        shape = (len(self._class_of), len(features))
        self._docs = sparse.csr_matrix((state["data"], state["indices"], state["indptr"]), shape=shape)
        self._docs_t = self._docs.T.tocsr()
        self._vectors: Floats | None = state["vectors"] if state["vectors"].size else None
        shape = (len(features), len(self.codes))
        self._exclusive = sparse.csr_matrix(
            (state["ex_data"], state["ex_indices"], state["ex_indptr"]), shape=shape
        )
        self._ex_base: Floats = state["ex_base"]
        self._scale = np.array([scale_of(feature) for feature in features], dtype=np.float32)
        self._is_pair = np.array([len(feature) == 2 for feature in features])
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
        cls,
        path: Path | str,
        *,
        cache: Path | str | None = None,
        embedding: bool = True,
        say: Callable[[str], None] = lambda _: None,
    ) -> Adviser:
        """Read a district's lists. ``cache``: a folder that keeps what was reckoned, by checksum of the inputs;
        ``say`` is told how far the reckoning is.

        Raises `BadCatalogue` and `FileNotFoundError`.
        """
        return cls.from_categories(read_categories(path), cache=cache, embedding=embedding, say=say)

    @classmethod
    def from_categories(
        cls,
        categories: Iterable[Category],
        *,
        cache: Path | str | None = None,
        embedding: bool = True,
        say: Callable[[str], None] = lambda _: None,
    ) -> Adviser:
        """Make an adviser from category records. Without ``embedding`` (or the encoder) it uses n-grams alone.

        Raises `BadCatalogue` when there is nothing to learn from.
        """
        listed = sorted(categories, key=lambda category: category.code)
        if not listed:
            raise BadCatalogue("no category: nothing to advise on")
        with_vectors = embedding and embed.available()
        if cache is None:
            return cls(listed, _reckon(listed, with_vectors, say))
        path = Path(cache) / f"adviser-{checksum(listed, with_vectors)}.npz"
        state = _load(path)
        if state is None:
            state = _reckon(listed, with_vectors, say)
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
        here = query.indices
        feature_weights[here] = self._docs_t[here] @ doc_weights
        exclusive = self._exclusive[here]
        mine = np.asarray(exclusive[:, self.codes.index(code)].todense()).ravel()
        other = (
            np.asarray(exclusive[:, self.codes.index(against)].todense()).ravel()
            if against
            else np.asarray(exclusive.mean(axis=1)).ravel()
        )
        feature_weights[here] += self._weights[3] * (mine - other)
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
        query, evidence, similarity = self._compared(texts)
        exclusive = np.asarray((query @ self._exclusive).todense(), dtype=np.float32)
        exclusive += np.asarray(query.sum(axis=1)) * self._ex_base[None, :]
        read: list[Floats] = [*self._grouping.readings(similarity, self._norms[0]), exclusive]
        if self._vectors is not None and self._alpha_vectors is not None:
            near = _embedded(texts) @ self._vectors.T
            read += self._grouping.readings(near, self._norms[1])
            read.append(np.asarray(near @ self._alpha_vectors, dtype=np.float32))
        likely = _softmax(np.tensordot(self._weights, np.stack(read), axes=1))
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

    def _query(self, texts: Sequence[tuple[str, str]]) -> tuple[sparse.csr_matrix, NDArray[np.float64]]:
        """TF-IDF rows of the texts, title and body weighed as two fields, and how much evidence each carries."""
        fields: list[tuple[NDArray[np.int64], Floats]] = []
        evidence = np.zeros(len(texts))
        for at, (title, body) in enumerate(texts):
            in_title, title_values, known_title = self._field(title)
            in_body, body_values, known_body = self._field(body)
            share = _TITLE_SHARE if len(in_title) and len(in_body) else 1.0 if len(in_title) else 0.0
            fields.append(
                (
                    np.concatenate([in_title, in_body]),
                    np.concatenate([share * title_values, (1 - share) * body_values]),
                )
            )
            evidence[at] = 1 - np.exp(-(known_title + known_body) / _EVIDENCE)
            if not known_body:
                evidence[at] *= _TITLE_ALONE
        pointers = np.cumsum([0, *(len(columns) for columns, _ in fields)])
        matrix = sparse.csr_matrix(
            (
                np.concatenate([values for _, values in fields]),
                np.concatenate([columns for columns, _ in fields]),
                pointers,
            ),
            shape=(len(texts), len(self._index)),
        )
        matrix.sum_duplicates()
        lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
        matrix.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(matrix.indptr)).astype(np.float32)
        return matrix, evidence

    def _field(self, text: str) -> tuple[NDArray[np.int64], Floats, int]:
        """Known features, their values (a unit vector) and how many of them are pairs of characters."""
        cleaned = clean(text) if text else ""
        # All n-grams that are known are found in one walk; asking for each of a thousand a text would be most of a
        # decision's time. None crosses punctuation, because no known one has any.
        places = [at for _, at in self._finder.iter(cleaned)] if cleaned and len(self._finder) else []
        places += [at for word in words(cleaned) if (at := self._words.get(word)) is not None]
        found, times = np.unique(np.array(places, dtype=np.int64), return_counts=True)
        counts = times.astype(np.float32)
        values = self._scale[found] * (1 + np.log(counts)) * self._idf[found]
        length = float(np.sqrt(values @ values)) or 1.0
        return found, values / length, int(self._is_pair[found].sum())

    def _doc_weights(self, code: str, similarity: Floats) -> Floats:
        """What each document's similarity adds to a category's score: the readings, linear for this text."""
        at = self.codes.index(code)
        mine = self._class_of == at
        weights = self._weights[1] * mine / self._norms[0][at]
        for weight, described in ((self._weights[0], False), (self._weights[2], True)):
            read = mine & (np.isin(self._doc_kind, (DEFINITION, NAME)) == described)
            if read.any():
                weights[int(np.argmax(np.where(read, similarity, -1.0)))] += weight
        return np.asarray(weights, dtype=np.float32)

    def _mean_doc_weights(self) -> Floats:
        mean = self._weights[1] / self._norms[0][self._class_of] / len(self.codes)
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

    def readings(self, similarity: Floats, norms: Floats) -> list[Floats]:
        """Nearest utterance, centre and definition, each texts × categories."""
        return [
            self.nearest(similarity),
            np.asarray(self.total(similarity) / norms, dtype=np.float32),
            self.definition(similarity),
        ]

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


def _reckon(
    categories: Sequence[Category], with_vectors: bool, say: Callable[[str], None] = lambda _: None
) -> dict[str, NDArray[Any]]:
    texts, class_of, kinds = _documents(categories)
    counted = [grams(clean(text)) for text in texts]
    frequency: dict[str, int] = {}
    for row in counted:
        for feature in row:
            frequency[feature] = frequency.get(feature, 0) + 1
    # A long n-gram that stands in one text only can be met by nothing that was left out, so nothing is known of its worth.
    features = sorted(
        feature
        for feature, texts_with in frequency.items()
        if texts_with > 1 or len(feature) < 3 or feature.startswith(WORD)
    )
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
            if feature in index
        }
        norm = float(np.sqrt(sum(value * value for value in weighed.values()))) or 1.0
        rows.append({at: value / norm for at, value in weighed.items()})
    docs = _to_matrix(rows, len(features))
    grouping = _Grouping(class_of, kinds, len(categories))
    targets = np.zeros((len(texts), len(categories)))
    targets[np.arange(len(texts)), class_of] = 1.0
    probe = np.flatnonzero(kinds == EXAMPLE)
    if not len(probe):
        probe = np.arange(len(texts))

    own = class_of[probe]
    parts, norms = _left_out_readings(
        np.asarray((docs @ docs.T).todense(), dtype=np.float32), grouping, probe
    )
    exclusive, ex_base, ex_parts = _exclusive(docs, class_of, len(categories), probe)
    parts = np.concatenate([parts, ex_parts[None]])
    vectors = np.zeros((0, embed.SIZE), dtype=np.float32)
    alpha_vectors = np.zeros((0, len(categories)))
    norms_vectors = np.zeros(0)
    if with_vectors:
        vectors = _encoded([plain_for_embedding(text, _TEXT_LONGEST) for text in texts], say)
        say("fitting the readings to utterances that were left out")
        near = np.asarray(vectors @ vectors.T, dtype=np.float32)
        more, norms_vectors = _left_out_readings(near, grouping, probe)
        alpha_vectors, ridge = _ridge(near, targets, probe)
        parts = np.concatenate([parts, more, ridge[None]])
    weights = _fit_weights(parts, own)
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
        "ex_data": exclusive.data.astype(np.float32),
        "ex_indices": exclusive.indices,
        "ex_indptr": exclusive.indptr,
        "ex_base": ex_base.astype(np.float32),
        "alpha_vectors": alpha_vectors.astype(np.float32),
        "norms": norms.astype(np.float32),
        "norms_vectors": norms_vectors.astype(np.float32),
        "weights": weights.astype(np.float32),
        "left_out": np.array(_figures(fitted, own)),
    }


def _encoded(texts: Sequence[str], say: Callable[[str], None]) -> Floats:
    """Sentence vectors of many texts, saying now and then how far it is: it takes a quarter of a minute."""
    done: list[Floats] = []
    for at in range(0, len(texts), _ENCODED_AT_ONCE):
        say(f"reading the lists for their meaning: {at} of {len(texts)} texts")
        done.append(embed.encode(texts[at : at + _ENCODED_AT_ONCE]))
    return np.vstack(done)


def _left_out_readings(
    kernel: Floats, grouping: _Grouping, probe: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nearest, centre and definition of every probe with itself left out of each; lengths of the centres."""
    own = grouping.class_of[probe]
    rows = np.arange(len(probe))
    member = grouping.member.astype(np.float64)
    squared = np.asarray(member.T @ np.asarray(kernel @ grouping.member.toarray())).diagonal()
    norms = np.sqrt(np.maximum(squared, 1e-9))

    left = kernel[probe].copy()
    left[rows, probe] = 0.0
    nearest = grouping.nearest(left)
    total = grouping.total(left).astype(np.float64)
    # The norm of the own centre without the probe: |S - x|^2 = |S|^2 - 2 S.x + 1, where S.x counts x itself.
    self_similarity = kernel[probe, probe].astype(np.float64)
    without = squared[own] - 2 * (total[rows, own] + self_similarity) + self_similarity
    centre = total / norms
    centre[rows, own] = total[rows, own] / np.sqrt(np.maximum(without, 1e-9))
    defined = grouping.definition(left)
    return np.stack([nearest, centre, defined]), norms


def _ridge(
    kernel: Floats, targets: NDArray[np.float64], probe: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients of the kernel ridge that errs least on left-out probes, and its left-out scores."""
    tried: list[tuple[float, NDArray[np.float64], NDArray[np.float64]]] = []
    for ridge in _RIDGES:
        inverse = _inverse(kernel, ridge)
        alpha = (inverse @ targets.astype(np.float32)).astype(np.float64)
        out = targets[probe] - alpha[probe] / inverse[probe, probe][:, None]
        tried.append((float(np.mean((out - targets[probe]) ** 2)), alpha, out))
    _, alpha, out = min(tried, key=lambda one: one[0])
    return alpha, out


def _exclusive(
    docs: sparse.csr_matrix, class_of: NDArray[np.int64], classes: int, probe: NDArray[np.int64]
) -> tuple[sparse.csr_matrix, NDArray[np.float64], NDArray[np.float64]]:
    """How exclusively features belong to a class, what is added per unit of text, and left-out scores of the probes.

    A feature's weight in complement naive Bayes is -log of its share outside the class. All but a few features do not
    occur in a class, so what all classes have in common is left away and the rest is sparse:
    log((a + all) / (a + all - in the class)), with log(everything outside the class) per unit of text.
    """
    member = sparse.csr_matrix(
        (np.ones(len(class_of)), (np.arange(len(class_of)), class_of)), shape=(len(class_of), classes)
    )
    inside = (docs.T @ member).tocsr()
    everywhere = np.asarray(docs.sum(axis=0)).ravel().astype(np.float64)
    own = class_of[probe]
    rests = [smoothing + everywhere for smoothing in _SMOOTHINGS]
    outsides = [rest.sum() - np.asarray(inside.sum(axis=0)).ravel() for rest in rests]
    outs = [np.zeros((len(probe), classes)) for _ in _SMOOTHINGS]
    for row, (doc, mine) in enumerate(zip(probe, own, strict=True)):
        here = docs.indices[docs.indptr[doc] : docs.indptr[doc + 1]]
        values = docs.data[docs.indptr[doc] : docs.indptr[doc + 1]].astype(np.float64)
        among = np.asarray(inside[here].todense())
        # The probe's own counts leave its class and the whole, so only the other classes' outside gets smaller.
        among[:, mine] = np.maximum(among[:, mine] - values, 0.0)
        lost = np.full(classes, values.sum())
        lost[mine] = 0.0
        for rest, outside, out in zip(rests, outsides, outs, strict=True):
            left = np.maximum(rest[here] - values, 1e-9)
            common = values @ np.log(left)
            out[row] = common - values @ np.log(np.maximum(left[:, None] - among, 1e-9))
            out[row] += np.log(outside - lost) * values.sum()
    tried: list[tuple[float, sparse.csr_matrix, NDArray[np.float64], NDArray[np.float64]]] = []
    by_row = np.repeat(np.arange(inside.shape[0]), np.diff(inside.indptr))
    for rest, outside, out in zip(rests, outsides, outs, strict=True):
        weights = inside.copy()
        weights.data = np.log(rest[by_row] / np.maximum(rest[by_row] - inside.data, 1e-9))
        (weight,) = _fit_weights(out[None], own)
        likely = _softmax(weight * out)
        loss = -float(np.mean(np.log(np.maximum(likely[np.arange(len(own)), own], 1e-12))))
        tried.append((loss, weights, np.log(outside), out))
    _, weights, base, out = min(tried, key=lambda one: one[0])
    return weights.tocsr(), base, out


def _inverse(kernel: Floats, ridge: float) -> Floats:
    """Inverse of kernel + ridge * I by its Cholesky factor: half the work of the general one.

    Single precision is enough: a kernel of unit vectors with a ridge of at least .3 has a condition below 10,000.
    """
    from scipy import linalg  # takes long to load, and only learning needs it

    matrix = np.asfortranarray(kernel)
    matrix[np.diag_indices_from(matrix)] += np.float32(ridge)
    factor, failed = linalg.lapack.spotrf(matrix, lower=1, overwrite_a=1)
    lower, failed_too = linalg.lapack.spotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        return np.asarray(np.linalg.inv(kernel + np.float32(ridge) * np.eye(len(kernel), dtype=np.float32)))
    for at in range(len(lower)):  # the upper half is the lower one's mirror; row by row needs no index lists
        lower[at, at + 1 :] = lower[at + 1 :, at]
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
    """One unit vector a text: the mean of its title's and its body's, the body's being that of its sentences' mean,
    so that a long story does not wash out what one of its sentences says."""
    flat: list[str] = []
    of: list[int] = []
    first: list[int] = []
    for at, (title, body) in enumerate(texts):
        parts = sentences(body, _BODY_LONGEST, _BODY_LAST)
        of += [at, *([at] * len(parts))]
        flat += [plain_for_embedding(title, _TITLE_LONGEST), *parts]
        first.append(len(flat) - len(parts) - 1)
    vectors = embed.encode(flat)
    titles = vectors[first]
    bodies = np.zeros_like(titles)
    np.add.at(bodies, np.array(of, dtype=np.int64), vectors)
    bodies -= titles
    mean = titles + bodies / np.maximum(np.linalg.norm(bodies, axis=1, keepdims=True), 1e-9)
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
    "class_of doc_kind features idf data indices indptr vectors ex_data ex_indices ex_indptr ex_base alpha_vectors norms "
    "norms_vectors weights left_out".split()
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
