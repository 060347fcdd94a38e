"""What happens to an order when the city's platform changes it, and to one that it gave to a unit itself.

A direct order (直派) is copied and watched, never queued: it ends when the city ends it, or the desk takes it
over. Moved between 直派 and 派区, or given back after it was withdrawn, it goes to where it belongs. A changed row changes the ticket and says field by field what changed; a new date of the city's moves
the clocks of the units that have it now.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from fenzhen.desk.close import drop_requests, ended, open_requests
from fenzhen.desk.intake import (
    Heard,
    PutDown,
    callers_for,
    put_down,
    sealed_numbers,
    search_grams,
)
from fenzhen.desk.step import Move, NotOpen, Played, play, step, text_hash, verb, write_moved
from fenzhen.hotline import privacy
from fenzhen.hotline.clock import due_after_change
from fenzhen.hotline.journey import TicketState
from fenzhen.records.callbacks import CallBack
from fenzhen.records.handling import Assignment, Note
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.rules import clock_rules
from fenzhen.records.search import SearchText
from fenzhen.records.tickets import SealedNumber, Ticket
from fenzhen.records.words import CITY_MODES, KINDS

#: What an agent added stands behind this mark; the city's new words do not wipe it out.
_OURS = "\n【补充】"
_ON_THE_WAY = ("pending_sign", "signed", "waiting")
_IN_THE_QUEUE = ("registered", "pending_dispatch", "need_info", "in_consultation", "watched")


@dataclass(slots=True)
class CityNews:
    """A row of the city's as it is now, and which of its fields are not as they were last seen."""

    heard: Heard
    changed: Collection[str]
    state: str = ""
    mode: str = ""
    unit: str = ""
    row: str = ""
    changed_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


class CityChanges:
    """What the city changed in many tickets at once. Their rows are locked from here until the transaction ends:
    what is reckoned in between is so still when it is written, and each of them has an entry of its own."""

    def __init__(self, source: str, numbers: Collection[str]) -> None:
        rows = (
            Ticket.objects.select_for_update(of=("self",))
            .filter(source=source, external_no__in=numbers)
            .select_related("place", "town")
            .order_by("pk")
        )
        self.tickets: dict[str, Ticket] = {str(row.external_no): row for row in rows}
        self.rules = clock_rules()
        self._pks = [ticket.pk for ticket in self.tickets.values()]
        self._marks: dict[int, dict[str, str]] | None = None
        self._running: dict[int, list[Assignment]] | None = None
        self._towns: dict[str, Place | None] = {}
        self._begin_anew()

    def change(self, ticket: Ticket, *, by: User, now: datetime, news: CityNews) -> list[str]:
        """Take over what the city changed in one of them; returns what it was, a line for each field, as the
        story's note says it. `write` writes it.

        An empty cell never wipes out what is known. Raises `Incomplete` for a row that cannot be, `NotOpen`.
        """
        put = put_down(news.heard, now=now)
        lines: list[str] = []
        columns: dict[str, Any] = {"city_row": news.row}
        if news.changed_at:
            columns["city_changed_at"] = news.changed_at
        with translation.override("zh-hans"):  # what is kept is Chinese, whoever reads the file in
            lifted = self._words(ticket, news, put, columns, lines)
            self._facts_of_it(ticket, news, put, columns, lines, now)
            moves = self._dates(ticket, news, columns, lines)
        text = "\n".join(lines)
        facts = {"fields": sorted(news.changed), "words": text_hash(text), **news.facts}
        played = play(
            ticket,
            "change_city",
            by=by,
            now=now,
            rules=self.rules,
            held=(),
            moves=moves,
            facts=facts,
            **columns,
        )
        self._played.append(played)
        self._lifted += lifted
        if text:
            self._notes.append(Note(ticket=ticket, n=played.n, by=by, at=now, kind="change_city", text=text))
        if {"title", "body", "place_text"} & columns.keys():
            self._reworded[ticket.pk] = ticket
        return lines

    def write(self) -> int:
        """Write what was changed so far. Returns how many acts. Raises `MovedMeanwhile`."""
        done = write_moved(self._played) if self._played else 0
        SealedNumber.objects.bulk_create(self._lifted)
        Note.objects.bulk_create(self._notes)
        SearchText.objects.bulk_create(
            [SearchText(ticket=one, grams=search_grams(one)) for one in self._reworded.values()],
            update_conflicts=True,
            unique_fields=["ticket"],
            update_fields=["grams"],
        )
        self._begin_anew()
        return done

    def _begin_anew(self) -> None:
        self._played: list[Played] = []
        self._lifted: list[SealedNumber] = []
        self._notes: list[Note] = []
        self._reworded: dict[int, Ticket] = {}

    def _marks_of(self, ticket: Ticket) -> dict[str, str]:
        """The mark of each number that the ticket knows, by the number's keyed index: nothing is unsealed."""
        if self._marks is None:
            self._marks = {pk: {} for pk in self._pks}
            known = SealedNumber.objects.filter(ticket__in=self._pks)
            for pk, index, mark in known.values_list("ticket_id", "value_index", "mark"):
                self._marks[pk][index] = mark
        return self._marks[ticket.pk]

    def _running_of(self, ticket: Ticket) -> list[Assignment]:
        """The shares of the first round that are on their way."""
        if self._running is None:
            self._running = {pk: [] for pk in self._pks}
            rows = Assignment.objects.filter(ticket__in=self._pks, round=1, state__in=_ON_THE_WAY)
            for item in rows.select_related("unit").order_by("pk"):
                self._running[item.ticket_id].append(item)
        return [item for item in self._running[ticket.pk] if item.state in _ON_THE_WAY]

    def _town(self, code: str) -> Place | None:
        if code not in self._towns:
            self._towns[code] = Place.objects.filter(code=code).first()
        return self._towns[code]

    def _words(
        self, ticket: Ticket, news: CityNews, put: PutDown, columns: dict[str, Any], lines: list[str]
    ) -> list[SealedNumber]:
        """Title and body. A number that the ticket knows already keeps its mark."""
        if not {"title", "body"} & set(news.changed):
            return []
        known = self._marks_of(ticket)
        taken, fresh = set(known.values()), []
        marks: dict[str, str] = {}
        rows = sealed_numbers(ticket, put.lifted)
        for row in rows:
            mark = known.get(row.value_index)
            if mark is None:
                stem = row.mark.strip("〔〕").rstrip("0123456789")
                mark = next(free for n in count(1) if (free := f"〔{stem}{n}〕") not in taken)
                taken.add(mark)
                known[row.value_index] = mark
                fresh.append(row)
            marks[row.mark] = mark
        for row in fresh:
            row.mark = marks[row.mark]
        joined = f"{put.title}\x1f{put.body}"
        if marks:
            # In one pass: 1 → 2 and 2 → 3 must not make two 3s.
            joined = re.sub("|".join(map(re.escape, marks)), lambda found: marks[found.group()], joined)
        title, body = joined.split("\x1f", 1)
        if title != ticket.title:
            lines.append(_("标题：%(was)s → %(now)s") % {"was": ticket.title, "now": title})
            columns["title"] = title[:200]
        was, sign, ours = ticket.body.partition(_OURS)
        if body != was:
            lines.append(_("内容有修改，原来是：%(was)s") % {"was": was or _("（空）")})
            columns["body"] = body + sign + ours
        return fresh

    def _facts_of_it(
        self,
        ticket: Ticket,
        news: CityNews,
        put: PutDown,
        columns: dict[str, Any],
        lines: list[str],
        now: datetime,
    ) -> None:
        """Kind, category, place, caller, and how the city has it."""
        heard, changed = news.heard, set(news.changed)

        def told(label: object, was: object, new: object) -> None:
            lines.append(f"{label}：{was or _('（空）')} → {new}")

        if "kind" in changed and heard.kind != ticket.kind:
            told(_("类型"), KINDS.get(ticket.kind, ""), KINDS[heard.kind])
            columns |= {"kind": heard.kind, "is_report": heard.kind == "report"}
        if "city_category" in changed and heard.city_category and heard.city_category != ticket.city_category:
            told(_("市级分类"), ticket.city_category, heard.city_category)
            columns["city_category"] = heard.city_category[:128]
        place_text = privacy.lift_numbers(privacy.clean_text(heard.place_text))[0][:255]
        if "place" in changed and place_text and place_text != ticket.place_text:
            told(_("地点"), ticket.place_text, place_text)
            columns["place_text"] = place_text
            if heard.place and ticket.state in _IN_THE_QUEUE:
                town = self._town(heard.place.town) if heard.place.town else None
                columns |= {"place": heard.place, "town": town or ticket.town}
        if "caller" in changed and any(put.known):
            caller = callers_for([(put.known, now)])[0]
            if caller and caller.pk != ticket.caller_id:
                lines.append(_("来电人或联系方式有变更"))
                columns["caller"] = caller
        if "caller" in changed and heard.is_secret != ticket.is_secret and heard.is_secret:
            lines.append(_("要求保密"))
            columns["is_secret"] = True
        if "mode" in changed and news.mode and news.mode != ticket.city_mode:
            told(_("派单方式"), CITY_MODES.get(ticket.city_mode, ""), CITY_MODES[news.mode])
            columns["city_mode"] = news.mode
        if "unit" in changed and news.unit and news.unit != ticket.city_unit:
            told(_("市派承办单位"), ticket.city_unit, news.unit)
            columns["city_unit"] = news.unit
        if "status" in changed and news.state and news.state != ticket.city_state:
            told(_("市平台状态"), ticket.city_state, news.state)
            columns["city_state"] = news.state
        if put.level < ticket.level and "body" in columns and ticket.state in _IN_THE_QUEUE:
            # New words may say that somebody is in danger; the level never falls by itself.
            lines.append(
                _("按新内容，等级由 %(was)s 级升为 %(now)s 级") % {"was": ticket.level, "now": put.level}
            )
            columns["level"] = put.level

    def _dates(self, ticket: Ticket, news: CityNews, columns: dict[str, Any], lines: list[str]) -> list[Move]:
        """The city's own dates, and what they do to the clocks that run in the first round."""
        heard, changed = news.heard, set(news.changed)
        received = ticket.city_received_at
        if "city_received_at" in changed and heard.city_received_at and heard.city_received_at != received:
            lines.append(f"{_('市级派单时间')}：{_said(received)} → {_said(heard.city_received_at)}")
            received = columns["city_received_at"] = heard.city_received_at
        before, after = ticket.city_deadline, heard.city_deadline
        if "city_deadline" not in changed or after is None or after == before:
            return []
        lines.append(f"{_('市级时限')}：{_said(before)} → {_said(after)}")
        columns["city_deadline"] = after
        moves: list[Move] = []
        if ticket.round != 1 or ticket.lead_unit_id is None:
            return moves  # a later round has the district's own clock
        rules = self.rules
        for item in self._running_of(ticket):
            level_end = rules.levels[item.level].handling.after(item.given_at, rules.calendar)
            since = received or ticket.received_at
            end = due_after_change(item.handle_due, level_end, since, before, after, rules)
            end = max(end, item.given_at)
            if end != item.handle_due:
                lines.append(f"{_('办理时限')}（{item.unit}）：{_said(item.handle_due)} → {_said(end)}")
                moves.append(Move(item, "change_city", until=end))
        return moves


@verb
def end_watch(ticket: Ticket, *, by: User, now: datetime, closed_at: datetime | None = None) -> Ticket:
    """The city has closed an order that it gave to a unit itself. *closed_at*: when, as the city says."""
    step(ticket, "end_watch", by=by, now=now, closed_at=closed_at or now)
    return ticket


@verb
def take_over(ticket: Ticket, *, by: User, now: datetime, text: str = "") -> Ticket:
    """The district takes a watched order into its own hands; it goes to the desk's queue."""
    kept = privacy.lift_numbers(privacy.clean_text(text))[0]
    entry = step(ticket, "take_over", by=by, now=now, facts={"words": text_hash(kept)}, city_mode="district")
    if kept:
        Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="take_over", text=kept)
    return ticket


@verb
def hand_up(ticket: Ticket, *, by: User, now: datetime, text: str = "") -> Ticket:
    """The city gives an order that was the district's to a unit itself: it leaves the queue, or the units that had
    it, and is watched from here on. The city's own word does it while the order waits; where units have it already,
    a dispatcher says so (or `keep_ours`)."""
    kept = privacy.lift_numbers(privacy.clean_text(text))[0]
    asked = open_requests(ticket)
    entry = step(
        ticket,
        "hand_up",
        by=by,
        now=now,
        moves=ended(ticket),
        facts={"words": text_hash(kept), **({"requests": asked} if asked else {})},
        city_mode="direct",
        own_deadline=None,
        lead_unit=None,
        held_by=None,
        held_until=None,
    )
    with translation.override("zh-hans"):
        drop_requests(asked, by=by, now=now, text=_("市平台已改为直派"))
    if kept:
        Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="hand_up", text=kept)
    return ticket


@verb
def keep_ours(ticket: Ticket, *, by: User, now: datetime, text: str = "") -> Ticket:
    """The city calls it direct now, and the district finishes what its units have begun: the result goes to the
    city as that of any order of ours. Raises `NotOpen` where the city did not move it."""
    kept = privacy.lift_numbers(privacy.clean_text(text))[0]
    ticket.refresh_from_db(fields=["city_mode", "state"])
    if ticket.city_mode != "direct":
        raise NotOpen("ticket", "keep_ours", ticket.state, str(by.role))
    entry = step(ticket, "keep_ours", by=by, now=now, facts={"words": text_hash(kept)}, city_mode="district")
    if kept:
        Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="keep_ours", text=kept)
    return ticket


@verb
def restore_ticket(ticket: Ticket, *, by: User, now: datetime) -> Ticket:
    """The city gives back what it had taken away. A direct order is watched again; one whose result had passed
    review goes on to the call-back; every other one stands at the desk again, with the city's date as it is now
    and a clock of ours that begins anew. The units' shares stay ended: the desk dispatches.

    Raises `NotOpen` where it was not the city that had withdrawn it.
    """
    ticket.refresh_from_db(fields=["state", "reason_code", "city_mode", "round"])
    if ticket.state != TicketState.WITHDRAWN or ticket.reason_code != "city":
        raise NotOpen("ticket", "restore", ticket.state, str(by.role))
    back: dict[str, Any] = {"reason_code": "", "closed_at": None}
    if ticket.city_mode == "direct":
        step(ticket, "restore_watch", by=by, now=now, own_deadline=None, lead_unit=None, **back)
    elif Assignment.objects.filter(ticket=ticket, round=ticket.round, part="lead", state="accepted").exists():
        step(ticket, "restore_callback", by=by, now=now, **back)
        CallBack.objects.filter(ticket=ticket, round=ticket.round, outcome="").update(
            due_at=ticket.callback_due, next_try_at=now, appointment=False
        )
    else:
        step(ticket, "restore", by=by, now=now, own_deadline=None, lead_unit=None, **back)
    return ticket


# ---------------------------------------------------------------------------------------------------------


def _said(moment: datetime | None) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else _("（空）")


__all__ = [
    "CityChanges",
    "CityNews",
    "end_watch",
    "hand_up",
    "keep_ours",
    "restore_ticket",
    "take_over",
]
