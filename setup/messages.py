"""The words on the screens, without the system's gettext: setup/messages.py compile | collect | check.

compile   .po → .mo, where the .po is newer
collect   find every text in fenzhen's code and templates, merge into the .po files, then compile
check     exit 1 and name what was not collected, placeholders that differ and Chinese left in a translation

The Chinese sentence is the message id, so Chinese is complete by itself and has no catalogue; another language may
have gaps, which are counted and show the Chinese (docs/decisions/0002-chinese-message-ids.md).
"""

import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "fenzhen"
#: What stands for a value: %(name)s, %s, {name}.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
#: Chinese signs and the punctuation that goes with them.
CHINESE = re.compile(r"[\u3001-\u303f\u3400-\u9fff\uf900-\ufaff\uff01-\uff5e]+")
#: What stays Chinese in every language: a name, and a word that is meant as it stands in a district's files.
PROPER = {"大兴区", "虚构"}
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def po_files() -> list[Path]:
    return sorted(PACKAGE.glob("locale/*/LC_MESSAGES/*.po"))


def read(po: Path) -> Catalog:
    with po.open("rb") as file:
        return read_po(file, locale=po.parent.parent.name)


def compile_words(every: bool = False) -> None:
    for po in po_files():
        mo = po.with_suffix(".mo")
        if not every and mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        fresh = mo.with_suffix(".mo.new")
        with fresh.open("wb") as file:
            write_mo(file, read(po))
        os.replace(fresh, mo)


def texts() -> Iterator[tuple[str, str | tuple[str, ...], list[str], str | None]]:
    """Every (file, message, comments, context), the templates by way of Django's own reading of them."""
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure(USE_I18N=True)
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix == ".py":
            source = path.read_text(encoding="utf-8")
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            # Python's tokenizer minds indentation, a template does not
            lines = templatize(path.read_text(encoding="utf-8")).splitlines()
            source = "\n".join(line.strip() for line in lines) + "\n"
        else:
            continue
        name = path.relative_to(ROOT).as_posix()
        found = extract(
            "python", io.BytesIO(source.encode()), KEYWORDS, ["Translators:"], {"encoding": "utf-8"}
        )
        for _line, message, comments, context in found:
            yield name, message, comments, context


def collect() -> None:
    template = Catalog(project="fenzhen", charset="utf-8")
    for name, message, comments, context in texts():
        template.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    for po in po_files():
        catalog = read(po)
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        buffer = io.BytesIO()
        write_po(buffer, catalog, width=110, include_lineno=False, sort_by_file=True)
        if buffer.getvalue() != po.read_bytes():
            po.write_bytes(buffer.getvalue())
        print(
            f"{po.relative_to(ROOT)}: {sum(bool(m.id) for m in catalog)}, {len(list(missing(catalog)))} untranslated"
        )
    compile_words()


def missing(catalog: Catalog) -> Iterator[str]:
    for message in catalog:
        strings = message.string if isinstance(message.string, list | tuple) else (message.string,)
        if message.id and (message.fuzzy or not all(strings)):
            yield str(message.id)


def faults_of(catalog: Catalog, wanted: set[tuple[str, str | None]]) -> list[str]:
    """What is wrong with a catalogue, given every (text, context) of the code."""
    found = [f"not collected: {text!r}" for text, context in wanted if catalog.get(text, context) is None]
    for message in catalog:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, list | tuple) else (message.id,)
        strings = message.string if isinstance(message.string, list | tuple) else (message.string,)
        for string in filter(None, strings):
            if sorted(PLACEHOLDER.findall(string)) != sorted(PLACEHOLDER.findall(ids[0])):
                found.append(f"placeholders differ: {ids[0]!r}: {string!r}")
            if set(CHINESE.findall(string)) - PROPER:
                found.append(f"Chinese left: {ids[0]!r}: {string!r}")
    return sorted(found)


def check() -> int:
    """How many faults there are; prints them, and how many texts each language lacks."""
    wanted = {(m if isinstance(m, str) else m[0], context) for _, m, _, context in texts()}
    count = 0
    for po in po_files():
        catalog = read(po)
        faults = faults_of(catalog, wanted)
        count += len(faults)
        print("\n".join(f"{po.relative_to(ROOT)}: {fault}" for fault in faults), end="\n" if faults else "")
        print(f"{po.relative_to(ROOT)}: {len(wanted)} texts, {len(list(missing(catalog)))} untranslated")
    return count


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["compile"]:
            compile_words()
        case ["collect"]:
            collect()
        case ["check"]:
            sys.exit(1 if check() else 0)
        case _:
            sys.exit(__doc__)
