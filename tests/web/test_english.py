"""English, for whoever chose it: the home page of every role and the way to all others."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from fenzhen.board.home import FIGURES
from fenzhen.hotline import roles
from fenzhen.hotline.roles import Role
from fenzhen.records.directory import Category
from fenzhen.records.places import Place
from fenzhen.records.units import Unit
from tests.cast import Cast

CHINESE = re.compile(r"[\u3001-\u303f\u3400-\u9fff\uff01-\uff5e]")
#: What people read or hear of a tag's attributes.
SPOKEN = {"title", "aria-label", "placeholder", "data-key-label", "data-key-group", "data-confirm"}
PEOPLE = sorted(set(Role) - {Role.SYSTEM})


class Read(HTMLParser):
    """Everything on a page that can be read, and what stands in its navigation."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.nav: list[str] = []
        self._in_nav = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_nav |= tag == "nav"
        for name, value in attrs:
            if value and (
                name in SPOKEN or (name.startswith("data-") and dict(attrs).get("id") == "js-words")
            ):
                self._keep(value)

    def handle_endtag(self, tag: str) -> None:
        self._in_nav &= tag != "nav"

    def handle_data(self, data: str) -> None:
        if data.strip():
            self._keep(data.strip())

    def _keep(self, text: str) -> None:
        self.texts.append(text)
        if self._in_nav:
            self.nav.append(text)


def read(client: Client, address: str = "/") -> Read:
    answer = client.get(address)
    assert answer.status_code == 200
    page = Read()
    page.feed(answer.content.decode())
    return page


def in_english(cast: Cast, client: Client, role: Role) -> list[str]:
    """Sign somebody of *role* in who chose English; what of their pages is Chinese because it is data."""
    person = cast.huang if role in roles.UNIT else cast.xu
    person.role = role
    person.save()
    client.force_login(person)
    client.post("/language", {"language": "en"})
    district = client.get("/").context["district"]
    data = [person.name, str(person.unit or ""), district.name, district.banner, "中文"]
    # what a list can be narrowed to: the district's own names
    data += [str(name) for unit in Unit.objects.all() for name in (unit.name, unit.short_name)]
    data += list(Place.objects.filter(kind__in=("town", "subdistrict")).values_list("name", flat=True))
    data += list(Category.objects.values_list("name", flat=True))
    return sorted(filter(None, data), key=len, reverse=True)


def chinese_in(texts: list[str], data: list[str]) -> list[str]:
    left = []
    for text in texts:
        rest = text
        for known in data:
            rest = rest.replace(known, "")
        if CHINESE.search(rest):
            left.append(text)
    return left


@pytest.mark.parametrize("role", PEOPLE)
def test_home_is_english_for_every_role_and_so_is_the_navigation(
    cast: Cast, client: Client, role: Role
) -> None:
    data = in_english(cast, client, role)
    page = read(client)
    assert "Home" in page.nav
    assert chinese_in(page.nav, []) == []
    for key in ("", *FIGURES.get(role, ())):
        assert chinese_in(read(client, f"/?show={key}").texts, data) == []


def test_a_state_and_an_act_of_one_chinese_word_differ_in_english(cast: Cast, client: Client) -> None:
    data = in_english(cast, client, Role.DISPATCHER)
    texts = read(client, "/journey").texts
    assert {"Close", "Closed", "Void", "Voided", "Answer directly", "Answered"} <= set(texts)
    assert chinese_in(texts, [*data, "、"]) == []


def test_chinese_stays_chinese(cast: Cast, client: Client) -> None:
    client.force_login(cast.wang)
    page = read(client)
    assert "首页" in page.nav and "Home" not in page.nav
