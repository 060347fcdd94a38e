"""How long a search takes: `python bench/search.py [tickets]` fills a scratch SQLite file and asks it.

Texts are put together from the demo district's example utterances; nobody in them exists.
"""

import csv
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
HOME = os.environ.setdefault("FENZHEN_DATA_DIR", tempfile.mkdtemp(prefix="fenzhen-bench-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "fenzhen.settings"


def fill(count: int) -> None:
    """*count* tickets of one year."""
    from django.utils import timezone

    from fenzhen.records.keys import blind_index
    from fenzhen.records.people import User
    from fenzhen.records.places import Place
    from fenzhen.records.search import SearchText, grams
    from fenzhen.records.tickets import Caller, Ticket
    from fenzhen.records.units import Unit

    draw = random.Random(5)
    with open(ROOT / "demo/daxing/examples.csv", encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    with open(ROOT / "demo/daxing/places.csv", encoding="utf-8") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    agent = User.objects.create(username="agent", name="坐席", role="agent")
    User.objects.create(username="dispatcher", name="派单", role="dispatcher")
    town = Place.objects.create(code="1", name="甲镇", kind="town", town="1")
    unit = Unit.objects.create(code="U", name="甲单位", short_name="甲单位", kind="bureau", line="district")
    end = timezone.now()
    states = ["closed"] * 12 + ["handling", "pending_dispatch", "pending_callback"]
    for begin in range(0, count, 5000):
        callers, tickets, search = [], [], []
        for n in range(begin, min(begin + 5000, count)):
            phone = f"139{n % (count // 2):08d}"
            callers.append(
                Caller(
                    name="冯小满", name_index=blind_index(f"name{n % 9000}", "name"), phone=phone,
                    phone_index=blind_index(phone, "phone"), tail_index=blind_index(phone[-4:], "tail"), created_at=end,
                )
            )  # fmt: skip
        Caller.objects.bulk_create(callers, batch_size=500)
        for n, caller in enumerate(callers, begin):
            at: datetime = end - timedelta(days=365) * (1 - n / count)
            body = "。".join(draw.sample(texts, 3))
            place = draw.choice(names) + f"{draw.randint(1, 30)}号楼"
            tickets.append(
                Ticket(
                    number=f"{at:%Y%m%d}{n:05d}", state=draw.choice(states), version=1, title=body[:40], body=body,
                    caller=caller, town=town, place_text=place, lead_unit=unit, level=draw.choice([2, 3, 3, 3, 4]),
                    received_at=at, received_by=agent, changed_at=at,
                )
            )  # fmt: skip
        Ticket.objects.bulk_create(tickets, batch_size=500)
        search = [
            SearchText(ticket=t, grams=grams(f"{t.number}\n{t.title}\n{t.body}\n{t.place_text}"))
            for t in tickets
        ]
        SearchText.objects.bulk_create(search, batch_size=500)


def timed(ask: Callable[[], object], times: int = 7) -> float:
    """The median of *times*, in milliseconds, after one warm-up."""
    ask()
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        spent.append((time.perf_counter() - began) * 1000)
    return sorted(spent)[times // 2]


def main() -> None:
    """Fill and ask."""
    import django

    django.setup()
    from django.core.management import call_command

    from fenzhen.board.intake import history_of
    from fenzhen.board.search import Wanted, tickets_found
    from fenzhen.records.people import User
    from fenzhen.records.tickets import Ticket

    call_command("migrate", verbosity=0)
    if not Ticket.objects.exists():
        fill(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
    viewer = User.objects.get(username="dispatcher")
    now = datetime.now().astimezone()
    number = Ticket.objects.order_by("-pk")[100].number
    asked = {
        "two characters, common": Wanted(words="小区"),
        "two characters, rare": Wanted(words="闭门"),
        "a sentence": Wanted(words="楼道里一个礼拜都不见扫一回"),
        "two words": Wanted(words="物业 电梯"),
        "nothing like it": Wanted(words="缩水窗户墙"),
        "ticket number": Wanted(words=number),
        "whole phone": Wanted(words="13900000123"),
        "last four digits": Wanted(phone="0123"),
        "place": Wanted(place="3号楼"),
        "words in a month": Wanted(
            words="物业", since=(now - timedelta(days=200)).date(), until=(now - timedelta(days=170)).date()
        ),
        "state and level": Wanted(state="pending_dispatch", level="2"),
        "common words, rare state": Wanted(words="小区", state="voided"),
        "everything": Wanted(level="3"),
    }
    print(f"{Ticket.objects.count()} tickets in {HOME}")
    for name, wanted in asked.items():
        found = tickets_found(viewer, wanted)
        print(
            f"{name:28s} {timed(lambda w=wanted: tickets_found(viewer, w)):7.1f} ms  {found.total}{'+' if found.is_more_than else ''}"
        )
    agent = User.objects.get(username="agent")
    print(f"{'history of a number':28s} {timed(lambda: history_of(agent, '13900000123', now)):7.1f} ms")


if __name__ == "__main__":
    main()
