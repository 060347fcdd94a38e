"""One ticket: its headline, its whole story, who had the time, and only the acts that are open to me."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from fenzhen.board.adviser import line_passed, may_recall, recently_decided
from fenzhen.board.attachments import attachments_of
from fenzhen.board.duty_phones import shares_phoned
from fenzhen.board.events import event_of
from fenzhen.board.related import links_of, urges_of
from fenzhen.board.requests import requests_on, units_known
from fenzhen.board.story import (
    Ticket,
    TimeShare,
    acts_shown,
    lead_of,
    open_void,
    rounds_of,
    story_told,
    time_shares,
    void_requests,
)
from fenzhen.board.tickets import caller_seen, clocks_of, sight_of, ticket_for
from fenzhen.board.triage import categories, category_of
from fenzhen.board.words import word
from fenzhen.desk.close import ask_void, decide_void
from fenzhen.desk.dispatch import reopen_ticket, take_back, undo_desk_act
from fenzhen.desk.handle import Answered, sign_assignment, submit_reply
from fenzhen.desk.intake import (
    answer_ticket,
    join_call,
    redirect_ticket,
    submit_ticket,
    supplement_ticket,
    withdraw_ticket,
)
from fenzhen.desk.request import add_unit, open_consultation, redispatch_ticket, urge_ticket
from fenzhen.desk.step import Incomplete, NotOpen
from fenzhen.desk.story import add_note
from fenzhen.desk.triage import ask_back, change_level, classify_ticket
from fenzhen.hotline import roles
from fenzhen.hotline.privacy import Sight
from fenzhen.web.page import PageRequest, go, page, say, typed
from fenzhen.web.requests import chosen_unit, chosen_units

#: Width of the drawing of who had the time, in its own units.
WIDE = 1000
#: A stretch is drawn at least so wide, so that a quick dispatch can be seen beside three days of handling.
LEAST = 6


@dataclass(frozen=True, slots=True)
class ActForm:
    """How an act is asked for on this page."""

    act: str
    text: object = ""
    """What its field of words asks for; empty where it needs none."""
    must: bool = False
    reasons: str = ""
    """The group of reason codes to choose from."""
    confirm: object = ""
    """The question before an act that is one press."""
    name: str = "text"
    is_grave: bool = False


FORMS: dict[str, ActForm] = {
    form.act: form
    for form in (
        ActForm("void"),
        ActForm("submit", confirm=gettext_lazy("提交给派单台?")),
        ActForm("supplement", gettext_lazy("补充的内容"), must=True),
        ActForm("answer", gettext_lazy("告诉来电人的话"), must=True, name="answer"),
        ActForm("redirect", gettext_lazy("告诉来电人的话"), reasons="redirect_reason"),
        ActForm("ask_back", gettext_lazy("需要补充什么"), must=True),
        ActForm("change_level"),
        ActForm("classify"),
        ActForm("take_back", confirm=gettext_lazy("撤回这次派单?各承办单位会看到已撤派。")),
        ActForm("consult", gettext_lazy("争议在哪里，请哪些单位来商量"), must=True),
        ActForm("redispatch"),
        ActForm("add_unit"),
        ActForm("sign", confirm=gettext_lazy("代承办单位签收?经过里会写明是代办。")),
        ActForm("reply"),
        ActForm("urge", gettext_lazy("说明"), reasons="urge_reason"),
        ActForm("join_call", gettext_lazy("这次来电说了什么"), must=True),
        ActForm("note", gettext_lazy("备注"), must=True),
        ActForm("reopen", gettext_lazy("重新启动的新情况"), must=True),
        ActForm("undo", confirm=gettext_lazy("撤销刚才这一步?")),
        ActForm("withdraw", gettext_lazy("说明"), reasons="withdraw_reason", is_grave=True),
        ActForm("ask_void", gettext_lazy("说明"), reasons="void_reason", is_grave=True),
    )
}
#: What has a desk of its own: there it is done, here stands the way to it.
ELSEWHERE = {
    "dispatch": "triage",
    "approve": "review",
    "send_back": "review",
    "miss": "callback",
    "close": "callback",
    "close_unreached": "callback",
    "rehandle": "callback",
    "wait": "unit",
    "resume": "unit",
    "settle": "consultation",
    "ask_return": "unit",
    "ask_extension": "unit",
    "pass_on": "unit",
    "finish_errand": "unit",
    "approve_return": "requests",
    "refuse_return": "requests",
    "extend": "requests",
    "refuse_extension": "requests",
    "phone_unit": "phone",
}
#: Shown in another form of this page, or done by the system alone.
WITHIN = {
    "refuse_void": "void",
    "reveal": "caller",
    "attach": "files",
    "drop_attachment": "files",
    "advise": "",
    "dispatch_automatically": "",
    "recall_automatic": "automatic",
    "end": "",
    "link": "links",
    "unlink": "links",
    # the city's orders have pages of their own
    "take_over": "",
    "end_watch": "",
    "hand_up": "",
    "keep_ours": "",
    "restore": "",
    "restore_watch": "",
    "restore_callback": "",
    "change_city": "",
    "owe_city": "",
    "tell_city": "",
}


@dataclass(frozen=True, slots=True)
class Way:
    """A link to the desk where something is done."""

    url: str
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of the drawing."""

    holder: str
    x: float
    width: float
    words: str


@dataclass(frozen=True, slots=True)
class Total:
    """All stretches of one holder together."""

    holder: str
    name: str
    length: timedelta


@page()
def ticket(request: PageRequest, pk: int) -> HttpResponse:
    """The ticket page."""
    now = timezone.now()
    viewer = request.user
    row = ticket_for(viewer, pk)
    shown = acts_shown(viewer, row)
    shares = time_shares(viewer, row, now)
    facts = {
        "ticket": row,
        "caller": caller_seen(viewer, row),
        "clocks": clocks_of(viewer, row, now),
        "story": story_told(viewer, row),
        "bars": bars(shares),
        "totals": totals(shares),
        "rounds": rounds_of(viewer, row),
        "voids": void_requests(viewer, row),
        "void_open": open_void(viewer, row),
        "is_centre": viewer.role in roles.CENTRE,
        "sees_where": sight_of(viewer, row) >= Sight.MATTER,  # readers of figures need not find a person
        "forms": [FORMS[act] for act in FORMS if act in shown and not _at_the_unit(request, act)],
        "ways": ways(request, row, shown),
        "links": links_of(viewer, row),
        "in_event": event_of(viewer, row),
        "urges": urges_of(viewer, row),
        "may_link": "link" in shown,
        "categories": categories(viewer) if "classify" in shown else [],
        "units": units_known(viewer) if {"redispatch", "add_unit"} & set(shown) else [],
        "files": attachments_of(viewer, row),
        "may_designate": viewer.role in roles.CHIEFS,
    }
    sent = recently_decided(viewer, row)
    facts["line_passed"] = line_passed(viewer, sent) if sent is not None else None
    facts |= {"automatic": sent, "may_recall": sent is not None and may_recall(viewer, sent, now)}
    return render(request, "ticket.html", facts)


@require_POST
@page()
def act(request: PageRequest, pk: int, act: str) -> HttpResponse:
    """One act on the ticket, by its form on the page. The table says whether it is open."""
    doing = DOING.get(act)
    if doing is None:
        raise Http404
    row = ticket_for(request.user, pk)
    said = doing(request, row, timezone.now())
    say(request, said or _("「%(act)s」已完成") % {"act": word("act", act)})
    return go(request, "ticket", pk)


def bars(shares: list[TimeShare]) -> list[Bar]:
    """The stretches as positions on a line of `WIDE` units, none narrower than `LEAST`."""
    if not shares:
        return []
    whole = sum(share.length.total_seconds() for share in shares) or 1.0
    widths = [max(LEAST, WIDE * share.length.total_seconds() / whole) for share in shares]
    scale = WIDE / sum(widths)
    out: list[Bar] = []
    x = 0.0
    for share, width in zip(shares, widths, strict=True):
        since = timezone.localtime(share.start).strftime("%m-%d %H:%M")
        until = timezone.localtime(share.end).strftime("%m-%d %H:%M")
        out.append(
            Bar(
                share.holder,
                round(x, 1),
                round(width * scale, 1),
                f"{holder_name(share.holder)} {since} – {until}",
            )
        )
        x += width * scale
    return out


def totals(shares: list[TimeShare]) -> list[Total]:
    """How long each hand had it, in the order desk, unit, caller."""
    out = []
    for holder in ("desk", "unit", "caller"):
        length = sum((s.length for s in shares if s.holder == holder), timedelta())
        if length:
            out.append(Total(holder, holder_name(holder), length))
    return out


def holder_name(holder: str) -> str:
    """Whose time it was, in words."""
    return {"desk": _("热线"), "unit": _("承办单位"), "caller": _("等诉求人")}.get(holder, holder)


def ways(request: PageRequest, row: Ticket, shown: tuple[str, ...]) -> list[Way]:
    """Where else this person can go on with the ticket."""
    out: list[Way] = []
    places = {ELSEWHERE[act] for act in shown if act in ELSEWHERE}
    if "triage" in places:
        out.append(Way(reverse("triage-ticket", args=[row.pk]), _("去派单台")))
    if "consultation" in places:
        out.append(Way(reverse("consultation", args=[row.pk]), _("去会商定责")))
    if "requests" in places:
        for asked in requests_on(request.user, row):
            label = _("去答复 %(unit)s 的%(kind)s") % {
                "unit": asked.assignment.unit if asked.assignment else "",
                "kind": word("request_kind", asked.kind),
            }
            out.append(Way(reverse("request-one", args=[asked.pk]), label))
    if "phone" in places:
        for item in shares_phoned(request.user, row):
            label = _("给 %(unit)s 打电话") % {"unit": item.unit}
            out.append(Way(reverse("phone-one", args=[item.pk]), label))
    rounds = rounds_of(request.user, row)
    newest = rounds[0] if rounds else None
    if newest:
        for share in newest.shares:
            if request.user.role in roles.UNIT and share.acts:
                out.append(Way(reverse("unit-share", args=[share.item.pk]), _("去办理")))
            elif {"approve", "send_back"} & set(share.acts):
                label = _("去审核 %(unit)s 的反馈") % {"unit": share.item.unit}
                out.append(Way(reverse("review-one", args=[share.item.pk]), label))
        if "callback" in places and newest.callback and not newest.callback.outcome:
            out.append(Way(reverse("callback-one", args=[newest.callback.pk]), _("去回访")))
    return out


# --- the acts ---------------------------------------------------------------------------------------------


def _at_the_unit(request: PageRequest, act: str) -> bool:
    """Unit staff sign and reply at their own desk; here the hotline's desk does it on their behalf."""
    return act in {"sign", "reply"} and request.user.role in roles.UNIT


def _submit(request: PageRequest, row: Ticket, now: datetime) -> str:
    submit_ticket(row, by=request.user, now=now)
    return ""


def _supplement(request: PageRequest, row: Ticket, now: datetime) -> str:
    place = typed(request, "place_text", 255)
    supplement_ticket(row, by=request.user, now=now, text=typed(request, "text"), place_text=place)
    return ""


def _answer(request: PageRequest, row: Ticket, now: datetime) -> str:
    answer_ticket(row, by=request.user, now=now, text=typed(request, "answer"))
    return ""


def _redirect(request: PageRequest, row: Ticket, now: datetime) -> str:
    redirect_ticket(
        row, by=request.user, now=now, reason=typed(request, "reason", 32), text=typed(request, "text")
    )
    return ""


def _ask_back(request: PageRequest, row: Ticket, now: datetime) -> str:
    ask_back(row, by=request.user, now=now, text=typed(request, "text"))
    return ""


def _change_level(request: PageRequest, row: Ticket, now: datetime) -> str:
    number = typed(request, "level", 1)
    change_level(row, by=request.user, now=now, level=int(number) if number.isdecimal() else 0)
    return ""


def _classify(request: PageRequest, row: Ticket, now: datetime) -> str:
    classify_ticket(
        row, by=request.user, now=now, category=category_of(request.user, typed(request, "category", 16))
    )
    return ""


def _take_back(request: PageRequest, row: Ticket, now: datetime) -> str:
    take_back(row, by=request.user, now=now)
    return ""


def _sign(request: PageRequest, row: Ticket, now: datetime) -> str:
    lead = lead_of(request.user, row)
    if lead is None:
        raise NotOpen("ticket", "sign", row.state)
    sign_assignment(lead, by=request.user, now=now)
    return _("已代 %(unit)s 签收") % {"unit": lead.unit}


def _reply(request: PageRequest, row: Ticket, now: datetime) -> str:
    lead = lead_of(request.user, row)
    if lead is None:
        raise NotOpen("ticket", "reply", row.state)
    answered = Answered(
        contacted=request.POST.get("contacted") == "yes",
        contact_how=typed(request, "contact_how", 64),
        solved_claim=typed(request, "solved_claim", 12),
        unsolved_reason=typed(request, "unsolved_reason", 255),
        internal_text=typed(request, "internal_text"),
        public_text=typed(request, "public_text"),
    )
    submit_reply(lead, by=request.user, now=now, answered=answered)
    return _("已代 %(unit)s 反馈") % {"unit": lead.unit}


def _join_call(request: PageRequest, row: Ticket, now: datetime) -> str:
    kind = typed(request, "kind", 16)
    join_call(row, by=request.user, now=now, text=typed(request, "text"), kind=kind or "call")
    return ""


def _note(request: PageRequest, row: Ticket, now: datetime) -> str:
    add_note(row, by=request.user, now=now, text=typed(request, "text"))
    return ""


def _reopen(request: PageRequest, row: Ticket, now: datetime) -> str:
    reopen_ticket(row, by=request.user, now=now, text=typed(request, "text"))
    return _("已重新启动,回到派单台")


def _undo(request: PageRequest, row: Ticket, now: datetime) -> str:
    undo_desk_act(row, by=request.user, now=now)
    return ""


def _withdraw(request: PageRequest, row: Ticket, now: datetime) -> str:
    withdraw_ticket(
        row, by=request.user, now=now, reason=typed(request, "reason", 32), text=typed(request, "text")
    )
    return ""


def _ask_void(request: PageRequest, row: Ticket, now: datetime) -> str:
    ask_void(row, by=request.user, now=now, reason=typed(request, "reason", 32), text=typed(request, "text"))
    return _("已申请作废,等另一人确认")


def _void(request: PageRequest, row: Ticket, now: datetime) -> str:
    proposal = open_void(request.user, row)
    if proposal is None:
        raise Incomplete({"decision": _("没有等待确认的作废申请,可能已有人处理。")})
    decision = request.POST.get("decision")
    if decision not in {"approve", "refuse"}:
        raise Incomplete({"decision": _("请选择同意或不同意。")})
    approve = decision == "approve"
    decide_void(proposal, by=request.user, now=now, approve=approve, text=typed(request, "text"))
    return _("已同意作废") if approve else _("已不同意作废,工单照常办理")


def _consult(request: PageRequest, row: Ticket, now: datetime) -> str:
    open_consultation(row, by=request.user, now=now, text=typed(request, "text"))
    return _("已提请会商，在「申请与会商」里定责")


def _redispatch(request: PageRequest, row: Ticket, now: datetime) -> str:
    number = typed(request, "level", 1)
    redispatch_ticket(
        row,
        by=request.user,
        now=now,
        lead=chosen_unit(request, "lead"),
        assist=chosen_units(request, "assist"),
        word=typed(request, "word"),
        level=int(number) if number in {"1", "2", "3", "4"} else None,
        designate=bool(request.POST.get("designate")),
    )
    return _("已改派给 %(unit)s") % {"unit": row.lead_unit}


def _add_unit(request: PageRequest, row: Ticket, now: datetime) -> str:
    unit = chosen_unit(request, "unit")
    add_unit(row, by=request.user, now=now, unit=unit, word=typed(request, "word"))
    return _("已加派 %(unit)s 协办") % {"unit": unit}


def _urge(request: PageRequest, row: Ticket, now: datetime) -> str:
    urge_ticket(
        row, by=request.user, now=now, reason=typed(request, "reason", 32), text=typed(request, "text")
    )
    return _("已催单，承办单位会收到")


DOING: dict[str, Callable[[PageRequest, Ticket, datetime], str]] = {
    "submit": _submit,
    "supplement": _supplement,
    "answer": _answer,
    "redirect": _redirect,
    "ask_back": _ask_back,
    "change_level": _change_level,
    "classify": _classify,
    "take_back": _take_back,
    "consult": _consult,
    "redispatch": _redispatch,
    "add_unit": _add_unit,
    "sign": _sign,
    "reply": _reply,
    "urge": _urge,
    "join_call": _join_call,
    "note": _note,
    "reopen": _reopen,
    "undo": _undo,
    "withdraw": _withdraw,
    "ask_void": _ask_void,
    "void": _void,
}

routes = [
    path("tickets/<int:pk>", ticket, name="ticket"),
    path("tickets/<int:pk>/acts/<slug:act>", act, name="ticket-act"),
]
