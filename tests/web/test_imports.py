"""Reading a file in through the page: look first, then go; the worker does it; refused rows can be fetched."""

import csv
import io
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from fenzhen.board.imports import batches, progress_of
from fenzhen.office import imports
from fenzhen.office.accounts import system_account
from fenzhen.office.imports import forget_uploads, work_imports
from fenzhen.records.imports import ImportBatch, ImportPart
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from tests.cast import Cast
from tests.office.test_imports import BEIJING, MESSAGES, message, order

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def morning(cast: Cast):
    with time_machine.travel(cast.now, tick=False):
        yield


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def file_of(header: list[str], rows: list[dict[str, str]], encoding: str = "gbk") -> SimpleUploadedFile:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for row in rows:
        writer.writerow([row.get(name, "") for name in header])
    return SimpleUploadedFile("三月.csv", text.getvalue().encode(encoding), "text/csv")


def sent(cast: Cast, rows: list[dict[str, str]], header: list[str] | None = None, **more) -> ImportBatch:
    response = client_of(cast.chen).post(
        "/import/upload", {"file": file_of(header or MESSAGES, rows), **more}
    )
    assert response.status_code == 303, response.content.decode()
    batch = ImportBatch.objects.latest("pk")
    assert response.headers["Location"] == f"/import/{batch.pk}"
    return batch


def work(cast: Cast) -> None:
    while work_imports(by=system_account(), now=cast.now):
        pass


def test_a_look_first_and_nothing_is_imported(cast: Cast) -> None:
    batch = sent(cast, [message(1), message(2, time="2019/2/30"), message(1)])
    assert Ticket.objects.count() == 0
    text = client_of(cast.chen).get(f"/import/{batch.pk}").content.decode()
    for words in (
        "如果导入",
        "网上留言表",
        "gb18030",
        "没有这样的时间",
        "topic",
        "标题",
        "不使用",
        "开始导入",
    ):
        assert words in text
    work(cast)
    assert Ticket.objects.count() == 0
    assert progress_of(cast.chen, batch).stage == "kept"


def test_after_the_yes_the_worker_takes_it_in_part_by_part(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "PART", 3)
    rows = [message(n) for n in range(1, 8)]
    batch = sent(cast, [*rows, message(8, time="2019/2/30"), message(1)])
    client = client_of(cast.chen)
    for _twice in range(2):
        assert client.post(f"/import/{batch.pk}/confirm").status_code == 303
    assert work_imports(by=system_account(), now=cast.now) == 3
    page = client.get(f"/import/{batch.pk}").content.decode()
    assert "3 / 9" in page and "every 1s" in page
    # Somebody pulls the plug here: the next worker goes on behind the part that was finished.
    work(cast)
    batch.refresh_from_db()
    assert (batch.rows, batch.imported, batch.known, batch.rejected) == (9, 7, 1, 1)
    assert batch.finished_at is not None
    assert Ticket.objects.filter(state="pending_dispatch").count() == 7
    piece = client.get(f"/import/{batch.pk}/progress", headers=HTMX).content.decode()
    assert "完成" in piece and "every 1s" not in piece
    assert list(Entry.objects.filter(subject=f"import:{batch.pk}").values_list("act", flat=True)) == [
        "start_import",
        "finish_import",
    ]
    assert Entry.objects.get(act="start_import").by == cast.chen


def test_refused_rows_can_be_fetched_and_that_is_written_down(cast: Cast) -> None:
    batch = sent(cast, [message(1), message(2, time="2019/2/30")])
    client = client_of(cast.chen)
    client.post(f"/import/{batch.pk}/confirm")
    work(cast)
    response = client.post(f"/import/{batch.pk}/rejects")
    assert response.headers["Content-Disposition"].startswith("attachment")
    (line,) = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))
    assert (line["message_id"], line["行号"], line["time"]) == ("2", "3", "2019/2/30")
    assert Entry.objects.get(act="fetch_rejects").by == cast.chen
    assert client.get(f"/import/{batch.pk}/rejects").status_code == 405


def test_an_upload_is_kept_sealed_and_its_people_are_masked(cast: Cast) -> None:
    batch = sent(cast, [order(1, 主要内容="请回电13911112222")], header=BEIJING)
    with connection.cursor() as cursor:
        cursor.execute("SELECT rows, refused FROM records_importpart")
        raw = str(cursor.fetchall())
    assert "fz1." in raw and "冯小满" not in raw and "13900000001" not in raw
    text = client_of(cast.chen).get(f"/import/{batch.pk}").content.decode()
    assert "冯**" in text and "139****0001" in text
    for secret in ("冯小满", "13900000001", "13911112222"):
        assert secret not in text and secret not in str(batch.figures)


def test_rather_not_leaves_nothing(cast: Cast) -> None:
    batch = sent(cast, [message(1)])
    assert client_of(cast.chen).post(f"/import/{batch.pk}/drop").status_code == 303
    assert ImportBatch.objects.count() == ImportPart.objects.count() == 0


def test_what_nobody_confirms_or_fetches_is_thrown_away(cast: Cast) -> None:
    kept = sent(cast, [message(1)])
    done = sent(cast, [message(2, time="x")])
    client_of(cast.chen).post(f"/import/{done.pk}/confirm")
    work(cast)
    assert forget_uploads(by=system_account(), now=cast.now + timedelta(days=6)) == 0
    assert forget_uploads(by=system_account(), now=cast.now + timedelta(days=8)) == 1
    assert list(ImportBatch.objects.values_list("pk", flat=True)) == [done.pk] != [kept.pk]
    assert ImportPart.objects.count() == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "空"),
        ("甲,乙\n1,2\n".encode(), "没有认出表头"),
        (b"PK\x03\x04rubbish", "xlsx"),
        (b"\xd0\xcf\x11\xe0old", "xls"),
    ],
)
def test_what_is_no_table_is_refused_in_words(cast: Cast, content: bytes, words: str) -> None:
    file = SimpleUploadedFile("x.csv", content)
    response = client_of(cast.chen).post("/import/upload", {"file": file})
    assert response.status_code == 422
    text = response.content.decode()
    assert words in text and "Traceback" not in text
    assert ImportBatch.objects.count() == 0


def test_no_file_at_all_and_a_mapping_that_is_none(cast: Cast) -> None:
    client = client_of(cast.chen)
    assert "请选择一个" in client.post("/import/upload", {}).content.decode()
    bad = SimpleUploadedFile("m.toml", b"[columns]\nfoo = 'x'\n")
    response = client.post("/import/upload", {"file": file_of(MESSAGES, [message(1)]), "mapping": bad})
    assert response.status_code == 422 and "foo" in response.content.decode()


def test_a_mapping_may_come_along(cast: Cast) -> None:
    told = SimpleUploadedFile("m.toml", '[columns]\nbody = "诉求"\nexternal_no = "流水号"\n'.encode())
    batch = sent(cast, [{"流水号": "1", "诉求": "路灯坏了"}], header=["流水号", "诉求"], mapping=told)
    client_of(cast.chen).post(f"/import/{batch.pk}/confirm")
    work(cast)
    assert Ticket.objects.get().title == "路灯坏了"
    assert Ticket.objects.get().source == "m"


def test_history_by_the_page(cast: Cast) -> None:
    batch = sent(cast, [message(1)], history="1")
    client_of(cast.chen).post(f"/import/{batch.pk}/confirm")
    work(cast)
    assert Ticket.objects.get().is_history


def test_what_cannot_go_on_stops_and_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = sent(cast, [message(1)])
    client = client_of(cast.chen)
    client.post(f"/import/{batch.pk}/confirm")

    def broken(*_args: object) -> None:
        raise KeyError("made up")

    monkeypatch.setattr(imports, "_refitted", broken)
    with pytest.raises(KeyError):
        work_imports(by=system_account(), now=cast.now)
    assert work_imports(by=system_account(), now=cast.now) == 0
    text = client.get(f"/import/{batch.pk}").content.decode()
    assert "出错停下" in text and "made up" not in text


def test_only_those_in_charge_see_it(cast: Cast) -> None:
    batch = sent(cast, [message(1)])
    for person in (cast.wang, cast.zhang, cast.huang, cast.leader):
        client = client_of(person)
        assert client.get("/import").status_code == 403
        assert client.post(f"/import/{batch.pk}/confirm").status_code == 403
        assert batches(person) == []
    for person in (cast.xu, cast.admin):
        assert client_of(person).get(f"/import/{batch.pk}").status_code == 200
    assert "三月.csv" in client_of(cast.xu).get("/import").content.decode()


def test_an_empty_list_says_what_will_be_there(cast: Cast) -> None:
    assert "还没有导入过文件" in client_of(cast.chen).get("/import").content.decode()


def test_a_file_read_at_the_prompt_and_broken_off_is_told_as_such(cast: Cast) -> None:
    batch = ImportBatch.objects.create(
        file_name="x.csv", checksum="c", mapping="m", by=cast.chen, started_at=cast.now, confirmed_at=cast.now
    )
    assert "已中断" in client_of(cast.chen).get(f"/import/{batch.pk}").content.decode()
