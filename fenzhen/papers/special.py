"""The special report (专报) to the district: drafted from an event's own facts, and set as an official document.

The draft says only what is on record: how many called and when, what they said, who sits at the table, what each door has come to,
what is owed. Risk and proposal are sentences to start from; a person edits and signs.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.board.district import district_of
from fenzhen.board.events import EventPage, event_for, suggested_parties
from fenzhen.board.joint import STEPS, CasePage, case_for
from fenzhen.board.people import Person
from fenzhen.board.words import word
from fenzhen.papers.daily import long_date, moment
from fenzhen.papers.docx import document
from fenzhen.papers.paper import Chart, Paper, Row, Section, Table

PARTS = ("situation", "numbers", "words", "responsible", "done", "risk", "proposal")


def draft(viewer: Person, event: int, now: datetime) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Title, text of each part, and the figures behind them, as they stand *now*. Raises `NoSuchEvent`."""
    seen = event_for(viewer, event, now)
    case = case_for(viewer, seen.case_id, now) if seen.case_id else None
    one = seen.event
    place = str(one.place or one.place_text or one.town or _("本区"))
    title = _("关于%(place)s“%(title)s”有关情况的专报") % {
        "place": place,
        "title": _matter(one.title, place)[:30],
    }
    facts: dict[str, Any] = {
        "at": now.isoformat(),
        "people": one.people,
        "tickets": one.tickets,
        "first": one.first_at.isoformat(),
        "last": one.last_at.isoformat(),
        "doors": case.counts if case else {},
        "content": case.content if case else 0,
    }
    return title, {name: _PARTS[name](viewer, seen, case, place, now) for name in PARTS}, facts


def special_file(viewer: Person, report: Any, now: datetime) -> bytes:
    """A special report as a .docx in the manner of GB/T 9704: its parts as they were edited, its growth as a chart."""
    seen = event_for(viewer, report.event_id, now)
    district = district_of(viewer)
    is_demo = bool(district and district.is_demo)
    sections = []
    for name in PARTS:
        text = str(report.sections.get(name, "")).strip()
        if not text:
            continue
        extra: dict[str, Any] = {}
        if name == "numbers" and len(seen.growth) > 1:
            extra["charts"] = (_chart(seen),)
        sections.append(Section(name, word("report_part", name), said=tuple(_lines(text)), **extra))
    signed = report.signed_at is not None
    paper = Paper(
        name=f"special-{report.pk}",
        title=report.title,
        number=report.number or (_("（编号待定）") if not signed else ""),
        under=_("%(district)s市民热线分中心　%(day)s")
        % {
            "district": district.name if district else "",
            "day": long_date(timezone.localtime(report.signed_at or now).date()),
        },
        demo=(district.banner or _("演示数据")) if district and is_demo else "",
        sections=tuple(sections),
        notes=(
            _("数据截至 %(at)s，人数按来电人计，同一人多次来电计一人。")
            % {"at": moment(_fact_time(report, now))},
            *(() if signed else (_("草稿，未签发。"),)),
        ),
        signed=(_("签发：%(name)s") % {"name": report.signed_by.name}) if signed else _("（待签发）"),
        dated=timezone.localtime(report.signed_at or now).date(),
    )
    return document(paper)


def visit_sheets(viewer: Person, case: int, now: datetime) -> bytes:
    """One page with a block for each door that is not at its end: to take along, to fill in by hand. Raises `NoSuchCase`."""
    seen = case_for(viewer, case, now)
    district = district_of(viewer)
    rows = []
    for door in seen.doors:
        steps = "　".join(f"{'☑' if at else '☐'}{word('door_step', step)}" for step, at in door.done)
        rows.append(
            Row(
                (
                    door.household.door,
                    _("来过电") if door.called else _("走访补登"),
                    steps,
                    door.household.note or "",
                )
            )
        )
    table = Table(
        "doors",
        _("入户清单"),
        (_("门牌"), _("来源"), _("进展（办好打勾）"), _("记录、签字")),
        (18, 12, 44, 26),
        tuple(rows),
        empty=_("还没有登记住户。"),
    )
    paper = Paper(
        name=f"visit-{case}",
        title=_("入户走访单"),
        number=seen.case.number,
        under=f"{seen.case.event.title}　{seen.case.event.place or seen.case.event.place_text}",
        demo=(district.banner or _("演示数据")) if district and district.is_demo else "",
        sections=(
            Section(
                "ask",
                _("走访时请问"),
                said=(
                    _(
                        "家里的问题是不是和通报的一样；老人孩子有没有特别的困难；同意哪种解决办法；方便什么时候施工；留谁的电话。"
                    ),
                ),
            ),
            Section("doors", _("住户"), tables=(table,)),
        ),
        notes=(_("走访单含住户门牌，用后收回，不得外传。"),),
        signed=_("走访人：＿＿＿＿＿＿"),
        dated=timezone.localtime(now).date(),
    )
    return document(paper)


# ---------------------------------------------------------------------------------------------------------


def _situation(viewer: Person, seen: EventPage, case: CasePage | None, place: str, now: datetime) -> str:
    one = seen.event
    return _("%(first)s至%(last)s，本区市民热线陆续接到%(place)s居民来电，反映“%(title)s”。共 %(people)s 人来电 %(tickets)s 件。") % {
        "first": moment(one.first_at), "last": moment(one.last_at), "place": place,
        "title": _matter(one.title, place), "people": one.people,
        "tickets": one.tickets,
    }  # fmt: skip


def _numbers(viewer: Person, seen: EventPage, case: CasePage | None, place: str, now: datetime) -> str:
    lines = []
    for alert in seen.alerts:
        lines.append(
            _("%(at)s 达到%(level)s提醒：%(people)s 人、%(tickets)s 件。") % {
                "at": moment(alert.at), "level": word("alarm_level", alert.level), "people": alert.people, "tickets": alert.tickets,
            }
        )  # fmt: skip
    if case is not None:
        lines.append(_("登记住户 %(all)s 户，其中走访发现未来电 %(found)s 户。") % {
            "all": case.counts["all"], "found": sum(1 for door in case.doors if not door.called),
        })  # fmt: skip
    return "\n".join(lines) or _("尚未达到提醒人数。")


def _words(viewer: Person, seen: EventPage, case: CasePage | None, place: str, now: datetime) -> str:
    lines = [
        _("“%(said)s”（提到“%(word)s”的有 %(n)s 人）") % {"said": v.said, "word": v.word, "n": v.people}
        for v in seen.voices[:5]
    ]
    return "\n".join(lines) or _("（暂无）")


def _responsible(viewer: Person, seen: EventPage, case: CasePage | None, place: str, now: datetime) -> str:
    if case is not None:
        lead = _("牵头：%(unit)s。") % {"unit": case.case.lead_unit.name}
        rest = [
            party.unit.name if party.unit else party.outside
            for party in case.parties
            if party.part != "lead" and not party.left_at
        ]
        return lead + (_("协办：%(units)s。") % {"units": "、".join(rest)} if rest else "")
    parts = suggested_parties(viewer, seen.event, now)
    return "\n".join(
        f"{party.unit.name if party.unit else party.outside}（{party.why}）" for party in parts
    ) or _("（待明确）")


def _done(viewer: Person, seen: EventPage, case: CasePage | None, place: str, now: datetime) -> str:
    if case is None:
        return _("已将各来电人的工单按权责清单派出，逐一回访。")
    lines = [_("%(at)s 启动会办。") % {"at": moment(case.case.called_at)}]
    lines += [
        _("%(at)s 召开会议：%(minutes)s") % {"at": moment(m.at), "minutes": m.minutes or _("（未写纪要）")}
        for m in case.meetings
    ]
    lines += [
        _("议定：%(text)s（%(who)s，%(due)s 前，%(state)s）")
        % {
            "text": owed.decision.text,
            "who": owed.decision.party.unit.name if owed.decision.party.unit else owed.decision.party.outside,
            "due": moment(owed.decision.due),
            "state": _("已完成") if owed.decision.done_at else _("已逾期") if owed.late else _("进行中"),
        }
        for owed in case.owed
    ]
    counted = "、".join(f"{word('door_step', step)} {case.counts[step]} 户" for step in STEPS)
    lines.append(
        _("共 %(all)s 户：%(steps)s；满意 %(content)s 户。")
        % {"all": case.counts["all"], "steps": counted, "content": case.content}
    )
    return "\n".join(lines)


def _risk(viewer: Person, seen: EventPage, case: CasePage | None, place: str, now: datetime) -> str:
    return _("请结合现场情况填写：是否可能出现聚集、是否涉及安全、舆情和时间节点。")


def _proposal(viewer: Person, seen: EventPage, case: CasePage | None, place: str, now: datetime) -> str:
    return _("建议由牵头单位会同各方限期提出解决方案，逐户告知；热线逐户回访，全部住户有答复后办结。")


_PARTS = {
    "situation": _situation,
    "numbers": _numbers,
    "words": _words,
    "responsible": _responsible,
    "done": _done,
    "risk": _risk,
    "proposal": _proposal,
}


def _chart(seen: EventPage) -> Chart:
    points = seen.growth
    labels = tuple(f"{timezone.localtime(point.at):%m-%d %H}" for point in points)
    return Chart(
        "growth",
        _("来电增长"),
        "col",
        labels,
        (
            (_("人"), tuple(float(p.people) for p in points)),
            (_("件"), tuple(float(p.tickets) for p in points)),
        ),
    )


def _matter(title: str, place: str) -> str:
    """What an event is called without its place, which the sentence names already."""
    return title.removeprefix(place).strip() or title


def _lines(text: str) -> Sequence[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _fact_time(report: Any, now: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(report.facts.get("at", "")))
    except ValueError:
        return now
