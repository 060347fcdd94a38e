"""The folder where the city's files are dropped: ``city/in``; what was read goes to ``done``, what could not be
read to ``trouble``, each with a report beside it.

One process at a time looks (a lock on the folder, which a dying process lets go by itself). A file stays in
``in`` until all of it stands in the database, so that a crash costs nothing but reading it again, which does
nothing twice. A file that still grows is left alone until two looks, some seconds apart, find it unchanged.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from django.utils.translation import gettext as _

from fenzhen.office.city import (
    OUTCOMES,
    BadMapping,
    CityReport,
    NoMapping,
    Unreadable,
    city_folder,
    files_of,
    take_city_file,
)
from fenzhen.records.people import User

#: Unchanged for so long, a file is taken for whole.
SETTLED = 5.0
#: What cannot be read may still be on its way (a copy that halted): only after so long is it trouble.
PATIENCE = 60.0
#: Files name callers: what was read is thrown away after this, what gave trouble somewhat later.
KEPT = {"done": timedelta(days=7), "trouble": timedelta(days=30)}
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".swp")
_REPORT = ".report.txt"


@dataclass(slots=True)
class DropFolder:
    """What one process has seen of the folder so far: size, time of writing, and since when it is so."""

    settled: float = SETTLED
    patience: float = PATIENCE
    seen: dict[str, tuple[int, int, float]] = field(default_factory=dict)

    def look(self, *, by: User, now: datetime) -> list[CityReport]:
        """Read every whole file, oldest first; returns a report for each that was read.

        Raises the database's own errors: then the file stays where it is.
        """
        folder = city_folder()
        waiting = folder / "in"
        if not waiting.is_dir():
            return []
        reports: list[CityReport] = []
        with _alone(folder) as mine:
            if not mine:
                return []
            for path in files_of(self._whole(waiting)):
                report = self._read(path, by=by, now=now)
                if report is not None:
                    reports.append(report)
        return reports

    def _whole(self, folder: Path) -> list[Path]:
        at = time.monotonic()
        whole: list[Path] = []
        there: set[str] = set()
        for path in folder.iterdir():
            if path.name.startswith((".", "~$")) or path.name.lower().endswith(_UNFINISHED):
                continue
            try:
                if path.is_symlink() or not path.is_file():
                    continue
                stat = path.stat()
            except OSError:  # gone since
                continue
            there.add(path.name)
            known = self.seen.get(path.name)
            if known is None or known[:2] != (stat.st_size, stat.st_mtime_ns):
                self.seen[path.name] = known = (stat.st_size, stat.st_mtime_ns, at)
            if stat.st_size and at - known[2] >= self.settled:
                whole.append(path)
        self.seen = {name: known for name, known in self.seen.items() if name in there}
        return whole

    def _read(self, path: Path, *, by: User, now: datetime) -> CityReport | None:
        try:
            report = take_city_file(path, by=by, now=now, rejects=_room(path, "done", now))
        except (DatabaseError, InterfaceError):
            raise
        except (Unreadable, NoMapping) as why:
            if time.monotonic() - self.seen[path.name][2] >= self.patience:
                _put(path, "trouble", str(why), now)
            return None
        except BadMapping as why:
            _put(path, "trouble", str(why), now)
            return None
        except Exception as why:  # what we did not foresee must not be tried again twice a second
            _put(path, "trouble", type(why).__name__, now)
            raise
        _put(path, "done", report_text(report), now)
        return report


_FOLDER = DropFolder()


def take_dropped(*, by: User, now: datetime) -> int:
    """The worker's look into the folder; returns how many files were read."""
    return len(_FOLDER.look(by=by, now=now))


def forget_dropped(*, by: User, now: datetime) -> int:
    """Throw away files that were kept long enough; returns how many."""
    gone = 0
    for name, kept in KEPT.items():
        folder = city_folder() / name
        for path in folder.iterdir() if folder.is_dir() else ():
            written = datetime.fromtimestamp(path.stat().st_mtime, tz=now.tzinfo)
            if written < now - kept:
                path.unlink(missing_ok=True)
                gone += 1
    return gone


def make_folders() -> Path:
    """Make the folders where they are missing, for their owner only; returns where to drop files."""
    for name in ("in", "done", "trouble"):
        (city_folder() / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    return city_folder() / "in"


def report_text(report: CityReport) -> str:
    """What became of a file, for the report beside it: counts and row numbers."""
    words = {
        "new": _("新单"),
        "direct": _("直派抄告"),
        "changed": _("变更"),
        "withdrawn": _("撤回"),
        "same": _("没有变化"),
        "rejected": _("拒收"),
    }
    lines = [report.file, _("共 %(n)s 行") % {"n": report.rows}]
    lines += [f"{words[name]} {report.counts[name]}" for name in OUTCOMES]
    if report.rejects:
        lines.append(_("拒收的行：%(file)s") % {"file": Path(report.rejects).name})
    return "\n".join(lines + report.reasons) + "\n"


def _room(path: Path, folder: str, now: datetime) -> Path:
    """Where a file goes: never over another one of the same name."""
    make_folders()
    stamp = timezone.localtime(now).strftime("%Y%m%d-%H%M%S")
    there = city_folder() / folder / f"{stamp}-{path.name}"
    n = 1
    while there.exists():
        n += 1
        there = city_folder() / folder / f"{stamp}-{n}-{path.name}"
    return there


def _put(path: Path, folder: str, words: str, now: datetime) -> None:
    """Move the file, with its report beside it. The report first: a file without one was not dealt with."""
    there = _room(path, folder, now)
    report = there.with_name(there.name + _REPORT)
    with os.fdopen(
        os.open(report, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as out:
        out.write(words if words.endswith("\n") else words + "\n")
    os.replace(path, there)
    os.utime(there, (now.timestamp(), now.timestamp()))
    os.chmod(there, 0o600)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """True where nobody else looks at the folder in this moment."""
    raw = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
    finally:
        os.close(raw)


__all__ = ["DropFolder", "forget_dropped", "make_folders", "report_text", "take_dropped"]
