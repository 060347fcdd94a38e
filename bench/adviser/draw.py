"""The pictures of docs/adviser.md from the figures of prove.py: `draw.py figures.json`.

Writes docs/pictures/adviser-coverage.svg (precision over coverage, with what was certified) and docs/pictures/adviser-recall.svg (recall and
precision of every label). Plain SVG, no library.
"""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
_STYLE = (
    "<style>text{font:13px system-ui,'Noto Sans CJK SC',sans-serif;fill:#444}.t{font-size:15px;fill:#111}"
    ".g{stroke:#ddd}.c{fill:none;stroke:#1f5fa8;stroke-width:2}.a{stroke:#b03a2e;stroke-dasharray:5 4}"
    ".r{fill:#1f5fa8}.p{fill:#9bbbd9}.d{fill:#b03a2e}</style>"
)


def page(width: int, height: int, body: list[str]) -> str:
    """A white sheet."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'{_STYLE}<rect width="{width}" height="{height}" fill="#fff"/>{"".join(body)}</svg>\n'
    )


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    """Words at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(words)}</text>'


def coverage(figures: dict) -> str:
    """Precision of what goes automatically over its share, and the certified point."""
    left, top, wide, high, low = 70, 50, 600, 300, 0.90
    certified = figures["certificate"]

    def x(share: float) -> float:
        return left + wide * (share - 0.3) / 0.7

    def y(precision: float) -> float:
        return top + high * (1 - precision) / (1 - low)

    body = [text(left, 28, "Precision of the surest messages, over their share of all", kind="t")]
    for at in range(90, 101, 2):
        body.append(
            f'<line class="g" x1="{left}" x2="{left + wide}" y1="{y(at / 100):.1f}" y2="{y(at / 100):.1f}"/>'
        )
        body.append(text(left - 8, y(at / 100) + 4, f"{at} %", "end"))
    for at in range(30, 101, 10):
        body.append(text(x(at / 100), top + high + 20, f"{at} %", "middle"))
    points = " ".join(
        f"{x(share):.1f},{y(precision):.1f}"
        for share, precision in figures["curve"]
        if share >= 0.3 and precision >= low
    )
    body.append(f'<polyline class="c" points="{points}"/>')
    least = 1 - certified["alpha"]
    body.append(f'<line class="a" x1="{left}" x2="{left + wide}" y1="{y(least):.1f}" y2="{y(least):.1f}"/>')
    body.append(text(left + 6, y(least) + 16, f"promised: at least {least:.0%}"))
    if certified["precision"]:
        at_x, at_y = x(certified["coverage"]), y(certified["precision"])
        body.append(f'<circle class="d" cx="{at_x:.1f}" cy="{at_y:.1f}" r="5"/>')
        words = f"certified: {certified['coverage']:.1%} go, {certified['precision']:.1%} of them right"
        body.append(text(at_x, at_y + 44, words, "end"))
    body.append(text(left + wide / 2, top + high + 44, "share that goes automatically", "middle"))
    return page(720, 420, body)


def recall(figures: dict) -> str:
    """Recall and precision of every label."""
    labels = sorted(figures["per_class"].items(), key=lambda item: -item[1]["recall"])
    left, top, wide, step, low = 190, 60, 430, 46, 0.7
    body = [text(20, 28, "Recall (dark) and precision (light) of every label, all messages", kind="t")]
    bottom = top + step * len(labels)
    for at in range(70, 101, 5):
        x = left + wide * (at / 100 - low) / (1 - low)
        body.append(f'<line class="g" x1="{x:.1f}" x2="{x:.1f}" y1="{top - 8}" y2="{bottom}"/>')
        body.append(text(x, bottom + 20, f"{at} %", "middle"))
    for row, (label, own) in enumerate(labels):
        y = top + row * step
        body.append(text(left - 10, y + 20, f"{label} ({own['n']})", "end"))
        for place, (kind, name) in enumerate((("r", "recall"), ("p", "precision"))):
            long = max(wide * (own[name] - low) / (1 - low), 0)
            body.append(
                f'<rect class="{kind}" x="{left}" y="{y + place * 16:.1f}" width="{long:.1f}" height="14"/>'
            )
            body.append(text(left + long + 6, y + place * 16 + 12, f"{own[name]:.1%}"))
    return page(720, bottom + 40, body)


def main() -> None:
    figures = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "adviser-coverage.svg").write_text(coverage(figures), "utf-8")
    (FOLDER / "adviser-recall.svg").write_text(recall(figures), "utf-8")


if __name__ == "__main__":
    main()
