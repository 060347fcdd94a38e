"""Everything the adviser says about labels, reckoned anew: `make prove-adviser`.

Five outer parts with near-duplicates together; inside each training part everything is chosen and calibrated, the other part is only scored.
Near-duplicates: Jaccard of character 4-grams of title and body at least .7 (fenzhen/advisor/duplicates.py), passed on. Then the speed of one
core, and how often cross-fitted certificates break their promise on halves of the same messages (`--validity N`). `--population N` does nothing but
this: the left-out answers to all messages, with their confidences as they are, serve as a population whose share of wrong ones is known at
every threshold; N samples of every size are drawn from it, certified, and the promise held against that share.

    prove.py --data ../shared/data/teddy/messages_labelled_train.csv [--embedding] [--seed 1] [--validity 20 | --population 2000]

Prints one JSON object. The messages are not part of this repository.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402  (the number of threads is read when numpy is imported)

from fenzhen.advisor import score, storage  # noqa: E402  (as above)
from fenzhen.advisor.certificate import certify, certify_groups  # noqa: E402  (as above)
from fenzhen.advisor.classify import Classifier, lead, learn, parts_of  # noqa: E402  (as above)
from fenzhen.advisor.duplicates import near_duplicates  # noqa: E402  (as above)
from fenzhen.advisor.text import clean  # noqa: E402  (as above)

ALPHA, DELTA = 0.03, 0.05


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = Path(__file__).resolve().parents[2]
    ask.add_argument(
        "--data", type=Path, default=root.parent / "shared/data/teddy/messages_labelled_train.csv"
    )
    ask.add_argument("--embedding", action="store_true")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument(
        "--validity", type=int, default=0, help="repeats of the check on halves (about 20 s each)"
    )
    ask.add_argument("--population", type=int, default=0, help="samples a size, from a known population")
    given = ask.parse_args()
    if not given.data.exists():
        sys.exit(f"{given.data} is not here: nothing can be reckoned")
    with given.data.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    texts = [(row["topic"], row["detail"]) for row in rows]
    labels = [row["label"] for row in rows]
    names = sorted(set(labels))
    label_at = np.array([names.index(label) for label in labels])
    if given.population:
        print(json.dumps(known_population(texts, labels, given.population), indent=1))
        return
    same = near_duplicates([f"{clean(title)} {clean(body)}" for title, body in texts])
    part = parts_of(label_at, same, given.seed, 5)
    found: dict[str, object] = {"rows": len(rows), "groups": len(np.unique(same))}

    likely = np.zeros((len(rows), len(names)))
    automatic, by_label = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    folds = []
    classifier: Classifier | None = None
    for number in range(5):
        began = time.perf_counter()
        inside, outside = np.flatnonzero(part != number), np.flatnonzero(part == number)
        learned = learn(
            [texts[at] for at in inside], [labels[at] for at in inside], embedding=given.embedding
        )
        classifier, left = learned.classifier, learned.left_out
        said = left.probabilities.argmax(axis=1)
        cases = (lead(left.probabilities), said == left.label_at)
        certificate = certify(*cases, alpha=ALPHA, delta=DELTA, cases="cross-fitted", same=left.same)
        each = certify_groups(*cases, said.tolist(), alpha=ALPHA, delta=DELTA, cases="cross-fitted")
        likely[outside] = classifier.probabilities([texts[at] for at in outside])
        automatic[outside] = certificate.allows(lead(likely[outside]))
        for label, own in each.items():
            of_label = outside[likely[outside].argmax(axis=1) == label]
            by_label[of_label] = own.allows(lead(likely[of_label]))
        truth = [labels[at] for at in outside]
        folds.append(score.realised(certificate, truth, names, likely[outside]))
        print(f"part {number + 1} of 5: {time.perf_counter() - began:.0f} s", file=sys.stderr)
        print(json.dumps(folds[-1]), score.score(truth, names, likely[outside])["accuracy"], file=sys.stderr)
    figures = score.score(labels, names, likely)
    right = likely.argmax(axis=1) == label_at
    curve = score.coverage_curve(right, lead(likely))
    found |= {name: figures[name] for name in ("accuracy", "macro_f1", "top2", "top3", "per_class")}
    found["coverage_at_precision"] = {
        str(wanted): round(float(curve[curve[:, 1] >= wanted, 0].max(initial=0.0)), 4)
        for wanted in (0.99, 0.98, 0.975, 0.97, 0.95)
    }
    found["certificate"] = {
        "alpha": ALPHA,
        "delta": DELTA,
        "coverage": round(float(automatic.mean()), 4),
        "precision": round(float(right[automatic].mean()), 4) if automatic.any() else None,
        "parts": folds,
    }
    said = likely.argmax(axis=1)
    found["certificate_per_label"] = {
        name: {
            "coverage": round(float(by_label[said == at].mean()), 4),
            "precision": round(float(right[by_label & (said == at)].mean()), 4)
            if by_label[said == at].any()
            else None,
        }
        for at, name in enumerate(names)
    } | {
        "all": {
            "coverage": round(float(by_label.mean()), 4),
            "precision": round(float(right[by_label].mean()), 4) if by_label.any() else None,
        }
    }
    at_percent = np.clip((np.arange(1, 101) / 100 * len(curve)).astype(int) - 1, 0, None)
    found["curve"] = [[round(float(x), 4), round(float(y), 4)] for x, y in curve[at_percent]]
    assert classifier is not None
    found |= score.speed(classifier, [(title, body[:300]) for title, body in texts])
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"prove-{os.getpid()}.model"  # a scratch file of this run
    storage.save(classifier, path)
    began = time.perf_counter()
    storage.load(path)
    found |= {
        "load_seconds": round(time.perf_counter() - began, 2),
        "file_mb": round(path.stat().st_size / 1e6, 1),
    }
    path.unlink()
    if given.validity:
        found["validity"] = validity(texts, labels, label_at, same, given.validity)
    found["peak_mb"] = score.peak_mb()
    print(json.dumps(found, ensure_ascii=False, indent=1))


def known_population(texts: list[tuple[str, str]], labels: list[str], draws: int) -> dict[str, object]:
    """How often a certificate of a sample is false of the population the sample was drawn from, which is at hand whole.

    Drawn with replacement, so the cases are independent and the promise is exact: false ones may be δ of all, and by chance a little more.
    """
    from scipy import stats

    left = learn(texts, labels).left_out
    sure, right = lead(left.probabilities), left.probabilities.argmax(axis=1) == left.label_at
    order = np.argsort(-sure, kind="stable")
    ranked, risk = -sure[order], np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    draw = np.random.default_rng(17)
    found: dict[str, object] = {"alpha": ALPHA, "delta": DELTA, "population": len(sure), "draws": draws}
    found["by_chance_at_most"] = round(float(stats.binom.ppf(0.999, draws, DELTA)) / draws, 4)
    for bound in ("binomial", "betting"):
        for size in (200, 500, 1000, 2500, 5000):
            false, coverage = 0, 0.0
            # Betting walks through every threshold's cases in turn: a tenth of the samples must do.
            done = draws if bound == "binomial" else max(draws // 10, 1)
            for _ in range(done):
                at = draw.integers(0, len(sure), size)
                own = certify(sure[at], right[at], alpha=ALPHA, delta=DELTA, bound=bound)
                if own.threshold is not None:
                    taken = int(np.searchsorted(ranked, -own.threshold, side="right"))
                    false += risk[taken - 1] > ALPHA
                    coverage += taken / len(sure)
            found[f"{bound}, {size} cases"] = {
                "false": round(false / done, 4),
                "coverage": round(coverage / done, 4),
            }
    return found


def validity(texts, labels, label_at, same, repeats: int) -> dict[str, object]:
    """Learn and certify on a random half, look at the other: is the share of wrong ones above α?

    The other half is itself a sample, so a promise counts as surely broken when α lies below the 95 % lower bound of what it shows, and
    ``above`` counts every time the sample alone lies above; under a certificate that just keeps its promise about half would.
    """
    above = sure = given = 0
    coverage, precision = [], []
    for repeat in range(repeats):
        half = parts_of(label_at, same, 100 + repeat, 2)
        inside, outside = np.flatnonzero(half == 0), np.flatnonzero(half == 1)
        learned = learn([texts[at] for at in inside], [labels[at] for at in inside], seed=repeat)
        left = learned.left_out
        certificate = certify(
            lead(left.probabilities),
            left.probabilities.argmax(axis=1) == left.label_at,
            alpha=ALPHA, delta=DELTA, cases="cross-fitted", same=left.same,
        )  # fmt: skip
        likely = learned.classifier.probabilities([texts[at] for at in outside])
        allowed = certificate.allows(lead(likely))
        wrong = int((likely.argmax(axis=1) != label_at[outside])[allowed].sum())
        given += certificate.threshold is not None
        if allowed.any():
            above += wrong / allowed.sum() > ALPHA
            from scipy import stats

            sure += float(stats.binom.sf(wrong - 1, int(allowed.sum()), ALPHA)) < 0.05
            coverage.append(float(allowed.mean()))
            precision.append(1 - wrong / float(allowed.sum()))
        print(f"half {repeat + 1} of {repeats}", file=sys.stderr)
    return {
        "repeats": repeats, "certified": given, "above_alpha_in_the_sample": above, "surely_above": sure,
        "mean_coverage": round(float(np.mean(coverage)), 4) if coverage else 0.0,
        "mean_precision": round(float(np.mean(precision)), 4) if precision else None,
    }  # fmt: skip


if __name__ == "__main__":
    main()
