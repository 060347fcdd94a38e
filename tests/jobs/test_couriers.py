"""Messages really go out: by SMTP to a real server, over HTTP to real ones, in each robot's format."""

import base64
import hmac
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fenzhen.jobs.couriers import PRINTED, deliver_due
from fenzhen.office.notices import tell
from fenzhen.office.outbox import add_way
from fenzhen.records.couriers import Delivery
from fenzhen.records.notices import Notice
from tests.cast import Cast


class Server:
    """A real HTTP server on loopback that keeps what it is sent and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.answers: list[tuple[int, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                outer.got.append(
                    {"path": self.path, "headers": dict(self.headers), "body": self.rfile.read(length)}
                )
                status, body = outer.answers.pop(0) if outer.answers else (200, b'{"errcode":0,"code":0}')
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST

            def log_message(self, *_args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


class Post(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as a client needs to hand a mail over."""

    def handle(self) -> None:
        says, box = self.server.says, self.server.box  # type: ignore[attr-defined]  # ours, below
        self.wfile.write(b"220 post ready\r\n")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(part)
                box.append(b"".join(lines))
                self.wfile.write(b"250 taken\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(says.get(word, b"250 ok") + b"\r\n")


@contextmanager
def post_office(**says: bytes) -> Iterator[tuple[str, list[bytes]]]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Post) as made:
        made.daemon_threads = True
        made.says = {key.encode(): value for key, value in says.items()}  # type: ignore[attr-defined]  # ours
        made.box = []  # type: ignore[attr-defined]  # ours
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"smtp://127.0.0.1:{made.server_address[1]}", made.box  # type: ignore[attr-defined]  # ours
        made.shutdown()


def to(cast: Cast, courier: str, address: str, **ticket: Any) -> Notice:
    add_way(by=cast.admin, now=cast.now, courier=courier, address=address, person="huang")
    found = cast.dispatched(**ticket)
    found.category = cast.category
    found.save()
    return tell(cast.huang, "dispatched", once="dispatched:1", now=cast.now, ticket=found, facts={"level": 3})


def only() -> Delivery:
    return Delivery.objects.get()


def test_a_mail_arrives_with_number_category_level_and_deadline(cast: Cast, settings: Any) -> None:
    with post_office() as (url, box):
        settings.FENZHEN_SMTP_URL, settings.FENZHEN_MAIL_FROM = url, "desk@liushan.example"
        notice = to(cast, "email", "huang@liuhe.example")
        assert deliver_due() == 1
    mail = message_from_bytes(box[0], policy=policy.default)
    text = mail.get_content()
    assert mail["To"] == "huang@liuhe.example" and mail["From"] == "desk@liushan.example"
    assert notice.ticket is not None and notice.ticket.number in text
    for words in ("新派来的工单", "住房与物业/公共设施维修", "三级", "期限03-18 09:01", "柳山区"):
        assert words in text, text
    assert mail["Message-ID"] == f"<delivery-{only().pk}@liushan.example>"
    assert only().state == "sent" and only().sent_at is not None and only().trouble == ""


def test_no_message_carries_the_callers_name_phone_or_words(cast: Cast, server: Server) -> None:
    to(cast, "wecom", f"{server.url}/send?key=1", name="冯小满", phone="13900000001")
    deliver_due()
    said = server.got[0]["body"].decode()
    for words in ("冯小满", "13900000001", "楼道灯坏了", "物业一直不来", "清荷苑"):
        assert words not in said


def test_a_secret_matter_does_not_give_its_category_away(cast: Cast, server: Server) -> None:
    to(cast, "wecom", f"{server.url}/send?key=1", is_secret=True)
    deliver_due()
    assert "公共设施维修" not in server.got[0]["body"].decode()
    assert "新派来的工单" in server.got[0]["body"].decode()


def test_wecom_gets_its_format(cast: Cast, server: Server) -> None:
    to(cast, "wecom", f"{server.url}/cgi-bin/webhook/send?key=1")
    deliver_due()
    got = server.got[0]
    assert got["path"] == "/cgi-bin/webhook/send?key=1"
    body = json.loads(got["body"])
    assert body["msgtype"] == "text" and body["text"]["content"].startswith("【分诊·柳山区】")
    assert got["headers"]["Content-Type"].startswith("application/json")


def test_dingtalk_gets_its_format_and_a_signature_that_can_be_checked(cast: Cast, server: Server) -> None:
    to(cast, "dingtalk", f"{server.url}/robot/send?access_token=1 SECsecret")
    deliver_due()
    query = parse_qs(urlsplit(server.got[0]["path"]).query)
    stamp = query["timestamp"][0]
    right = hmac.new(b"SECsecret", f"{stamp}\nSECsecret".encode(), sha256).digest()
    assert base64.b64decode(query["sign"][0]) == right
    assert len(stamp) == 13  # milliseconds
    assert json.loads(server.got[0]["body"])["msgtype"] == "text"
    assert "SECsecret" not in server.got[0]["path"]


def test_feishu_gets_its_format_and_a_signature_that_can_be_checked(cast: Cast, server: Server) -> None:
    to(cast, "feishu", f"{server.url}/hook/1 secret")
    deliver_due()
    body = json.loads(server.got[0]["body"])
    right = hmac.new(f"{body['timestamp']}\nsecret".encode(), b"", sha256).digest()
    assert base64.b64decode(body["sign"]) == right
    assert len(body["timestamp"]) == 10  # seconds
    assert body["msg_type"] == "text" and "新派来的工单" in body["content"]["text"]
    assert only().state == "sent"


def test_an_sms_gateway_is_filled_from_its_template(cast: Cast, server: Server, settings: Any) -> None:
    settings.FENZHEN_SMS_URL = f"{server.url}/sms?to={{phone}}"
    settings.FENZHEN_SMS_BODY = '{"mobile":"{phone}","content":"{text}","ref":{id}}'
    settings.FENZHEN_SMS_HEADERS = "Authorization: Bearer key-1 | X-App: fenzhen"
    settings.FENZHEN_SMS_ACCEPTED = '"code": ?0'
    to(cast, "sms", "13900000002")
    deliver_due()
    got = server.got[0]
    body = json.loads(got["body"])
    assert body["mobile"] == "13900000002" and body["ref"] == only().pk
    assert got["path"] == "/sms?to=13900000002"
    assert got["headers"]["Authorization"] == "Bearer key-1" and got["headers"]["X-App"] == "fenzhen"
    assert only().state == "sent"


def test_a_form_gateway_is_escaped_as_a_form(cast: Cast, server: Server, settings: Any) -> None:
    settings.FENZHEN_SMS_URL = f"{server.url}/sms"
    settings.FENZHEN_SMS_BODY = "mobile={phone}&content={text}"
    settings.FENZHEN_SMS_TYPE = "application/x-www-form-urlencoded"
    to(cast, "sms", "+8613900000002")
    deliver_due()
    form = parse_qs(server.got[0]["body"].decode())
    assert form["mobile"] == ["+8613900000002"] and form["content"][0].startswith("【分诊")


def test_a_gateway_that_says_no_with_a_200_is_a_failure(cast: Cast, server: Server, settings: Any) -> None:
    settings.FENZHEN_SMS_URL, settings.FENZHEN_SMS_BODY = f"{server.url}/sms", "{text}"
    settings.FENZHEN_SMS_ACCEPTED = '"code": ?0'
    server.answers = [(200, b'{"code":7,"msg":"balance"}')]
    to(cast, "sms", "13900000002")
    deliver_due()
    assert only().state == "waiting" and only().tries == 1 and "balance" in only().trouble


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (503, b"", "waiting"),
        (429, b"", "waiting"),
        (404, b"", "failed"),
        (302, b"", "failed"),
        (200, b'{"errcode":45009,"errmsg":"too often"}', "waiting"),
        (200, b'{"errcode":93000,"errmsg":"invalid webhook"}', "failed"),
        (200, b"<html>", "waiting"),
    ],
)
def test_what_a_robot_answers_decides_whether_another_try_helps(
    cast: Cast, server: Server, status: int, body: bytes, state: str
) -> None:
    server.answers = [(status, body)]
    to(cast, "wecom", f"{server.url}/send?key=topsecret")
    deliver_due()
    assert only().state == state and only().trouble != ""
    assert "topsecret" not in only().trouble
    assert len(server.got) == 1  # no redirect was followed


def test_nobody_at_home_is_a_failure_that_is_tried_again(cast: Cast, settings: Any) -> None:
    settings.FENZHEN_SMTP_URL = "smtp://127.0.0.1:9"
    to(cast, "email", "huang@liuhe.example")
    deliver_due()
    assert only().state == "waiting" and "Refused" in only().trouble


def test_a_recipient_that_does_not_exist_is_not_tried_again(cast: Cast, settings: Any) -> None:
    with post_office(RCPT=b"550 no such user") as (url, box):
        settings.FENZHEN_SMTP_URL = url
        to(cast, "email", "nobody@liuhe.example")
        deliver_due()
        assert only().state == "failed" and "550" in only().trouble and box == []
    assert "nobody@" not in only().trouble


def test_a_mail_server_that_is_busy_is_tried_again(cast: Cast, settings: Any) -> None:
    with post_office(RCPT=b"450 later") as (url, _box):
        settings.FENZHEN_SMTP_URL = url
        to(cast, "email", "huang@liuhe.example")
        deliver_due()
    assert only().state == "waiting"


def test_a_channel_that_is_not_set_up_is_printed_and_says_so(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    to(cast, "sms", "13900000002")
    deliver_due()
    assert only().state == "sent" and only().trouble == PRINTED
    assert "新派来的工单" in caplog.text and "13900000002" not in caplog.text


def test_one_dead_channel_does_not_hold_up_the_others(cast: Cast, server: Server, settings: Any) -> None:
    settings.FENZHEN_SMTP_URL = "smtp://127.0.0.1:9"
    add_way(by=cast.admin, now=cast.now, courier="email", address="huang@liuhe.example", person="huang")
    to(cast, "wecom", f"{server.url}/send?key=1")
    deliver_due()
    assert dict(Delivery.objects.values_list("way__courier", "state")) == {
        "email": "waiting",
        "wecom": "sent",
    }


def test_it_goes_out_once_however_often_the_couriers_look(cast: Cast, server: Server) -> None:
    to(cast, "wecom", f"{server.url}/send?key=1")
    for _look in range(3):
        deliver_due()
    assert len(server.got) == 1
