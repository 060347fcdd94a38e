"""Those who carry messages outwards: console, e-mail, SMS gateway, robots of WeCom, DingTalk and Feishu.

One interface, ``send(delivery, text)``: it returns when the message has been taken, and raises `Trouble` when
not. A channel that nobody has set up is the console's: the message stands in the worker's log (without the
address), and the row says so. Redirects are never followed; addresses come from the district's own rows.
"""

import base64
import hmac
import json
import logging
import re
import smtplib
import ssl
import time
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate
from hashlib import sha256
from http.client import HTTPException
from threading import Event
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import quote, quote_plus, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone

from fenzhen.board.deliveries import message_of
from fenzhen.board.people import Person
from fenzhen.office.accounts import system_account
from fenzhen.office.outbox import claim_delivery, give_up_lost, record_failed, record_sent
from fenzhen.office.waves import claim_wave_sms, give_up_lost_waves, record_wave_failed, record_wave_sent

log = logging.getLogger("fenzhen.couriers")
#: Written on a delivery that was only printed.
PRINTED = "console"
#: An answer longer than this is not read to its end.
LONGEST_ANSWER = 64 * 1024


class Trouble(Exception):
    """A message was not taken. *again*: another try may help (a gateway that is busy, not a wrong key)."""

    def __init__(self, text: str, *, again: bool = True) -> None:
        super().__init__(text)
        self.again = again


class Carried(Protocol):
    """What a courier must know of a delivery."""

    pk: Any
    way: Any


class Courier(Protocol):
    """One channel."""

    def send(self, delivery: Carried, text: str) -> None:
        """Hand the message over. Raises `Trouble`."""


class Console:
    """Says the message in the worker's log. No address is named there."""

    def send(self, delivery: Carried, text: str) -> None:
        log.warning("message %s (%s): %s", delivery.pk, delivery.way.courier, text)


class Mail:
    """E-mail by SMTP; `url` is ``smtp://user:password@host:25`` (STARTTLS where offered) or ``smtps://…:465``."""

    def __init__(self, url: str, sender: str) -> None:
        self.url, self.sender = urlsplit(url), sender

    def send(self, delivery: Carried, text: str) -> None:
        mail = EmailMessage()
        # Line breaks cannot come in: the text is ours and the policy of EmailMessage refuses them.
        mail["Subject"] = text.partition("，")[0][:78]
        mail["From"], mail["To"] = self.sender, delivery.way.address
        mail["Date"] = formatdate()
        # The same for every try, so that a mail server that has it already can see that.
        mail["Message-ID"] = f"<delivery-{delivery.pk}@{self.sender.rpartition('@')[2] or 'fenzhen'}>"
        mail.set_content(text)
        timeout = settings.FENZHEN_COURIER_TIMEOUT
        secure = self.url.scheme == "smtps"
        port = self.url.port or (465 if secure else 25)
        host = self.url.hostname or "localhost"
        context = ssl.create_default_context()
        try:
            server = (
                smtplib.SMTP_SSL(host, port, timeout=timeout, context=context)
                if secure
                else smtplib.SMTP(host, port, timeout=timeout)
            )
            with server:
                if not secure:
                    server.ehlo()
                    if server.has_extn("starttls"):
                        server.starttls(context=context)
                if self.url.username:
                    server.login(unquote(self.url.username), unquote(self.url.password or ""))
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as why:
            codes = [code for code, _text in why.recipients.values()]
            raise Trouble(
                f"SMTP {codes}: recipient refused", again=all(code < 500 for code in codes)
            ) from None
        except smtplib.SMTPAuthenticationError as why:
            raise Trouble(f"SMTP {why.smtp_code}: login refused", again=False) from None
        except smtplib.SMTPResponseException as why:
            raise Trouble(f"SMTP {why.smtp_code}", again=why.smtp_code < 500) from None
        except (OSError, smtplib.SMTPException) as why:
            raise Trouble(f"{type(why).__name__}: {_plain(why)}") from None


class Gateway:
    """An SMS gateway over HTTP, described by a template.

    In *url* and *body* stand ``{phone}``, ``{text}`` and ``{id}``; they are escaped as the place asks: percent
    signs in an address and in a form, JSON in a body of that type. *accepted* is a pattern that the answer
    must contain, e.g. ``"code": ?0``; without one every 2xx answer counts.
    """

    def __init__(
        self,
        url: str,
        body: str = "",
        *,
        mime: str = "application/json",
        headers: str = "",
        accepted: str = "",
    ) -> None:
        self.url, self.body, self.mime, self.accepted = url, body, mime, accepted
        pairs = (line.partition(":") for line in headers.split("|") if ":" in line)
        self.headers = {name.strip(): value.strip() for name, _colon, value in pairs}

    def send(self, delivery: Carried, text: str) -> None:
        values = {"phone": delivery.way.address, "text": text, "id": str(delivery.pk)}
        url = _filled(self.url, {name: quote(value, safe="") for name, value in values.items()})
        if "json" in self.mime:
            escaped = {name: json.dumps(value, ensure_ascii=False)[1:-1] for name, value in values.items()}
        else:
            escaped = {name: quote_plus(value) for name, value in values.items()}
        body = _filled(self.body, escaped) if self.body else None
        answer = _asked(url, body, self.mime, self.headers)
        if self.accepted and not re.search(self.accepted, answer):
            raise Trouble(f"gateway: {answer[:120]}")


class Robot:
    """A group robot. The address is its webhook; a second word is the secret it signs with, where it has one."""

    def send(self, delivery: Carried, text: str) -> None:
        url, secret = ([*delivery.way.address.split(), ""])[:2]
        url, message = self.request(url, secret, text)
        raw = _asked(url, json.dumps(message, ensure_ascii=False), "application/json", {})
        try:
            answer = json.loads(raw)
        except ValueError:
            raise Trouble(f"robot: {raw[:120]}") from None
        code = self.code(answer if isinstance(answer, dict) else {})
        if code != 0:
            said = str(answer)[:120] if not isinstance(answer, dict) else self.said(answer)
            raise Trouble(f"robot {code}: {said}", again=code not in self.final)

    #: Codes after which another try helps nobody (wrong key, wrong signature, robot removed).
    final: frozenset[Any] = frozenset()

    def request(self, url: str, secret: str, text: str) -> tuple[str, dict[str, Any]]:
        """Where to post and what."""
        raise NotImplementedError

    def code(self, answer: Mapping[str, Any]) -> Any:
        """The robot's own code: 0 where it took the message."""
        return answer.get("errcode")

    def said(self, answer: Mapping[str, Any]) -> str:
        """Its words for it."""
        return str(answer.get("errmsg") or answer.get("msg") or "")[:120]


class WeCom(Robot):
    """企业微信群机器人."""

    final = frozenset({93000, 40058})

    def request(self, url: str, secret: str, text: str) -> tuple[str, dict[str, Any]]:
        return url, {"msgtype": "text", "text": {"content": text}}


class DingTalk(Robot):
    """钉钉自定义机器人; signed over the milliseconds where it has a secret."""

    final = frozenset({310000, 300001})

    def request(self, url: str, secret: str, text: str) -> tuple[str, dict[str, Any]]:
        if secret:
            stamp = str(round(time.time() * 1000))
            sign = _signed(secret.encode(), f"{stamp}\n{secret}".encode())
            url += f"{'&' if '?' in url else '?'}timestamp={stamp}&sign={quote_plus(sign)}"
        return url, {"msgtype": "text", "text": {"content": text}}


class Feishu(Robot):
    """飞书自定义机器人; the signature goes into the message, over the seconds, with an empty text."""

    final = frozenset({19001, 19021, 19022, 19024})

    def request(self, url: str, secret: str, text: str) -> tuple[str, dict[str, Any]]:
        message: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if secret:
            stamp = str(int(time.time()))
            message |= {"timestamp": stamp, "sign": _signed(f"{stamp}\n{secret}".encode(), b"")}
        return url, message

    def code(self, answer: Mapping[str, Any]) -> Any:
        return answer.get("code", answer.get("StatusCode"))


def couriers() -> dict[str, Courier]:
    """Every channel that is set up on this machine. The others are the console's."""
    found: dict[str, Courier] = {"wecom": WeCom(), "dingtalk": DingTalk(), "feishu": Feishu()}
    if settings.FENZHEN_SMTP_URL:
        found["email"] = Mail(settings.FENZHEN_SMTP_URL, settings.FENZHEN_MAIL_FROM)
    if settings.FENZHEN_SMS_URL:
        found["sms"] = Gateway(
            settings.FENZHEN_SMS_URL,
            settings.FENZHEN_SMS_BODY,
            mime=settings.FENZHEN_SMS_TYPE,
            headers=settings.FENZHEN_SMS_HEADERS,
            accepted=settings.FENZHEN_SMS_ACCEPTED,
        )
    return found


def deliver_one(by: Person, channels: Mapping[str, Courier]) -> bool:
    """Carry the next message that is due; False where none is. What became of it is on its row."""
    delivery = claim_delivery(by=by, now=timezone.now())
    if delivery is None:
        return False
    courier = channels.get(delivery.way.courier)
    try:
        (courier or Console()).send(delivery, message_of(by, delivery.notice))
    except Trouble as why:
        record_failed(delivery, str(why), by=by, now=timezone.now(), again=why.again)
    except Exception as why:
        # Whatever a courier did not foresee: it may or may not have gone out, and its words may hold an address.
        log.exception("courier %r", delivery.way.courier)
        record_failed(delivery, type(why).__name__, by=by, now=timezone.now(), again=False)
    else:
        record_sent(delivery, by=by, now=timezone.now(), remark="" if courier else PRINTED)
    return True


def tell_one_of_a_wave(by: Person, channels: Mapping[str, Courier]) -> bool:
    """Carry the next SMS of a message to all; False where none is due.

    Without a gateway the words stand in the log, and the person goes back to the phone list: nobody was told.
    """
    message = claim_wave_sms(by=by, now=timezone.now())
    if message is None:
        return False
    courier = channels.get("sms")
    try:
        (courier or Console()).send(message, message.text)
    except Trouble as why:
        record_wave_failed(message, str(why), by=by, now=timezone.now(), again=why.again)
    except Exception as why:
        log.exception("courier 'sms'")
        record_wave_failed(message, type(why).__name__, by=by, now=timezone.now(), again=False)
    else:
        if courier is None:
            record_wave_failed(message, PRINTED, by=by, now=timezone.now(), again=False)
        else:
            record_wave_sent(message, by=by, now=timezone.now())
    return True


def deliver_due(by: Person | None = None, *, most: int = 200) -> int:
    """Carry everything that is due. Returns how many messages were handed to a courier."""
    by = by or system_account()
    give_up_lost(by=by, now=timezone.now())
    give_up_lost_waves(by=by, now=timezone.now())
    channels = couriers()
    done = 0
    while done < most and deliver_one(by, channels):
        done += 1
    while done < most and tell_one_of_a_wave(by, channels):
        done += 1
    return done


def carry_until(stop: Event, *, interval: float = 1.0) -> None:
    """The couriers' own thread: a gateway that hangs must not keep the alarms on the pages waiting.

    Nothing but *stop* ends it: nobody would notice that messages are no longer carried. Its connection to the
    database ends with it.
    """
    try:
        while not stop.is_set():
            close_old_connections()
            done = 0
            try:
                done = deliver_due()
            except (DatabaseError, InterfaceError) as why:
                log.warning("the database does not answer (%s)", type(why).__name__)
            except Exception:
                log.exception("the couriers failed")
            if not done:
                stop.wait(interval)
    finally:
        connection.close()


# ---------------------------------------------------------------------------------------------------------


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        return None


def _asked(url: str, body: str | None, mime: str, headers: Mapping[str, str]) -> str:
    """Ask over HTTP and give the answer's text. Raises `Trouble`, in whose words no address stands."""
    if not url.startswith(("http://", "https://")):
        raise Trouble("not an http address", again=False)
    data = None if body is None else body.encode()
    request = Request(url, data=data, headers={"Content-Type": f"{mime}; charset=utf-8", **headers})  # noqa: S310 - http(s) only, see above
    proxy = settings.FENZHEN_COURIER_PROXY
    opener = build_opener(_NoRedirects, ProxyHandler({"http": proxy, "https": proxy} if proxy else {}))
    try:
        with opener.open(request, timeout=settings.FENZHEN_COURIER_TIMEOUT) as answer:
            return str(answer.read(LONGEST_ANSWER).decode("utf-8", "replace"))
    except HTTPError as why:
        why.close()
        again = why.code >= 500 or why.code in {408, 425, 429}
        raise Trouble(f"HTTP {why.code}", again=again) from None
    except URLError as why:
        raise Trouble(f"{type(why.reason).__name__}: {_plain(why.reason)}") from None
    except (OSError, HTTPException, ValueError) as why:
        raise Trouble(f"{type(why).__name__}") from None


def _plain(why: object) -> str:
    """The system's words for a trouble, which name no address."""
    return str(getattr(why, "strerror", "") or "")


def _filled(template: str, values: Mapping[str, str]) -> str:
    # Not str.format: a JSON template is full of braces.
    return re.sub(r"\{(phone|text|id)\}", lambda found: values[found.group(1)], template)


def _signed(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, sha256).digest()).decode()


__all__ = [
    "PRINTED",
    "Console",
    "Courier",
    "DingTalk",
    "Feishu",
    "Gateway",
    "Mail",
    "Robot",
    "Trouble",
    "WeCom",
    "carry_until",
    "couriers",
    "deliver_due",
    "deliver_one",
    "tell_one_of_a_wave",
]
