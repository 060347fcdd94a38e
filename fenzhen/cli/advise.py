"""`fenzhen advise`: the adviser on CSV files. Needs neither Django nor a database.

What is asked for goes to standard output or a file; progress goes to standard error.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import click
import numpy as np

from fenzhen.cli.texts import (
    EXISTING,
    NEW,
    Rows,
    columns_of,
    header_of,
    plain_errors,
    read_rows,
    say,
    texts_of,
    write_rows,
)


def _alpha_delta(run: Any) -> Any:
    run = click.option(
        "--delta", type=float, default=0.05, show_default=True, help="How often the promise may fail."
    )(run)
    return click.option(
        "--alpha",
        type=float,
        default=0.03,
        show_default=True,
        help="Share of automatic ones that may be wrong.",
    )(run)


def _model_options(run: Any) -> Any:
    run = click.option(
        "--embedding/--no-embedding",
        default=False,
        show_default=True,
        help="With sentence vectors: a little better, much slower.",
    )(run)
    return click.option(
        "--seed", type=int, default=0, show_default=True, help="Draws the parts and the precedents."
    )(run)


_text = click.option(
    "--text", required=True, help="Column of the title and column(s) of the body, e.g. topic,detail."
)
_label = click.option("--label", required=True, help="Column of the label.")
_calibrate = click.option(
    "--calibrate",
    type=click.Choice(["cross-fitted", "held-out"]),
    default="cross-fitted",
    show_default=True,
    help="Certify with every training row, each judged by models that had not seen it; or with a third that is held out of the "
    "model (exact for any learner, smaller coverage).",
)


@click.group("advise", short_help="Learn, score and predict labels or units of texts in CSV files.")
def command() -> None:
    """Learn labels of texts, say how good that is, and which answers may go automatically; or name units for texts
    from a district's lists alone."""


@command.command("train")
@click.option("--in", "source", type=EXISTING, required=True, help="CSV with labelled texts.")
@_text
@_label
@click.option("--out", "target", type=NEW, required=True, help="The model file.")
@_alpha_delta
@_calibrate
@_model_options
def train(
    source: Path,
    text: str,
    label: str,
    target: Path,
    alpha: float,
    delta: float,
    calibrate: str,
    embedding: bool,
    seed: int,
) -> None:
    """Learn from labelled texts and keep the model with its certificate."""
    from fenzhen.advisor.storage import save

    with plain_errors():
        rows = read_rows(source, [*columns_of(text), label])
        classifier, certificate, seconds = _learned(
            rows, text, label, alpha, delta, calibrate, embedding, seed
        )
        notes = {
            "n_train": len(rows), "text": text, "label": label, "alpha": alpha, "delta": delta, "cases": certificate.cases,
            "threshold": certificate.threshold, "coverage": certificate.coverage, "why": certificate.why,
        }  # fmt: skip
        checksum = save(classifier, target, notes=notes)
        click.echo(
            json.dumps(
                notes | {"model": str(target), "sha256": checksum, "train_seconds": seconds},
                ensure_ascii=False,
            )
        )


@command.command("score")
@click.option(
    "--train", "source", type=EXISTING, required=True, help="CSV with labelled texts to learn from."
)
@click.option(
    "--test", "other", type=EXISTING, required=True, help="CSV with labelled texts to be scored on."
)
@_text
@_label
@_alpha_delta
@_calibrate
@_model_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def score_(
    source: Path, other: Path, text: str, label: str, alpha: float, delta: float, calibrate: str, embedding: bool, seed: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Learn from one file, be measured on another. Calibration happens inside the training file."""
    from fenzhen.advisor import score

    with plain_errors():
        rows = read_rows(source, [*columns_of(text), label])
        test = read_rows(other, [*columns_of(text), label])
        classifier, certificate, seconds = _learned(
            rows, text, label, alpha, delta, calibrate, embedding, seed
        )
        texts = texts_of(test, text)
        say(f"scoring {len(texts)} texts")
        likely = classifier.probabilities(texts)
        truth = [row[label] for row in test]
        figures: dict[str, Any] = {"n_train": len(rows), "n_test": len(test)}
        figures |= score.score(truth, classifier.labels, likely)
        figures["certificate"] = score.realised(certificate, truth, classifier.labels, likely)
        figures |= score.speed(classifier, [(title, body[:300]) for title, body in texts])
        figures |= {"embedding": embedding, "train_seconds": seconds, "peak_mb": score.peak_mb()}
        if figures["unseen_labels"]:
            say(f"labels that were never learned count as wrong: {', '.join(figures['unseen_labels'])}")
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        click.echo(f"{name:24} {json.dumps(value, ensure_ascii=False)}")


@command.command("predict")
@click.option("--train", "source", type=EXISTING, help="CSV with labelled texts to learn from.")
@click.option("--model", "kept", type=EXISTING, help="A model made by `advise train`, instead of --train.")
@click.option("--in", "other", type=EXISTING, required=True, help="CSV with texts to be labelled.")
@_text
@click.option("--label", help="Column of the label in the training file.")
@_alpha_delta
@_calibrate
@_model_options
@click.option(
    "--out",
    "target",
    type=NEW,
    required=True,
    help="CSV with all columns, three labels, and what may go automatically.",
)
def predict(
    source: Path | None, kept: Path | None, other: Path, text: str, label: str | None, alpha: float, delta: float, calibrate: str,
    embedding: bool, seed: int, target: Path,
) -> None:  # fmt: skip
    """Label texts; `automatic` is 1 where the certificate allows it."""
    if (source is None) == (kept is None):
        raise click.UsageError("give either --train or --model")
    if source is not None and not label:
        raise click.UsageError("--train needs --label")
    from fenzhen.advisor.classify import lead

    with plain_errors():
        rows = read_rows(other, columns_of(text))
        if kept is not None:
            from fenzhen.advisor.storage import load

            classifier, notes, _ = load(kept)
            if (notes.get("alpha"), notes.get("delta")) != (alpha, delta):
                raise ValueError(
                    f"{kept} is certified for α={notes.get('alpha')}, δ={notes.get('delta')}: "
                    "ask for these, or train again for others"
                )
            threshold = notes.get("threshold")
            why = str(notes.get("why", ""))
        else:
            assert source is not None and label is not None
            labelled = read_rows(source, [*columns_of(text), label])
            classifier, certificate, _ = _learned(
                labelled, text, label, alpha, delta, calibrate, embedding, seed
            )
            threshold, why = certificate.threshold, certificate.why
        if threshold is None:
            say(f"nothing goes automatically: {why}")
        likely = classifier.probabilities(texts_of(rows, text))
        allowed = lead(likely) >= (np.inf if threshold is None else float(threshold))
        order = np.argsort(-likely, axis=1, kind="stable")[:, :3]
        for row, chances, best, automatic in zip(rows, likely, order, allowed, strict=True):
            for place in range(3):
                has = place < len(best)
                row[f"predicted_{place + 1}"] = classifier.labels[best[place]] if has else ""
                row[f"confidence_{place + 1}"] = f"{chances[best[place]]:.6f}" if has else ""
            row["automatic"] = str(int(automatic))
        added = [f"{name}_{place}" for place in (1, 2, 3) for name in ("predicted", "confidence")]
        write_rows(target, rows, header_of(other), [*added, "automatic"])
        say(f"{target}: {len(rows)} rows, {sum(row['automatic'] == '1' for row in rows)} automatic")


@command.command("units")
@click.option(
    "--district",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder with a district's lists.",
)
@click.option("--in", "source", type=EXISTING, required=True, help="CSV with texts.")
@_text
@click.option(
    "--top", type=click.IntRange(1, 50), default=5, show_default=True, help="How many units to name."
)
@click.option(
    "--kinds", help="Only these kinds of units: town, subdistrict, bureau, enterprise (with commas)."
)
@click.option("--embedding/--no-embedding", default=True, show_default=True, help="With sentence vectors.")
@click.option(
    "--out", "target", type=NEW, required=True, help="CSV with all columns, the units and their confidence."
)
def units(
    district: Path, source: Path, text: str, top: int, kinds: str | None, embedding: bool, target: Path
) -> None:
    """Name the likeliest units for texts from a district's lists alone: no labelled text is needed."""
    from fenzhen.advisor import Adviser, UnitLetters, UnitWords, advise, advise_batch, read_units
    from fenzhen.hotline.duty import DutyBook
    from fenzhen.locator import Gazetteer, locate

    with plain_errors():
        rows = read_rows(source, columns_of(text))
        listed = read_units(district)
        wanted = {kind.strip() for kind in kinds.split(",")} if kinds else {unit.kind for unit in listed}
        unknown = wanted - {unit.kind for unit in listed}
        if unknown:
            raise ValueError(f"no unit of kind {', '.join(sorted(unknown))} in {district}")
        names = {unit.code: unit.name for unit in listed}
        only = [unit.code for unit in listed if unit.kind in wanted]
        # Where every kind is wanted and the place is known, the lead is asked for and nobody stands for anybody.
        at_place = None if len(only) == len(listed) else only
        top_there = min(top, len(only))
        if top_there < top:
            say(f"only {top_there} units of these kinds")
        say("reckoning the district's lists")
        adviser = Adviser.from_district(district, embedding=embedding, cache=_kept_readings(), say=say)
        words, letters = UnitWords(listed), UnitLetters(unit for unit in listed if unit.kind in wanted)
        book = DutyBook.from_district(district)
        places = Gazetteer.from_csv(district / "places.csv")
        today = datetime.now(UTC).astimezone().date()  # the district's day: this machine stands there
        texts = texts_of(rows, text)
        found = [locate(f"{title}\n{body}", places).probabilities() for title, body in texts]
        nowhere = [at for at, place in enumerate(found) if not place]
        answers: list[Any] = [None] * len(texts)
        for begin in range(0, len(nowhere), 64):
            some = nowhere[begin : begin + 64]
            together = advise_batch(
                adviser,
                book,
                [texts[at] for at in some],
                today,
                top=top_there,
                only=only,
                words=words,
                letters=letters,
            )
            say(f"{min(begin + 64, len(nowhere))} of {len(texts)} texts")
            for at, answer in zip(some, together, strict=True):
                answers[at] = answer
        for at, place in enumerate(found):
            if place:
                title, body = texts[at]
                answers[at] = advise(
                    adviser,
                    book,
                    title,
                    body,
                    place,
                    None,
                    today,
                    top=top_there,
                    only=at_place,
                    words=words,
                    letters=letters,
                    explain=False,
                )
        # A unit no rule leads to is named last, the ones most often named before it: a line is never left blank.
        often: dict[str, int] = dict.fromkeys(only, 0)
        for answer in answers:
            for one in answer.units:
                if one.unit in often:
                    often[one.unit] += 1
        filling = sorted(only, key=lambda code: (-often[code], code))
        for row, answer in zip(rows, answers, strict=True):
            ranked = [(one.unit, one.probability) for one in answer.units if one.unit in names]
            there = {unit for unit, _ in ranked}
            ranked += [(code, 0.0) for code in filling if code not in there][
                : max(top_there - len(ranked), 0)
            ]
            for rank, (unit, chance) in enumerate(ranked[:top_there], 1):
                row[f"unit_{rank}"] = names[unit]
                row[f"confidence_{rank}"] = f"{chance:.4f}"
            row["category_1"] = answer.categories[0].code if answer.categories else ""
        added = [f"unit_{rank}" for rank in range(1, top_there + 1)]
        added += [f"confidence_{rank}" for rank in range(1, top_there + 1)]
        write_rows(target, rows, header_of(source), [*added, "category_1"])
        say(f"{target}: {len(rows)} rows")


@command.command("history")
@click.option("--in", "source", type=EXISTING, required=True, help="CSV export of past tickets.")
@click.option(
    "--text", default="", help="Column of the title and column(s) of the body; default by their names."
)
@click.option("--first", default="", help="Column of the unit it was first sent to; default 首派单位.")
@click.option("--final", default="", help="Column of the unit that had it in the end; default 承办单位.")
@click.option("--time", "moment", default="", help="Column of when it came in; default 受理时间.")
@click.option(
    "--returned", default="", help="Column of how often it came back; default 退单次数, where it is there."
)
@_alpha_delta
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("--out", "target", type=NEW, help="Also write the table of units as CSV.")
def history(
    source: Path, text: str, first: str, final: str, moment: str, returned: str, alpha: float, delta: float, as_json: bool,
    target: Path | None,
) -> None:  # fmt: skip
    """Try the adviser on a district's own past tickets: cut by time, it learns from the earlier half and is measured on the
    last three tenths. Says how often people and the adviser named the right unit first, which returns would have been
    avoided, what could be promised per unit, and how many labels are missing."""
    from fenzhen.advisor.history import guessed_columns, try_history
    from fenzhen.advisor.history import read_rows as read_history

    with plain_errors():
        header = header_of(source)
        columns = columns_of(text)
        told = {"first": first, "final": final, "time": moment, "returned": returned}
        if columns:
            told |= {"title": columns[0]} if len(columns) > 1 else {"body": columns[0]}
            told |= {"body": columns[1]} if len(columns) > 1 else {}
        found = guessed_columns(header, told)
        rows = read_rows(source, list(found.values()))
        if len(columns) > 2:  # further columns belong to the body
            for row in rows:
                row[columns[1]] = "\n".join(row[column] for column in columns[1:] if row.get(column))
        read = read_history(rows, found)
        if read.dropped:
            say(f"left out: {', '.join(f'{n} {why}' for why, n in read.dropped.items())}")
        figures = try_history(
            read.rows, alpha=alpha, delta=delta, say=lambda step, share: say(f"{share:4.0%} {step}")
        )
        figures["dropped"] = read.dropped
        if target is not None:
            units_ = figures["units"]
            plain = [
                {key: "" if value is None else str(value) for key, value in unit.items()} for unit in units_
            ]
            write_rows(target, plain, list(units_[0]) if units_ else ["unit"], [])
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
        return
    for line in _told_history(figures):
        click.echo(line)


def _told_history(figures: dict[str, Any]) -> Iterator[str]:
    """The figures in words, for a reader at the prompt."""

    def rate(one: dict[str, Any]) -> str:
        if one["share"] is None:
            return "-"
        return f"{one['share']:.1%} ({one['right']}/{one['n']}, 95% {one['low']:.1%} - {one['high']:.1%})"

    yield f"{figures['n']} tickets, {figures['from']} - {figures['to']}; learned from {figures['n_learned']}, measured on the"
    yield f"last {figures['n_test']} (from {figures['test_from']}); the right unit is the one that had it in the end"
    yield f"first dispatch right, people    {rate(figures['people'])}"
    yield f"first dispatch right, adviser   {rate(figures['adviser'])}"
    avoided = figures["avoided"]
    yield (
        f"of {avoided['sent_wrong_first']} that people sent wrong first the adviser names the right unit for "
        f"{avoided['adviser_right']}; it is wrong on {avoided['adviser_wrong_people_right']} that people had right"
    )
    if avoided["returns"] is not None:
        yield f"returns in that time: {avoided['returns']}, of which avoided: {avoided['returns_avoided']}"
    sure, whole = figures["automatic"], figures["certificate"]
    yield (
        f"could go by itself (per unit, at most {whole['alpha']:.0%} wrong, sure to {1 - whole['delta']:.0%}): "
        f"{sure['coverage']:.1%} of all, right {rate(sure)}"
    )
    yield "by group of units (town and bureau names by how they end; a unit with cases enough stands alone):"
    for group in figures["groups"]:
        name = group["group"].removeprefix("unit:")
        state = (
            f"certified from {group['threshold']}, of these right {rate(group['precision'])}"
            if group["threshold"] is not None
            else f"not enough data to certify: {group['missing']} more error-free cases wanted"
        )
        yield (
            f"  {name:24} {group['units']:3} units, {group['n']:5} named, {group['coverage']:6.1%} could go by itself; {state}"
        )
    for unit in figures["units"]:
        state = (
            f"from {unit['threshold']}"
            if unit["threshold"] is not None
            else f"with {unit['group'].removeprefix('unit:')}"
        )
        yield f"  {unit['unit']:24} {unit['n']:5} named, {unit['right']:5} right, {unit['automatic']:5} automatic, {state}"


# --- files --------------------------------------------------------------------------------------------------------------


def _learned(
    rows: Rows, text: str, label: str, alpha: float, delta: float, calibrate: str, embedding: bool, seed: int
) -> tuple[Any, Any, float]:
    """The classifier, its certificate, and the seconds both took."""
    from fenzhen.advisor.calibrate import learn_certified

    if embedding:
        from fenzhen.advisor import embed

        if not embed.available():
            raise ValueError("the sentence encoder is not installed: use --no-embedding")
    began = time.perf_counter()
    cases: Literal["cross-fitted", "held out"] = "cross-fitted" if calibrate == "cross-fitted" else "held out"
    classifier, certificate = learn_certified(
        texts_of(rows, text),
        [row[label] for row in rows],
        alpha=alpha,
        delta=delta,
        cases=cases,
        embedding=embedding,
        seed=seed,
        say=say,
    )
    if certificate.why:
        say(certificate.why)
    return classifier, certificate, round(time.perf_counter() - began, 1)


def _kept_readings() -> Path | None:
    """Where what was reckoned from a district's lists is kept, by checksum; None where nothing can be written."""
    data = Path(os.environ.get("FENZHEN_DATA_DIR") or "data")
    given = os.environ.get("FENZHEN_CACHE_DIR")
    if not given and not data.is_dir():
        data = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fenzhen"
    folder = Path(given) if given else data / "cache"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None
