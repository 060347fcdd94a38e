"""An approved message goes out by SMS: who gets it, when, what became of it. Nobody gets it twice.

As with notices (office/outbox.py) a carrier claims a person first and says afterwards what became of it; one who dies in between
leaves a row of which nobody knows, and it is never sent again by itself. What cannot be delivered goes back to the phone list.
"""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.board.district import district_of
from fenzhen.board.events import DECIDES
from fenzhen.board.waves import OPEN, number_of, reach_of
from fenzhen.desk.step import Incomplete, NotYours, note_act, verb
from fenzhen.hotline.quiet import QuietHours
from fenzhen.office.outbox import LOST_AFTER, WAITS
from fenzhen.records.events import Wave, WavePerson
from fenzhen.records.people import User
from fenzhen.records.rules import setting

#: Citizens are not woken up where a district has set no hours of its own.
NIGHT = QuietHours(time(21), time(8), frozenset({3, 4}))
#: A message to citizens waits like level 4.
_WAITS_AS = 4


@dataclass(frozen=True, slots=True)
class Address:
    """Where it goes, as a courier takes it."""

    courier: str
    address: str


@dataclass(slots=True)
class WaveMessage:
    """One person's SMS as a courier takes it. `pk` is unlike any delivery's."""

    pk: str
    way: Address
    text: str
    person: WavePerson


def sms_is_set_up() -> bool:
    """A gateway is there; else an SMS only stands in the worker's log, and nobody is told by it."""
    return bool(settings.FENZHEN_SMS_URL)


@verb
def send_wave(wave: Wave, *, by: User, now: datetime, many: int, urgent: bool = False) -> int:
    """A person says that the approved words go to everybody with a mobile number who was not told; *many* is the number they saw.

    *urgent* sends in the night, too. Returns how many. Raises `NotYours`, `Incomplete`: not approved, nobody, another number than
    the one that was shown.
    """
    note_act(f"event:{wave.event_id}", "wave_sms", by=by, now=now, facts={"wave": wave.pk, "people": many})
    if by.role not in DECIDES:
        raise NotYours
    Wave.objects.select_for_update().get(pk=wave.pk)
    wave.refresh_from_db()
    if wave.approved_at is None:
        raise Incomplete({"wave": _("口径还没有审定，先不要告知。")})
    ready = [one.person.pk for one in reach_of(by, wave) if not one.why_not]
    if not ready:
        raise Incomplete({"many": _("没有可以发短信的人。")})
    if len(ready) != many:
        raise Incomplete({"many": _("可发的人数变了，现在是 %(n)s 人，请看过再发。") % {"n": len(ready)}})
    due = now if urgent else (_quiet_until(now) or now)
    moved = WavePerson.objects.filter(pk__in=ready, state__in=OPEN, sent_at=None).update(
        state="queued", way="sms", tries=0, next_try_at=due, at=now, by=by, trouble="urgent" if urgent else ""
    )
    Wave.objects.filter(pk=wave.pk).update(sms_by=by, sms_at=now)
    return moved


@verb
def hold_wave(wave: Wave, *, by: User, now: datetime) -> int:
    """Stop: who has not been sent to yet is to be told some other way. Returns how many. Raises `NotYours`."""
    note_act(f"event:{wave.event_id}", "wave_sms_held", by=by, now=now, facts={"wave": wave.pk})
    if by.role not in DECIDES:
        raise NotYours
    return WavePerson.objects.filter(wave=wave, state="queued").update(
        state="waiting", way="phone", next_try_at=None, trouble=""
    )


def claim_wave_sms(*, by: User, now: datetime) -> WaveMessage | None:
    """Take the next person who is due, for this carrier alone, and say so before anything is sent."""
    due = WavePerson.objects.filter(state="queued", sent_at=None, next_try_at__lte=now)
    for row in due.select_related("wave__event", "ticket__caller", "household").order_by("next_try_at", "pk")[
        :20
    ]:
        quiet = None if row.trouble == "urgent" else _quiet_until(now)
        if quiet is not None:
            _move(row, "queued", next_try_at=quiet)
            continue
        number = number_of(row)
        if not number:
            _move(row, "failed", way="phone", next_try_at=None, trouble=_("没有可用的号码。"))
            continue
        if _move(row, "sending", next_try_at=now, tries=row.tries + 1):
            here = district_of(by)
            sign = _("分诊") + (f"·{here.name}" if here and here.name else "")
            return WaveMessage(f"w{row.pk}", Address("sms", number), f"【{sign}】{row.wave.text}", row)
    return None


def record_wave_sent(message: WaveMessage, *, by: User, now: datetime) -> None:
    """The gateway has it."""
    row = message.person
    note_act(f"event:{row.wave.event_id}", "wave_sms_sent", by=by, now=now, facts={"person": row.pk})
    _move(row, "sent", at=now, sent_at=now, next_try_at=None, trouble="")


def record_wave_failed(
    message: WaveMessage, why: str, *, by: User, now: datetime, again: bool = True
) -> None:
    """It did not go out: tried again after a growing wait, and in the end the person goes back to the phone list."""
    row = message.person
    if again and row.tries <= len(WAITS):
        _move(row, "queued", next_try_at=now + WAITS[row.tries - 1], trouble=why[:255])
        return
    note_act(f"event:{row.wave.event_id}", "wave_sms_failed", by=by, now=now, facts={"person": row.pk})
    _move(row, "failed", way="phone", at=now, next_try_at=None, trouble=why[:255])


def give_up_lost_waves(*, by: User, now: datetime) -> int:
    """What a carrier took and never spoke of again: perhaps sent, perhaps not; a person asks. Returns how many."""
    lost = WavePerson.objects.filter(state="sending", next_try_at__lt=now - LOST_AFTER)
    return lost.update(state="unsure", next_try_at=None)


def _quiet_until(now: datetime) -> datetime | None:
    try:
        quiet = QuietHours.of(setting("quiet", None)) or NIGHT
    except (ValueError, TypeError, AttributeError):
        quiet = NIGHT  # `fenzhen check` names the fault
    return quiet.until(timezone.localtime(now), _WAITS_AS)


def _move(row: WavePerson, to: str, **values: Any) -> bool:
    changed = {"state": to, **values}
    found = WavePerson.objects.filter(Q(pk=row.pk, state=row.state, tries=row.tries))
    moved = found.update(**changed)
    if moved:
        for name, value in changed.items():
            setattr(row, name, value)
    return bool(moved)


__all__ = [
    "Address", "WaveMessage", "claim_wave_sms", "give_up_lost_waves", "hold_wave", "record_wave_failed", "record_wave_sent", "send_wave",
    "sms_is_set_up",
]  # fmt: skip
