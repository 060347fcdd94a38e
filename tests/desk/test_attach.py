"""Photos and papers: kept sealed, without where they were taken, for those who may see the ticket."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from fenzhen.board.attachments import attachment_for, attachments_of, bytes_of
from fenzhen.board.tickets import NotVisible
from fenzhen.desk.attach import attach_file, drop_attachment
from fenzhen.desk.handle import submit_reply
from fenzhen.desk.review import approve_reply
from fenzhen.desk.step import Incomplete, NotYours
from fenzhen.records.files import BadFile, bare, kind_of
from fenzhen.records.journal import Entry
from fenzhen.records.keys import SealBroken
from tests.cast import Cast
from tests.desk.pictures import GPS_WORDS, jpeg, png


def stored(name: str) -> Path:
    return Path(settings.FENZHEN_DATA_DIR) / "files" / name[:2] / name


def office_file(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name in names:
            packed.writestr(name, "<x/>")
    return out.getvalue()


@pytest.mark.parametrize("make", [jpeg, png])
def test_a_picture_loses_where_it_was_taken_and_stays_a_picture(make) -> None:
    raw = make()
    assert GPS_WORDS in raw
    kept = bare(raw, kind_of(raw))
    assert GPS_WORDS not in kept and kind_of(kept) == kind_of(raw)
    assert bare(kept, kind_of(kept)) == kept


def test_a_picture_keeps_its_way_up_and_nothing_hangs_behind_its_end() -> None:
    kept = bare(jpeg(way_up=6, tail=jpeg()), "jpg")
    assert kept.count(b"Exif\0\0") == 1 and kept.count(b"\xff\xd8\xff") == 1
    at = kept.index(b"Exif\0\0") + 6 + 8
    assert kept[at : at + 12] == b"\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06"
    assert b"Exif" not in bare(jpeg(way_up=1), "jpg")
    assert b"\x3f\xff\x00\x7f\xff\xd9" in kept  # the picture's data is untouched


@pytest.mark.parametrize("cut", [3, 40, 200, -3])
def test_a_damaged_picture_is_refused(cut: int) -> None:
    with pytest.raises(BadFile):
        bare(jpeg()[:cut], "jpg")
    with pytest.raises(BadFile):
        bare(png()[: cut if cut < 40 else 60], "png")


def test_what_is_on_the_disk_is_sealed_and_a_changed_byte_is_noticed(cast: Cast) -> None:
    ticket = cast.signed()
    item = attach_file(
        ticket, jpeg(), by=cast.huang, now=cast.now, name="IMG_1.HEIC", assignment=cast.lead(ticket)
    )
    path = stored(item.stored_as)
    sealed = path.read_bytes()
    assert b"JFIF" not in sealed and path.stat().st_mode & 0o077 == 0
    assert bytes_of(cast.wang, item) == bare(jpeg(), "jpg")
    assert (item.file_name, item.mime) == ("IMG_1.jpg", "image/jpeg")
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(SealBroken):
        bytes_of(cast.wang, item)


def test_the_kind_is_told_by_the_content(cast: Cast) -> None:
    assert kind_of(office_file("[Content_Types].xml", "word/document.xml")) == "docx"
    assert kind_of(office_file("[Content_Types].xml", "xl/workbook.xml")) == "xlsx"
    ticket = cast.signed()
    for raw in (
        b"MZ\x90\0",
        b"<html><script>alert(1)</script>",
        b"GIF89a",
        b"",
        office_file("a.txt"),
        office_file("word/document.xml", "word/vbaProject.bin"),
        b"PK\x03\x04 broken",
    ):
        with pytest.raises(Incomplete) as refusal:
            attach_file(ticket, raw, by=cast.huang, now=cast.now, name="photo.jpg")
        assert "file" in refusal.value.fields
    with pytest.raises(Incomplete):
        attach_file(ticket, b"%PDF-" + b"0" * 20 * 1024 * 1024, by=cast.huang, now=cast.now, name="a.pdf")
    assert not Entry.objects.filter(act="attach").exists()


def test_a_name_cannot_lead_anywhere_and_carries_no_number(cast: Cast) -> None:
    ticket = cast.signed()
    item = attach_file(ticket, png(), by=cast.huang, now=cast.now, name='..\\..\\13800001234/"x;.exe')
    assert item.file_name == "x.png"
    item = attach_file(ticket, png(), by=cast.huang, now=cast.now, name="张三13800001234.png")
    assert "13800001234" not in item.file_name
    facts = Entry.objects.filter(act="attach").values_list("facts", flat=True)
    assert all("name" not in f for f in facts)


def test_photos_go_with_the_reply_and_one_that_comes_late_joins_it(cast: Cast) -> None:
    ticket = cast.signed()
    lead = cast.lead(ticket)
    first = attach_file(ticket, jpeg(), by=cast.huang, now=cast.now, name="a.jpg", assignment=lead)
    assert first.reply is None
    reply = submit_reply(lead, by=cast.huang, now=cast.now + timedelta(hours=1), answered=cast.answered())
    late = attach_file(
        ticket,
        png(),
        by=cast.huang,
        now=cast.now + timedelta(hours=1),
        name="b.png",
        assignment=cast.lead(ticket),
    )
    first.refresh_from_db()
    assert (first.reply, late.reply) == (reply, reply)
    drop_attachment(late, by=cast.huang, now=cast.now + timedelta(hours=2))
    assert not stored(late.stored_as).exists()
    approve_reply(cast.lead(ticket), by=cast.zhao, now=cast.now + timedelta(hours=3))
    with pytest.raises(Incomplete):
        drop_attachment(first, by=cast.huang, now=cast.now + timedelta(hours=4))
    assert [item.pk for item in attachments_of(cast.zhao, ticket)] == [first.pk]


def test_only_who_may_see_the_ticket_sees_its_files(cast: Cast) -> None:
    ticket = cast.signed()
    item = attach_file(
        ticket, jpeg(), by=cast.huang, now=cast.now, name="a.jpg", assignment=cast.lead(ticket)
    )
    assert attachment_for(cast.jian, item.pk) == item  # the unit that assists
    for stranger in (cast.bai, cast.leader, cast.admin):
        with pytest.raises(NotVisible):
            attachment_for(stranger, item.pk)
        assert attachments_of(stranger, ticket) == []
    with pytest.raises(NotYours):
        attach_file(ticket, jpeg(), by=cast.bai, now=cast.now, name="a.jpg")
    with pytest.raises(NotYours):
        drop_attachment(item, by=cast.jian, now=cast.now)


def test_what_a_reporter_handed_in_is_not_for_units(cast: Cast) -> None:
    ticket = cast.signed(kind="report")
    item = attach_file(ticket, jpeg(), by=cast.zhang, now=cast.now, name="a.jpg", kind="caller")
    assert attachment_for(cast.wang, item.pk) == item
    with pytest.raises(NotVisible):
        attachment_for(cast.huang, item.pk)
