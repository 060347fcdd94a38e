"""Which units have something open, for those who send them their list as a file."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from fenzhen.hotline import roles
from fenzhen.hotline.roles import Role
from fenzhen.records.handling import Assignment
from fenzhen.records.people import User
from fenzhen.records.units import Unit

#: What a unit still has to do something about.
OPEN = ("pending_sign", "signed", "waiting")


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit with what it has open."""

    unit: Unit
    open: int
    unsigned: int
    late: int
    has_account: bool


def units_with_work(viewer: User, now: datetime) -> list[UnitLine]:
    """Units that have something open; those without an account first, then the late ones."""
    if viewer.role not in roles.DESK:
        return []
    counts = {
        row["unit"]: row
        for row in Assignment.objects.filter(state__in=OPEN, ticket__is_history=False)
        .order_by()
        .values("unit")
        .annotate(
            open=Count("pk"),
            unsigned=Count("pk", filter=Q(state="pending_sign")),
            late=Count("pk", filter=Q(handle_due__lt=now) & ~Q(state="waiting")),
        )
    }
    staffed = set(
        User.objects.filter(is_active=True, role=Role.UNIT_LIAISON).values_list("unit_id", flat=True)
    )
    lines = [
        UnitLine(
            unit,
            counts[unit.pk]["open"],
            counts[unit.pk]["unsigned"],
            counts[unit.pk]["late"],
            unit.pk in staffed,
        )
        for unit in Unit.objects.filter(pk__in=counts)
    ]
    return sorted(lines, key=lambda line: (line.has_account, -line.late, -line.open, line.unit.code))


def unit_for_list(viewer: User, pk: int) -> Unit:
    """One unit. Raises `Unit.DoesNotExist`, also for those who do not dispatch."""
    if viewer.role not in roles.DESK:
        raise Unit.DoesNotExist
    return Unit.objects.get(pk=pk)
