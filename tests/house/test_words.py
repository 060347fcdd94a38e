"""The words of the screens: everything collected, and no translation that would break or mix a sentence."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from babel.messages.catalog import Catalog

ROOT = Path(__file__).resolve().parents[2]


def load() -> ModuleType:
    spec = spec_from_file_location("messages_of_setup", ROOT / "setup" / "messages.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


messages = load()


def catalog_with(text: str, translation: str) -> Catalog:
    catalog = Catalog(locale="en")
    catalog.add(text, translation)
    return catalog


def faults(text: str, translation: str) -> list[str]:
    return messages.faults_of(catalog_with(text, translation), {(text, None)})


def test_the_catalogues_are_in_order() -> None:
    assert messages.po_files()
    wanted = {(m if isinstance(m, str) else m[0], context) for _, m, _, context in messages.texts()}
    assert {
        po.parent.parent.name: messages.faults_of(messages.read(po), wanted) for po in messages.po_files()
    } == {"en": []}, "see setup/messages.py collect and check"


def test_templates_and_code_are_both_read() -> None:
    found = {(name, m) for name, m, _, _ in messages.texts()}
    assert ("fenzhen/web/templates/base.html", "跳到正文") in found
    assert ("fenzhen/records/words.py", "话务员") in found


def test_a_text_that_was_not_collected_is_named() -> None:
    assert messages.faults_of(catalog_with("派单", "Dispatch"), {("派单", None), ("签收", None)}) == [
        "not collected: '签收'"
    ]


def test_a_lost_or_changed_placeholder_is_named() -> None:
    assert faults("%(n)s 件", "%(n)s tickets") == []
    assert faults("还有 {span}", "{span} left") == []
    assert len(faults("%(n)s 件", "tickets")) == 1
    assert len(faults("%(n)s 件", "%(count)s tickets")) == 1
    assert len(faults("还有 {span}", "{time} left")) == 1


def test_chinese_left_in_a_translation_is_named_but_for_proper_names() -> None:
    assert len(faults("派单", "Dispatch 派单")) == 1
    assert len(faults("派单，签收", "Dispatch，sign")) == 1
    assert faults("例如大兴区", 'for example "大兴区"') == []


def test_a_gap_is_no_fault() -> None:
    assert faults("派单", "") == []
    assert list(messages.missing(catalog_with("派单", ""))) == ["派单"]
