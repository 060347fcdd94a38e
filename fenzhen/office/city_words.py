"""What the city must be told of its own orders: results, and requests to return, to extend, to leave out.

A word is owed once and told once: in a file (a batch, which can be fetched again but never grows) or typed in
by hand and ticked. The texts name no caller: numbers are lifted out, the caller's name is masked.
"""

import io
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import F, Max
from django.utils import timezone, translation
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from fenzhen.desk.step import Incomplete, NotYours, step, text_hash, verb
from fenzhen.hotline import privacy, roles
from fenzhen.hotline.journey import TicketState
from fenzhen.hotline.roles import Role
from fenzhen.office.mapping import BadMapping
from fenzhen.records.city import CityWord
from fenzhen.records.handling import Reply
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.rules import setting
from fenzhen.records.tickets import Ticket
from fenzhen.records.words import (
    CITY_WORDS,
    EXCLUSION_REASONS,
    EXTENSION_REASONS,
    REDIRECT_REASONS,
    RETURN_REASONS,
    SATISFIED,
    SOLVED,
    VOID_REASONS,
    WITHDRAW_REASONS,
)

REASONS: Mapping[str, Mapping[str, Any]] = {
    "return": RETURN_REASONS,
    "extension": EXTENSION_REASONS,
    "exclusion": EXCLUSION_REASONS,
}
_CODED: Mapping[str, Mapping[str, Any]] = {"solved": SOLVED, "satisfied": SATISFIED}
_MOMENTS = ("finished_at", "until", "asked_at", "city_deadline")
_LONGEST = 2_000
#: What ends an order for us, and so is a result for the city. `result_after` in a district's settings says
#: whether the city wants it after our own call-back (close) or as soon as review has passed it (approve).
_ENDS = {
    "close": {"close", "close_unreached", "answer", "redirect", "withdraw", "void"},
    "approve": {"approve", "answer", "redirect", "withdraw", "void"},
}
#: Without a word of the district's.
ENDS = frozenset(_ENDS["close"])
_ENDED = ("pending_callback", "closed", "answered", "redirected", "withdrawn", "voided")


@verb
def owe_city(
    ticket: Ticket,
    kind: str,
    fields: Mapping[str, Any],
    *,
    by: User,
    now: datetime,
    once: str = "",
) -> CityWord:
    """The city must be told: a result, or a request with its coded `reason`, `text`, `basis`, `until`.

    *once*: what this word is called; the same name twice is the same word. Without one, a word of the same
    kind that was not told yet stands in the way.

    Raises `Incomplete` (no order of the city's, no reason, no words, one is waiting already), `NotYours` for
    a request by somebody who is not at the desk.
    """
    if once and (before := CityWord.objects.filter(once=once).first()):
        return before
    kept = _kept(ticket, kind, fields, by=by, now=now)
    if not once:
        if CityWord.objects.filter(ticket=ticket, kind=kind, told_at=None).exists():
            raise Incomplete({"reason": _("已经有一条还没有回传市平台。")})
        highest = CityWord.objects.filter(ticket=ticket).aggregate(n=Max("pk"))["n"] or 0
        once = f"{kind}:{ticket.pk}:after{highest}"
    facts = {"kind": kind, "words": text_hash(repr(sorted(kept.items())))}
    step(ticket, "owe_city", by=by, now=now, facts=facts)
    return CityWord.objects.create(ticket=ticket, kind=kind, once=once, fields=kept, made_at=now, made_by=by)


def owe_result(position: int, *, by: User, now: datetime) -> CityWord | None:
    """The result of a city's order that has just ended by the journal's entry at *position*. None where the
    city need not be told: an order of our own, one that the city itself handles or has taken back, one that
    was reopened meanwhile."""
    entry = Entry.objects.filter(position=position, subject__startswith="ticket:").first()
    ticket = Ticket.objects.filter(pk=int(entry.subject[7:])).first() if entry else None
    if entry is None or ticket is None or ticket.city_mode != "district":
        return None
    if entry.act not in _ENDS.get(str(setting("city.result_after", "close")), ENDS):
        return None
    if entry.act == "withdraw" and ticket.reason_code == "city":
        return None
    if entry.target not in _ENDED:
        return None  # an assisting unit's share that was approved ends nothing
    later = Entry.objects.filter(subject=entry.subject, n__gt=entry.n).exclude(target=F("source"))
    if later.exclude(target__in=_ENDED).exists():
        return None  # it went on since: the next end has the result
    once = f"result:{ticket.pk}:{entry.n}"
    with translation.override("zh-hans"):
        fields = _result(ticket, entry.at)
    return owe_city(ticket, "result", fields, by=by, now=now, once=once)


def drop_result(position: int, *, by: User, now: datetime) -> int:
    """A ticket goes on that had ended: a result that the city was not told yet is none. Returns how many."""
    entry = Entry.objects.filter(position=position, subject__startswith="ticket:").first()
    if entry is None:
        return 0
    untold = CityWord.objects.filter(ticket=int(entry.subject[7:]), kind="result", told_at=None)
    gone = [word.pk for word in untold if int(word.once.rsplit(":", 1)[-1]) < entry.n]
    return CityWord.objects.filter(pk__in=gone, told_at=None).delete()[0]


def drop_words(ticket: Ticket, *, by: User, now: datetime) -> int:
    """The city has taken an order back: what it was not told of it yet, it need not be told. Returns how many."""
    return CityWord.objects.filter(ticket=ticket, told_at=None).delete()[0]


@verb
def tell_city(words: Sequence[CityWord], way: str, *, by: User, now: datetime, batch: str = "") -> int:
    """They were told: in a ``file`` (its *batch*) or ``typed`` in. Returns how many; a word that somebody
    else told meanwhile is left as it is, so that none goes out twice."""
    if way not in {"file", "typed"}:
        raise ValueError(way)
    told = 0
    for word in words:
        hit = CityWord.objects.filter(pk=word.pk, told_at=None).update(
            told_at=now, told_by=by, way=way, batch=batch
        )
        if hit:
            facts = {"word": word.pk, "kind": word.kind, "way": way, "batch": batch}
            step(word.ticket, "tell_city", by=by, now=now, facts=facts)
            told += 1
    return told


@verb
def untell_city(word: CityWord, *, by: User, now: datetime) -> bool:
    """A tick that was a mistake: the word is owed again. Only one that was ``typed``; a file is out."""
    hit = CityWord.objects.filter(pk=word.pk, way="typed").update(told_at=None, told_by=None, way="")
    if hit:
        step(word.ticket, "owe_city", by=by, now=now, facts={"word": word.pk, "again": True})
    return bool(hit)


@verb
def tell_in_file(*, by: User, now: datetime) -> str:
    """Everything that is owed now becomes one batch; returns its name, "" where there is nothing.

    What was told stands in the database before a single byte goes out: should the file be lost, `city_book`
    gives it again. Raises `NotYours`.
    """
    _may(by)
    words = list(
        CityWord.objects.select_for_update(of=("self",)).filter(told_at=None).select_related("ticket")
    )
    if not words:
        return ""
    batch = (
        f"{timezone.localtime(now):%Y%m%d-%H%M%S}-{get_random_string(4, 'abcdefghjkmnpqrstuvwxyz23456789')}"
    )
    return batch if tell_city(words, "file", by=by, now=now, batch=batch) else ""


def city_book(batch: str) -> bytes:
    """A batch as XLSX in the city's columns, one sheet a kind; the same bytes' worth whenever it is asked for.

    Raises `Incomplete` for a batch that is not there, `BadMapping`.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    words = list(CityWord.objects.filter(batch=batch).select_related("ticket__caller") if batch else [])
    if not words:
        raise Incomplete({"batch": _("没有这一批。")})
    book = Workbook(write_only=True)
    for kind, sheet in city_sheets().items():
        some = [word for word in words if word.kind == kind]
        if not some:
            continue
        page = book.create_sheet(sheet.title)
        page.freeze_panes = "A2"

        def cell(text: str, *, bold: bool = False, page: Any = page) -> Any:
            out = WriteOnlyCell(page, value=text)
            # A text that begins with "=" stays a text.
            out.data_type = "s"
            out.number_format = "@"
            if bold:
                out.font = Font(bold=True)
            return out

        page.append([cell(head, bold=True) for head, _field in sheet.columns])
        for word in some:
            page.append([cell(text) for _head, text in city_cells(word)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def city_cells(word: CityWord) -> list[tuple[str, str]]:
    """One word in the city's columns: (header, text)."""
    sheet = city_sheets()[word.kind]
    with translation.override("zh-hans"):  # the city reads Chinese, whatever language the desk has chosen
        return [(head, _cell(word, name)) for head, name in sheet.columns]


@dataclass(frozen=True, slots=True)
class CitySheet:
    """The city's table for one kind of word."""

    title: str
    columns: tuple[tuple[str, str], ...]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


FIELDS = frozenset(
    "city_no number title city_deadline state unit result answer contacted solved satisfied unsolved_reason "
    "finished_at reason text basis until asked_at".split()
)


def city_sheets() -> dict[str, CitySheet]:
    """The city's columns: the installation's own ``city/out.toml``, else what is shipped. Raises `BadMapping`."""
    own = Path(settings.FENZHEN_DATA_DIR) / "city" / "out.toml"
    if own.exists():
        return _sheets(own.read_text(encoding="utf-8-sig"), own.name)
    shipped = files("fenzhen.office") / "mappings" / "city_out.toml"
    return _sheets(shipped.read_text(encoding="utf-8"), shipped.name)


@lru_cache(maxsize=4)
def _sheets(text: str, name: str) -> dict[str, CitySheet]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise BadMapping(_("映射文件 %(name)s 读不了：%(why)s") % {"name": name, "why": why}) from None
    sheets: dict[str, CitySheet] = {}
    for kind in CITY_WORDS:
        given = raw.get(kind)
        if not isinstance(given, dict) or not given.get("columns"):
            raise BadMapping(_("%(name)s 缺少 [%(kind)s] 的 columns") % {"name": name, "kind": kind})
        columns = tuple((str(head), str(ours)) for head, ours in given["columns"])
        unknown = [ours for _head, ours in columns if ours not in FIELDS]
        if unknown:
            raise BadMapping(
                _("%(name)s [%(kind)s] 不认识：%(unknown)s")
                % {"name": name, "kind": kind, "unknown": " ".join(unknown)}
            )
        sheets[kind] = CitySheet(
            str(given.get("sheet", CITY_WORDS[kind]))[:31], columns, raw.get("words", {})
        )
    return sheets


# ---------------------------------------------------------------------------------------------------------


def _may(by: User) -> None:
    if by.role not in roles.DESK | {Role.SYSTEM}:
        raise NotYours


def _kept(ticket: Ticket, kind: str, fields: Mapping[str, Any], *, by: User, now: datetime) -> dict[str, Any]:
    """What a word says, checked, with nothing in it of the caller."""
    wrong: dict[str, str] = {}
    if kind not in CITY_WORDS:
        raise ValueError(kind)
    if not ticket.city_mode:
        wrong["kind"] = _("这不是市平台的工单。")
    out: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, datetime):
            out[name] = value.isoformat()
        elif value not in (None, ""):
            out[name] = without_caller(str(value), ticket)[:_LONGEST]
    if kind != "result":
        _may(by)
        out["asked_at"] = now.isoformat()
        if out.get("reason") not in REASONS[kind]:
            wrong["reason"] = _("请选择原因。")
        if not out.get("text"):
            wrong["text"] = _("请写明理由。")
        until = fields.get("until")
        if kind == "extension" and (
            not isinstance(until, datetime) or until <= (ticket.city_deadline or now)
        ):
            wrong["until"] = _("申请的日期应晚于市级时限。")
    if wrong:
        raise Incomplete(wrong)
    return out


def without_caller(text: str, ticket: Ticket) -> str:
    """A text that may leave the house: no numbers, and the caller's name masked where it stands in it."""
    kept = privacy.lift_numbers(privacy.clean_text(text))[0]
    caller = ticket.caller
    for said in (caller.name, caller.account) if caller else ():
        if len(said) >= 2:
            kept = kept.replace(said, privacy.masked_name(said))
    return kept


def kept_result(
    ticket: Ticket, ended_at: datetime, reply: Reply | None, *, by: User, now: datetime
) -> dict[str, Any]:
    """The columns of a result as they are kept, for a ticket whose last accepted *reply* is at hand."""
    with translation.override("zh-hans"):
        return _kept(ticket, "result", _result_of(ticket, ended_at, reply), by=by, now=now)


def _result(ticket: Ticket, ended_at: datetime) -> dict[str, Any]:
    """What became of an order, from its last accepted reply, or from what the caller was told."""
    reply = (
        Reply.objects.filter(
            assignment__ticket=ticket, assignment__part="lead", assignment__round=ticket.round
        )
        .exclude(verdict="sent_back")
        .select_related("assignment__unit")
        .last()
    )
    return _result_of(ticket, ended_at, reply)


def _result_of(ticket: Ticket, ended_at: datetime, reply: Reply | None) -> dict[str, Any]:
    out: dict[str, Any] = {"finished_at": ended_at, "state": str(ticket.state)}
    if ticket.state == TicketState.ANSWERED:
        return out | {"result": ticket.answer, "answer": ticket.answer, "contacted": "yes", "solved": "yes"}
    if ticket.state == TicketState.REDIRECTED:
        reason = str(REDIRECT_REASONS.get(ticket.reason_code, ""))
        return out | {"result": reason, "answer": ticket.answer or reason, "contacted": "yes"}
    if ticket.state in {TicketState.WITHDRAWN, TicketState.VOIDED}:
        words = WITHDRAW_REASONS if ticket.state == TicketState.WITHDRAWN else VOID_REASONS
        return out | {"result": str(words.get(ticket.reason_code, ""))}
    if reply is None:
        return out
    is_closed = ticket.state == TicketState.CLOSED
    return out | {
        "unit": str(reply.assignment.unit),
        "result": reply.internal_text,
        "answer": reply.public_text,
        "contacted": "yes" if reply.contacted else "no",
        "solved": (ticket.final_solved if is_closed else "") or reply.solved_claim,
        "satisfied": ticket.final_satisfied if is_closed else "",
        "unsolved_reason": reply.unsolved_reason,
    }


def _cell(word: CityWord, name: str) -> str:
    ticket, fields = word.ticket, word.fields
    sheet = city_sheets()[word.kind]
    if name == "city_no":
        return ticket.external_no or ""
    if name == "number":
        return ticket.number
    if name == "title":
        return without_caller(ticket.title, ticket)
    if name == "city_deadline":
        return _moment(ticket.city_deadline)
    value = str(fields.get(name) or "")
    if not value:
        return ""
    if name in _MOMENTS:
        return _moment(datetime.fromisoformat(value))
    if name == "reason":
        return sheet.words.get("reason", {}).get(value) or str(REASONS[word.kind].get(value, value))
    return sheet.words.get(name, {}).get(value) or str(_CODED.get(name, {}).get(value, value))


def _moment(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""
