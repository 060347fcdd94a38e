"""What import-linter and ruff cannot say about the house."""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import fenzhen
import fenzhen.board
import fenzhen.desk
import fenzhen.office
from fenzhen.desk.step import verb

ROOT = Path(fenzhen.__file__).parent
#: Questions about the lists that everybody may read; they take no viewer because there is nothing to limit.
OPEN_LISTS = {"words", "district"}


def modules(package: object) -> list[str]:
    return [m.name for m in iter_modules(package.__path__, package.__name__ + ".")]


def own_functions(module_name: str) -> list[tuple[str, object]]:
    module = import_module(module_name)
    return [
        (name, item)
        for name, item in vars(module).items()
        if inspect.isfunction(item)
        and inspect.unwrap(item).__module__ == module_name
        and not name.startswith("_")
    ]


def looks_at_rows(function: object) -> bool:
    """Does this function itself ask the database? Those that only reckon with a row already shown do not."""
    source = inspect.getsource(function)  # type: ignore[arg-type]  # a function of ours
    return bool(re.search(r"\.objects\b|\bvisible\(|\bticket_for\(", source))


def test_every_question_of_the_board_takes_the_viewer_first() -> None:
    wrong = []
    for module_name in modules(fenzhen.board):
        if module_name.rsplit(".", 1)[-1] in OPEN_LISTS:
            continue
        for name, function in own_functions(module_name):
            parameters = list(inspect.signature(function).parameters)
            is_helper = name in {"ticks_of", "warm"}  # journal → clocks of one row already shown; preloading
            if is_helper or not looks_at_rows(function):
                continue
            if not parameters or parameters[0] != "viewer":
                wrong.append(f"{module_name}.{name}({', '.join(parameters)})")
    assert wrong == []


def test_every_verb_takes_by_and_now() -> None:
    wrong = []
    for package in (fenzhen.desk, fenzhen.office):
        for module_name in modules(package):
            for name, function in own_functions(module_name):
                if hasattr(function, "__wrapped__") and function.__code__ is verb(lambda: None).__code__:
                    parameters = inspect.signature(function).parameters
                    if not {"by", "now"} <= set(parameters):
                        wrong.append(f"{module_name}.{name}")
    assert wrong == []


def test_only_the_one_hand_writes_a_state() -> None:
    """No other file assigns `.state =` or passes `state=` to update() or create()."""
    wrong = []
    for path in ROOT.rglob("*.py"):
        relative = path.relative_to(ROOT).as_posix()
        # The outbox moves messages, and these move events, what was said to people and names of places: none of them is a ticket.
        beside = {"office/outbox.py", "office/spotting.py", "office/events.py", "office/joint.py"}
        beside |= {"office/waves.py", "office/unseen.py"}
        if relative in {"desk/step.py", *beside} or "/migrations/" in relative:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if (
                        isinstance(target, ast.Attribute)
                        and target.attr == "state"
                        and relative.startswith(("desk/", "office/", "board/", "jobs/", "web/"))
                    ):
                        wrong.append(f"{relative}:{node.lineno}")
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"update", "create", "update_or_create"}
                and any(k.arg == "state" for k in node.keywords)
            ):
                wrong.append(f"{relative}:{node.lineno}")
    assert wrong == []


def test_no_room_is_a_drawer() -> None:
    drawers = {"utils", "util", "common", "helpers", "helper", "core", "misc", "lib", "shared"}
    assert [p for p in ROOT.rglob("*.py") if p.stem in drawers or p.parent.name in drawers] == []


def test_pages_neither_query_nor_write() -> None:
    """A view names no manager and saves nothing."""
    wrong = []
    for path in (ROOT / "web").rglob("*.py"):
        if path.name == "admin.py":
            continue
        text = path.read_text()
        for pattern in (r"\.objects\b", r"\.save\(", r"\.bulk_create\(", r"\bcursor\(\)"):
            wrong += [f"{path.name}: {m.group()}" for m in re.finditer(pattern, text)]
    assert wrong == []


def test_templates_carry_no_inline_script_or_style() -> None:
    wrong = []
    for path in (ROOT / "web" / "templates").rglob("*.html"):
        text = path.read_text()
        for pattern in (
            r"<script(?![^>]*\bsrc=)[^>]*>",
            r"<style\b",
            r"\sstyle=",
            r"\son[a-z]+=\"",
            r"hx-on[:\-]",
        ):
            wrong += [f"{path.name}: {m.group()}" for m in re.finditer(pattern, text)]
    assert wrong == []


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile(
        r"pypi\.(org|python)|files\.pythonhosted|registry\.npm|npmmirror|tuna\.tsinghua|mirrors\.", re.I
    )
    top = ROOT.parent
    wrong = []
    for pattern in (
        "*.md",
        "*.toml",
        "*.lock",
        "*.json",
        "run",
        "test",
        "Makefile",
        ".npmrc",
        "setup/*",
        "docs/**/*.md",
    ):
        for path in top.glob(pattern):
            if path.is_file() and hosts.search(path.read_text(errors="ignore")):
                wrong.append(path.name)
    assert wrong == []


def test_every_public_function_of_the_floors_says_what_it_does() -> None:
    wrong = []
    for room in ("hotline", "locator", "advisor", "desk", "office", "board"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.parse(path.read_text()).body:
                if (
                    isinstance(node, ast.FunctionDef)
                    and not node.name.startswith("_")
                    and not ast.get_docstring(node)
                ):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert wrong == []
