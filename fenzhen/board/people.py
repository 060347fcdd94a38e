"""People who work with the system, as far as pages need them."""

from django.contrib.auth.models import AnonymousUser

from fenzhen.records.people import User

#: The type of whoever asks, for the faces (which do not meet the records).
Person = User


def demo_accounts(viewer: User | AnonymousUser | None) -> list[User]:
    """One demo account per role, for the sign-in page of a demo; nothing anywhere else."""
    first: dict[str, User] = {}
    for person in User.objects.filter(is_demo=True, is_active=True).select_related("unit").order_by("id"):
        first.setdefault(person.role, person)
    order = [code for code, _ in User._meta.get_field("role").flatchoices]
    return sorted(first.values(), key=lambda p: order.index(p.role) if p.role in order else len(order))


__all__ = ["Person", "demo_accounts"]
