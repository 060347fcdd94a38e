"""Learning from what people decide: the right units of finished tickets are collected, the adviser is asked about them
afterwards, some are drawn for a blind audit, and a new model takes over only where it is better.

The truth is the unit that was right in the end, never the first dispatch. How it is known, and how far it is to be
believed, stands in `advisor.labels`. Models learn from the earlier part of the tickets, are weighed on a later one and
compared with the adviser in use on the latest; what they learned from is never used for a certificate.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from scipy.special import bdtrc

from fenzhen.advisor.classify import BadTraining, Classifier, Fields, learn
from fenzhen.advisor.labels import ACCEPTED, AUDITED, RULED, SOLVED, STRONG, thinned
from fenzhen.advisor.storage import BadModelFile, load, save
from fenzhen.board.advice import adviser_now, models_folder, opinions_on, towns_of, trial_opinions
from fenzhen.board.adviser import drawable, to_ask
from fenzhen.board.automatic import group_of
from fenzhen.desk.step import Incomplete, NotYours, note_act
from fenzhen.hotline.duty import TOWN
from fenzhen.hotline.roles import Role
from fenzhen.records.advice import Audit, Decision, LearnedModel, Trial, Truth
from fenzhen.records.handling import Assignment
from fenzhen.records.journal import Entry
from fenzhen.records.people import User
from fenzhen.records.tickets import Ticket

Say = Callable[[str, float], None]

#: States in which a unit has had a ticket to the end.
_FINISHED = ("pending_callback", "closed")
#: Fewer labelled tickets teach nothing that the lists do not say.
LEAST_TO_LEARN = 400
#: A unit with fewer of them is left to the lists.
LEAST_OF_A_UNIT = 8
#: Shares of the tickets, by time: learned from, weighed on, compared on.
_LEARN, _WEIGH = 0.6, 0.15
#: How much the model's word may count beside the lists'.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
#: A new model takes over when a difference like this would come by chance at most so often.
BETTER = 0.05
#: More than this would take a night; the newest are taken.
MOST_TO_LEARN = 30_000
MOST_TO_COMPARE = 2_000
#: New labels since the last teaching that make another one worth while.
WORTH_WHILE = 50
#: The hour from which the nightly teaching may begin.
NIGHT = 2


@dataclass(frozen=True, slots=True)
class Compared:
    """Two advisers on the same later tickets."""

    n: int
    right_before: int
    right_new: int
    won: int
    lost: int

    @property
    def by_chance(self) -> float:
        """How likely so many of the differing ones would be won if both were equally good (sign test, one-sided)."""
        differing = self.won + self.lost
        return float(bdtrc(self.won - 1, differing, 0.5)) if self.won else 1.0

    @property
    def is_better(self) -> bool:
        """Whether the new one is, beyond chance."""
        return self.won > self.lost and self.by_chance <= BETTER


def collect_truths(*, by: User, now: datetime, limit: int = 120) -> int:
    """Note the right unit of tickets that have been finished, or finished better, since the last look."""
    stale = (
        Ticket.objects.filter(state__in=_FINISHED, lead_unit__isnull=False)
        .filter(Q(truth__isnull=True) | Q(truth__at__lt=F("changed_at")))
        .select_related("truth")
        .defer("body", "answer")
        .order_by("-received_at")[:limit]
    )
    tickets = list(stale)
    if not tickets:
        return 0
    settled = _rulings([ticket.pk for ticket in tickets])
    first = _first_units([ticket.pk for ticket in tickets])
    with transaction.atomic():
        for ticket in tickets:
            before = getattr(ticket, "truth", None)
            assert ticket.lead_unit_id is not None  # the query asks for it
            unit, source = ticket.lead_unit_id, ACCEPTED
            if ticket.pk in settled:
                unit, source = settled[ticket.pk], RULED
            elif ticket.state == "closed" and ticket.final_solved == "yes":
                source = SOLVED
            if before is not None and before.source == AUDITED:
                unit, source = before.unit_id, AUDITED
            Truth.objects.update_or_create(
                ticket=ticket,
                defaults={
                    "unit_id": unit,
                    "source": source,
                    "had_it_id": ticket.lead_unit_id,
                    "first_id": first.get(ticket.pk),
                    "returns": ticket.returns,
                    "at": max(now, ticket.changed_at),
                    "received_at": ticket.received_at,
                },
            )
    return len(tickets)


def keep_verdict(audit: Audit, *, now: datetime) -> Truth:
    """What a blind auditor said is the truth of that ticket from now on; what had it stays beside it."""
    assert audit.verdict_id is not None  # judged, and not unclear
    ticket = Ticket.objects.get(pk=audit.decision.ticket_id)
    had_it = ticket.lead_unit_id if ticket.state in _FINISHED else None
    row, _made = Truth.objects.update_or_create(
        ticket=ticket,
        defaults={
            "unit_id": audit.verdict_id,
            "source": AUDITED,
            "had_it_id": had_it,
            "first_id": _first_units([ticket.pk]).get(ticket.pk),
            "returns": ticket.returns,
            "at": max(now, ticket.changed_at),
            "received_at": ticket.received_at,
        },
    )
    return row


def look_back(*, by: User, now: datetime, limit: int = 20) -> int:
    """Ask the adviser in use about past tickets whose right unit is known: the ones with strong labels first, then the
    newest. A ticket that was decided before its decisions were kept gets one, marked as asked afterwards."""
    if not Truth.objects.exists() and not Audit.objects.filter(judged_at=None).exists():
        return 0  # nothing to ask about, and no adviser to build for it
    version = adviser_now(by)
    known = to_ask(by).select_related("ticket__place").order_by("-received_at")
    truths = list(known.filter(source__in=STRONG)[:limit])
    truths += list(known.exclude(source__in=STRONG)[: limit - len(truths)])
    waiting = Audit.objects.filter(judged_at=None).exclude(decision__now_adviser=version)
    tickets = [truth.ticket for truth in truths]
    room = max(limit - len(tickets), 0)
    tickets += [audit.decision.ticket for audit in waiting.select_related("decision__ticket__place")[:room]]
    if not tickets:
        return 0
    opinions = opinions_on(by, [_matter(ticket) for ticket in tickets], timezone.localtime(now).date())
    shares = _first_shares([ticket.pk for ticket in tickets])
    with transaction.atomic():
        for ticket, (unit, category, confidence) in zip(tickets, opinions, strict=True):
            said = {
                "now_adviser": version,
                "now_group": group_of(category),
                "now_advised": unit,
                "now_confidence": confidence,
            }
            if Decision.objects.filter(ticket=ticket).update(**said):
                continue
            share = shares.get(ticket.pk)
            Decision.objects.get_or_create(
                ticket=ticket,
                n=0,
                defaults={
                    "at": share.given_at if share else ticket.received_at,
                    "by_id": share.given_by_id if share else ticket.received_by_id,
                    "unit_id": share.unit_id if share else ticket.lead_unit_id,
                    "afterwards": True,
                    "adviser": version,
                    "group": group_of(category),
                    "category": category,
                    "advised": unit,
                    "confidence": confidence,
                }
                | said,
            )
    return len(tickets)


def draw_audits(group: str, wanted: int, *, by: User, now: datetime) -> int:
    """Draw past tickets of a category at random for a blind audit: so a chief need not wait for the daily few. Every
    ticket of it that the adviser in use was asked about and did not learn from has the same chance. Returns how many.

    Raises `NotYours`, `Incomplete`.
    """
    if by.role not in {Role.SECTION_CHIEF, Role.SHIFT_LEAD}:
        raise NotYours
    if not 1 <= wanted <= 300:
        raise Incomplete({"n": _("请填 1 到 300。")})
    pks = drawable(by, group)
    drawn = random.SystemRandom().sample(pks, min(wanted, len(pks)))
    with transaction.atomic():
        Audit.objects.bulk_create(
            [Audit(decision_id=pk, drawn_at=now, why="asked") for pk in drawn], ignore_conflicts=True
        )
        note_act(f"automation:{group}", "draw_audits", by=by, now=now, facts={"n": len(drawn)})
    return len(drawn)


# --- models ----------------------------------------------------------------------------------------------


def ask_teaching(*, by: User, now: datetime) -> Trial | None:
    """Have a model taught by the worker's side; None where one waits or runs already. Raises `NotYours`."""
    if by.role not in {Role.SECTION_CHIEF, Role.SYSTEM}:
        raise NotYours
    if Trial.objects.filter(facts__kind="teach", done_at=None).exists():
        return None
    return Trial.objects.create(by=by, asked_at=now, file_name="", facts={"kind": "teach"})


def teach_tonight(*, by: User, now: datetime) -> int:
    """Once a night, where enough was decided since the last time."""
    here = timezone.localtime(now)
    if here.hour < NIGHT or here.hour >= NIGHT + 4:
        return 0
    last = Trial.objects.filter(facts__kind="teach").order_by("-asked_at").first()
    if last is not None and last.asked_at > now - timedelta(hours=18):
        return 0
    labels = Truth.objects.all()
    if labels.count() < LEAST_TO_LEARN:
        return 0
    if last is not None and labels.filter(at__gt=last.asked_at).count() < WORTH_WHILE:
        return 0
    return int(ask_teaching(by=by, now=now) is not None)


def teach(*, by: User, now: datetime, say: Say = lambda _step, _share: None) -> LearnedModel | None:
    """Learn from the district's decided tickets. The model takes over where it is better on later tickets than the
    adviser in use; otherwise it is kept with its figures and not used. None where there is too little to learn from.
    """
    rows = _labelled(by)
    if len(rows) < LEAST_TO_LEARN:
        return None
    n = len(rows)
    first, second = int(n * _LEARN), int(n * (_LEARN + _WEIGH))
    learned_from = [
        row for row, takes in zip(rows, thinned((r.ticket, r.source) for r in rows), strict=True) if takes
    ]
    trained_to = rows[first - 1].received_at
    learned_from = [row for row in learned_from if row.received_at <= trained_to]
    often = Counter(row.label for row in learned_from)
    learned_from = [row for row in learned_from if often[row.label] >= LEAST_OF_A_UNIT]
    say("learning", 0.05)
    try:
        classifier = learn(_texts(learned_from), [row.label for row in learned_from]).classifier
    except BadTraining:
        return None
    say("weighing", 0.4)
    on = timezone.localtime(now).date()
    weighed_on, compared_on = rows[first:second][-MOST_TO_COMPARE:], rows[second:][-MOST_TO_COMPARE:]
    found = trial_opinions(by, [row.matter for row in weighed_on], on, classifier, SHARES)
    right = [
        sum(row.unit == said[at] for row, said in zip(weighed_on, found, strict=True))
        for at in range(1, len(SHARES) + 1)
    ]
    best = max(right)
    share = SHARES[right.index(best)]
    say("comparing", 0.6)
    later = trial_opinions(by, [row.matter for row in compared_on], on, classifier, (share,))
    compared = _compare(compared_on, later)
    figures = {
        "learned_from": len(learned_from),
        "labels": len(classifier.labels),
        "weighed_on": len(weighed_on),
        "share": share,
        "n": compared.n,
        "right_before": compared.right_before,
        "right_new": compared.right_new,
        "won": compared.won,
        "lost": compared.lost,
        "by_chance": round(compared.by_chance, 5),
        "from": rows[0].received_at.isoformat(),
        "to": rows[-1].received_at.isoformat(),
        "sources": dict(Counter(row.source for row in rows)),
    }
    say("keeping", 0.95)
    return _keep(classifier, share, rows[second - 1].received_at, figures, compared.is_better, by, now)


def use_model(model: LearnedModel | None, *, by: User, now: datetime, end: str = "rolled_back") -> None:
    """Another model from now on; None: the lists alone. What was promised for the one before holds no more.

    Raises `NotYours`, `Incomplete` (its file is gone or is not what it was).
    """
    if by.role not in {Role.SECTION_CHIEF, Role.SYSTEM}:
        raise NotYours
    if model is not None:
        try:
            checksum = load(models_folder() / model.file)[2]
        except (BadModelFile, FileNotFoundError):
            raise Incomplete({"model": _("这个模型的文件不在或已损坏，没有改动。")}) from None
        if checksum != model.checksum:
            raise Incomplete({"model": _("这个模型的文件与当时保存的不一样，没有改动。")})
    with transaction.atomic():
        before = LearnedModel.objects.filter(in_use=True)
        if model is not None:
            before = before.exclude(pk=model.pk)
        before.update(in_use=False, ended_at=now, end=end)
        if model is not None:
            LearnedModel.objects.filter(pk=model.pk).update(in_use=True, began_at=now, ended_at=None, end="")
        note_act(
            "adviser:1",
            "use_model",
            by=by,
            now=now,
            facts={"version": model.version if model else "", "end": end},
        )


# ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    ticket: int
    title: str
    body: str
    place_text: str
    place_code: str
    unit: str
    label: str
    source: str
    received_at: datetime

    @property
    def matter(self) -> tuple[str, str, str, str]:
        return self.title, self.body, self.place_text, self.place_code


def _labelled(by: User) -> list[_Row]:
    """Tickets with a known right unit, by time. A town is learned as "the town of the place"."""
    towns = towns_of(by)
    truths = (
        Truth.objects.filter(unit__is_active=True)
        .select_related("ticket__place", "unit")
        .order_by("-received_at", "-pk")[:MOST_TO_LEARN]
    )
    rows = []
    for truth in truths.iterator(chunk_size=2000):
        title, body, place_text, place_code = _matter(truth.ticket)
        code = truth.unit.code
        label = TOWN if code in towns else code
        rows.append(
            _Row(
                truth.ticket_id,
                title,
                body,
                place_text,
                place_code,
                code,
                label,
                truth.source,
                truth.received_at,
            )
        )
    rows.reverse()
    return rows


def _texts(rows: Sequence[_Row]) -> list[Fields]:
    return [(row.title, row.body) for row in rows]


def _compare(rows: Sequence[_Row], said: Sequence[Sequence[str]]) -> Compared:
    before = [row.unit == one[0] for row, one in zip(rows, said, strict=True)]
    new = [row.unit == one[1] for row, one in zip(rows, said, strict=True)]
    pairs = list(zip(before, new, strict=True))
    return Compared(
        len(rows), sum(before), sum(new), sum(b < a for b, a in pairs), sum(b > a for b, a in pairs)
    )


def _keep(
    classifier: Classifier,
    share: float,
    trained_to: datetime,
    figures: dict[str, Any],
    is_better: bool,
    by: User,
    now: datetime,
) -> LearnedModel:
    folder = models_folder()
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"new-{now:%Y%m%d%H%M%S}.skops"
    checksum = save(classifier, fresh, notes={"share": share, "figures": figures})
    file = folder / f"{checksum[:16]}.skops"
    fresh.replace(file)
    model, _made = LearnedModel.objects.get_or_create(
        version=checksum[:16],
        defaults={
            "checksum": checksum,
            "file": file.name,
            "trained_at": now,
            "trained_to": trained_to,
            "share": share,
            "figures": figures,
            "end": "" if is_better else "not_better",
        },
    )
    if is_better and share > 0:
        use_model(model, by=by, now=now, end="replaced")
        model.refresh_from_db()
    return model


def _matter(ticket: Ticket) -> tuple[str, str, str, str]:
    return ticket.title, ticket.body, ticket.place_text, ticket.place.code if ticket.place else ""


def _rulings(tickets: Sequence[int]) -> dict[int, int]:
    """Ticket → the unit that a consultation gave it to, the last one."""
    subjects = [f"ticket:{pk}" for pk in tickets]
    found = Entry.objects.filter(event="consultation_settled", subject__in=subjects).order_by("n")
    return {
        int(subject[7:]): int(facts["unit"])
        for subject, facts in found.values_list("subject", "facts")
        if facts.get("unit")
    }


def _first_shares(tickets: Sequence[int]) -> dict[int, Assignment]:
    found: dict[int, Assignment] = {}
    rows = Assignment.objects.filter(ticket__in=tickets, part="lead").order_by("-given_at", "-pk")
    for item in rows:
        found[item.ticket_id] = item
    return found


def _first_units(tickets: Sequence[int]) -> dict[int, int]:
    """Ticket → the unit it was sent to first; what the desk took back at once was no dispatch."""
    rows = Assignment.objects.filter(ticket__in=tickets, part="lead").exclude(state="recalled")
    return dict(rows.order_by("-given_at", "-pk").values_list("ticket_id", "unit_id"))


__all__ = [
    "BETTER",
    "LEAST_TO_LEARN",
    "Compared",
    "ask_teaching",
    "collect_truths",
    "draw_audits",
    "keep_verdict",
    "look_back",
    "teach",
    "teach_tonight",
    "use_model",
]
