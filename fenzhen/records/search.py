"""One text per ticket for searching: Chinese as character pairs, Latin words and numbers whole.

Two characters are enough to find something, because a pair is one token. SQLite searches it by FTS5 with
external content, PostgreSQL by a stored tsvector; both are made in a migration.
"""

import re
import unicodedata

from django.db import connection, models

from fenzhen.records.tickets import Ticket

_RUN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003134f]+|[0-9a-z]+")
#: Whatever stands between words.
_APART = re.compile(r"[^㐀-鿿豈-﫿\U00020000-\U0003134f0-9a-z]+")
#: More words, or longer ones, than anybody types to find something.
_MOST, _LONGEST = 8, 60


def grams(text: str) -> str:
    """*text* as space-joined tokens: pairs of neighbouring Chinese characters, Latin words, numbers.

    >>> grams("窗户缩水 ABC-12")
    '窗户 户缩 缩水 abc 12'
    """
    out: list[str] = []
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).lower()):
        if run[0].isascii():
            out.append(run)
        elif len(run) == 1:
            out.append(run)
        else:
            out += [run[i : i + 2] for i in range(len(run) - 1)]
    return " ".join(out)


def terms(text: str) -> list[list[str]]:
    """What was typed into a search box, as terms that must all be found; each is a row of tokens that must
    stand side by side. A ``*`` at the end of the last token: what begins so.

    >>> terms("窗户缩水 清荷苑3号"), terms("窗"), terms("20260311")
    ([['窗户', '户缩', '缩水'], ['清荷', '荷苑', '3', '号*']], [['窗*']], [['20260311*']])
    >>> terms("'; DROP TABLE -- 😀")
    [['drop*'], ['table*']]
    """
    out: list[list[str]] = []
    for word in _APART.split(unicodedata.normalize("NFKC", text).lower()):
        tokens = grams(word).split()
        if len(tokens) > 1 and len(tokens[0]) == 1 and not tokens[0].isascii():
            del tokens[0]  # in the text it stands in a pair with what is before it
        if not tokens:
            continue
        last = tokens[-1]
        open_ended = len(last) == 1 if not last.isascii() else not last.isdigit() or len(last) >= 6
        tokens = tokens[:_LONGEST]
        tokens[-1] += "*" if open_ended and tokens[-1] == last else ""
        out.append(tokens)
    return out[:_MOST]


def tickets_with(wanted: list[list[str]], limit: int | None = None) -> list[int]:
    """The ids of tickets whose words hold all *wanted* terms (from `terms`), the newest ids first."""
    sql, params = _matching(wanted)
    if limit is not None:
        sql, params = f"{sql} LIMIT %s", [*params, limit]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [row[0] for row in cursor.fetchall()]


def _matching(wanted: list[list[str]]) -> tuple[str, list[str | int]]:
    # Tokens are letters, digits and Chinese characters only: quoting them is safe in both languages.
    if connection.vendor == "postgresql":
        query = " & ".join(
            "(" + " <-> ".join(f"'{t[:-1]}':*" if t.endswith("*") else f"'{t}'" for t in term) + ")"
            for term in wanted
        )
        return (
            "SELECT ticket_id FROM records_searchtext WHERE tokens @@ to_tsquery('simple', %s)"
            " ORDER BY ticket_id DESC",
            [query],
        )
    query = " AND ".join(
        f'"{" ".join(term).removesuffix("*")}"' + (" *" if term[-1].endswith("*") else "") for term in wanted
    )
    return (
        "SELECT rowid FROM records_searchtext_fts WHERE records_searchtext_fts MATCH %s ORDER BY rowid DESC",
        [query],
    )


class SearchText(models.Model):
    """A ticket's number, title, words and place as `grams`."""

    ticket = models.OneToOneField(
        Ticket, primary_key=True, on_delete=models.CASCADE, related_name="search_text"
    )
    grams = models.TextField()
