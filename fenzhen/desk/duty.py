"""The duty list's word on a unit that somebody chose, whoever chose it and wherever."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.hotline.duty import DutyBook, judge
from fenzhen.records.directory import Category, Duty
from fenzhen.records.rules import duties_of
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit


def by_duty_list(
    ticket: Ticket,
    lead: Unit,
    *,
    now: datetime,
    category: Category | None,
    basis: str = "",
    wrong: dict[str, str],
    book: DutyBook | None = None,
) -> tuple[str, dict[str, str]]:
    """Hold a unit that shall lead against the duty list: the rule on which that rests, and for the journal which
    rule names another unit (`list_rule`, `list_lead`). Adds to *wrong* where a town would get what the list keeps
    from the grassroots. *basis*: the rule of an advice that was taken; *book*: for whoever asks of many tickets.
    """
    is_town = lead.kind in {"town", "subdistrict"}
    rule = Duty.objects.filter(rule_id=basis).first() if basis and is_town else None
    if rule and rule.not_grassroots:
        wrong["lead"] = _not_for_towns(rule.rule_id, rule.lead)
        return basis, {}
    if category is None:
        return basis, {}
    place = ticket.place or ticket.town
    territory = place.code if place else ""
    said = judge(
        book or duties_of(category.code, territory),
        lead.code,
        is_town=is_town,
        category=category.code,
        territory=territory or None,
        place_type=place.kind if place else None,
        on=timezone.localtime(now).date(),
    )
    if said.barred:
        wrong["lead"] = _not_for_towns(said.barred.id, said.named.lead if said.named else "")
    if basis:
        return basis, {}
    if said.rule:
        return said.rule.id, {}
    return "", ({"list_rule": said.named.rule.id, "list_lead": said.named.lead} if said.named else {})


def _not_for_towns(rule: str, code: str) -> str:
    unit = Unit.objects.filter(code=code).first()
    if unit is None or unit.kind in {"town", "subdistrict"}:
        return _("按权责清单 %(rule)s，这类事项属部门职责，不得派给镇街；分类不对请先改分类。") % {
            "rule": rule
        }
    return _("按权责清单 %(rule)s，这类事项由%(unit)s负责，不得派给镇街；分类不对请先改分类。") % {
        "rule": rule,
        "unit": unit,
    }
