"""Small things that every page draws the same way: clocks, levels, words, times, masked people."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from fenzhen.board.filters import filters_of as _filters_of
from fenzhen.board.words import word as _word
from fenzhen.board.words import words_of as _words_of
from fenzhen.hotline.clock import Colour
from fenzhen.hotline.clock import colour as _colour
from fenzhen.hotline.privacy import masked_name as _masked_name
from fenzhen.hotline.privacy import masked_phone as _masked_phone
from fenzhen.web.narrow import fields_of as _fields_of
from fenzhen.web.notices import words_for as _notice_words
from fenzhen.web.page import once_token

register = template.Library()
#: Attributes without a value.
_HIDDEN, _PAUSED = SafeString(" hidden"), SafeString(" data-paused")


def span_words(span: timedelta) -> str:
    """How long, in at most two units: 3天4小时, 1小时20分, 15分, less than a minute: 不到1分."""
    minutes = int(abs(span).total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return (_("%(d)s天%(h)s小时") if hours else _("%(d)s天")) % {"d": days, "h": hours}
    if hours:
        return (_("%(h)s小时%(m)s分") if minutes else _("%(h)s小时")) % {"h": hours, "m": minutes}
    return _("%(m)s分") % {"m": minutes} if minutes else _("不到1分")


def when_words(at: datetime, now: datetime) -> str:
    """A moment as people say it: 今天 14:05, 昨天 09:10, 11月3日 14:05, 2025年11月3日."""
    local, today = timezone.localtime(at), timezone.localtime(now).date()
    clock = local.strftime("%H:%M")
    days = (today - local.date()).days
    near = {0: _("今天"), 1: _("昨天"), -1: _("明天")}.get(days)
    if near:
        return f"{near} {clock}"
    parts = {"y": local.year, "m": local.month, "d": local.day, "t": clock}
    if local.year == today.year:
        return _("%(m)s月%(d)s日 %(t)s") % parts
    return _("%(y)s年%(m)s月%(d)s日") % parts


@register.simple_tag
def clock(
    due: datetime | None,
    started: datetime | None = None,
    now: datetime | None = None,
    paused: datetime | None = None,
    label: str = "",
) -> SafeString | str:
    """A clock badge: 还有 1小时20分 / 已超 15分, green, yellow or red. *paused*: stands still since then.

    Without *started* it is yellow in its last half hour. The badge ticks on in the page.
    """
    if due is None:
        return ""
    moment = paused or now or timezone.now()
    begun = started or due - timedelta(hours=2)
    tone = _colour(begun, due, moment)
    if paused:
        text = _("已暂停")
    elif moment > due:
        text = _("已超 %(span)s") % {"span": span_words(moment - due)}
    else:
        text = _("还有 %(span)s") % {"span": span_words(due - moment)}
    return format_html(
        '<time class="clock clock-{}" datetime="{}" data-started="{}"{} title="{}">{}<span class="clock-text">{}</span></time>',
        "paused" if paused and tone is not Colour.RED else tone,
        due.isoformat(),
        begun.isoformat(),
        _PAUSED if paused else "",
        _("期限 %(at)s") % {"at": timezone.localtime(due).strftime("%Y-%m-%d %H:%M")},
        format_html('<span class="clock-label">{}</span> ', label) if label else "",
        text,
    )


@register.simple_tag(takes_context=True)
def city_clock(context: Any, ticket: Any) -> SafeString | str:
    """The city's own deadline beside ours, on an order of the city's that is not at rest. For the hotline's people
    only: a unit keeps to the district's date, which is the earlier one."""
    viewer = context.get("viewer")
    if not ticket or not ticket.city_deadline or ticket.closed_at or getattr(viewer, "unit_id", None):
        return ""
    return clock(ticket.city_deadline, ticket.city_received_at, context.get("now"), label=_("市级"))


@register.simple_tag
def level(number: int | None) -> SafeString | str:
    """A level badge: 一级 red, 二级 amber, 三级 and 四级 plain."""
    if not number:
        return ""
    return format_html('<span class="level level-{}">{}</span>', number, _word("level", number))


@register.simple_tag
def state(code: str, group: str = "ticket_state") -> SafeString:
    """A state in words. *group*: ticket_state or assignment_state."""
    return format_html('<span class="state state-{}">{}</span>', code, _word(group, code))


@register.filter
def word(code: object, group: str) -> str:
    """The word for a code: ``{{ ticket.kind|word:"kind" }}``."""
    return _word(group, code)


@register.simple_tag
def words_of(group: str) -> list[tuple[str, str]]:
    """All (code, word) of a group: ``{% words_of "kind" as kinds %}``."""
    return _words_of(group)


@register.simple_tag
def when(at: datetime | None, now: datetime | None = None) -> SafeString | str:
    """A moment as `<time>`: 今天 14:05, with the whole date as its title."""
    if at is None:
        return ""
    return format_html(
        '<time class="when" datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S"),
        when_words(at, now or timezone.now()),
    )


@register.filter
def span(seconds: timedelta | int | float | None) -> str:
    """A length of time in words; takes a timedelta or seconds."""
    if seconds is None:
        return ""
    return span_words(seconds if isinstance(seconds, timedelta) else timedelta(seconds=float(seconds)))


@register.simple_tag
def percent(share: float | None, digits: int = 1) -> str:
    """A share of one as per cent: 0.679 → 67.9%; a dash where it is unknown."""
    return "—" if share is None else f"{100 * share:.{digits}f}%"


@register.simple_tag
def person(who: Any) -> str:
    """A colleague's name, with the unit where there is one: 李芳（黄村镇）."""
    if who is None:
        return ""
    unit = getattr(who, "unit", None)
    return f"{who.name}({unit})" if unit else str(who.name)


@register.filter
def masked_name(name: str | None) -> str:
    """王建国 → 王**."""
    return _masked_name(name or "")


@register.filter
def masked_phone(phone: str | None) -> str:
    """13812345678 → 138****5678."""
    return _masked_phone(phone or "")


@register.simple_tag
def caller(who: Any) -> SafeString | str:
    """A caller, masked: 王** 138****5678; 来电人未知 where there is none."""
    if who is None or not (who.name or who.phone):
        return _("来电人未知")
    return format_html(
        '<span class="caller">{} <span class="num">{}</span></span>',
        _masked_name(who.name),
        _masked_phone(who.phone),
    )


@register.simple_tag(takes_context=True)
def export_button(context: Any, name: str, **fields: object) -> SafeString:
    """「导出 Excel」 of the list *name* (see web/export.py); *fields* go with it: ``{% export_button "home" show=show %}``."""
    inputs = format_html_join(
        "", '<input type="hidden" name="{}" value="{}">', ((k, v) for k, v in fields.items() if v)
    )
    form = (
        '<form class="export" method="post" action="{}"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '{}<button class="btn btn-sm">{}</button></form>'
    )
    token = context.get("csrf_token", "")
    return format_html(form, reverse("export", args=[name]), token, inputs, _("导出 Excel"))


@register.inclusion_tag("_narrow.html", takes_context=True)
def narrow(context: Any, name: str, show: str = "") -> dict[str, Any]:
    """The form that narrows the list *name* and its saved filters (see web/narrow.py). *show*: which of the
    home page's lists it is."""
    viewer = context["viewer"]
    fields = _fields_of(viewer, name)
    said = " · ".join(field.said for field in fields if field.said)
    return {
        "list_name": name,
        "fields": fields,
        "said": said,
        "show": show,
        "kept": _filters_of(viewer, name),
        "may_save": bool(said),
        "csrf_token": context.get("csrf_token", ""),
    }


@register.simple_tag(takes_context=True)
def narrowed_by(context: Any, name: str) -> SafeString | str:
    """What an empty list says while it is narrowed: that there may be more. Nothing while everything is shown."""
    said = " · ".join(field.said for field in _fields_of(context["viewer"], name) if field.said)
    if not said:
        return ""
    text = _("「%(said)s」里没有。点「看全部」看其余的。") % {"said": said}
    return format_html('<p class="empty">{}</p>', text)


@register.simple_tag
def once() -> SafeString:
    """A hidden field that makes this rendering of the form act once. In every form that changes something."""
    return format_html('<input type="hidden" name="once" value="{}">', once_token())


@register.simple_tag
def draft_field(key: str) -> SafeString:
    """The hidden field that drops the draft once the form has been accepted; beside ``data-draft`` on the form."""
    return format_html('<input type="hidden" name="draft" value="{}">', key)


@register.simple_tag(takes_context=True)
def typed(context: Any, name: str, otherwise: object = "") -> object:
    """What was typed into a field of a refused form, else *otherwise*: ``value="{% typed "title" ticket.title %}"``."""
    refusal = context.get("refusal")
    if refusal and name in refusal.typed:
        return refusal.typed[name]
    return "" if otherwise is None else otherwise


@register.simple_tag(takes_context=True)
def fault(context: Any, name: str) -> SafeString:
    """The word about a field of a refused form, and the place where the page puts it after a htmx request."""
    refusal = context.get("refusal")
    text = refusal.fields.get(name, "") if refusal else ""
    spot = '<div class="fault" data-fault="{0}" id="fault-{0}" role="alert"{1}>{2}</div>'
    return format_html(spot, name, "" if text else _HIDDEN, text)


@register.simple_tag
def icon(name: str) -> SafeString:
    """One of our own drawings from static/icons.svg, for beside a word (it says nothing by itself)."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        static("icons.svg"),
        name,
    )


@register.simple_tag
def notice_words(notice: Any) -> str:
    """What a notice says, in one short sentence."""
    return _notice_words(notice)


@register.filter
def surge_name(surge: Any) -> str:
    """What is above its usual level: 供暖 · 黄村镇, a matter in the whole district, all calls of a town, all calls."""
    if surge.category and surge.town:
        return f"{surge.category.name} · {surge.town}"
    if surge.category:
        return _("%(matter)s · 全区") % {"matter": surge.category.name}
    return _("%(town)s的全部来电") % {"town": surge.town} if surge.town else _("全区来电")


@register.filter
def lately_words(days: float) -> str:
    """The time that ends now, in words: 近 6 小时, 近 3 天."""
    hours = max(round(days * 24), 1)
    return _("近 %(n)s 天") % {"n": hours // 24} if hours > 24 else _("近 %(n)s 小时") % {"n": hours}


@register.filter
def usual_words(usual: float) -> str:
    """How many are usual, as people say it: 6, 不到 1."""
    return f"{usual:.0f}" if usual >= 0.95 else _("不到 1")
