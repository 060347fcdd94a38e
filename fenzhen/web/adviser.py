"""The adviser's page: what goes by itself and why, what audits find, what is promised, which model, the blind audits."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenzhen.board import adviser as board
from fenzhen.board.advice import adviser_now
from fenzhen.board.requests import units_known
from fenzhen.board.tickets import ticket_for
from fenzhen.desk.dispatch import recall_automatic
from fenzhen.desk.step import Incomplete
from fenzhen.hotline.roles import CHIEFS, Role
from fenzhen.office import automatic, teach
from fenzhen.papers.lists import CODE, MOMENT, NUMBER, Column, Sheet
from fenzhen.web.export import MOST as LONGEST_FILE
from fenzhen.web.export import listing
from fenzhen.web.page import PageRequest, go, page, say, typed
from fenzhen.web.requests import chosen_unit

#: The drawing of the weeks.
WIDE, HIGH, LEFT, RIGHT, BELOW = 340, 150, 38, 20, 22
CHIEF = frozenset({Role.SECTION_CHIEF})


@dataclass(frozen=True, slots=True)
class Dot:
    """One week in the drawing: where, and what it says when pointed at."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through the weeks that have something; `line` is for an SVG polyline."""

    name: str
    dots: list[Dot]

    @property
    def line(self) -> str:
        """Points of the polyline."""
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)


@page(roles=board.SEES)
def adviser(request: PageRequest) -> HttpResponse:
    """How the adviser does."""
    now = timezone.now()
    seen = board.adviser_seen(request.user, now)
    names = board.groups_of(request.user)
    decisions = board.automatic_lately(request.user, now)
    context = {
        "seen": seen,
        "alarms": [(alarm, names.get(alarm.group, alarm.group)) for alarm in seen.alarms],
        "curves": curves(seen.weeks),
        "ticks": ticks(seen.weeks),
        "sources": [
            (source, seen.truths.get(source, 0)) for source in ("audited", "ruled", "solved", "accepted")
        ],
        "most": board.MOST,
        "decisions": [(row, board.may_recall(request.user, row, now)) for row in decisions],
        "models": board.models_kept(request.user),
        "teaching": board.teaching_now(request.user),
        "trials": board.trials_of(request.user)[:5],
        "is_chief": request.user.role in CHIEF,
        "least": teach.LEAST_TO_LEARN,
    }
    return render(request, "adviser.html", context)


def _group(request: PageRequest, group: str) -> HttpResponse:
    now = timezone.now()
    seen = board.group_seen(request.user, group, now)
    version = adviser_now(request.user)
    made = seen.certified
    context = {
        "g": seen,
        "sure_percent": f"{100 * (1 - made.delta):g}%" if made else "",
        "alpha_percent": f"{100 * made.alpha:g}%" if made else "",
        "most_percent": f"{100 * made.wrong_at_most:.1f}%" if made else "",
        "doubt_percent": f"{100 * made.doubt:.1f}%" if made else "",
        "history": board.certified_of(request.user, group),
        "is_fresh": bool(seen.certified and seen.certified.adviser == version),
        # A calibration from before there were groups of units speaks of all of them together.
        "is_whole": bool(made and made.threshold is not None)
        and not any(part.certified for part in seen.parts),
        "has_parts": sum(part.threshold is not None for part in seen.parts) > 1,
        "may_switch_on": bool(
            made and seen.row and (seen.row.lowered_at is None or made.made_at > seen.row.lowered_at)
        ),
        "alphas": [(f"{value:g}", f"{100 * value:g}%") for value in automatic.ALPHAS],
        "deltas": [(f"{value:g}", f"{100 * (1 - value):g}%") for value in automatic.DELTAS],
        "alpha": f"{seen.alpha:g}",
        "delta": f"{seen.delta:g}",
        "wanted": min(max(seen.missing, 1), 300),
        "drawable": len(board.drawable(request.user, group)),
        "is_chief": request.user.role in CHIEF,
        "may_draw": request.user.role in CHIEFS,
        "grace": _grace(),
    }
    return render(request, "adviser_group.html", context)


@page(roles=board.SEES)
def group(request: PageRequest, group: str) -> HttpResponse:
    """One category: labels, promise, switch."""
    return _group(request, group)


@require_POST
@page(roles=CHIEF, again=_group)
def certify(request: PageRequest, group: str) -> HttpResponse:
    """Reckon what may be promised."""
    made = automatic.certify_category(
        group,
        by=request.user,
        now=timezone.now(),
        alpha=_number(request, "alpha"),
        delta=_number(request, "delta"),
    )
    if made.threshold is not None:
        say(request, _("可以承诺：把握线 %(line).2f。") % {"line": made.threshold})
    else:
        say(request, _("还不能承诺，缺 %(n)s 件样本。") % {"n": made.missing}, tone="plain")
    return go(request, "adviser-group", group)


@require_POST
@page(roles=CHIEF, again=_group)
def switch(request: PageRequest, group: str) -> HttpResponse:
    """On or off."""
    on = request.POST.get("on") == "1"
    automatic.switch_automation(group, by=request.user, now=timezone.now(), on=on)
    say(request, _("已开启自动派单。") if on else _("已停用自动派单，全部由人派。"))
    return go(request, "adviser-group", group)


@require_POST
@page(roles=CHIEF, again=_group)
def settle(request: PageRequest, group: str) -> HttpResponse:
    """The alarm was looked at."""
    automatic.settle_alarm(group, by=request.user, now=timezone.now())
    say(request, _("报警已确认。这类事项保持停用，重新测算后可以再开启。"), tone="plain")
    return go(request, "adviser-group", group)


@require_POST
@page(roles=CHIEFS, again=_group)
def draw(request: PageRequest, group: str) -> HttpResponse:
    """Past tickets for a blind audit."""
    wanted = typed(request, "n", longest=4)
    if not wanted.isdecimal():
        raise Incomplete({"n": _("请填 1 到 300。")})
    drawn = teach.draw_audits(group, int(wanted), by=request.user, now=timezone.now())
    say(request, _("抽出 %(n)s 件，在「盲审」里等人判。") % {"n": drawn})
    return go(request, "adviser-group", group)


@require_POST
@page(roles=board.SEES)
def recall(request: PageRequest, pk: int) -> HttpResponse:
    """Take an automatic dispatch back."""
    ticket = ticket_for(request.user, pk)
    recall_automatic(ticket, by=request.user, now=timezone.now())
    say(request, _("%(number)s 已收回，等待派单，不会再自动派。") % {"number": ticket.number})
    at_ticket = request.POST.get("next") == "ticket"
    return go(request, reverse("ticket", args=[pk]) if at_ticket else "adviser")


@require_POST
@page(roles=CHIEF)
def teach_now(request: PageRequest) -> HttpResponse:
    """Have a model taught now."""
    if teach.ask_teaching(by=request.user, now=timezone.now()) is None:
        say(request, _("已经在学，请稍后再看。"), tone="plain")
    else:
        say(request, _("开始学习，几分钟后在这里看结果。更准才会启用。"))
    return go(request, "adviser")


@require_POST
@page(roles=CHIEF)
def use(request: PageRequest) -> HttpResponse:
    """Another model, or the lists alone."""
    version = typed(request, "version", longest=16)
    model = next((one for one in board.models_kept(request.user) if one.version == version), None)
    teach.use_model(model, by=request.user, now=timezone.now())
    say(request, _("已换用。自动派单要按它重新测算把握线，测好之前由人派。"))
    return go(request, "adviser")


# --- blind audits ----------------------------------------------------------------------------------------


@page(roles=board.AUDITS)
def audits(request: PageRequest) -> HttpResponse:
    """The next one to judge, straight away."""
    first = board.audits_waiting(request.user).first()
    if first is not None:
        return go(request, "audit-one", first.pk)
    return render(request, "audit.html", {"audit": None, "done": board.audits_done(request.user)})


def _audit(request: PageRequest, pk: int) -> HttpResponse:
    audit = board.audit_for(request.user, pk)
    ticket = audit.decision.ticket
    context = {
        "audit": audit,
        # Nothing of what was decided or advised: words, place and time only.
        "words": {"title": ticket.title, "body": ticket.body, "place_text": ticket.place_text},
        "place": ticket.place,
        "town": ticket.town,
        "kind": ticket.kind,
        "received_at": ticket.received_at,
        "waiting": board.audits_waiting(request.user).count(),
        "done": board.audits_done(request.user),
        "units": units_known(request.user),
    }
    return render(request, "audit.html", context)


@page(roles=board.AUDITS)
def audit_one(request: PageRequest, pk: int) -> HttpResponse:
    """One ticket's words, and the question whose it is."""
    return _audit(request, pk)


@require_POST
@page(roles=board.AUDITS, again=_audit)
def judge(request: PageRequest, pk: int) -> HttpResponse:
    """The auditor's word; then the next one."""
    audit = board.audit_for(request.user, pk)
    unclear = request.POST.get("unclear") == "1"
    unit = None if unclear else chosen_unit(request, "lead")
    automatic.judge_audit(audit, by=request.user, now=timezone.now(), verdict=unit, unclear=unclear)
    return go(request, "audits")


# --- drawing ---------------------------------------------------------------------------------------------


def curves(weeks: list[board.Week]) -> list[Curve]:
    """Coverage and audited error by week; a week without either has no dot."""
    step = (WIDE - LEFT - RIGHT) / max(len(weeks) - 1, 1)

    def dot(at: int, share: float, words: str) -> Dot:
        return Dot(round(LEFT + at * step, 1), round(HIGH - BELOW - share * (HIGH - BELOW - 10), 1), words)

    coverage, error = [], []
    for at, week in enumerate(weeks):
        day = f"{week.monday:%m-%d}"
        if week.coverage is not None:
            words = _("%(day)s 起一周：自动派 %(n)s / %(of)s") % {
                "day": day,
                "n": week.automatic,
                "of": week.dispatched,
            }
            coverage.append(dot(at, week.coverage, words))
        if week.error is not None:
            words = _("%(day)s 起一周：盲审错 %(n)s / %(of)s") % {
                "day": day,
                "n": week.wrong,
                "of": week.audited,
            }
            error.append(dot(at, week.error, words))
    return [Curve("coverage", coverage), Curve("error", error)]


def ticks(weeks: list[board.Week]) -> dict[str, list[tuple[float, str]]]:
    """Marks of the axes: (place, words)."""
    step = (WIDE - LEFT - RIGHT) / max(len(weeks) - 1, 1)
    every = max(len(weeks) // 5, 1)
    return {
        "x": [
            (round(LEFT + at * step, 1), f"{week.monday:%m-%d}")
            for at, week in enumerate(weeks)
            if at % every == 0
        ],
        "y": [
            (round(HIGH - BELOW - share * (HIGH - BELOW - 10), 1), f"{share:.0%}") for share in (0, 0.5, 1)
        ],
    }


def _number(request: PageRequest, name: str) -> float:
    try:
        return float(typed(request, name, longest=8))
    except ValueError:
        return 0.0


def _grace() -> int:
    return int(automatic.grace() / timedelta(minutes=1))


@listing("automatic", roles=board.SEES)
def automatic_list(request: PageRequest) -> Sheet:
    """Automatic dispatches of the last 30 days."""
    columns = [
        Column(_("时间"), MOMENT),
        Column(_("工单号"), CODE, 16),
        Column(_("标题"), width=44),
        Column(_("派给"), CODE, 18),
        Column(_("把握(%)"), NUMBER),
        Column(_("收回时间"), MOMENT),
        Column(_("收回人"), CODE, 12),
    ]
    rows = [
        [
            row.at,
            row.ticket.number,
            row.ticket.title,
            str(row.unit),
            round(100 * (row.confidence or 0)),
            row.taken_back_at,
            row.taken_back_by.name if row.taken_back_by else "",
        ]
        for row in board.automatic_lately(request.user, timezone.now(), LONGEST_FILE)
    ]
    return Sheet("automatic", _("自动派单"), columns, rows)


@listing("adviser", roles=board.SEES)
def adviser_list(request: PageRequest) -> Sheet:
    """Every category: labels, agreement, promise, switch."""
    columns = [
        Column(_("事项"), width=24),
        Column(_("近30天派单"), NUMBER),
        Column(_("其中自动"), NUMBER),
        Column(_("已办结比对"), NUMBER),
        Column(_("一致"), NUMBER),
        Column(_("盲审和定责样本"), NUMBER),
        Column(_("其中不一致"), NUMBER),
        Column(_("还缺样本"), NUMBER),
        Column(_("把握线"), NUMBER),
        Column(_("自动派单"), CODE, 12),
    ]
    rows = [
        [
            one.name,
            one.decided,
            one.automatic,
            one.finished,
            one.agreed,
            one.strong,
            one.strong_wrong,
            one.missing,
            one.certified.threshold if one.certified else None,
            _("开") if one.is_on else _("关"),
        ]
        for one in board.groups_seen(request.user, timezone.now())
    ]
    return Sheet("adviser", _("派单顾问"), columns, rows)


@listing("adviser-units", roles=board.SEES)
def adviser_units_list(request: PageRequest) -> Sheet:
    """Every group of units in every category: promise, coverage, audits, returns."""
    columns = [
        Column(_("事项"), width=24),
        Column(_("单位"), width=20),
        Column(_("把握线"), NUMBER),
        Column(_("还缺样本"), NUMBER),
        Column(_("近30天派单"), NUMBER),
        Column(_("其中自动"), NUMBER),
        Column(_("盲审"), NUMBER),
        Column(_("盲审错"), NUMBER),
        Column(_("错误率至少(%)"), NUMBER),
        Column(_("错误率至多(%)"), NUMBER),
        Column(_("退回"), NUMBER),
    ]
    rows = [
        [
            one.name,
            part.name,
            part.threshold,
            None if part.threshold is not None else part.missing,
            part.decided,
            part.automatic,
            part.audited.cases,
            part.audited.wrong,
            round(100 * part.audited.low, 1),
            round(100 * part.audited.high, 1),
            part.returned,
        ]
        for one in board.groups_seen(request.user, timezone.now())
        for part in one.parts
    ]
    return Sheet("adviser-units", _("派单顾问按单位"), columns, rows)


routes = [
    path("adviser", adviser, name="adviser"),
    path("adviser/teach", teach_now, name="adviser-teach"),
    path("adviser/use", use, name="adviser-use"),
    path("adviser/audits", audits, name="audits"),
    path("adviser/audits/<int:pk>", audit_one, name="audit-one"),
    path("adviser/audits/<int:pk>/judge", judge, name="audit-judge"),
    path("adviser/tickets/<int:pk>/recall", recall, name="recall-automatic"),
    path("adviser/groups/<slug:group>", group, name="adviser-group"),
    path("adviser/groups/<slug:group>/certify", certify, name="adviser-certify"),
    path("adviser/groups/<slug:group>/switch", switch, name="adviser-switch"),
    path("adviser/groups/<slug:group>/draw", draw, name="adviser-draw"),
    path("adviser/groups/<slug:group>/settle", settle, name="adviser-settle"),
]
