"""Words → ranked categories and units, with the words and the rule that speak for them, and similar texts.

>>> from datetime import date
>>> from fenzhen.hotline.duty import DutyBook, DutyRule
>>> adviser = Adviser.from_categories([
...     Category("010101", "住房", "物业", "电梯", "电梯故障、困人、不修", examples=("电梯坏了没人修", "电梯老是停")),
...     Category("040101", "市政", "水", "停水", "停水、没水、水压低", examples=("家里没水了", "水龙头不出水")),
... ], embedding=False)
>>> book = DutyBook([DutyRule("1", "01", lead="@town", assist=("ZJW",)), DutyRule("2", "04", lead="SHUI", level=2)],
...                 town_units={"110115006": "T006"})
>>> advice = advise(adviser, book, "停水", "从早上起家里没水了", {"110115006": 0.9}, None, date(2024, 5, 1))
>>> advice.units[0].unit, advice.level, [found.code for found in advice.signals]
('SHUI', 2, ['water_cut', 'water_cut'])

Nothing is loaded by importing this room; `Adviser.warm` loads the sentence encoder before the first caller.
"""

from fenzhen.advisor.catalogue import BadCatalogue, Category, read_categories, read_units
from fenzhen.advisor.model import Adviser, LeftOut, Ranked, Word
from fenzhen.advisor.similar import Similar, SimilarIndex, similar
from fenzhen.advisor.unit_letters import UnitLetters
from fenzhen.advisor.unit_words import UnitWords
from fenzhen.advisor.units import Advice, UnitAdvice, WhyNot, advise, advise_batch

__all__ = [
    "Advice",
    "Adviser",
    "BadCatalogue",
    "Category",
    "LeftOut",
    "Ranked",
    "Similar",
    "SimilarIndex",
    "UnitAdvice",
    "UnitLetters",
    "UnitWords",
    "WhyNot",
    "Word",
    "advise",
    "advise_batch",
    "read_categories",
    "read_units",
    "similar",
]
