"""A form that is sent twice acts once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import IntegrityError, transaction

from fenzhen.records.once import OnceToken
from fenzhen.records.people import User

Result = TypeVar("Result")

#: How long a token is remembered; longer than a session lasts.
KEPT = timedelta(days=2)


class SentBefore(Exception):
    """This very form has already done its work; `result_url` is where that led ("" if nowhere)."""

    def __init__(self, result_url: str) -> None:
        self.result_url = result_url
        super().__init__("this form was sent before")


def act_once(
    token: str, act: Callable[[], Result], *, by: User, now: datetime, led_to: Callable[[Result], str | None]
) -> Result:
    """Do *act* and remember *token* in one transaction; raises `SentBefore` where it is already remembered.

    *led_to* says where the result leads; None means that nothing was done (a form that came back), so the
    token stays good. A refusal raised by *act* rolls everything back, and the form may be sent again.
    Of two at the same instant, the second waits for the first and then gets `SentBefore`.
    """
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = OnceToken.objects.create(owner=by, token=token[:64], at=now)
        except IntegrityError:
            before = OnceToken.objects.filter(token=token[:64], owner=by).first()
            raise SentBefore(before.result_url if before else "") from None
        result = act()
        url = led_to(result)
        if url is None:
            row.delete()
        elif url:
            OnceToken.objects.filter(pk=row.pk).update(result_url=url[:255])
    return result


def forget_tokens(*, by: User, now: datetime) -> int:
    """Drop tokens older than `KEPT`; returns how many."""
    return OnceToken.objects.filter(at__lt=now - KEPT).delete()[0]
