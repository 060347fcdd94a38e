"""Taking in what a caller wants: from a call, a form, or a row of a file."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.desk.step import Incomplete, NotOpen, begin, step, text_hash, verb
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
from fenzhen.records.words import CHANNELS, KINDS, REDIRECT_REASONS, WITHDRAW_REASONS

#: Longer than any call that was ever written down; beyond it somebody pasted a file.
LONGEST_BODY = 50_000
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
        facts={
            "words": text_hash(ticket.title + "\n" + ticket.body),
            "channel": ticket.channel,
            **heard.facts,
        },
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
    begin(
        ticket, "file_history", by=by, now=now, facts={"words": text_hash(ticket.title + "\n" + ticket.body)}
    )
    _keep_words(ticket, lifted)
    return ticket


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
def join_call(ticket: Ticket, *, by: User, now: datetime, text: str, kind: str = "call") -> Ticket:
    """Another call of the same person about the same ticket: its words join the story, no new ticket."""
    text = privacy.clean_text(text)
    if not text:
        raise Incomplete({"text": _("请写下来电内容。")})
    kept, lifted = _lift_into(ticket, text)
    entry = step(ticket, "join_call", by=by, now=now, facts={"words": text_hash(kept), "kind": kind})
    _save_lifted(ticket, lifted)
    Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind=kind, text=kept)
    return ticket


@verb
def withdraw_ticket(ticket: Ticket, *, by: User, now: datetime, reason: str, text: str = "") -> Ticket:
    """The caller or the city takes it back; it leaves the rates, and every running assignment ends."""
    from fenzhen.desk.close import ended  # the moves of every way out stand there

    if reason not in WITHDRAW_REASONS:
        raise Incomplete({"reason": _("请选择撤回的原因。")})
    kept, _lifted = privacy.lift_numbers(privacy.clean_text(text))
    entry = step(
        ticket,
        "withdraw",
        by=by,
        now=now,
        moves=ended(ticket),
        facts={"reason": reason},
        reason_code=reason,
        closed_at=now,
        held_by=None,
        held_until=None,
    )
    if kept:
        Note.objects.create(ticket=ticket, n=entry.n, by=by, at=now, kind="withdraw", text=kept)
    return ticket


# ---------------------------------------------------------------------------------------------------------


def caller_for(*, name: str, phone: str, account: str, now: datetime) -> Caller | None:
    """The caller's row, found again by its keyed indexes or made. None where nothing is known.

    Raises `Incomplete` for a phone number that cannot exist.
    """
    name = " ".join(privacy.clean_text(name).split())[:64]
    number = ""
    if phone.strip():
        try:
            number = privacy.normal_phone(phone)
        except BadPhone:
            raise Incomplete({"phone": _("这个电话号码不存在,请核对;不知道就留空。")}) from None
    account = privacy.clean_text(account)[:128]
    if not (name or number or account):
        return None
    found = {
        "name_index": blind_index(name, "name"),
        "phone_index": blind_index(number, "phone"),
        "account_index": blind_index(account, "account"),
    }
    caller = Caller.objects.filter(**found).order_by("pk").first()
    if caller is None:
        caller = Caller.objects.create(
            name=name,
            phone=number,
            account=account,
            tail_index=blind_index(number[-4:], "tail") if len(number) >= 7 else "",
            created_at=now,
            **found,
        )
    return caller


def next_number(now: datetime) -> str:
    """The next ticket number of the day: ``2026112300017``. Never given twice, whoever asks at once."""
    day: date = timezone.localtime(now).date()
    for _attempt in range(5):
        if NumberSeries.objects.filter(day=day).update(last=F("last") + 1):
            last = NumberSeries.objects.values_list("last", flat=True).get(day=day)
            return f"{day:%Y%m%d}{last:05d}"
        try:
            with transaction.atomic():
                NumberSeries.objects.create(day=day, last=0)
        except IntegrityError:
            continue  # another desk opened the day in the same instant
    raise RuntimeError("no number could be drawn")  # pragma: no cover - five lost races in a row


def index_words(ticket: Ticket) -> None:
    """Make the ticket findable by its number, words and place."""
    text = "\n".join(
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
    SearchText.objects.update_or_create(ticket=ticket, defaults={"grams": grams(text)})


def _written_down(heard: Heard, *, by: User, now: datetime) -> tuple[Ticket, list[privacy.Lifted]]:
    title = " ".join(privacy.clean_text(heard.title).split())
    body = privacy.clean_text(heard.body)
    wrong: dict[str, str] = {}
    if not title and not body:
        wrong["body"] = _("请至少写下一句诉求内容。")
    if len(body) > LONGEST_BODY:
        wrong["body"] = _("内容超过 %(n)s 字,请只保留诉求本身,其余作为备注。") % {"n": LONGEST_BODY}
    if heard.kind not in KINDS:
        wrong["kind"] = _("请选择诉求类型。")
    if heard.channel not in CHANNELS:
        wrong["channel"] = _("请选择来源渠道。")
    received = heard.received_at or now
    if received > now + timedelta(minutes=5):
        wrong["received_at"] = _("受理时间在将来,请核对。")
    if heard.city_deadline and heard.city_deadline < (heard.city_received_at or received):
        wrong["city_deadline"] = _("市级时限早于受理时间,请核对。")
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
    place = heard.place
    town = Place.objects.filter(code=place.town).first() if place and place.town else None
    is_report = heard.kind == "report"
    return (
        Ticket(
            number=next_number(received),
            source=heard.source,
            external_no=heard.external_no.strip()[:64] or None,
            batch=heard.batch,
            kind=heard.kind,
            channel=heard.channel,
            title=title[:LONGEST_TITLE],
            body=body,
            is_secret=heard.is_secret,
            is_report=is_report,
            caller=caller_for(name=heard.name, phone=heard.phone, account=heard.account, now=now),
            previous=heard.previous,
            place=place,
            town=town or (place if place and place.kind in {"town", "subdistrict"} else None),
            place_text=privacy.lift_numbers(privacy.clean_text(heard.place_text))[0][:255],
            place_now=privacy.lift_numbers(privacy.clean_text(heard.place_now))[0][:255],
            category=heard.category,
            city_category=heard.city_category[:128],
            level=signals_level,
            received_at=received,
            received_by=by,
            city_received_at=heard.city_received_at,
            city_deadline=heard.city_deadline,
        ),
        lifted,
    )


def _lift_into(ticket: Ticket, text: str) -> tuple[str, list[privacy.Lifted]]:
    """Lift numbers out of words that join an existing ticket, going on with its marks' numbering."""
    known = {row.mark for row in SealedNumber.objects.filter(ticket=ticket)}
    kept, lifted = privacy.lift_numbers(text)
    out: list[privacy.Lifted] = []
    for item in lifted:
        mark, n = item.mark, 1
        stem = item.mark.strip("〔〕").rstrip("0123456789")
        while mark in known:
            n += 1
            mark = f"〔{stem}{n}〕"
        known.add(mark)
        kept = kept.replace(item.mark, mark) if mark != item.mark else kept
        out.append(privacy.Lifted(item.kind, item.value, mark))
    return kept, out


def _save_lifted(ticket: Ticket, lifted: list[privacy.Lifted]) -> None:
    SealedNumber.objects.bulk_create(
        SealedNumber(
            ticket=ticket,
            mark=item.mark,
            kind=item.kind,
            value=item.value,
            value_index=blind_index(item.value, "phone" if item.kind == "phone" else "identity"),
            tail_index=blind_index(item.value[-4:], "tail"),
        )
        for item in lifted
    )


def _keep_words(ticket: Ticket, lifted: list[privacy.Lifted]) -> None:
    _save_lifted(ticket, lifted)
    index_words(ticket)


__all__ = [
    "Heard",
    "NotOpen",
    "answer_ticket",
    "caller_for",
    "file_history",
    "index_words",
    "join_call",
    "next_number",
    "receive_ticket",
    "redirect_ticket",
    "submit_ticket",
    "supplement_ticket",
    "withdraw_ticket",
]
