"""How many rows of a city's file go in a second: new ones, changed ones, the same again, moved and withdrawn ones.

``python bench/city_rows.py [--rows 600] [--behind 4000] [--profile]`` fills a scratch database with the demo district
and *behind* tickets of the past, writes files as the city's platform does, reads each with the same call as
``fenzhen city in``, and prints one line of JSON: rows a second of CPU time and by the clock. ``FENZHEN_DATABASE_URL``
names another database than a scratch SQLite file (it must be empty).
"""

import argparse
import csv
import json
import os
import random
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fenzhen.settings")
HEADER = "工单编号,派单方式,工单类型,问题分类,标题,主要内容,工单状态,来电人,来电人电话/账号,被反映区,被反映街乡镇,小区点位,来电时间,派单时间,办理时限,承办单位,变更时间".split(
    ","
)


def order(n: int, texts: list[str], towns: list[str], at: datetime) -> dict[str, str]:
    """An order as the city has it at first."""
    text = texts[n % len(texts)]
    return {
        "工单编号": f"BJ{n:07d}",
        "派单方式": "派区",
        "工单类型": "投诉",
        "问题分类": "住房与物业->物业服务->公共设施维修",
        "标题": text[:24],
        "主要内容": f"{text} 请打1630000{n % 10000:04d}联系我。",
        "工单状态": "办理中",
        "来电人": "甲子丑",
        "来电人电话/账号": f"1631{n:07d}",
        "被反映街乡镇": towns[n % len(towns)],
        "来电时间": f"{at:%Y-%m-%d %H:%M:%S}",
        "派单时间": f"{at:%Y-%m-%d %H:%M:%S}",
        "办理时限": f"{at + timedelta(days=5):%Y-%m-%d %H:%M:%S}",
        "变更时间": f"{at:%Y-%m-%d %H:%M:%S}",
    }


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    """A file as it is dropped."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerows(rows)
    return path


def measured(rows: int, behind: int, profile: bool) -> dict[str, Any]:
    """Rows a second for each kind of file, on the database that Django knows."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from fenzhen.desk.dispatch import dispatch_ticket
    from fenzhen.desk.intake import Heard
    from fenzhen.desk.past import Past
    from fenzhen.hotline.roles import Role
    from fenzhen.office.accounts import system_account
    from fenzhen.office.city import take_city_file
    from fenzhen.office.lists import load_lists
    from fenzhen.records.people import User
    from fenzhen.records.places import Place
    from fenzhen.records.tickets import Ticket
    from fenzhen.records.units import Unit

    now = timezone.now()
    begun = timezone.localtime(now) - timedelta(hours=20)
    call_command("migrate", verbosity=0)
    load_lists(ROOT / "demo" / "daxing", by=system_account(), now=now)
    with open(ROOT / "demo/daxing/examples.csv", encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    draw = random.Random(7)
    past = Past()
    for n in range(behind):
        heard = Heard(
            title=draw.choice(texts)[:24], body=draw.choice(texts), phone=f"1632{n:07d}", name="乙丑寅"
        )
        past.file_history(heard, by=system_account(), now=now, closed_at=now)
    past.write()
    towns = [place.name for place in Place.objects.filter(kind="town")[:10]]
    first = [order(n, texts, towns, begun) for n in range(rows)]

    def at(hours: int, **cells: str) -> list[dict[str, str]]:
        stamp = f"{begun + timedelta(hours=hours):%Y-%m-%d %H:%M:%S}"
        return [row | cells | {"变更时间": stamp} for row in first]

    late = f"{begun + timedelta(days=9):%Y-%m-%d %H:%M:%S}"
    files = {
        "new": first,
        "status": at(1, 工单状态="处理中"),
        "words": [
            row
            | {"主要内容": row["主要内容"] + f"又打来一次，或打1639{n:07d}。", "标题": f"再催：{row['标题']}"}
            for n, row in enumerate(at(2, 工单状态="处理中"))
        ],
        "same": [],
        "date_of_dispatched": at(4, 工单状态="处理中", 办理时限=late),
        "moved": at(5, 派单方式="直派", 承办单位=towns[0], 办理时限=late),
        "withdrawn": at(6, 工单状态="已撤回", 办理时限=late),
        "restored": at(7, 工单状态="处理中", 办理时限=late),
    }
    files["same"] = files["words"]
    out: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, some in files.items():
            if name == "date_of_dispatched":
                desk = User.objects.filter(role=Role.DISPATCHER).first() or User.objects.create(
                    username="bench", name="bench", role=Role.DISPATCHER
                )
                unit = Unit.objects.filter(kind="bureau").order_by("code")[0]
                for ticket in Ticket.objects.filter(state="pending_dispatch", external_no__startswith="BJ"):
                    dispatch_ticket(ticket, by=desk, now=now, lead=unit)
            path = written(Path(folder) / f"{name}.csv", some)
            prof = None
            if profile and name == "words":
                import cProfile

                prof = cProfile.Profile()
                prof.enable()
            cpu, clock = time.process_time(), time.perf_counter()
            report = take_city_file(path, by=system_account(), now=timezone.now())
            cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
            if prof is not None:
                import pstats

                prof.disable()
                pstats.Stats(prof, stream=sys.stderr).sort_stats("cumulative").print_stats(70)
                pstats.Stats(prof, stream=sys.stderr).sort_stats("tottime").print_stats(30)
            brought = {key: count for key, count in report.counts.items() if count}
            out[name] = {
                "rows_per_cpu_s": round(len(some) / cpu),
                "rows_per_s": round(len(some) / clock),
                "brought": brought,
            }
    return out


def main() -> None:
    """Read the arguments, make a scratch home, measure."""
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("--rows", type=int, default=600)
    reader.add_argument("--behind", type=int, default=4000)
    reader.add_argument("--profile", action="store_true")
    given = reader.parse_args()
    with tempfile.TemporaryDirectory(prefix="fenzhen-city-") as home:
        os.environ["FENZHEN_DATA_DIR"] = home
        os.environ.setdefault("FENZHEN_KEYS", "test:" + "A" * 43)
        print(json.dumps(measured(given.rows, given.behind, given.profile), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
