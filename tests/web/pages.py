"""Which pages there are, and what a browser under our policy would refuse to run in them."""

from html.parser import HTMLParser

from django.urls import URLPattern

from fenzhen.web.urls import urlpatterns

#: Not pages: pieces, or a redirect.
PIECES = {"favicon.ico", "notices/poll"}


def plain_addresses() -> list[str]:
    """Addresses without ids that can be looked at."""
    out = []
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        route = str(pattern.pattern)
        if "<" not in route and route not in PIECES:
            out.append("/" + route)
    return out


class Refused(HTMLParser):
    """What `script-src 'self'; style-src 'self'` would not run or apply."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "style" or "style" in names:
            self.found.append(f"<{tag} style>")
        if tag == "script" and "src" not in names and names.get("type") != "application/json":
            self.found.append("<script> without src")
        if tag in {"script", "link", "img"}:
            address = names.get("src") or names.get("href") or ""
            if address.startswith(("http:", "https:", "//")):
                self.found.append(f"<{tag} {address}>")
        for name, value in attrs:
            if name.startswith(("on", "hx-on")) or (value or "").startswith("javascript:"):
                self.found.append(f"<{tag} {name}>")


def refused(html: str) -> list[str]:
    """Everything in *html* that the policy refuses."""
    parser = Refused()
    parser.feed(html)
    return parser.found
