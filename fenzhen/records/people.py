"""People who work with the system."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from fenzhen.hotline.roles import Role
from fenzhen.records.units import Unit
from fenzhen.records.words import role_choices


class UserManager(BaseUserManager["User"]):
    """Makes accounts."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """An account with a hashed password (unusable where none is given)."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def system(self) -> "User":
        """The account in whose name the clock and the import act. Nobody can sign in with it."""
        user, made = self.get_or_create(username="system", defaults={"name": "系统", "role": Role.SYSTEM})
        if made:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return user


class User(AbstractBaseUser):
    """One person in one role; unit staff belong to a unit."""

    username = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=64)
    role = models.CharField(max_length=32, choices=role_choices)
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="staff")
    language = models.CharField(max_length=16, blank=True, default="")
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)

    USERNAME_FIELD = "username"
    objects = UserManager()

    class Meta:
        ordering = ["username"]

    def __str__(self) -> str:
        return f"{self.name}({self.username})"

    @property
    def is_staff(self) -> bool:
        """May open the reference lists."""
        return self.role == Role.ADMIN and self.is_active

    @property
    def is_superuser(self) -> bool:
        """Full rights on the reference lists, which is all that is registered there."""
        return self.is_staff

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff

    def get_full_name(self) -> str:
        return self.name
