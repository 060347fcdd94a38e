"""The reference lists, for the administrator: the one place in web that meets the records.

What a district keeps as CSV and loads with `fenzhen load` can be looked at and corrected here between two
loadings. Nothing on a ticket's way is registered, and nothing can be deleted: tickets refer to it.
"""

from typing import Any

from django import forms
from django.contrib.admin import AdminSite, ModelAdmin, TabularInline, display
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.views import redirect_to_login
from django.db.models import BooleanField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from fenzhen.hotline.roles import Role
from fenzhen.records.directory import Category, Duty, Example
from fenzhen.records.district import CalendarDay, District, Level
from fenzhen.records.duty_phones import DutyPhone
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.rules import forget_rules
from fenzhen.records.units import Unit


class ListsSite(AdminSite):
    """Django's admin under our sign-in, for the role admin only."""

    site_title = site_header = _("分诊 · 目录维护")
    index_title = _("目录")
    site_url = "/"
    enable_nav_sidebar = True

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Our own sign-in; somebody who is signed in without the right is told who has it."""
        if request.user.is_authenticated:
            if self.has_permission(request):
                return HttpResponseRedirect(reverse("admin:index"))
            return render(request, "403.html", {"who": [_("系统管理员")]}, status=403)
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The lists under the screen's names."""
        apps: list[Any] = super().get_app_list(request, app_label)
        for app in apps:
            for entry in app["models"]:
                entry["name"] = self._registry[entry["model"]].opts.verbose_name_plural
        return apps


lists = ListsSite(name="admin")

#: The screen's words for the lists' columns.
LABELS: dict[str, Any] = {
    "code": _("代码"),
    "name": _("名称"),
    "short_name": _("常用名"),
    "aliases": _("别名"),
    "kind": _("类型"),
    "line": _("隶属"),
    "territory": _("辖区"),
    "duties": _("职责"),
    "note": _("备注"),
    "pinyin": _("拼音"),
    "is_active": _("启用"),
    "parent": _("上级"),
    "town": _("所属镇街"),
    "run_by": _("代管"),
    "level1": _("一级分类"),
    "level2": _("二级分类"),
    "definition": _("定义"),
    "not_here": _("不属于这里的"),
    "kind_hint": _("常见诉求类型"),
    "category": _("分类"),
    "text": _("例句"),
    "rule_id": _("规则号"),
    "place_type": _("地点类型"),
    "lead": _("主办"),
    "assist": _("协办"),
    "level": _("等级"),
    "basis": _("依据"),
    "basis_doc": _("依据文件"),
    "valid_from": _("生效日期"),
    "valid_to": _("失效日期"),
    "floor_unit": _("兜底单位"),
    "not_grassroots": _("不派基层"),
    "limit": _("办理时限"),
    "unit": _("单位"),
    "sign_minutes": _("签收时限（分钟）"),
    "contact_hours": _("联系时限（小时）"),
    "confirmed": _("已核定"),
    "date": _("日期"),
    "day_type": _("性质"),
    "published": _("已公布"),
    "is_demo": _("演示"),
    "banner": _("页面横幅"),
    "settings": _("设置"),
    "loaded_at": _("装入时间"),
    "checksum": _("校验值"),
    "username": _("用户名"),
    "role": _("岗位"),
    "language": _("语言"),
    "time": _("时段"),
    "phone": _("电话"),
    "last_login": _("上次登录"),
}


class _Named:
    """A model's description with the screen's name of the list; everything else is the model's own. (A name in
    the model itself would be a migration for every word.)"""

    def __init__(self, options: Any, name: Any) -> None:
        self._options = options
        self.verbose_name = self.verbose_name_plural = name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._options, name)


def _column(model: type[Any], name: str) -> Any:
    """A column of a list with the screen's word as its head."""
    field = model._meta.get_field(name)

    def shown(row: Any) -> Any:
        word = getattr(row, f"get_{name}_display", None)
        return word() if word else getattr(row, name)

    shown.__name__ = name
    boolean = isinstance(field, BooleanField) or None
    return display(description=LABELS.get(name, name), ordering=name, boolean=boolean)(shown)


class ListAdmin(ModelAdmin):
    """A list whose rows are switched off, not deleted."""

    list_per_page = 50
    title: Any = ""

    def __init__(self, model: type[Any], site: AdminSite) -> None:
        super().__init__(model, site)
        self.opts: Any = _Named(model._meta, self.title)
        self._columns = [_column(model, name) for name in map(str, self.list_display)]

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._columns

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The heading and the filters get the screen's words too."""
        changes = super().get_changelist_instance(request)
        changes.opts, changes.title = self.opts, self.title
        for spec in changes.filter_specs:
            spec.title = LABELS.get(getattr(spec, "field_path", ""), spec.title)
        return changes

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name in LABELS:
            field.label = LABELS[db_field.name]
        return field

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


class UnitAdmin(ListAdmin):
    title = _("承办单位")
    list_display = ["code", "short_name", "name", "kind", "line", "is_active"]
    list_filter = ["kind", "line", "is_active"]
    search_fields = ["code", "name", "short_name", "aliases", "pinyin"]


class DutyPhoneAdmin(ListAdmin):
    title = _("值班电话")
    list_display = ["unit", "time", "phone", "name", "valid_from", "valid_to"]
    list_filter = ["time"]
    search_fields = ["unit__code", "unit__short_name", "phone", "name"]
    autocomplete_fields = ["unit"]

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return self.has_change_permission(request)  # nothing refers to a telephone number


class PlaceAdmin(ListAdmin):
    title = _("地点")
    list_display = ["code", "name", "kind", "town", "aliases", "is_active"]
    list_filter = ["kind", "is_active"]
    search_fields = ["code", "name", "aliases", "town"]


class ExampleInline(TabularInline):
    model = Example
    extra = 1


class CategoryAdmin(ListAdmin):
    title = _("诉求分类")
    list_display = ["code", "level1", "level2", "name", "is_active"]
    list_filter = ["level1", "is_active"]
    search_fields = ["code", "name", "definition"]
    inlines = [ExampleInline]


class ExampleAdmin(ListAdmin):
    title = _("分类例句")
    list_display = ["category", "text"]
    search_fields = ["text", "category__code", "category__name"]
    autocomplete_fields = ["category"]

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return self.has_change_permission(request)  # nothing refers to an example


class DutyAdmin(ListAdmin):
    title = _("权责清单")
    list_display = [
        "rule_id",
        "category",
        "territory",
        "place_type",
        "lead",
        "level",
        "valid_from",
        "valid_to",
    ]
    list_filter = ["level", "not_grassroots"]
    search_fields = ["rule_id", "category", "lead", "territory", "basis"]


class RulesAdmin(ListAdmin):
    """Lists that the clocks rest on."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # Every process caches the clocks' rules under the district's settings: a mark in them says that they
        # are not the same any more.
        for district in District.objects.all():
            district.settings = {**district.settings, "edited_at": timezone.now().isoformat()}
            district.save(update_fields=["settings"])
        forget_rules()


class LevelAdmin(RulesAdmin):
    title = _("等级与时限")
    list_display = ["level", "name", "limit", "unit", "sign_minutes", "contact_hours", "confirmed"]


class CalendarDayAdmin(RulesAdmin):
    title = _("工作日历")
    list_display = ["date", "day_type", "name", "published"]
    list_filter = ["day_type", "published"]
    date_hierarchy = "date"


class DistrictAdmin(RulesAdmin):
    title = _("本区设置")
    list_display = ["code", "name", "is_demo", "loaded_at"]
    exclude = ["checksum", "loaded_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not District.objects.exists()


class PersonForm(forms.ModelForm):
    """An account; the password is set, never shown."""

    new_password = forms.CharField(
        label=_("新密码"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("不改就留空。至少 8 位。"),
    )

    class Meta:
        model = User
        fields = ["username", "name", "role", "unit", "language", "is_active"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        role, unit = data.get("role"), data.get("unit")
        if role in {Role.UNIT_LIAISON, Role.UNIT_WORKER} and unit is None:
            self.add_error("unit", _("承办单位的人员必须选择单位。"))
        if role == Role.SYSTEM and self.instance.username != "system":
            self.add_error("role", _("「系统」不是人员的岗位。"))
        if not self.instance.pk and not data.get("new_password"):
            self.add_error("new_password", _("新账号需要密码。"))
        if data.get("new_password"):
            try:
                validate_password(data["new_password"], self.instance)
            except forms.ValidationError as why:
                self.add_error("new_password", why)
        return data

    def save(self, commit: bool = True) -> Any:
        """Hash the new password, where there is one."""
        if self.cleaned_data.get("new_password"):
            self.instance.set_password(self.cleaned_data["new_password"])
        return super().save(commit)


class PersonAdmin(ListAdmin):
    title = _("人员账号")
    form = PersonForm
    list_display = ["username", "name", "role", "unit", "is_active", "is_demo", "last_login"]
    list_filter = ["role", "is_active", "is_demo"]
    search_fields = ["username", "name", "unit__short_name"]
    autocomplete_fields = ["unit"]


lists.register(Unit, UnitAdmin)
lists.register(DutyPhone, DutyPhoneAdmin)
lists.register(Place, PlaceAdmin)
lists.register(Category, CategoryAdmin)
lists.register(Example, ExampleAdmin)
lists.register(Duty, DutyAdmin)
lists.register(Level, LevelAdmin)
lists.register(CalendarDay, CalendarDayAdmin)
lists.register(District, DistrictAdmin)
lists.register(User, PersonAdmin)
