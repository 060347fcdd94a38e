"""Files that are, were or may be read in, for those in charge."""

from dataclasses import dataclass
from typing import Any

from fenzhen.board.words import word
from fenzhen.hotline import privacy, roles
from fenzhen.hotline.roles import Role
from fenzhen.records.imports import ImportBatch, ImportPart
from fenzhen.records.people import User

#: Who may see that there were imports at all.
IN_CHARGE = roles.CHIEFS | {Role.ADMIN}
#: Columns whose example is shown masked.
_MASKED = {"name": privacy.masked_name, "phone": privacy.masked_phone, "contact": privacy.masked_phone}
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file is. `stage`: ``kept`` (waits for a yes), ``running``, ``stuck``, ``broken_off``, ``done``."""

    stage: str
    done: int
    total: int

    @property
    def share(self) -> int:
        """Per cent."""
        return 100 * self.done // self.total if self.total else 100


@dataclass(frozen=True, slots=True)
class ColumnSeen:
    """A column of the file, what it is taken for ("" where for nothing), and what its first row says, masked."""

    header: str
    ours: str
    example: str


def batches(viewer: User, most: int = 30) -> list[tuple[ImportBatch, Progress]]:
    """The newest files with how far they are; nothing for anybody who may not import."""
    if viewer.role not in IN_CHARGE:
        return []
    rows = ImportBatch.objects.select_related("by").order_by("-pk")[:most]
    return [(row, progress_of(viewer, row)) for row in rows]


def batch_for(viewer: User, pk: int) -> ImportBatch:
    """One file's run. Raises `ImportBatch.DoesNotExist`, also for whoever may not know."""
    rows = ImportBatch.objects.select_related("by")
    return (rows if viewer.role in IN_CHARGE else rows.none()).get(pk=pk)


def progress_of(viewer: User, batch: ImportBatch) -> Progress:
    """How far it is."""
    done = batch.imported + batch.known + batch.rejected
    if batch.finished_at:
        stage = "done"
    elif batch.confirmed_at is None:
        stage = "kept"
    elif batch.trouble:
        stage = "stuck"
    else:
        # A file read at the prompt has no parts: without an end it still runs there, or was broken off.
        stage = "running" if batch.parts.exists() else "broken_off"
    return Progress(stage, done, batch.rows)


def columns_of(viewer: User, batch: ImportBatch) -> list[ColumnSeen]:
    """The file's header as it was understood, with the first row's cells, masked."""
    figures: dict[str, Any] = batch.figures
    if viewer.role not in IN_CHARGE or "header" not in figures:
        return []
    part = ImportPart.objects.filter(batch=batch, n=0).first()
    kept: Any = part.rows if part else None
    cells: list[Any] = kept[0][1] if kept else []
    meaning = {header: ours for ours, header in figures.get("columns", {}).items()}
    joined = figures.get("mapping", {}).get("joined", {})
    out = []
    for n, header in enumerate(figures["header"]):
        ours = meaning.get(header, "")
        said = str(cells[n]) if n < len(cells) and cells[n] is not None else ""
        out.append(
            ColumnSeen(
                header,
                word("import_field", ours)
                if ours
                else word("import_field", "body")
                if header in joined
                else "",
                _shown(ours, said),
            )
        )
    return out


def has_rejects(viewer: User, batch: ImportBatch) -> bool:
    """Are there refused rows still to be fetched?"""
    return viewer.role in IN_CHARGE and ImportPart.objects.filter(batch=batch, refused__isnull=False).exists()


def _shown(ours: str, said: str) -> str:
    if ours == "account":
        return said[:2] + "***" if said else ""
    if ours in _MASKED:
        return str(_MASKED[ours](said))
    text = " ".join(privacy.lift_numbers(privacy.clean_text(said))[0].split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
