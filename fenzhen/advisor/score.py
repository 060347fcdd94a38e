"""How good advice is: right ones, per label, what may go automatically, and how fast.

>>> figures = score(["甲", "乙", "甲"], ["甲", "乙"], [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
>>> figures["accuracy"], figures["top2"]
(0.6667, 1.0)
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fenzhen.advisor.certificate import Certificate
from fenzhen.advisor.classify import Classifier, Fields, lead


def score(truth: Sequence[str], labels: Sequence[str], probabilities: ArrayLike) -> dict[str, Any]:
    """Accuracy, macro-F1 (over labels that occur in the truth), top-2, top-3, and precision, recall, F1, n per label.

    A true label that was never learned counts as wrong and is listed under ``unseen_labels``.
    """
    likely = np.asarray(probabilities, dtype=np.float64)
    order = np.argsort(-likely, axis=1, kind="stable")
    at_of = {label: at for at, label in enumerate(labels)}
    true_at = np.array([at_of.get(label, -1) for label in truth], dtype=np.int64)
    said = order[:, 0] if len(order) else np.zeros(0, dtype=np.int64)
    per_label: dict[str, dict[str, float | int]] = {}
    for label in sorted(set(labels) | set(truth)):
        at = at_of.get(label, -2)
        true, called = true_at == at, said == at
        if at < 0:
            true = np.array([one == label for one in truth], dtype=bool)
        both = int((true & called).sum())
        precision = both / int(called.sum()) if called.any() else 0.0
        recall = both / int(true.sum()) if true.any() else 0.0
        f1 = 2 * precision * recall / (precision + recall) if both else 0.0
        per_label[label] = {
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1": round(f1, 4),
            "n": int(true.sum()),
        }
    occurring = [figures["f1"] for figures in per_label.values() if figures["n"]]
    hit = order == true_at[:, None]

    def share(top: int) -> float:
        return round(float(hit[:, :top].any(axis=1).mean()), 4) if len(hit) else 0.0

    return {
        "accuracy": share(1),
        "macro_f1": round(float(np.mean(occurring)), 4) if occurring else 0.0,
        "top2": share(2),
        "top3": share(3),
        "per_class": per_label,
        "unseen_labels": {label: n for label, n in _counts(truth).items() if label not in at_of},
    }


def realised(
    certificate: Certificate, truth: Sequence[str], labels: Sequence[str], probabilities: ArrayLike
) -> dict[str, Any]:
    """What a certificate did on other texts: threshold, coverage there, precision there (None when nothing went), and why not."""
    likely = np.asarray(probabilities, dtype=np.float64)
    right = np.array([labels[at] for at in likely.argmax(axis=1)], dtype=object) == np.array(
        truth, dtype=object
    )
    automatic = certificate.allows(lead(likely))
    return {
        "alpha": certificate.alpha,
        "delta": certificate.delta,
        "threshold": None if certificate.threshold is None else round(certificate.threshold, 6),
        "coverage": round(float(automatic.mean()), 4) if len(automatic) else 0.0,
        "precision": round(float(right[automatic].mean()), 4) if automatic.any() else None,
        "automatic": int(automatic.sum()),
        "wrong": int((~right[automatic]).sum()),
        "calibration": {
            "cases": certificate.cases,
            "n": certificate.n,
            "coverage": round(certificate.coverage, 4),
            "precision": None if certificate.precision is None else round(certificate.precision, 4),
            "wrong_at_most": round(certificate.wrong_at_most, 4),
        },
        "missing": certificate.missing,
        "why": certificate.why,
    }


def coverage_curve(right: ArrayLike, confidence: ArrayLike) -> NDArray[np.float64]:
    """Rows (coverage, precision) as the threshold falls over all cases."""
    order = np.argsort(-np.asarray(confidence, dtype=np.float64), kind="stable")
    good = np.asarray(right, dtype=bool)[order]
    number = np.arange(1, len(good) + 1)
    return np.column_stack([number / max(len(good), 1), np.cumsum(good) / number])


def speed(
    classifier: Classifier, texts: Sequence[Fields], *, most: int = 1000, alone: int = 300
) -> dict[str, Any]:
    """Milliseconds of single decisions (p50, p99), and decisions a second in batches, on one core, warm."""
    sample = (
        [texts[at] for at in np.linspace(0, len(texts) - 1, min(most, len(texts))).astype(int)]
        if texts
        else []
    )
    if not sample:
        return {"latency_ms": {"p50": None, "p99": None}, "decisions_per_second": None}
    classifier.warm()
    times: list[float] = []
    for text in sample[:alone]:
        began = time.perf_counter()
        classifier.probabilities([text])
        times.append((time.perf_counter() - began) * 1000)
    began = time.perf_counter()
    classifier.probabilities(sample)
    each = (time.perf_counter() - began) / len(sample)
    p50, p99 = (round(float(one), 3) for one in np.percentile(times, [50, 99]))
    return {"latency_ms": {"p50": p50, "p99": p99}, "decisions_per_second": math.floor(1 / each)}


def peak_mb() -> float:
    """Most memory this process has had at once, in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _counts(values: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found
