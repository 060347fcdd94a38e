"""One text per ticket for searching: Chinese as character pairs, Latin words and numbers whole.

Two characters are enough to find something, because a pair is one token. SQLite searches it by FTS5 with
external content, PostgreSQL by a stored tsvector; both are made in a migration.
"""

import re
import unicodedata

from django.db import models

from fenzhen.records.tickets import Ticket

_RUN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003134f]+|[0-9a-z]+")


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


class SearchText(models.Model):
    """A ticket's number, title, words and place as `grams`."""

    ticket = models.OneToOneField(
        Ticket, primary_key=True, on_delete=models.CASCADE, related_name="search_text"
    )
    grams = models.TextField()
