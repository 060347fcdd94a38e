"""Photos and papers on a ticket: attach one, drop one. The bytes lie sealed outside the database."""

from datetime import datetime
from hashlib import sha256
from pathlib import PurePath

from django.utils.translation import gettext as _

from fenzhen.desk.step import Incomplete, NotYours, step, verb
from fenzhen.hotline import privacy, roles
from fenzhen.records import files
from fenzhen.records.attachments import Attachment
from fenzhen.records.errands import Errand
from fenzhen.records.handling import Assignment, Reply
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket
from fenzhen.records.words import ATTACHMENTS

#: More on one ticket is no evidence any more, it is an album.
MOST = 60


@verb
def attach_file(
    ticket: Ticket,
    raw: bytes,
    *,
    by: User,
    now: datetime,
    name: str,
    kind: str = "photo",
    assignment: Assignment | None = None,
) -> Attachment:
    """Keep a file with the ticket: its kind is told by its content, a picture loses where it was taken.

    With the *assignment* it waits for that unit's next reply, or joins the one that waits for review. Raises
    `Incomplete` (empty, too large, of a kind that may not be, damaged, one too many), `NotYours`.
    """
    if not raw:
        raise Incomplete({"file": _("文件是空的，请重新选择。")})
    if len(raw) > files.LARGEST_MB * 1024 * 1024:
        raise Incomplete({"file": _("文件超过 %(n)s MB，请压缩后再传。") % {"n": files.LARGEST_MB}})
    if kind not in ATTACHMENTS:
        raise Incomplete({"kind": _("请选择附件类型。")})
    try:
        ending = files.kind_of(raw)
        raw = files.bare(raw, ending)
    except files.BadFile as why:
        if str(why) == "damaged":
            raise Incomplete({"file": _("文件已损坏，打不开，请重新拍摄或另存后再传。")}) from None
        raise Incomplete({"file": _("只能上传 jpg、png 图片和 pdf、docx、xlsx 文件。")}) from None
    if assignment is not None:
        _own(assignment, by)
    checksum = sha256(raw).hexdigest()
    kept = Attachment.objects.filter(ticket=ticket, dropped_at=None)
    if kept.count() >= MOST:
        raise Incomplete({"file": _("这张工单已有 %(n)s 个附件，请先移除不需要的。") % {"n": MOST}})
    step(
        ticket,
        "attach",
        by=by,
        now=now,
        facts={"kind": kind, "file": checksum[:16], "assignment": assignment.pk if assignment else None}
        | ({} if by.role in roles.UNIT or assignment is None else {"on_behalf": True}),
    )
    return Attachment.objects.create(
        ticket=ticket,
        assignment=assignment,
        reply=_waiting_reply(assignment),
        kind=kind,
        file_name=_safe_name(name, ending),
        mime=files.TYPES[ending],
        size=len(raw),
        checksum=checksum,
        stored_as=files.keep(raw, checksum),
        by=by,
        at=now,
    )


@verb
def drop_attachment(attachment: Attachment, *, by: User, now: datetime) -> Attachment:
    """Whoever attached it, or a chief, takes it off the ticket; the bytes are erased, the line stays.

    Raises `NotYours`, and `Incomplete` where it belongs to a reply that was judged already.
    """
    attachment.refresh_from_db()
    if attachment.by_id != by.pk and by.role not in roles.CHIEFS:
        raise NotYours
    if attachment.dropped_at is not None:
        return attachment
    if attachment.reply is not None and attachment.reply.verdict:
        raise Incomplete({"file": _("它属于已审核的反馈，不能再移除。")})
    step(
        attachment.ticket,
        "drop_attachment",
        by=by,
        now=now,
        facts={"file": attachment.checksum[:16], "attachment": attachment.pk},
    )
    attachment.dropped_at = now
    attachment.save(update_fields=["dropped_at"])
    files.erase(attachment.stored_as)
    return attachment


def take_along(assignment: Assignment, reply: Reply) -> int:
    """What the unit attached since its last reply belongs to this one. Returns how many."""
    return Attachment.objects.filter(assignment=assignment, reply=None, dropped_at=None).update(reply=reply)


# ---------------------------------------------------------------------------------------------------------


def _own(assignment: Assignment, by: User) -> None:
    if by.role not in roles.UNIT:
        return
    if by.unit_id is None or assignment.unit_id != by.unit_id:
        raise NotYours
    if (
        by.role == roles.Role.UNIT_WORKER
        and not Errand.objects.filter(assignment=assignment, to_person=by).exists()
    ):
        raise NotYours


def _waiting_reply(assignment: Assignment | None) -> Reply | None:
    """A photo that comes after its reply (the network was away) joins it while nobody has judged it."""
    if assignment is None or assignment.state != "result_submitted":
        return None
    return Reply.objects.filter(assignment=assignment, verdict="").order_by("-id").first()


def _safe_name(name: str, ending: str) -> str:
    """Its own name without a path, without numbers that could be somebody's, with the ending it really has."""
    stem = PurePath(privacy.clean_text(name).replace("\\", "/")).stem
    stem = "".join(c for c in privacy.lift_numbers(stem)[0] if c.isprintable() and c not in '/:*?"<>|;')
    return f"{stem.strip('. ')[:80] or _('附件')}.{ending}"
