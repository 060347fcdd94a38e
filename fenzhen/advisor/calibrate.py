"""A classifier together with what it may promise, from one file of labelled texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fenzhen.advisor.certificate import Bound, Cases, Certificate, certify
from fenzhen.advisor.classify import BadTraining, Classifier, Fields, Say, lead, learn
from fenzhen.advisor.duplicates import near_duplicates
from fenzhen.advisor.text import clean

_HELD_OUT = 0.3


def learn_certified(
    texts: Sequence[Fields],
    labels: Sequence[str],
    *,
    alpha: float,
    delta: float,
    cases: Cases = "cross-fitted",
    bound: Bound = "binomial",
    embedding: bool = False,
    seed: int = 0,
    say: Say = lambda _: None,
) -> tuple[Classifier, Certificate]:
    """Learn and certify.

    ``cross-fitted``: the model learns from every row and the certificate uses every row, each judged by models that had not
    seen it. ``held out``: the model learns from 70 % and the certificate uses the other 30 %, near-duplicates together: exact for any
    learner, at the price of both. Raises `BadTraining` and `BadCertificate`.
    """
    if cases == "cross-fitted":
        learned = learn(texts, labels, embedding=embedding, seed=seed, say=say)
        left = learned.left_out
        right = left.probabilities.argmax(axis=1) == left.label_at
        sure = lead(left.probabilities)
        certificate = certify(sure, right, alpha=alpha, delta=delta, bound=bound, cases=cases, same=left.same)
        return learned.classifier, certificate
    if len(texts) != len(labels):
        raise BadTraining(f"{len(texts)} texts, but {len(labels)} labels")
    same = near_duplicates([f"{clean(title)} {clean(body)}" for title, body in texts])
    groups = np.unique(same)
    drawn = np.random.default_rng(seed).permutation(groups)[: int(len(groups) * _HELD_OUT)]
    aside = np.isin(same, drawn)
    learned = learn(
        [texts[at] for at in np.flatnonzero(~aside).tolist()],
        [labels[at] for at in np.flatnonzero(~aside).tolist()],
        embedding=embedding,
        seed=seed,
        say=say,
    )
    outside: list[int] = np.flatnonzero(aside).tolist()
    likely = learned.classifier.probabilities([texts[at] for at in outside])
    said = [learned.classifier.labels[at] for at in likely.argmax(axis=1)]
    right = np.array([label == labels[at] for label, at in zip(said, outside, strict=True)], dtype=bool)
    sure = lead(likely)
    return learned.classifier, certify(
        sure, right, alpha=alpha, delta=delta, bound=bound, cases=cases, same=same[outside]
    )
