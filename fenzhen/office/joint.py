"""Handling an event together (会办, 吹哨): one table with everybody who can mend it, every door on a list, until all are content.

An event's tickets stay their callers' own. The case says who leads and who helps, keeps meetings, decisions and papers, and
counts the doors; it is closed only when every household has its answer (STORY.md, the forty-four windows).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from fenzhen.board.events import LIVE
from fenzhen.board.joint import STEPS
from fenzhen.desk.step import Incomplete, note_act, text_hash, verb
from fenzhen.records import files
from fenzhen.records.events import (
    CaseMaterial,
    Event,
    EventTicket,
    Household,
    Instruction,
    JointCase,
    JointDecision,
    JointMeeting,
    JointParty,
    SpecialReport,
    Wave,
    WavePerson,
)
from fenzhen.records.keys import blind_index
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit
from fenzhen.records.words import REPORT_PARTS, WAVE_WAYS, WHISTLES


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody to be asked to the table: a unit, or a name from outside; and why."""

    part: str
    unit: Unit | None = None
    outside: str = ""
    contact: str = ""
    why: str = ""


# --- the case -------------------------------------------------------------------------------------------------------


@verb
def open_case(
    event: Event,
    parties: Sequence[Party],
    *,
    by: User,
    now: datetime,
    whistle: str = "residents",
    due: datetime | None = None,
) -> JointCase:
    """Begin joint handling with one leading unit and those who help. Raises `Incomplete`."""
    note_act(f"event:{event.pk}", "open_case", by=by, now=now)
    event.refresh_from_db()
    wrong: dict[str, str] = {}
    leads = [one for one in parties if one.part == "lead" and one.unit]
    if event.state not in LIVE:
        wrong["state"] = _("这个事件已经结束。")
    elif JointCase.objects.filter(event=event).exists():
        wrong["state"] = _("这个事件已经开始会办。")
    if len(leads) != 1:
        wrong["lead"] = _("请选择一个牵头单位。")
    if len({one.unit.pk for one in parties if one.unit}) != sum(1 for one in parties if one.unit):
        wrong["parties"] = _("同一个单位只能出现一次。")
    if any(not one.unit and not one.outside.strip() for one in parties):
        wrong["parties"] = _("请填写外部单位的名称。")
    if whistle not in WHISTLES:
        wrong["whistle"] = _("请选择会办类型。")
    if due is not None and due <= now:
        wrong["due"] = _("办结时间要晚于现在。")
    if wrong:
        raise Incomplete(wrong)
    lead = leads[0].unit
    assert lead is not None
    first = event.members.select_related("ticket").order_by("ticket__received_at", "ticket").first()
    case = JointCase.objects.create(
        event=event,
        number=_number(now),
        whistle=whistle,
        lead_unit=lead,
        master=first.ticket if first else None,
        called_by=by,
        called_at=now,
        due=due,
    )
    for one in parties:
        _seat(case, one, now)
    Event.objects.filter(pk=event.pk).update(state="joint", version=F("version") + 1)
    return case


@verb
def add_party(case: JointCase, party: Party, *, by: User, now: datetime) -> JointParty:
    """Ask one more to the table. Raises `Incomplete`: closed, there already, a second lead."""
    note_act(f"case:{case.pk}", "add_party", by=by, now=now)
    _open(case)
    if party.part == "lead":
        raise Incomplete({"part": _("已有牵头单位，请改为协办。")})
    if party.unit and case.parties.filter(unit=party.unit, left_at=None).exists():
        raise Incomplete({"unit": _("这个单位已经在会办里。")})
    if not party.unit and not party.outside.strip():
        raise Incomplete({"outside": _("请填写外部单位的名称。")})
    return _seat(case, party, now)


@verb
def let_party_go(party: JointParty, *, by: User, now: datetime) -> None:
    """A party is not needed (any more). The lead stays; so does one that still owes something. Raises `Incomplete`."""
    note_act(f"case:{party.case_id}", "let_party_go", by=by, now=now, facts={"party": party.pk})
    _open(party.case)
    if party.part == "lead":
        raise Incomplete({"part": _("牵头单位不能退出。")})
    if party.owes.filter(done_at=None).exists():
        raise Incomplete({"party": _("这个单位还有没完成的议定事项。")})
    JointParty.objects.filter(pk=party.pk, left_at=None).update(left_at=now)


@verb
def party_arrived(party: JointParty, *, by: User, now: datetime) -> None:
    """The party reported at the table (报到); the first time counts."""
    note_act(f"case:{party.case_id}", "party_arrived", by=by, now=now, facts={"party": party.pk})
    _open(party.case)
    JointParty.objects.filter(pk=party.pk, arrived_at=None).update(arrived_at=now)


@verb
def report_of_party(party: JointParty, *, by: User, now: datetime, text: str) -> None:
    """What a party says of the matter, in its own words; the last word stands. Raises `Incomplete`."""
    note_act(
        f"case:{party.case_id}",
        "party_reported",
        by=by,
        now=now,
        facts={"party": party.pk, "words": text_hash(text)},
    )
    _open(party.case)
    if not text.strip():
        raise Incomplete({"report": _("请填写情况说明。")})
    JointParty.objects.filter(pk=party.pk).update(
        report=text.strip(), reported_at=now, arrived_at=party.arrived_at or now
    )


@verb
def write_meeting(
    case: JointCase,
    *,
    by: User,
    now: datetime,
    at: datetime,
    where: str = "",
    minutes: str = "",
    meeting: JointMeeting | None = None,
) -> JointMeeting:
    """Call a meeting, or write its minutes afterwards (with *meeting*)."""
    note_act(f"case:{case.pk}", "write_meeting", by=by, now=now, facts={"words": text_hash(minutes)})
    _open(case)
    if meeting is None:
        return JointMeeting.objects.create(
            case=case, at=at, where=where.strip()[:120], minutes=minutes.strip(), by=by, written_at=now
        )
    JointMeeting.objects.filter(pk=meeting.pk, case=case).update(
        at=at, where=where.strip()[:120], minutes=minutes.strip(), by=by, written_at=now
    )
    meeting.refresh_from_db()
    return meeting


@verb
def decide(
    case: JointCase,
    *,
    by: User,
    now: datetime,
    text: str,
    party: JointParty,
    due: datetime,
    meeting: JointMeeting | None = None,
) -> JointDecision:
    """What the table decided: who owes it, until when. Raises `Incomplete`."""
    note_act(f"case:{case.pk}", "decide", by=by, now=now, facts={"party": party.pk, "words": text_hash(text)})
    _open(case)
    wrong = {}
    if not text.strip():
        wrong["text"] = _("请填写议定事项。")
    if party.case_id != case.pk or party.left_at is not None:
        wrong["party"] = _("请选择会办里的单位。")
    if due <= now:
        wrong["due"] = _("完成时间要晚于现在。")
    if wrong:
        raise Incomplete(wrong)
    return JointDecision.objects.create(
        case=case, meeting=meeting, text=text.strip(), party=party, due=due, by=by, at=now
    )


@verb
def decision_done(
    decision: JointDecision, *, by: User, now: datetime, note: str = "", undo: bool = False
) -> bool:
    """It is done, or (*undo*) it is not after all. False where it stood so already."""
    act = "decision_undone" if undo else "decision_done"
    note_act(f"case:{decision.case_id}", act, by=by, now=now, facts={"decision": decision.pk})
    _open(decision.case)
    rows = JointDecision.objects.filter(pk=decision.pk, done_at__isnull=not undo)
    return bool(rows.update(done_at=None if undo else now, note=note.strip()))


@verb
def keep_material(case: JointCase, raw: bytes, *, by: User, now: datetime, name: str) -> CaseMaterial:
    """Keep a paper of the case, sealed. Raises `Incomplete` as attachments do: empty, too large, of another kind, damaged."""
    note_act(f"case:{case.pk}", "keep_material", by=by, now=now, facts={"sha256": sha256(raw).hexdigest()})
    if not raw:
        raise Incomplete({"file": _("文件是空的，请重新选择。")})
    if len(raw) > files.LARGEST_MB * 1024 * 1024:
        raise Incomplete({"file": _("文件超过 %(n)s MB，请压缩后再传。") % {"n": files.LARGEST_MB}})
    try:
        ending = files.kind_of(raw)
        raw = files.bare(raw, ending)
    except files.BadFile:
        raise Incomplete({"file": _("只能上传 jpg、png 图片和 pdf、docx、xlsx 文件。")}) from None
    checksum = sha256(raw).hexdigest()
    return CaseMaterial.objects.create(
        case=case,
        name=PurePath(name).name[:120] or checksum[:8],
        mime=files.TYPES[ending],
        size=len(raw),
        sha256=checksum,
        path=files.keep(raw, checksum),
        by=by,
        at=now,
    )


def why_not_closed(case: JointCase) -> dict[str, int]:
    """What still stands between the case and its end: doors without an answer, decisions not done, tickets still open."""
    doors = list(case.event.households.all())
    missing = {
        "households": sum(1 for door in doors if door.called_back_at is None),
        "decisions": case.decisions.filter(done_at=None).count(),
        "none": int(not doors),
    }
    return {name: count for name, count in missing.items() if count}


@verb
def close_case(case: JointCase, *, by: User, now: datetime, why: str = "") -> None:
    """The end: every household has its answer and nothing is owed; where one is not content, *why* it ends all the same.

    Raises `Incomplete` that says what is missing.
    """
    note_act(f"case:{case.pk}", "close_case", by=by, now=now)
    _open(case)
    missing = why_not_closed(case)
    if missing:
        words = {
            "households": _("还有 %(n)s 户没有回访结果。"),
            "decisions": _("还有 %(n)s 项议定事项没有完成。"),
            "none": _("还没有登记住户。"),
        }
        raise Incomplete({name: words[name] % {"n": count} for name, count in missing.items()})
    unhappy = case.event.households.filter(is_content=False).count()
    if unhappy and not why.strip():
        raise Incomplete({"why": _("还有 %(n)s 户不满意；要结束会办请写明原因。") % {"n": unhappy}})
    JointCase.objects.filter(pk=case.pk, closed_at=None).update(
        closed_at=now, closed_by=by, version=F("version") + 1
    )
    Event.objects.filter(pk=case.event_id).update(
        state="closed", decided_by=by, decided_at=now, decided_why=why.strip()[:255], version=F("version") + 1
    )


@verb
def reopen_case(case: JointCase, *, by: User, now: datetime, why: str) -> None:
    """It was not the end after all. Raises `Incomplete`."""
    note_act(f"case:{case.pk}", "reopen_case", by=by, now=now, facts={"words": text_hash(why)})
    if not why.strip():
        raise Incomplete({"why": _("请写明为什么重新会办。")})
    if not JointCase.objects.filter(pk=case.pk, closed_at__isnull=False).update(
        closed_at=None, closed_by=None, version=F("version") + 1
    ):
        raise Incomplete({"state": _("会办没有结束。")})
    Event.objects.filter(pk=case.event_id).update(state="joint", version=F("version") + 1)


# --- the doors ------------------------------------------------------------------------------------------------------


def door_key(door: str) -> str:
    """The same door written in different ways: 3号楼2单元501, 3-2-501, ３号楼 2单元 501室."""
    plain = "".join(door.split()).translate(_DIGITS)
    numbers: list[str] = []
    for char in plain:
        if char.isascii() and char.isalnum():
            if numbers and numbers[-1]:
                numbers[-1] += char.lower()
            else:
                numbers = [*numbers[:-1], char.lower()] if numbers else [char.lower()]
        else:
            numbers.append("")
    found = [number for number in numbers if number]
    return "-".join(found) if found else plain


_DIGITS = str.maketrans("０１２３４５６７８９一二三四五六七八九", "0123456789123456789")


@verb
def add_household(
    event: Event,
    *,
    by: User,
    now: datetime,
    door: str,
    ticket: Ticket | None = None,
    phone: str = "",
    note: str = "",
) -> Household:
    """Put a door on the list: from a caller's ticket, or found on a visit although nobody called. Raises `Incomplete`."""
    door = " ".join(door.split())[:120]
    key = door_key(door)
    note_act(
        f"event:{event.pk}", "add_household", by=by, now=now, facts={"ticket": ticket.pk if ticket else None}
    )
    if not key:
        raise Incomplete({"door": _("请填写楼号、单元和房号。")})
    if ticket is not None and not EventTicket.objects.filter(event=event, ticket=ticket).exists():
        raise Incomplete({"ticket": _("这张工单不在这个事件里。")})
    index = blind_index(f"{event.pk}:{key}", "door")
    held = Household.objects.filter(event=event, door_index=index).first()
    if held is not None:
        if ticket is None or held.ticket_id is not None:
            raise Incomplete({"door": _("这一户已经在名单里。")})
        Household.objects.filter(pk=held.pk, ticket=None).update(ticket=ticket, version=F("version") + 1)
        held.refresh_from_db()
        return held
    return Household.objects.create(
        event=event,
        door=door,
        door_index=index,
        ticket=ticket,
        phone=phone.strip(),
        added_by=by,
        added_at=now,
        note=note.strip(),
    )


@verb
def household_step(
    household: Household,
    step: str,
    *,
    by: User,
    now: datetime,
    undo: bool = False,
    content: bool | None = None,
    note: str = "",
) -> Household:
    """One step of a door: visited, mediated, agreed, restored, called back (with *content*); or taken back.

    A later step does not need the earlier ones (a household may agree on the phone), but the call-back needs an answer. Raises `Incomplete`.
    """
    facts: dict[str, Any] = {"household": household.pk, "step": step, "undo": undo, "content": content}
    note_act(f"event:{household.event_id}", "household_step", by=by, now=now, facts=facts)
    if step not in STEPS:
        raise Incomplete({"step": _("没有这一步。")})
    if step == "called_back" and not undo and content is None:
        raise Incomplete({"content": _("请记下这一户满意还是不满意。")})
    columns: dict[str, Any] = {f"{step}_at": None if undo else now, "version": F("version") + 1}
    if step == "called_back":
        columns["is_content"] = None if undo else content
    if note.strip():
        columns["note"] = f"{household.note}\n{note.strip()}".strip()
    Household.objects.filter(pk=household.pk).update(**columns)
    household.refresh_from_db()
    return household


@verb
def drop_household(household: Household, *, by: User, now: datetime) -> None:
    """A door put on the list by mistake. One with steps stays. Raises `Incomplete`."""
    note_act(
        f"event:{household.event_id}", "drop_household", by=by, now=now, facts={"household": household.pk}
    )
    household.refresh_from_db()
    if any(getattr(household, f"{step}_at") for step in STEPS):
        raise Incomplete({"household": _("这一户已有办理记录，不能删除；请先撤销各步。")})
    WavePerson.objects.filter(household=household).update(household=None)
    household.delete()


# --- one message to all ---------------------------------------------------------------------------------------------


@verb
def write_wave(event: Event, *, by: User, now: datetime, text: str, way: str = "phone") -> Wave:
    """A message to everybody who is affected: each caller of the event once, and each door nobody called from. Raises `Incomplete`."""
    note_act(f"event:{event.pk}", "write_wave", by=by, now=now, facts={"words": text_hash(text)})
    wrong = {}
    if not text.strip():
        wrong["text"] = _("请填写告知内容。")
    if way not in WAVE_WAYS:
        wrong["way"] = _("请选择告知方式。")
    if wrong:
        raise Incomplete(wrong)
    wave = Wave.objects.create(event=event, text=text.strip(), made_by=by, made_at=now)
    people: list[WavePerson] = []
    seen: set[int] = set()
    doors = {row.ticket_id: row for row in event.households.all() if row.ticket_id}
    for member in event.members.select_related("ticket").order_by("ticket__received_at", "ticket"):
        caller = member.ticket.caller_id
        if caller in seen:
            continue
        if caller:
            seen.add(caller)
        people.append(
            WavePerson(wave=wave, ticket=member.ticket, household=doors.get(member.ticket_id), way=way)
        )
    people += [WavePerson(wave=wave, household=row, way=way) for row in event.households.filter(ticket=None)]
    WavePerson.objects.bulk_create(people)
    return wave


@verb
def approve_wave(wave: Wave, *, by: User, now: datetime) -> bool:
    """The second pair of eyes on the wording; only then may anybody be told. Raises `Incomplete` for one's own."""
    note_act(f"event:{wave.event_id}", "approve_wave", by=by, now=now, facts={"wave": wave.pk})
    if wave.made_by_id == by.pk:
        raise Incomplete({"by": _("口径要由另一个人审定。")})
    return bool(Wave.objects.filter(pk=wave.pk, approved_at=None).update(approved_by=by, approved_at=now))


@verb
def told(
    person: WavePerson, *, by: User, now: datetime, state: str = "told", way: str = "", note: str = ""
) -> None:
    """One person was told, or could not be reached, or (``waiting``) is to be told after all. Raises `Incomplete`."""
    note_act(
        f"event:{person.wave.event_id}",
        "wave_told",
        by=by,
        now=now,
        facts={"person": person.pk, "state": state},
    )
    if person.wave.approved_at is None:
        raise Incomplete({"wave": _("口径还没有审定，先不要告知。")})
    if state not in ("told", "failed", "waiting", "sent"):
        raise Incomplete({"state": _("没有这种结果。")})
    if WavePerson.objects.filter(pk=person.pk, state="sending").exists():
        raise Incomplete({"state": _("短信正在发送，请稍等。")})
    WavePerson.objects.filter(pk=person.pk).exclude(state="sending").update(
        state=state,
        next_try_at=None,
        way=way or person.way,
        at=None if state == "waiting" else now,
        by=by,
        note=note.strip()[:255],
    )


# --- the report to the district, and the leader's word ----------------------------------------------------------------


@verb
def file_report(
    event: Event,
    *,
    by: User,
    now: datetime,
    title: str,
    sections: Mapping[str, str],
    facts: Mapping[str, Any],
) -> SpecialReport:
    """Keep the draft of a special report (专报). The *facts* are the figures it was drafted from. Raises `Incomplete`."""
    note_act(f"event:{event.pk}", "file_report", by=by, now=now)
    if not title.strip():
        raise Incomplete({"title": _("请填写专报标题。")})
    return SpecialReport.objects.create(
        event=event,
        title=title.strip()[:120],
        sections=_sections(sections),
        facts=dict(facts),
        drafted_by=by,
        drafted_at=now,
    )


@verb
def edit_report(
    report: SpecialReport, *, by: User, now: datetime, title: str, sections: Mapping[str, str], version: int
) -> SpecialReport:
    """A person's own words. Raises `Incomplete` when it is signed, or somebody else saved meanwhile (*version*)."""
    note_act(f"event:{report.event_id}", "edit_report", by=by, now=now, facts={"report": report.pk})
    if not title.strip():
        raise Incomplete({"title": _("请填写专报标题。")})
    moved = SpecialReport.objects.filter(pk=report.pk, signed_at=None, version=version).update(
        title=title.strip()[:120], sections=_sections(sections), edited_at=now, version=F("version") + 1
    )
    report.refresh_from_db()
    if not moved:
        why = (
            _("专报已经签发，不能再改。") if report.signed_at else _("别人刚刚改过这份专报，请对照后再保存。")
        )
        raise Incomplete({"version": why})
    return report


@verb
def sign_report(report: SpecialReport, *, by: User, now: datetime, number: str = "") -> SpecialReport:
    """Signed by a person: from then on it does not change. Raises `Incomplete`."""
    note_act(f"event:{report.event_id}", "sign_report", by=by, now=now, facts={"report": report.pk})
    if not SpecialReport.objects.filter(pk=report.pk, signed_at=None).update(
        signed_by=by, signed_at=now, number=number.strip()[:40], version=F("version") + 1
    ):
        raise Incomplete({"state": _("专报已经签发。")})
    report.refresh_from_db()
    return report


@verb
def write_instruction(
    report: SpecialReport, *, by: User, now: datetime, text: str, leader: str, unit: Unit, due: datetime
) -> Instruction:
    """A leader's instruction on a signed report becomes a supervised task. Raises `Incomplete`."""
    note_act(
        f"event:{report.event_id}",
        "write_instruction",
        by=by,
        now=now,
        facts={"unit": unit.pk, "words": text_hash(text)},
    )
    wrong = {}
    if report.signed_at is None:
        wrong["report"] = _("专报签发后才有批示。")
    if not text.strip():
        wrong["text"] = _("请填写批示内容。")
    if not leader.strip():
        wrong["leader"] = _("请填写批示领导。")
    if due <= now:
        wrong["due"] = _("完成时间要晚于现在。")
    if wrong:
        raise Incomplete(wrong)
    return Instruction.objects.create(
        report=report,
        text=text.strip(),
        leader=leader.strip()[:64],
        unit=unit,
        due=due,
        given_at=now,
        written_by=by,
    )


@verb
def instruction_done(
    instruction: Instruction, *, by: User, now: datetime, answer: str, undo: bool = False
) -> None:
    """What became of it; or (*undo*) it goes on. Raises `Incomplete`, also where somebody was faster: theirs stays."""
    note_act(
        f"event:{instruction.report.event_id}",
        "instruction_done",
        by=by,
        now=now,
        facts={"id": instruction.pk, "undo": undo},
    )
    if not undo and not answer.strip():
        raise Incomplete({"answer": _("请填写落实情况。")})
    rows = Instruction.objects.filter(pk=instruction.pk)
    if undo:
        rows.update(done_at=None, done_by=None)
    elif not rows.filter(done_at=None).update(done_at=now, done_by=by, answer=answer.strip()):
        raise Incomplete({"answer": _("别人已填写落实情况，没有被覆盖。")})


# ---------------------------------------------------------------------------------------------------------


def _seat(case: JointCase, party: Party, now: datetime) -> JointParty:
    part = "outside" if party.unit is None else party.part
    return JointParty.objects.create(
        case=case, part=part, unit=party.unit, outside=party.outside.strip()[:120], contact=party.contact.strip(), why=party.why[:255],
        invited_at=now,
    )  # fmt: skip


def _open(case: JointCase) -> None:
    case.refresh_from_db()
    if case.closed_at is not None:
        raise Incomplete({"state": _("会办已经结束；要继续请先重新会办。")})


def _number(now: datetime) -> str:
    day = now.strftime("%Y%m%d")
    taken = JointCase.objects.filter(number__startswith=f"HB{day}").count()
    return f"HB{day}{taken + 1:03d}"


def _sections(given: Mapping[str, str]) -> dict[str, str]:
    return {name: str(given.get(name, "")).strip() for name in REPORT_PARTS}
