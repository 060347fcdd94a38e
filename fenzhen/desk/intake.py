"""Taking in what a caller wants: from a call, a form, or a row of a file."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from fenzhen.desk.drafts import keep_draft
from fenzhen.desk.step import Incomplete, NotOpen, NotYours, begin, step, text_hash, verb
from fenzhen.hotline import privacy, urgency
from fenzhen.hotline.privacy import BadPhone
from fenzhen.records.directory import Category
from fenzhen.records.handling import Note
from fenzhen.records.imports import ImportBatch
from fenzhen.records.keys import blind_index
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.search import SearchText, grams
from fenzhen.records.tickets import Caller, NumberSeries, SealedNumber, Ticket
from fenzhen.records.words import CALL_KINDS, CHANNELS, KINDS, REDIRECT_REASONS, WITHDRAW_REASONS

#: Longer than any call that was ever written down; beyond it somebody pasted a file.
LONGEST_BODY = 50_000
#: So long after a ticket was written its caller may still be on the line.
SAME_CALL = timedelta(minutes=30)
#: The row keeps 200 characters of a title; the rest goes to the front of the body, nothing is cut off.
LONGEST_TITLE = 200


@dataclass(slots=True)
class Heard:
    """What was heard, as typed or as it stood in a row. Empty means unknown; nothing is guessed."""

    title: str = ""
    body: str = ""
    kind: str = "help"
    channel: str = "phone"
    name: str = ""
    phone: str = ""
    account: str = ""
    is_secret: bool = False
    place: Place | None = None
    place_text: str = ""
    place_now: str = ""
    category: Category | None = None
    city_category: str = ""
    level: int | None = None
    received_at: datetime | None = None
    city_received_at: datetime | None = None
    city_deadline: datetime | None = None
    source: str = "hotline"
    external_no: str = ""
    batch: ImportBatch | None = None
    previous: Ticket | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@verb
def receive_ticket(heard: Heard, *, by: User, now: datetime) -> Ticket:
    """Register what was heard: number, caller sealed, numbers lifted out of the words, level by its signals.

    Raises `Incomplete` where there is neither a title nor a word of content, or a phone number that cannot
    exist; `NotOpen` for a role that takes no calls.
    """
    ticket, lifted = _written_down(heard, by=by, now=now)
    entry = begin(
        ticket,
        "receive",
        by=by,
        now=now,
        facts=receive_facts(heard, ticket),
    )
    _keep_words(ticket, lifted)
    assert entry.n == 1
    return ticket


@verb
def file_history(heard: Heard, *, by: User, now: datetime, **outcome: Any) -> Ticket:
    """Enter a ticket of the past as closed. It starts no clock and raises no alarm.

    *outcome* are columns such as `final_solved`, `closed_at`. Raises as `receive_ticket`.
    """
    ticket, lifted = _written_down(heard, by=by, now=now)
    ticket.is_history = True
    for column, value in outcome.items():
        setattr(ticket, column, value)
    begin(ticket, "file_history", by=by, now=now, facts=history_facts(ticket))
    _keep_words(ticket, lifted)
    return ticket


@verb
def take_in(
    heard: Heard, *, by: User, now: datetime, ending: str = "submit", text: str = "", reason: str = ""
) -> Ticket:
    """A whole call in one piece: register it and hand it on, answer it, or tell the right channel.

    *ending* is `submit`, `answer` (with *text*) or `redirect` (with *reason*, perhaps *text*). Raises
    `Incomplete`; then nothing of it is kept, not even a number.
    """
    ticket = receive_ticket(heard, by=by, now=now)
    if ending == "submit":
        return submit_ticket(ticket, by=by, now=now)
    if ending == "answer":
        return answer_ticket(ticket, by=by, now=now, text=text)
    if ending == "redirect":
        return redirect_ticket(ticket, by=by, now=now, reason=reason, text=text)
    raise ValueError(ending)


@verb
def submit_ticket(ticket: Ticket, *, by: User, now: datetime) -> Ticket:
    """Hand a registered ticket to the triage desk."""
    step(ticket, "submit", by=by, now=now)
    return ticket


@verb
def answer_ticket(ticket: Ticket, *, by: User, now: datetime, text: str) -> Ticket:
    """Answered on the spot; *text* is what the caller was told. Raises `Incomplete` without it."""
    text = privacy.clean_text(text)
    if not text:
        raise Incomplete({"answer": _("请写下告诉来电人的答复。")})
    kept, lifted = privacy.lift_numbers(text)
    step(
        ticket,
        "answer",
        by=by,
        now=now,
        facts={"answer": text_hash(kept)},
        answer=kept,
        closed_at=now,
        held_by=None,
        held_until=None,
    )
    del lifted  # numbers in an answer are ours (a bureau's line), and stay out of what is stored all the same
    return ticket


@verb
def redirect_ticket(ticket: Ticket, *, by: User, now: datetime, reason: str, text: str = "") -> Ticket:
    """Told the right channel (regulation art. 11). Raises `Incomplete` for an unknown *reason*."""
    if reason not in REDIRECT_REASONS:
        raise Incomplete({"reason": _("请选择告知其他渠道的原因。")})
    kept, _lifted = privacy.lift_numbers(privacy.clean_text(text))
    step(
        ticket,
        "redirect",
        by=by,
        now=now,
        facts={"reason": reason, "answer": text_hash(kept)},
        reason_code=reason,
        answer=kept,
        closed_at=now,
        held_by=None,
        held_until=None,
    )
    return ticket


@verb
def supplement_ticket(ticket: Ticket, *, by: User, now: datetime, text: str, place_text: str = "") -> Ticket:
    """Add what the desk asked for; the ticket goes back to the queue and its clock goes on."""
    text = privacy.clean_text(text)
    if not text:
        raise Incomplete({"text": _("请写下补充的内容。")})
    kept, lifted = _lift_into(ticket, text)
    changes: dict[str, Any] = {"body": f"{ticket.body}\n【补充】{kept}".strip()}
    if place_text.strip():
        changes["place_text"] = privacy.clean_text(place_text)[:255]
    entry = step(ticket, "supplement", by=by, now=now, facts={"words": text_hash(kept)}, **changes)
    _save_lifted(ticket, lifted)
    Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="supplement", text=kept)
    index_words(ticket)
    return ticket


@verb
def join_call(
    ticket: Ticket, *, by: User, now: datetime, text: str, kind: str = "call", phone: str = ""
) -> Ticket:
    """Another call of the same person about the same ticket: its words join the story, no new ticket.

    *kind* is one of `CALL_KINDS`. A *phone* that is not the ticket's own (a daughter calls for her father) is
    sealed with the words, so that she can be called too. Raises `Incomplete`.
    """
    wrong = {} if kind in CALL_KINDS else {"kind": _("请选择来电的情况。")}
    kept, lifted = words_of_call(ticket, text=text, phone=phone, wrong=wrong)
    entry = step(ticket, "join_call", by=by, now=now, facts={"words": text_hash(kept), "kind": kind})
    keep_call(ticket, lifted, kept, n=entry.n, kind=kind, by=by, now=now)
    return ticket


def words_of_call(
    ticket: Ticket, *, text: str, phone: str, wrong: Mapping[str, str] | None = None, must: bool = True
) -> tuple[str, list[privacy.Lifted]]:
    """The words of a further call with their numbers lifted out, and the number that rang where it is another
    than the ticket's. Raises `Incomplete` with what is *wrong* already, for no words where they are a *must*,
    for too many, and for a telephone number that cannot exist. Writes nothing."""
    text = privacy.clean_text(text)
    faults = dict(wrong or {})
    if must and not text:
        faults["text"] = _("请写下来电内容。")
    if len(text) > LONGEST_BODY:
        faults["text"] = _too_long()
    number = ""
    if phone.strip():
        try:
            number = privacy.normal_phone(phone)
        except BadPhone:
            faults["phone"] = _bad_phone()
    if faults:
        raise Incomplete(faults)
    kept, lifted = _lift_into(ticket, text)
    if number and not (ticket.caller and ticket.caller.phone == number):
        known = next((item.mark for item in lifted if item.value == number), "")
        if not known:
            taken = {row.mark for row in SealedNumber.objects.filter(ticket=ticket)} | {
                i.mark for i in lifted
            }
            known = next(m for n in count(1) if (m := f"〔电话{n}〕") not in taken)
            lifted.append(privacy.Lifted(privacy.LiftedKind.PHONE, number, known))
        kept = f"{kept}\n{_('来电号码')}:{known}".strip()
    return kept, lifted


def keep_call(
    ticket: Ticket,
    lifted: Sequence[privacy.Lifted],
    kept: str,
    *,
    n: int,
    kind: str,
    by: User,
    now: datetime,
) -> Note:
    """Keep what `words_of_call` gave, as the note of entry *n*."""
    _save_lifted(ticket, list(lifted))
    return Note.objects.create(ticket=ticket, n=n, by=by, at=now, kind=kind, text=kept)


@verb
def begin_again(ticket: Ticket, *, by: User, now: datetime, key: str) -> None:
    """A second matter in the same call: a draft *key* (``intake:<uuid>``) with what was typed of the caller.

    Shows nobody anything new: raises `NotYours` unless it was *by* who wrote the ticket, moments ago.
    """
    if ticket.received_by_id != by.pk or now - ticket.received_at > SAME_CALL:
        raise NotYours
    caller = ticket.caller
    fields = {
        "name": [caller.name if caller else ""],
        "phone": [caller.phone if caller else ""],
        "channel": [ticket.channel],
        "place_now": [ticket.place_now],
        "is_secret": ["1"] if ticket.is_secret else [],
    }
    keep_draft(by=by, key=key, fields=fields, now=now)


@verb
def withdraw_ticket(ticket: Ticket, *, by: User, now: datetime, reason: str, text: str = "") -> Ticket:
    """The caller or the city takes it back; it leaves the rates, every running assignment ends, and nobody need
    decide any more what was asked for."""
    from fenzhen.desk.close import drop_requests, ended, open_requests  # every way out stands there

    if reason not in WITHDRAW_REASONS:
        raise Incomplete({"reason": _("请选择撤回的原因。")})
    kept, _lifted = privacy.lift_numbers(privacy.clean_text(text))
    asked = open_requests(ticket)
    entry = step(
        ticket,
        "withdraw",
        by=by,
        now=now,
        moves=ended(ticket),
        facts={"reason": reason, **({"requests": asked} if asked else {})},
        reason_code=reason,
        closed_at=now,
        held_by=None,
        held_until=None,
    )
    with translation.override("zh-hans"):  # what is kept is Chinese, whoever reads the file in
        drop_requests(asked, by=by, now=now, text=str(WITHDRAW_REASONS[reason]))
    if kept:
        Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="withdraw", text=kept)
    return ticket


# ---------------------------------------------------------------------------------------------------------


class Known(NamedTuple):
    """Who called, cleaned: a name, a telephone number that can exist, an account of another system."""

    name: str = ""
    phone: str = ""
    account: str = ""


def known_as(*, name: str, phone: str, account: str) -> Known:
    """Clean what is known of a caller. Raises `Incomplete` for a phone number that cannot exist."""
    number = ""
    if phone.strip():
        try:
            number = privacy.normal_phone(phone)
        except BadPhone:
            raise Incomplete({"phone": _bad_phone()}) from None
    return Known(" ".join(privacy.clean_text(name).split())[:64], number, privacy.clean_text(account)[:128])


def callers_for(people: Sequence[tuple[Known, datetime]]) -> list[Caller | None]:
    """The rows of many callers at once, in the same order: (who, since when) each."""
    prints = [
        (blind_index(who.name, "name"), blind_index(who.phone, "phone"), blind_index(who.account, "account"))
        for who, _since in people
    ]
    found: dict[tuple[str, str, str], Caller] = {}
    columns = ("name_index", "phone_index", "account_index")
    for n, column in enumerate(columns):
        # Each print is looked up by its rarest part: the account, else the phone, else the name.
        wanted = sorted({p[n] for p in prints if p[n] and not any(p[m] for m in _RARER[n])})
        empty = {columns[m]: "" for m in _RARER[n]}
        for start in range(0, len(wanted), 400):
            some = {f"{column}__in": wanted[start : start + 400]}
            rows = Caller.objects.filter(**some, **empty).only("pk", *columns).order_by("-pk")
            found |= {(row.name_index, row.phone_index, row.account_index): row for row in rows}
    fresh: dict[tuple[str, str, str], Caller] = {}
    for (who, since), print_ in zip(people, prints, strict=True):
        if any(print_) and print_ not in found and print_ not in fresh:
            fresh[print_] = Caller(
                name=who.name,
                phone=who.phone,
                account=who.account,
                tail_index=blind_index(who.phone[-4:], "tail") if len(who.phone) >= 7 else "",
                created_at=since,
                **dict(zip(columns, print_, strict=True)),
            )
    Caller.objects.bulk_create(fresh.values())
    found |= fresh
    return [found[print_] if any(print_) else None for print_ in prints]


#: Name, phone, account: which other parts of a print are rarer than this one.
_RARER = ((1, 2), (2,), ())


def next_number(now: datetime) -> str:
    """The next ticket number of the day: ``2026112300017``. Never given twice, whoever asks at once."""
    return next_numbers([now])[0]


def next_numbers(moments: Sequence[datetime]) -> list[str]:
    """One number for each moment, in the same order, drawn as one block a day."""
    days: list[date] = [timezone.localtime(moment).date() for moment in moments]
    at = _drawn(Counter(days))
    out: list[str] = []
    for day in days:
        at[day] += 1
        out.append(f"{day:%Y%m%d}{at[day]:05d}")
    return out


def _drawn(counts: Mapping[date, int]) -> dict[date, int]:
    """Draw so many numbers of each day; returns the last one given before them.

    The UPDATE locks the days until the transaction ends, so nobody else reads what was drawn here.
    """
    with transaction.atomic():
        # Another desk may open the day in the same instant: then its row is the row.
        NumberSeries.objects.bulk_create(
            [NumberSeries(day=day) for day in sorted(counts)], ignore_conflicts=True
        )
        alike: dict[int, list[date]] = {}
        for day, count in counts.items():
            alike.setdefault(count, []).append(day)
        for count, some in sorted(alike.items()):
            NumberSeries.objects.filter(day__in=some).update(last=F("last") + count)
        rows = NumberSeries.objects.filter(day__in=list(counts)).values_list("day", "last")
        return {day: last - counts[day] for day, last in rows}


def index_words(ticket: Ticket) -> None:
    """Make the ticket findable by its number, words and place."""
    SearchText.objects.update_or_create(ticket=ticket, defaults={"grams": search_grams(ticket)})


def search_grams(ticket: Ticket) -> str:
    """What the ticket can be found by."""
    return grams(
        "\n".join(
            filter(
                None,
                (
                    ticket.number,
                    ticket.external_no,
                    ticket.title,
                    ticket.body,
                    ticket.place_text,
                    ticket.place.name if ticket.place else "",
                    ticket.town.name if ticket.town else "",
                ),
            )
        )
    )


@dataclass(slots=True)
class PutDown:
    """What was heard, cleaned and checked, its numbers lifted out. Nothing is looked up or written yet."""

    title: str
    body: str
    lifted: list[privacy.Lifted]
    level: int
    received_at: datetime
    known: Known


def put_down(heard: Heard, *, now: datetime) -> PutDown:
    """Check and clean. Raises `Incomplete` as `receive_ticket` does, naming every field at once."""
    title = " ".join(privacy.clean_text(heard.title).split())
    body = privacy.clean_text(heard.body)
    wrong: dict[str, str] = {}
    if not title and not body:
        wrong["body"] = _("请至少写下一句诉求内容。")
    if len(body) > LONGEST_BODY:
        wrong["body"] = _too_long()
    if heard.kind not in KINDS:
        wrong["kind"] = _("请选择诉求类型。")
    if heard.channel not in CHANNELS:
        wrong["channel"] = _("请选择来源渠道。")
    received = heard.received_at or now
    if received > now + timedelta(minutes=5):
        wrong["received_at"] = _("受理时间在将来,请核对。")
    if heard.city_deadline and heard.city_deadline < (heard.city_received_at or received):
        wrong["city_deadline"] = _("市级时限早于受理时间,请核对。")
    known = Known()
    try:
        known = known_as(name=heard.name, phone=heard.phone, account=heard.account)
    except Incomplete as why:
        wrong |= why.fields
    if wrong:
        raise Incomplete(wrong)
    if not title:
        title = body.splitlines()[0][:60]
    elif len(title) > LONGEST_TITLE:
        title, body = title[: LONGEST_TITLE - 1] + "…", f"{title}\n{body}".strip()
    # One numbering of marks over title and body: 〔电话1〕 means one number in the whole ticket.
    joined, lifted = privacy.lift_numbers(f"{title}\x1f{body}")
    title, body = joined.split("\x1f", 1)
    signals_level, found = urgency.urgent_level(f"{title}\n{body}", heard.level or 3)
    del found  # kept with the advice, where they are shown
    return PutDown(title[:LONGEST_TITLE], body, lifted, signals_level, received, known)


def ticket_from(
    heard: Heard, put: PutDown, *, by: User, number: str, caller: Caller | None, town: Place | None
) -> Ticket:
    """The unsaved row of what was put down; `begin` gives it its state. *town*: that of the place."""
    place = heard.place
    return Ticket(
        number=number,
        source=heard.source,
        external_no=heard.external_no.strip()[:64] or None,
        batch=heard.batch,
        kind=heard.kind,
        channel=heard.channel,
        title=put.title,
        body=put.body,
        is_secret=heard.is_secret,
        is_report=heard.kind == "report",
        caller=caller,
        previous=heard.previous,
        place=place,
        town=town or (place if place and place.kind in {"town", "subdistrict"} else None),
        place_text=privacy.lift_numbers(privacy.clean_text(heard.place_text))[0][:255],
        place_now=privacy.lift_numbers(privacy.clean_text(heard.place_now))[0][:255],
        category=heard.category,
        city_category=heard.city_category[:128],
        level=put.level,
        received_at=put.received_at,
        received_by=by,
        city_received_at=heard.city_received_at,
        city_deadline=heard.city_deadline,
    )


def receive_facts(heard: Heard, ticket: Ticket) -> dict[str, Any]:
    """What the journal says of a ticket that was received."""
    facts = {
        **history_facts(ticket),
        "channel": ticket.channel,
        "kind": ticket.kind,
        "town": ticket.town.code if ticket.town else None,
        "category": ticket.category.code if ticket.category else None,
        # A row of a file may tell of an earlier hour than that of reading it in.
        "received": ticket.received_at.astimezone(UTC).isoformat(),
    }
    if ticket.city_deadline:
        facts["city_deadline"] = ticket.city_deadline.astimezone(UTC).isoformat()
    return facts | heard.facts


def history_facts(ticket: Ticket) -> dict[str, Any]:
    """What the journal says of a ticket of the past."""
    return {"words": text_hash(ticket.title + "\n" + ticket.body)}


def _written_down(heard: Heard, *, by: User, now: datetime) -> tuple[Ticket, list[privacy.Lifted]]:
    put = put_down(heard, now=now)
    place = heard.place
    ticket = ticket_from(
        heard,
        put,
        by=by,
        number=next_number(put.received_at),
        caller=callers_for([(put.known, now)])[0],
        town=Place.objects.filter(code=place.town).first() if place and place.town else None,
    )
    return ticket, put.lifted


def _lift_into(ticket: Ticket, text: str) -> tuple[str, list[privacy.Lifted]]:
    """Lift numbers out of words that join an existing ticket, going on with its marks' numbering."""
    return lift_beside(text, {row.mark for row in SealedNumber.objects.filter(ticket=ticket)})


def lift_beside(text: str, known: set[str]) -> tuple[str, list[privacy.Lifted]]:
    """Lift numbers out of *text*; a mark that is *known* already gets the next number."""
    known = set(known)
    kept, lifted = privacy.lift_numbers(text)
    out: list[privacy.Lifted] = []
    renamed: dict[str, str] = {}
    for item in lifted:
        mark, n = item.mark, 1
        stem = item.mark.strip("〔〕").rstrip("0123456789")
        while mark in known:
            n += 1
            mark = f"〔{stem}{n}〕"
        known.add(mark)
        renamed[item.mark] = mark
        out.append(privacy.Lifted(item.kind, item.value, mark))
    if renamed:
        # In one pass: 1 → 2 and 2 → 3 must not make two 3s.
        kept = re.sub("|".join(map(re.escape, renamed)), lambda found: renamed[found.group()], kept)
    return kept, out


def _save_lifted(ticket: Ticket, lifted: list[privacy.Lifted]) -> None:
    SealedNumber.objects.bulk_create(sealed_numbers(ticket, lifted))


def sealed_numbers(ticket: Ticket, lifted: list[privacy.Lifted]) -> list[SealedNumber]:
    """The unsaved rows of numbers that were lifted out of a ticket's words."""
    return [
        SealedNumber(
            ticket=ticket,
            mark=item.mark,
            kind=item.kind,
            value=item.value,
            value_index=blind_index(item.value, "phone" if item.kind == "phone" else "identity"),
            tail_index=blind_index(item.value[-4:], "tail"),
        )
        for item in lifted
    ]


def _bad_phone() -> str:
    return _("这个电话号码不存在,请核对;不知道就留空。")


def _too_long() -> str:
    return _("内容超过 %(n)s 字,请只保留诉求本身,其余作为备注。") % {"n": LONGEST_BODY}


def _keep_words(ticket: Ticket, lifted: list[privacy.Lifted]) -> None:
    _save_lifted(ticket, lifted)
    index_words(ticket)


__all__ = [
    "Heard",
    "NotOpen",
    "answer_ticket",
    "begin_again",
    "file_history",
    "index_words",
    "join_call",
    "next_number",
    "receive_ticket",
    "redirect_ticket",
    "submit_ticket",
    "supplement_ticket",
    "take_in",
    "withdraw_ticket",
]
