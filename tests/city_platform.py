"""A city platform that stands above the district, as a process of its own: it knows nothing of fenzhen.

``python -m tests.city_platform HOME --drop DIR --back DIR [--orders 300] [--days 5] [--seed 12345]
[--first 2026-03-09]`` makes up its whole plan first, then reads a question a line on stdin and answers each with
one line of JSON:

- ``{"at": "2026-03-09T10:00+08:00"}`` its clock is so late now: it writes the files that are due into the drop
  folder and reads what lies in the folder on the way back;
- ``{"typed": {"no": "…", "kind": "result"}, "at": "…"}`` somebody typed a result in by hand;
- ``{"book": true}`` its own book: each order with every state that was sent, in which files, what came back and
  how often.

What its files are like: orders in Beijing-style columns; changed rows, withdrawn ones, direct ones that it ends
itself; the same row in two files; the same file twice under another name; files that come hours late, after newer
ones; a file of which only half is there for a while. It grants what it is asked for: an extension moves its date,
a return takes the order back. An order whose result it has read is shown as 已办结 from then on.
"""

import argparse
import json
import os
import random
import shutil
import sys
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook, load_workbook

BEIJING = ZoneInfo("Asia/Shanghai")
H, M = timedelta(hours=1), timedelta(minutes=1)
#: When the platform writes a file.
FILES_AT = (8, 10, 12, 14, 16, 18)
HEADER = (
    *("工单编号", "工单类型", "问题分类", "标题", "主要内容", "工单状态", "来电人", "来电人电话/账号"),
    *("被反映区", "被反映街乡镇", "小区点位", "详细地址", "派单方式", "承办单位"),
    *("来电时间", "派单时间", "办理时限", "办结时间", "变更时间"),
)
TOWNS = ("柳河镇", "松山镇")
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张"
GIVEN = ("小满", "立冬", "建国", "秀英", "桂兰", "大勇", "春生", "惊蛰", "玉梅", "长河")
#: Category, title, words, hours the city gives.
MATTERS: tuple[tuple[str, str, str, int], ...] = (
    ("公共设施维修", "楼道灯坏了没人修", "{n}号楼{u}单元楼道灯坏了半个月,老人晚上下楼看不见,找物业说等通知。", 168),
    ("公共设施维修", "单元门禁坏了", "{n}号楼{u}单元门禁坏了,陌生人随便进出,报修三次没有回音。", 168),
    ("房屋质量监管", "新房窗户漏风漏雨", "{n}号楼交房才一年,窗户一下雨就渗水,开发商推给物业。", 120),
    ("房屋质量监管", "外墙保温层脱落", "{n}号楼外墙皮一块块往下掉,楼下停着车,怕砸着人。", 96),
    ("自来水停水", "家里停水一天了", "{n}号楼从昨天夜里起没有水,没见通知,家里有小孩等水做饭。", 24),
    ("自来水停水", "水压太小用不上水", "{n}号楼六层以上晚上水压小,洗澡水都上不来,已经一个星期。", 72),
    ("噪声扰民", "夜里广场喇叭声大", "{n}号楼楼下小广场每晚十点还在放音响,孩子要中考,没法睡。", 120),
    ("噪声扰民", "楼上半夜装修", "{n}号楼{u}单元楼上天天夜里电钻响,劝了几次不听。", 120),
)  # fmt: skip


@dataclass
class State:
    """What an order looks like from *at* on; `sent` names each file that carried it, with the moment."""

    at: datetime
    title: str
    body: str
    status: str
    mode: str
    address: str
    deadline: datetime
    closed_at: datetime | None = None
    sent: list[tuple[str, datetime]] = field(default_factory=list)


@dataclass
class Order:
    """One order in the platform's book."""

    no: str
    matter: int
    town: str
    caller: str
    phone: str
    received: datetime
    given: datetime
    states: list[State]
    results: list[dict[str, str]] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    is_late: bool = False


@dataclass
class OutFile:
    """A file that will be written at `due`; its name carries the moment when it was cut."""

    name: str
    cut: datetime
    since: datetime
    due: datetime
    how: str = ""
    """"" in one go · ``half``: half of it first · ``twice``: once more under another name."""
    done: int = 0


class Platform:
    """The plan, the files, the book."""

    def __init__(
        self,
        home: Path,
        drop: Path,
        back: Path,
        *,
        orders: int,
        days: int,
        seed: int,
        first: date,
        often: int = 1,
    ) -> None:
        self.home, self.drop, self.back = home, drop, back
        self.draw = random.Random(seed)
        self.often = often
        self.now = datetime.combine(first, time(0), BEIJING)
        self.orders: dict[str, Order] = {}
        self.halves: list[tuple[Path, bytes]] = []
        self.foreign: list[str] = []
        for day in range(days):
            for n in range(orders):
                self._order(first + timedelta(days=day), n)
        #: It goes on telling changes for some days after the last new order.
        self.files = self._files(first, days)
        for folder in (home, drop, back, back / "read"):
            folder.mkdir(parents=True, exist_ok=True)

    # the plan ---------------------------------------------------------------------------------------------

    def _order(self, day: date, n: int) -> None:
        draw = self.draw
        called = datetime.combine(day, time(6, 30), BEIJING) + timedelta(minutes=draw.uniform(0, 660))
        called = called.replace(second=n % 60, microsecond=0)
        given = called + timedelta(minutes=draw.randint(3, 12))
        matter = draw.randrange(len(MATTERS))
        _category, title, words, hours = MATTERS[matter]
        direct = draw.random() < 0.12
        now = State(
            at=given,
            title=title,
            body=words.format(n=draw.randint(1, 30), u=draw.randint(1, 4)),
            status="办理中",
            mode="直派" if direct else "派区",
            address=f"清荷苑{draw.randint(1, 30)}号楼",
            deadline=given + hours * H,
        )
        order = Order(
            no=f"{day:%Y%m%d}{n + 1:05d}",
            matter=matter,
            town=draw.choice(TOWNS),
            caller="保密" if draw.random() < 0.05 else draw.choice(SURNAMES) + draw.choice(GIVEN),
            phone=f"139{draw.randrange(10**8):08d}",
            received=called,
            given=given,
            states=[now],
        )
        if order.caller == "保密":
            order.phone = "保密"
        self.orders[order.no] = order
        luck = draw.random() / self.often
        later = timedelta(minutes=draw.randint(20, 400))
        if luck < 0.06:
            self._becomes(order, given + later, body=now.body + "另外昨天又来电说还没有人联系。")
        elif luck < 0.10:
            self._becomes(order, given + later, address=f"清荷苑{draw.randint(31, 40)}号楼东侧")
        elif luck < 0.14:
            self._becomes(order, given + later, deadline=now.deadline - (now.deadline - given) / 3)
        elif luck < 0.17:
            self._becomes(order, given + later, deadline=now.deadline + 24 * H)
        elif luck < 0.21:
            self._becomes(order, given + later, status="已撤回")
        elif luck < 0.33 and direct:
            self._becomes(order, given + later, mode="派区")
        if order.states[-1].mode == "直派" and order.states[-1].status == "办理中":
            end = given + timedelta(hours=draw.randint(5, 60))
            self._becomes(order, max(end, order.states[-1].at + H), status="已办结", closed_at=end)

    @staticmethod
    def _becomes(order: Order, at: datetime, **other: Any) -> None:
        last = {k: v for k, v in vars(order.states[-1]).items() if k != "sent"}
        order.states.append(State(**{**last, "at": at.replace(microsecond=0), **other}))

    def _files(self, first: date, days: int) -> list[OutFile]:
        draw = self.draw
        files: list[OutFile] = []
        since = datetime.combine(first, time(0), BEIJING)
        for day in range(days + 21):
            for hour in FILES_AT:
                cut = datetime.combine(first + timedelta(days=day), time(hour), BEIJING)
                name = f"区级导出_{cut:%Y%m%d-%H%M}.xlsx"
                files.append(OutFile(name, cut, since, cut))
                since = cut
        new = [one for one in files if one.cut.date() < first + timedelta(days=days)]
        # Every day one file comes after a newer one, one comes twice, one is there by half at first.
        for day in range(days):
            today = new[day * len(FILES_AT) : (day + 1) * len(FILES_AT)]
            late, twice, half = draw.sample(today[:-1], 3)
            late.due += 2 * H + 30 * M
            twice.how, half.how = "twice", "half"
        return files

    # its clock --------------------------------------------------------------------------------------------

    def turn(self, now: datetime) -> dict[str, Any]:
        """Whatever is due until *now*."""
        self.now = now
        read = self._read_back()
        wrote: list[str] = []
        for path, rest in self.halves:
            with path.open("ab") as out:
                out.write(rest)
            wrote.append(path.name)
        self.halves = []
        half: list[str] = []
        for one in self.files:
            if one.done == 0 and one.due <= now:
                self._write(one, wrote, half)
                one.done = 1
            elif one.done == 1 and one.how == "twice" and one.due + H <= now:
                one.done = 2
                if not (self.home / one.name).exists():
                    continue  # there was nothing to tell in it
                again = one.name.replace(".xlsx", " (1).xlsx")
                self._put(again, (self.home / one.name).read_bytes())
                self._sent(one.name, again)
                wrote.append(again)
        return {"wrote": wrote, "half": half, "read": read}

    def _write(self, one: OutFile, wrote: list[str], half: list[str]) -> None:
        rows: list[tuple[Order, State]] = []
        for order in self.orders.values():
            known = [state for state in order.states if state.at <= one.cut]
            if not known:
                continue
            fresh = known[-1].at > one.since
            # Some rows come once more although nothing has happened to them.
            if fresh or (one.cut - known[-1].at < 12 * H and self.draw.random() < 0.06):
                rows.append((order, known[-1]))
                order.is_late = order.is_late or (fresh and one.due > one.cut)
        if not rows:
            return
        raw = self._book(rows)
        (self.home / one.name).write_bytes(raw)
        for _order, state in rows:
            state.sent.append((one.name, self.now))
        if one.how == "half":
            (self.drop / one.name).write_bytes(raw[: len(raw) // 2])
            self.halves.append((self.drop / one.name, raw[len(raw) // 2 :]))
            half.append(one.name)
        else:
            self._put(one.name, raw)
            wrote.append(one.name)

    def _sent(self, name: str, again: str) -> None:
        for order in self.orders.values():
            for state in order.states:
                if any(file == name for file, _at in state.sent):
                    state.sent.append((again, self.now))

    def _put(self, name: str, raw: bytes) -> None:
        part = self.drop / f"{name}.part"
        part.write_bytes(raw)
        os.replace(part, self.drop / name)

    def _book(self, rows: list[tuple[Order, State]]) -> bytes:
        book = Workbook(write_only=True)
        sheet = book.create_sheet("导出")
        sheet.append(list(HEADER))
        for order, state in rows:
            sheet.append(
                [
                    *(order.no, "求助", MATTERS[order.matter][0], state.title, state.body, state.status),
                    *(order.caller, order.phone, "柳山区", order.town, "", state.address),
                    *(state.mode, "市属某单位" if state.mode == "直派" else ""),
                    *(_said(order.received), _said(order.given), _said(state.deadline)),
                    *(_said(state.closed_at), _said(state.at)),
                ]
            )
        out = BytesIO()
        book.save(out)
        return out.getvalue()

    # what comes back --------------------------------------------------------------------------------------

    def _read_back(self) -> int:
        read = 0
        for path in sorted(self.back.glob("*.xlsx")):
            book = load_workbook(path, read_only=True)
            for sheet in book.worksheets:
                header, *rows = [["" if c is None else str(c) for c in row] for row in sheet.values]
                for row in rows:
                    self._told(sheet.title, dict(zip(header, row, strict=True)), f"{path.name}#{sheet.title}")
                    read += 1
            book.close()
            shutil.move(path, self.back / "read" / f"{self.now:%m%d%H%M%S}-{path.name}")
        return read

    def _told(self, sheet: str, row: dict[str, str], source: str) -> None:
        order = self.orders.get(row["工单编号"])
        if order is None:
            self.foreign.append(row["工单编号"])
            return
        word = {"source": source, "at": self.now.isoformat(), **row}
        # What it had meant to change later gives way to what it was told.
        order.states = [state for state in order.states if state.at <= self.now]
        last = order.states[-1]
        if sheet == "办理结果":
            order.results.append(word)
            if last.status == "办理中":
                self._becomes(order, self.now, status="已办结", closed_at=self.now)
            return
        order.requests.append({"kind": sheet, **word})
        if last.status != "办理中":
            return
        if sheet == "延期申请":
            until = datetime.strptime(row["申请延至"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
            self._becomes(order, self.now, deadline=until)
        elif sheet == "退回申请":
            self._becomes(order, self.now, status="已撤回")

    def typed(self, no: str, kind: str) -> dict[str, Any]:
        """Somebody typed it into the platform's own form."""
        sheet = {"result": "办理结果", "return": "退回申请", "extension": "延期申请"}[kind]
        self._told(sheet, {"工单编号": no}, "typed")
        return {"typed": no}

    def written_book(self) -> dict[str, Any]:
        """Everything that the platform knows."""
        orders = {no: asdict(order) for no, order in self.orders.items()}
        return {"orders": orders, "foreign": self.foreign}


def _said(moment: datetime | None) -> str:
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def main() -> None:
    """Answer questions until stdin ends."""
    options = argparse.ArgumentParser(prog="tests.city_platform", description=__doc__)
    options.add_argument("home", type=Path)
    options.add_argument("--drop", type=Path, required=True)
    options.add_argument("--back", type=Path, required=True)
    options.add_argument("--orders", type=int, default=300)
    options.add_argument("--days", type=int, default=5)
    options.add_argument("--seed", type=int, default=12345)
    options.add_argument("--often", type=int, default=1, help="how much more often an order changes")
    options.add_argument("--first", type=date.fromisoformat, default=date(2026, 3, 9))
    given = options.parse_args()
    platform = Platform(
        given.home,
        given.drop,
        given.back,
        orders=given.orders,
        days=given.days,
        seed=given.seed,
        first=given.first,
        often=given.often,
    )
    for line in sys.stdin:
        asked = json.loads(line)
        if "at" in asked:
            platform.now = datetime.fromisoformat(asked["at"])
        if "typed" in asked:
            answer = platform.typed(asked["typed"]["no"], asked["typed"]["kind"])
        elif "book" in asked:
            answer = platform.written_book()
        else:
            answer = platform.turn(platform.now)
        print(json.dumps(answer, default=_plain, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
