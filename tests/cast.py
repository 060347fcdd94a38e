"""One cast for all tests: a small made-up district and the people who work in it.

Wang and Li dispatch, Zhang takes calls, Zhao reviews, Sun calls back, Chen is the chief; Huang works for the
town of 柳河镇, Bai for 松山镇 (she must see nothing of Huang's), Jian for the housing bureau.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fenzhen.desk.callback import Said
from fenzhen.desk.dispatch import dispatch_ticket
from fenzhen.desk.handle import Answered, sign_assignment, submit_reply
from fenzhen.desk.intake import Heard, receive_ticket, submit_ticket
from fenzhen.desk.review import approve_reply
from fenzhen.hotline.roles import Role
from fenzhen.records.directory import Category, Duty
from fenzhen.records.district import District, Level
from fenzhen.records.handling import Assignment
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.tickets import Ticket
from fenzhen.records.units import Unit

BEIJING = ZoneInfo("Asia/Shanghai")
#: A plain Wednesday morning.
MORNING = datetime(2026, 3, 11, 9, 0, tzinfo=BEIJING)
PASSWORD = "test-only-password"


@dataclass
class Cast:
    """Everybody and everything a test needs by name."""

    wang: User
    li: User
    zhang: User
    zhao: User
    sun: User
    chen: User
    xu: User
    leader: User
    admin: User
    huang: User
    bai: User
    jian: User
    liuhe: Unit
    songshan: Unit
    housing: Unit
    police: Unit
    town: Place
    other_town: Place
    estate: Place
    category: Category
    stranded: Category
    now: datetime = MORNING
    extra: dict[str, Any] = field(default_factory=dict)

    # short ways to get a ticket to some point of its way ------------------------------------------------

    def heard(self, **fields: Any) -> Heard:
        """A call as the agent typed it."""
        base: dict[str, Any] = {
            "title": "楼道灯坏了半个月没人修",
            "body": "我家住的三号楼二单元楼道灯坏了,老人晚上回来看不见,物业一直不来。",
            "name": "冯小满",
            "phone": "13900000001",
            "place": self.estate,
            "place_text": "清荷苑3号楼",
        }
        return Heard(**(base | fields))

    def waiting(self, now: datetime | None = None, **fields: Any) -> Ticket:
        """A ticket in the queue of the triage desk."""
        now = now or self.now
        ticket = receive_ticket(self.heard(**fields), by=self.zhang, now=now)
        return submit_ticket(ticket, by=self.zhang, now=now + timedelta(seconds=20))

    def dispatched(self, now: datetime | None = None, **fields: Any) -> Ticket:
        """…sent to the town, with the housing bureau assisting."""
        now = now or self.now
        ticket = self.waiting(now, **fields)
        dispatch_ticket(
            ticket,
            by=self.wang,
            now=now + timedelta(minutes=1),
            lead=self.liuhe,
            assist=[self.housing],
            basis="D1",
        )
        return ticket

    def lead(self, ticket: Ticket) -> Assignment:
        """The lead's assignment of the present round."""
        return Assignment.objects.get(ticket=ticket, round=ticket.round, part="lead", state__in=LIVE)

    def signed(self, now: datetime | None = None, **fields: Any) -> Ticket:
        now = now or self.now
        ticket = self.dispatched(now, **fields)
        sign_assignment(self.lead(ticket), by=self.huang, now=now + timedelta(minutes=10))
        ticket.refresh_from_db()
        return ticket

    def replied(self, now: datetime | None = None, **fields: Any) -> Ticket:
        now = now or self.now
        ticket = self.signed(now, **fields)
        submit_reply(self.lead(ticket), by=self.huang, now=now + timedelta(hours=5), answered=self.answered())
        ticket.refresh_from_db()
        return ticket

    def to_call_back(self, now: datetime | None = None, **fields: Any) -> Ticket:
        now = now or self.now
        ticket = self.replied(now, **fields)
        approve_reply(self.lead(ticket), by=self.zhao, now=now + timedelta(hours=6))
        ticket.refresh_from_db()
        return ticket

    @staticmethod
    def answered(**fields: Any) -> Answered:
        base: dict[str, Any] = {
            "contacted": True,
            "contact_how": "电话",
            "internal_text": "已督促物业更换灯具,现场核实。",
            "public_text": "楼道灯已于今天下午换好,感谢您的反映。",
        }
        return Answered(**(base | fields))

    @staticmethod
    def said(**fields: Any) -> Said:
        base: dict[str, Any] = {
            "contacted": True,
            "solved": "yes",
            "satisfied": "satisfied",
            "emotion": "calm",
        }
        return Said(**(base | fields))


LIVE = ["pending_sign", "signed", "waiting", "result_submitted", "accepted", "ended"]


def build() -> Cast:
    """Write the cast into the database."""
    from fenzhen.records.rules import forget_rules

    forget_rules()
    District.objects.create(
        code="990000", name="柳山区", is_demo=True, banner="演示数据", settings={}, checksum="cast"
    )
    for level, limit, unit, sign, contact in (
        (1, 2, "hour", 15, 1),
        (2, 24, "hour", 30, 2),
        (3, 7, "calendar_day", 120, 24),
        (4, 15, "calendar_day", 120, 24),
    ):
        Level.objects.create(
            level=level, name=f"L{level}", limit=limit, unit=unit, sign_minutes=sign, contact_hours=contact
        )
    town = Place.objects.create(
        code="990000001", name="柳河镇", kind="town", parent="990000", town="990000001"
    )
    other = Place.objects.create(
        code="990000002", name="松山镇", kind="town", parent="990000", town="990000002"
    )
    estate = Place.objects.create(
        code="E1", name="清荷苑", kind="estate", parent="990000001", town="990000001"
    )
    liuhe = Unit.objects.create(
        code="T1",
        name="柳山区柳河镇人民政府",
        short_name="柳河镇",
        kind="town",
        line="district",
        territory=town.code,
        pinyin="liuhezhen lhz",
    )
    songshan = Unit.objects.create(
        code="T2",
        name="柳山区松山镇人民政府",
        short_name="松山镇",
        kind="town",
        line="district",
        territory=other.code,
        pinyin="songshanzhen ssz",
    )
    housing = Unit.objects.create(
        code="ZJW",
        name="柳山区住房和城乡建设委员会",
        short_name="区住建委",
        kind="bureau",
        line="district",
        pinyin="quzhujianwei qzjw",
    )
    police = Unit.objects.create(
        code="GA",
        name="市公安局柳山分局",
        short_name="柳山公安分局",
        kind="bureau",
        line="city_branch",
        pinyin="liushangonganfenju lsgafj",
    )
    category = Category.objects.create(
        code="010101",
        level1="住房与物业",
        level2="物业服务",
        name="公共设施维修",
        definition="楼道灯、门禁等公共设施损坏",
    )
    stranded = Category.objects.create(
        code="230101", level1="疫情防控", level2="人员", name="滞留人员救助", definition="被拦在外无处可去"
    )
    Duty.objects.create(
        rule_id="D1",
        category="0101",
        lead="@town",
        assist="ZJW",
        level=3,
        basis="属地管理",
        basis_doc="权责清单",
    )
    Duty.objects.create(
        rule_id="D2", category="2301", lead="@town", level=1, basis="属地救助", basis_doc="权责清单"
    )
    Duty.objects.create(
        rule_id="D3",
        category="02",
        lead="ZJW",
        level=3,
        basis="执法权在部门",
        not_grassroots=True,
        basis_doc="权责清单",
    )

    def person(username: str, name: str, role: Role, unit: Unit | None = None) -> User:
        user = User(username=username, name=name, role=role, unit=unit)
        user.password = _hashed()
        user.save()
        return user

    return Cast(
        wang=person("wang", "王派单", Role.DISPATCHER),
        li=person("li", "李派单", Role.DISPATCHER),
        zhang=person("zhang", "张话务", Role.AGENT),
        zhao=person("zhao", "赵审核", Role.REVIEWER),
        sun=person("sun", "孙回访", Role.CALLBACK_AGENT),
        chen=person("chen", "陈科长", Role.SECTION_CHIEF),
        xu=person("xu", "许班长", Role.SHIFT_LEAD),
        leader=person("leader", "何区长", Role.DISTRICT_LEADER),
        admin=person("admin", "系统员", Role.ADMIN),
        huang=person("huang", "黄联络", Role.UNIT_LIAISON, liuhe),
        bai=person("bai", "白联络", Role.UNIT_LIAISON, songshan),
        jian=person("jian", "简联络", Role.UNIT_LIAISON, housing),
        liuhe=liuhe,
        songshan=songshan,
        housing=housing,
        police=police,
        town=town,
        other_town=other,
        estate=estate,
        category=category,
        stranded=stranded,
    )


_password: list[str] = []


def _hashed() -> str:
    """Argon2 is slow on purpose; one hash serves the whole cast."""
    from django.contrib.auth.hashers import make_password

    if not _password:
        _password.append(make_password(PASSWORD))
    return _password[0]
