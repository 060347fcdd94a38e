"""Joint handling on a page: the table, the doors (also on a staircase, on a phone), one message to all, the report, the end."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board.events import DECIDES, NoSuchEvent, event_for
from fenzhen.board.joint import (
    STEPS,
    CasePage,
    NoSuchCase,
    case_for,
    cases_seen,
    decision_for,
    door_for,
    household_for,
    instruction_for,
    instructions_open,
    material_bytes,
    outside_and_units,
    party_for,
    report_for,
    wave_for,
    wave_person_for,
)
from fenzhen.board.related import ticket_numbered
from fenzhen.board.search import units_to_choose
from fenzhen.board.waves import OPEN, reach_of
from fenzhen.desk.step import Incomplete
from fenzhen.hotline import roles
from fenzhen.hotline.roles import Role
from fenzhen.office import joint
from fenzhen.office.waves import hold_wave, send_wave, sms_is_set_up
from fenzhen.papers.lists import CODE, MOMENT, Column, Sheet
from fenzhen.papers.special import PARTS, draft, special_file, visit_sheets
from fenzhen.web.attach import file_of
from fenzhen.web.export import listing
from fenzhen.web.page import PageRequest, go, page, say, typed, typed_all

READS = roles.CENTRE | roles.READERS | frozenset({Role.UNIT_LIAISON})
ACTS = roles.CENTRE
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@require_POST
@page(roles=DECIDES)
def open_case(request: PageRequest, pk: int) -> HttpResponse:
    """Begin, with the parties that stay ticked."""
    try:
        event = event_for(request.user, pk, timezone.now()).event
    except NoSuchEvent:
        raise Http404 from None
    lead = typed(request, "lead", 12)
    chosen = [one for one in typed_all(request, "unit") if one.isdigit()]
    if lead.isdigit() and lead not in chosen:
        chosen.insert(0, lead)
    units = {str(unit.pk): unit for unit in units_to_choose(request.user)}
    why = outside_and_units(request.user, event, timezone.now())
    parties = [
        joint.Party("lead" if one == lead else "assist", units[one], why=why.get(one, ""))
        for one in chosen
        if one in units
    ]
    outside = [one for one in typed_all(request, "outside") if one]
    parties += [joint.Party("outside", outside=one, why=why.get(one, "")) for one in outside]
    case = joint.open_case(
        event,
        parties,
        by=request.user,
        now=timezone.now(),
        whistle=typed(request, "whistle", 16) or "residents",
    )
    say(request, _("会办已开始：%(number)s。") % {"number": case.number})
    return go(request, "case", case.pk)


@page(roles=READS)
def case(request: PageRequest, pk: int) -> HttpResponse:
    """The case: who, what was decided, every door, what was said to people, what stands between it and its end."""
    now = timezone.now()
    seen = _case(request, pk)
    doors = request.GET.get("doors", "")
    shown = (
        [door for door in seen.doors if not doors or getattr(door.household, f"{doors}_at", None) is None]
        if doors in STEPS
        else seen.doors
    )
    context = {
        "seen": seen,
        "case": seen.case,
        "event": seen.case.event,
        "doors": shown,
        "only": doors if doors in STEPS else "",
        "steps": _steps(seen),
        "units": units_to_choose(request.user) if seen.may_act else [],
        "missing": joint.why_not_closed(seen.case) if seen.may_act and seen.case.closed_at is None else {},
        "may_decide": request.user.role in DECIDES,
        "tomorrow": timezone.localtime(now + timedelta(days=7)).strftime("%Y-%m-%dT18:00"),
        "today": timezone.localtime(now).strftime("%Y-%m-%dT%H:%M"),
    }
    return render(request, "case.html", context)


@require_POST
@page(roles=ACTS)
def party(request: PageRequest, pk: int) -> HttpResponse:
    """One more at the table."""
    seen = _case(request, pk)
    units = {str(unit.pk): unit for unit in units_to_choose(request.user)}
    unit = units.get(typed(request, "unit", 12))
    one = joint.Party(
        "assist" if unit else "outside",
        unit,
        typed(request, "outside", 120),
        typed(request, "contact", 120),
        typed(request, "why", 255),
    )
    joint.add_party(seen.case, one, by=request.user, now=timezone.now())
    return go(request, "case", pk)


@require_POST
@page(roles=ACTS)
def party_act(request: PageRequest, pk: int, what: str) -> HttpResponse:
    """A party arrived, said something, or is not needed any more."""
    one = _found(party_for, request, pk)
    now = timezone.now()
    if what == "arrived":
        joint.party_arrived(one, by=request.user, now=now)
    elif what == "report":
        joint.report_of_party(one, by=request.user, now=now, text=typed(request, "report", 4000))
    elif what == "leave":
        joint.let_party_go(one, by=request.user, now=now)
    else:
        raise Http404
    return go(request, "case", one.case_id)


@require_POST
@page(roles=ACTS)
def meeting(request: PageRequest, pk: int) -> HttpResponse:
    """A meeting with its minutes."""
    joint.write_meeting(
        _case_itself(request, pk), by=request.user, now=timezone.now(), at=_moment(request, "at"), where=typed(request, "where", 120),
        minutes=typed(request, "minutes", 8000),
    )  # fmt: skip
    return go(request, "case", pk)


@require_POST
@page(roles=ACTS)
def decide(request: PageRequest, pk: int) -> HttpResponse:
    """What was decided, who owes it, until when."""
    seen = _case(request, pk)
    owner = typed(request, "party", 12)
    one = next((party for party in seen.parties if str(party.pk) == owner), None)
    if one is None:
        raise Incomplete({"party": _("请选择会办里的单位。")})
    joint.decide(
        seen.case,
        by=request.user,
        now=timezone.now(),
        text=typed(request, "text", 4000),
        party=one,
        due=_moment(request, "due"),
    )
    return go(request, "case", pk)


@require_POST
@page(roles=ACTS)
def decision_act(request: PageRequest, pk: int, what: str) -> HttpResponse:
    """Done, or not after all."""
    if what not in ("done", "undo"):
        raise Http404
    one = _found(decision_for, request, pk)
    joint.decision_done(
        one, by=request.user, now=timezone.now(), note=typed(request, "note", 2000), undo=what == "undo"
    )
    if what != "undo":
        say(request, _("已记为完成。"), undo=reverse("decision-act", args=[pk, "undo"]))
    return go(request, "case", one.case_id)


@require_POST
@page(roles=ACTS)
def material(request: PageRequest, pk: int) -> HttpResponse:
    """A paper of the case."""
    raw, name = file_of(request)
    joint.keep_material(_case_itself(request, pk), raw, by=request.user, now=timezone.now(), name=name)
    say(request, _("已上传。"))
    return go(request, "case", pk)


@page(roles=READS)
def material_file(request: PageRequest, pk: int) -> HttpResponse:
    """The paper itself."""
    name, mime, raw = _found(material_bytes, request, pk)
    return _file(raw, mime, name)


@require_POST
@page(roles=ACTS)
def door(request: PageRequest, pk: int) -> HttpResponse:
    """A door for the list: a caller's, or one found on a visit."""
    event = _case_itself(request, pk).event
    number = typed(request, "number", 64)
    ticket = ticket_numbered(request.user, number) if number else None
    if number and ticket is None:
        raise Incomplete({"number": _("没有找到这张工单。")})
    joint.add_household(
        event, by=request.user, now=timezone.now(), door=typed(request, "door", 120), ticket=ticket,
        phone=typed(request, "phone", 20), note=typed(request, "note", 2000),
    )  # fmt: skip
    return go(request, reverse("case", args=[pk]) + "#doors")


@require_POST
@page(roles=ACTS)
def door_step(request: PageRequest, pk: int, step: str) -> HttpResponse:
    """One step of one door, or back. The row comes back by itself, so that a phone keeps its place."""
    one = _found(household_for, request, pk)
    answer = typed(request, "content", 3)
    joint.household_step(
        one,
        step,
        by=request.user,
        now=timezone.now(),
        undo=bool(typed(request, "undo", 1)),
        content={"yes": True, "no": False}.get(answer),
        note=typed(request, "note", 2000),
    )
    case = one.event.case
    if not request.htmx:
        return go(request, reverse("case", args=[case.pk]) + f"#door-{pk}")
    row = _found(door_for, request, pk)
    seen = _case(request, case.pk)
    line = render_to_string(
        "_door.html", {"door": row, "may_act": True, "open": case.closed_at is None}, request=request
    )
    head = {"seen": seen, "steps": _steps(seen), "oob": True}
    return HttpResponse(line + render_to_string("_case_steps.html", head, request=request))


@require_POST
@page(roles=ACTS)
def door_drop(request: PageRequest, pk: int) -> HttpResponse:
    """A door that was put on the list by mistake."""
    one = _found(household_for, request, pk)
    case_id = one.event.case.pk
    joint.drop_household(one, by=request.user, now=timezone.now())
    return go(request, reverse("case", args=[case_id]) + "#doors")


@page(roles=ACTS)
def sheets(request: PageRequest, pk: int) -> HttpResponse:
    """The doors on paper."""
    return _file(_found(visit_sheets, request, pk, timezone.now()), DOCX, f"{_('入户走访单')}-{pk}.docx")


# --- one message to all ---------------------------------------------------------------------------------------------


@require_POST
@page(roles=ACTS)
def write_wave(request: PageRequest, pk: int) -> HttpResponse:
    """Words for everybody who is affected."""
    event = _case_itself(request, pk).event
    wave = joint.write_wave(
        event,
        by=request.user,
        now=timezone.now(),
        text=typed(request, "text", 2000),
        way=typed(request, "way", 8) or "phone",
    )
    say(request, _("已写好，等另一个人审定口径。"))
    return go(request, "wave", wave.pk)


@page(roles=ACTS)
def wave(request: PageRequest, pk: int) -> HttpResponse:
    """The people of a message: who was told, who still has to be."""
    row, people, counts = _found(wave_for, request, pk)
    reach = reach_of(request.user, row)
    only = request.GET.get("only", "")
    if only == "phone":
        shown = [one for one in reach if one.person.state in ("waiting", "failed", "unsure")]
    else:
        only, shown = "", reach
    context = {
        "wave": row,
        "people": people,
        "reach": shown,
        "only": only,
        "ready": sum(1 for one in reach if not one.why_not),
        "not_ready": dict(Counter(one.why_not for one in reach if one.person.state in OPEN and one.why_not)),
        "to_phone": sum(1 for one in people if one.state in ("waiting", "failed", "unsure")),
        "told": counts.get("told", 0) + counts.get("sent", 0),
        "counts": counts,
        "is_set_up": sms_is_set_up(),
        "may_send": request.user.role in DECIDES,
        "case": row.event.case,
    }
    return render(request, "wave.html", context)


@require_POST
@page(roles=ACTS)
def wave_approve(request: PageRequest, pk: int) -> HttpResponse:
    """The second pair of eyes."""
    row, _people, _counts = _found(wave_for, request, pk)
    joint.approve_wave(row, by=request.user, now=timezone.now())
    say(request, _("口径已审定，可以逐人告知。"))
    return go(request, "wave", pk)


@require_POST
@page(roles=ACTS)
def wave_told(request: PageRequest, pk: int) -> HttpResponse:
    """One person was told, or not reached."""
    one = _found(wave_person_for, request, pk)
    joint.told(
        one,
        by=request.user,
        now=timezone.now(),
        state=typed(request, "state", 8),
        way=typed(request, "way", 8),
        note=typed(request, "note", 255),
    )
    return go(request, reverse("wave", args=[one.wave_id]) + f"#person-{pk}")


@require_POST
@page(roles=DECIDES)
def wave_sms(request: PageRequest, pk: int) -> HttpResponse:
    """The approved words go out by SMS, to as many as the person saw; or stop."""
    row, _people, _counts = _found(wave_for, request, pk)
    now = timezone.now()
    if typed(request, "hold", 1):
        held = hold_wave(row, by=request.user, now=now)
        say(request, _("已停发 %(n)s 条，转电话名单。") % {"n": held})
        return go(request, "wave", pk)
    many = typed(request, "many", 6)
    sent = send_wave(
        row,
        by=request.user,
        now=now,
        many=int(many) if many.isdigit() else -1,
        urgent=bool(typed(request, "urgent", 1)),
    )
    say(request, _("%(n)s 条短信已交付发送；没有送达的会转到电话名单。") % {"n": sent})
    return go(request, "wave", pk)


# --- the report and the leader's word -------------------------------------------------------------------------------


@require_POST
@page(roles=DECIDES)
def draft_report(request: PageRequest, pk: int) -> HttpResponse:
    """A draft from the event's own facts."""
    try:
        title, sections, facts = draft(request.user, pk, timezone.now())
        event = event_for(request.user, pk, timezone.now()).event
    except NoSuchEvent:
        raise Http404 from None
    row = joint.file_report(
        event, by=request.user, now=timezone.now(), title=title, sections=sections, facts=facts
    )
    return go(request, "report", row.pk)


def _report(request: PageRequest, pk: int) -> HttpResponse:
    row = _found(report_for, request, pk)
    typed_over = request.refusal.typed if request.refusal else {}
    context = {
        "report": row,
        "event": row.event,
        "parts": [(name, typed_over.get(name, row.sections.get(name, ""))) for name in PARTS],
        "title": typed_over.get("title", row.title),
        "instructions": list(row.instructions.select_related("unit", "done_by")),
        "units": units_to_choose(request.user),
        "may_act": request.user.role in DECIDES,
        "tomorrow": timezone.localtime(timezone.now() + timedelta(days=7)).strftime("%Y-%m-%dT18:00"),
    }
    return render(request, "report.html", context)


@page(roles=roles.CENTRE | roles.READERS, again=_report)
def report(request: PageRequest, pk: int) -> HttpResponse:
    """The report: read, edit."""
    if request.method != "POST":
        return _report(request, pk)
    version = typed(request, "version", 8)
    joint.edit_report(
        _found(report_for, request, pk),
        by=request.user,
        now=timezone.now(),
        title=typed(request, "title", 120),
        sections={name: typed(request, name, 8000) for name in PARTS},
        version=int(version) if version.isdigit() else -1,
    )
    say(request, _("已保存。"))
    return go(request, "report", pk)


@require_POST
@page(roles=roles.CHIEFS, again=_report)
def report_sign(request: PageRequest, pk: int) -> HttpResponse:
    """Signed by a chief; then it does not change any more."""
    joint.sign_report(
        _found(report_for, request, pk),
        by=request.user,
        now=timezone.now(),
        number=typed(request, "number", 40),
    )
    say(request, _("已签发。"))
    return go(request, "report", pk)


@page(roles=roles.CENTRE | roles.READERS)
def report_file(request: PageRequest, pk: int) -> HttpResponse:
    """The Word document."""
    row = _found(report_for, request, pk)
    return _file(special_file(request.user, row, timezone.now()), DOCX, f"{row.title}.docx")


@require_POST
@page(roles=DECIDES, again=_report)
def instruct(request: PageRequest, pk: int) -> HttpResponse:
    """A leader's instruction, as it stands on the paper."""
    units = {str(unit.pk): unit for unit in units_to_choose(request.user)}
    unit = units.get(typed(request, "unit", 12))
    if unit is None:
        raise Incomplete({"unit": _("请选择负责单位。")})
    joint.write_instruction(
        _found(report_for, request, pk), by=request.user, now=timezone.now(), text=typed(request, "text", 4000),
        leader=typed(request, "leader", 64), unit=unit, due=_moment(request, "due"),
    )  # fmt: skip
    say(request, _("已列入督办。"))
    return go(request, "report", pk)


@require_POST
@page(roles=READS)
def instruction_act(request: PageRequest, pk: int, what: str) -> HttpResponse:
    """What became of an instruction; the unit that owes it may say so itself."""
    one = _found(instruction_for, request, pk)
    if request.user.role in roles.READERS or what not in ("done", "undo"):
        raise Http404
    joint.instruction_done(
        one, by=request.user, now=timezone.now(), answer=typed(request, "answer", 4000), undo=what == "undo"
    )
    if what != "undo":
        say(request, _("已记为完成。"), undo=reverse("instruction-act", args=[pk, "undo"]))
    return go(request, "instructions")


@page(roles=READS)
def instructions(request: PageRequest) -> HttpResponse:
    """Leaders' instructions that are not done yet."""
    rows = instructions_open(request.user, timezone.now())
    return render(
        request, "instructions.html", {"rows": rows, "may_act": request.user.role not in roles.READERS}
    )


@listing("instructions", roles=READS)
def instructions_file(request: PageRequest) -> Sheet:
    """The instructions as the page lists them."""
    columns = [
        Column(_("批示领导"), CODE, 14), Column(_("批示内容"), width=60), Column(_("负责单位"), CODE, 20), Column(_("事件"), width=40),
        Column(_("批示时间"), MOMENT), Column(_("期限"), MOMENT),
    ]  # fmt: skip
    rows = [
        [one.leader, one.text, str(one.unit), str(one.report.event), one.given_at, one.due]
        for one in instructions_open(request.user, timezone.now())
    ]
    return Sheet("instructions", _("领导批示督办"), columns, rows)


@require_POST
@page(roles=DECIDES)
def close(request: PageRequest, pk: int) -> HttpResponse:
    """The end, when every household has its answer."""
    joint.close_case(
        _case_itself(request, pk), by=request.user, now=timezone.now(), why=typed(request, "why", 255)
    )
    say(request, _("会办已办结。"))
    return go(request, "case", pk)


@require_POST
@page(roles=DECIDES)
def reopen(request: PageRequest, pk: int) -> HttpResponse:
    """Not the end after all."""
    joint.reopen_case(
        _case_itself(request, pk), by=request.user, now=timezone.now(), why=typed(request, "why", 255)
    )
    return go(request, "case", pk)


# ---------------------------------------------------------------------------------------------------------


def _steps(seen: CasePage) -> list[tuple[str, int, int]]:
    """(step, doors that have it, doors that have not) in their order."""
    return [(step, seen.counts[step], seen.counts["all"] - seen.counts[step]) for step in STEPS]


def _case(request: PageRequest, pk: int) -> CasePage:
    found: CasePage = _found(case_for, request, pk, timezone.now())
    return found


def _case_itself(request: PageRequest, pk: int) -> Any:
    """The case without its page, for an act on it; 404 where there is none for this person."""
    found = cases_seen(request.user).select_related("event").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _found(question: Any, request: PageRequest, pk: int, *more: object) -> Any:
    """What a question of the board gives; 404 where there is no such thing for this person."""
    try:
        return question(request.user, pk, *more)
    except (NoSuchCase, NoSuchEvent):
        raise Http404 from None


def _moment(request: PageRequest, name: str) -> datetime:
    """A moment of the form, in the district's time. Raises `Incomplete`."""
    try:
        at = parse_datetime(typed(request, name, 32))
    except ValueError:
        at = None
    if at is None:
        raise Incomplete({name: _("请填写日期和时间。")})
    return timezone.make_aware(at) if timezone.is_naive(at) else at


def _file(raw: bytes, mime: str, name: str) -> HttpResponse:
    response = HttpResponse(raw, content_type=mime)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


routes = [
    path("events/<int:pk>/case", open_case, name="case-open"),
    path("events/<int:pk>/report", draft_report, name="report-draft"),
    path("cases/<int:pk>", case, name="case"),
    path("cases/<int:pk>/party", party, name="case-party"),
    path("parties/<int:pk>/<slug:what>", party_act, name="party-act"),
    path("cases/<int:pk>/meeting", meeting, name="case-meeting"),
    path("cases/<int:pk>/decide", decide, name="case-decide"),
    path("decisions/<int:pk>/<slug:what>", decision_act, name="decision-act"),
    path("cases/<int:pk>/material", material, name="case-material"),
    path("materials/<int:pk>", material_file, name="material"),
    path("cases/<int:pk>/door", door, name="case-door"),
    path("doors/<int:pk>/drop", door_drop, name="door-drop"),
    path("doors/<int:pk>/<slug:step>", door_step, name="door-step"),
    path("cases/<int:pk>/sheets", sheets, name="case-sheets"),
    path("cases/<int:pk>/wave", write_wave, name="wave-write"),
    path("waves/<int:pk>", wave, name="wave"),
    path("waves/<int:pk>/approve", wave_approve, name="wave-approve"),
    path("waves/<int:pk>/sms", wave_sms, name="wave-sms"),
    path("wave-people/<int:pk>", wave_told, name="wave-told"),
    path("reports/<int:pk>", report, name="report"),
    path("reports/<int:pk>/sign", report_sign, name="report-sign"),
    path("reports/<int:pk>/file", report_file, name="report-file"),
    path("reports/<int:pk>/instruct", instruct, name="report-instruct"),
    path("instructions", instructions, name="instructions"),
    path("instructions/<int:pk>/<slug:what>", instruction_act, name="instruction-act"),
    path("cases/<int:pk>/close", close, name="case-close"),
    path("cases/<int:pk>/reopen", reopen, name="case-reopen"),
]
