"""Accounts: opening one, giving it another password, closing it."""

import secrets
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from fenzhen.desk.step import Incomplete, NotYours, note_act
from fenzhen.hotline import roles
from fenzhen.hotline.privacy import clean_text
from fenzhen.hotline.roles import Role
from fenzhen.records.people import User
from fenzhen.records.units import Unit

#: Letters and digits that are not taken for one another on paper: 12 of 31 are 59 bits.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def system_account() -> User:
    """The account in whose name the clock, the prompt and the import act; made where it is missing."""
    return User.objects.system()


def open_account(
    username: str, *, by: User, now: datetime, name: str, role: str, unit: str = "", password: str
) -> User:
    """A new account. Raises `Incomplete` (name taken, unknown role or unit, weak password), `NotYours`."""
    _may(by)
    username, name = clean_text(username)[:64], clean_text(name)[:64]
    wrong: dict[str, str] = {}
    if not username or " " in username:
        wrong["username"] = _("账号不能空,也不能有空格。")
    elif User.objects.filter(username=username).exists():
        wrong["username"] = _("账号「%(name)s」已经有了。") % {"name": username}
    if not name:
        wrong["name"] = _("请写姓名。")
    if role not in set(Role) - {Role.SYSTEM}:
        wrong["role"] = _("没有这个岗位。")
    row = Unit.objects.filter(code=unit, is_active=True).first() if unit else None
    if unit and row is None:
        wrong["unit"] = _("没有代码为「%(code)s」的单位。") % {"code": unit}
    if role in roles.UNIT and not unit:
        wrong["unit"] = _("承办单位的人要写明单位。")
    account = User(username=username, name=name, role=role, unit=row)
    wrong |= _password_faults(password, account)
    if wrong:
        raise Incomplete(wrong)
    with transaction.atomic():
        account.set_password(password)
        account.save()
        note_act(f"person:{account.pk}", "open_account", by=by, now=now, facts={"role": str(role)})
    return account


def set_password(username: str, *, by: User, now: datetime, password: str) -> User:
    """Give an account another password and open it if it was closed. Raises `Incomplete`, `NotYours`."""
    _may(by)
    account = _account(username)
    if wrong := _password_faults(password, account):
        raise Incomplete(wrong)
    with transaction.atomic():
        account.set_password(password)
        account.is_active = True
        account.save(update_fields=["password", "is_active"])
        note_act(f"person:{account.pk}", "set_password", by=by, now=now)
    return account


def first_passwords(*, by: User, now: datetime) -> list[tuple[User, str]]:
    """A random first password for every open account that has none (lists bring accounts without one).

    Returns (account, password); nothing but the hash is kept. Raises `NotYours`.
    """
    _may(by)
    given: list[tuple[User, str]] = []
    with transaction.atomic():
        rows = User.objects.select_for_update().filter(is_active=True).exclude(role=Role.SYSTEM)
        for account in rows.order_by("unit__code", "username"):
            if account.has_usable_password():
                continue
            password = "-".join("".join(secrets.choice(_LETTERS) for _n in range(4)) for _part in range(3))
            account.set_password(password)
            account.save(update_fields=["password"])
            note_act(f"person:{account.pk}", "set_password", by=by, now=now)
            given.append((account, password))
    return given


def close_account(username: str, *, by: User, now: datetime) -> User:
    """Nobody signs in with it any more; what it did stays in the journal. Raises `Incomplete`, `NotYours`."""
    _may(by)
    account = _account(username)
    with transaction.atomic():
        account.is_active = False
        account.save(update_fields=["is_active"])
        note_act(f"person:{account.pk}", "close_account", by=by, now=now)
    return account


def _may(by: User) -> None:
    if by.role not in {Role.ADMIN, Role.SYSTEM}:
        raise NotYours


def _account(username: str) -> User:
    account = User.objects.filter(username=username).exclude(role=Role.SYSTEM).first()
    if account is None:
        raise Incomplete({"username": _("没有账号「%(name)s」。") % {"name": username}})
    return account


def _password_faults(password: str, account: User) -> dict[str, str]:
    try:
        validate_password(password, account)
    except ValidationError as why:
        return {"password": " ".join(why.messages)}
    return {}
