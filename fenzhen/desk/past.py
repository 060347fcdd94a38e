"""The verbs played in memory, for many tickets at once: a file that is read in, the past of a demo.

A `Story` has the verbs of a ticket's way under their own names, with the same arguments and refusals. They
walk through the same tables, clocks and hashes (`step.play`), but nothing is written until `Past.write`,
which then writes many tickets with a few statements. What comes out is, column by column and hash by hash,
what the verbs would have written one by one; `tests/desk/test_past.py` holds the two against each other.

It is for tickets that nobody else can see yet. Whatever is in the database already moves by the verbs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from fenzhen.desk.callback import Said, check_said, fill_in, first_answers, proposed_try, said_facts
from fenzhen.desk.duty import by_duty_list
from fenzhen.desk.handle import Answered
from fenzhen.desk.intake import (
    Heard,
    PutDown,
    callers_for,
    history_facts,
    lift_beside,
    next_numbers,
    put_down,
    receive_facts,
    sealed_numbers,
    search_grams,
    ticket_from,
)
from fenzhen.desk.request import (
    Asked,
    allowed,
    asked_facts,
    decided_facts,
    extension_faults,
    file_request,
    fill_in_decision,
    kept_words,
    return_faults,
)
from fenzhen.desk.step import (
    Facts,
    Incomplete,
    Move,
    NotOpen,
    NotYours,
    Played,
    play,
    play_begin,
    text_hash,
    write_played,
)
from fenzhen.hotline import privacy, roles
from fenzhen.hotline.clock import ClockRules
from fenzhen.hotline.duty import DutyBook
from fenzhen.hotline.journey import ACTIVE
from fenzhen.hotline.related import urge_reason
from fenzhen.records.callbacks import Attempt, CallBack
from fenzhen.records.city import CityWord
from fenzhen.records.directory import Category
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.requests import Request
from fenzhen.records.rules import clock_rules, duty_book, setting
from fenzhen.records.search import SearchText
from fenzhen.records.tickets import SealedNumber, Ticket
from fenzhen.records.units import Unit
from fenzhen.records.words import WITHDRAW_REASONS

#: Tickets written at once. More only needs more memory.
BLOCK = 250


class Past:
    """Stories that are told in memory and written together."""

    def __init__(self) -> None:
        self.rules: ClockRules = clock_rules()
        self.tries = int(setting("callback.attempts", 3))
        self.days = int(setting("callback.span_days", 2))
        self.allowed = allowed()
        self.stories: list[Story] = []
        self._towns: dict[str, Place | None] = {}
        self._book: DutyBook | None = None

    def receive(self, heard: Heard, *, by: User, now: datetime) -> "Story":
        """`receive_ticket`. Raises `Incomplete`, `NotOpen`; the story is then not kept."""
        story = self._begun(heard, by=by, now=now)
        ticket = story.ticket
        story.played.append(play_begin(ticket, "receive", by=by, now=now, facts=receive_facts(heard, ticket)))
        self.stories.append(story)
        return story

    def file_history(self, heard: Heard, *, by: User, now: datetime, **outcome: Any) -> "Story":
        """`file_history`: a closed ticket; no clock, no alarm."""
        story = self._begun(heard, by=by, now=now)
        ticket = story.ticket
        ticket.is_history = True
        for column, value in outcome.items():
            setattr(ticket, column, value)
        story.played.append(play_begin(ticket, "file_history", by=by, now=now, facts=history_facts(ticket)))
        self.stories.append(story)
        return story

    def copy_city(self, heard: Heard, *, by: User, now: datetime) -> "Story":
        """`copy_city`: an order that the city gave to a unit itself; it is watched and never queued."""
        story = self._begun(heard, by=by, now=now)
        ticket = story.ticket
        facts = receive_facts(heard, ticket)
        story.played.append(play_begin(ticket, "copy_city", by=by, now=now, facts=facts))
        self.stories.append(story)
        return story

    def write(self) -> int:
        """Write every story told so far, all or nothing, and begin anew. Returns how many tickets.

        Raises `IntegrityError` where a ticket with the same source and external number is there already.
        """
        with transaction.atomic():
            for start in range(0, len(self.stories), BLOCK):
                _write(self.stories[start : start + BLOCK])
        done = len(self.stories)
        self.stories = []
        return done

    def _begun(self, heard: Heard, *, by: User, now: datetime) -> "Story":
        put = put_down(heard, now=now)
        town = self._town(heard.place.town) if heard.place else None
        ticket = ticket_from(heard, put, by=by, number="", caller=None, town=town)
        return Story(self, ticket, put, now, sealed=sealed_numbers(ticket, put.lifted))

    @property
    def book(self) -> DutyBook:
        """The duty list, read once."""
        if self._book is None:
            self._book = duty_book()
        return self._book

    def _town(self, code: str) -> Place | None:
        if code and code not in self._towns:
            self._towns[code] = Place.objects.filter(code=code).first()
        return self._towns.get(code)


@dataclass(slots=True, eq=False)
class Story:
    """One ticket and everything that belongs to it, unsaved."""

    past: Past
    ticket: Ticket
    put: PutDown
    begun: datetime
    sealed: list[SealedNumber] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    callbacks: list[CallBack] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    words: list[tuple[CityWord, int]] = field(default_factory=list)
    """What the city is told, and which entry brought it."""
    played: list[Played] = field(default_factory=list)

    # what is asked of a story ---------------------------------------------------------------------------

    @property
    def lead(self) -> Assignment:
        """The lead's assignment of the present round."""
        return next(
            item
            for item in reversed(self.assignments)
            if item.part == "lead" and item.round == self.ticket.round and item.state != "recalled"
        )

    # intake ---------------------------------------------------------------------------------------------

    def submit(self, *, by: User, now: datetime) -> None:
        """`submit_ticket`."""
        self._play("submit", by, now)

    def answer(self, *, by: User, now: datetime, text: str) -> None:
        """`answer_ticket`."""
        kept = _kept(text, "answer", _("请写下告诉来电人的答复。"))
        self._play(
            "answer", by, now, facts={"answer": text_hash(kept)}, answer=kept, closed_at=now, **_NOT_HELD
        )

    def redirect(self, *, by: User, now: datetime, reason: str, text: str = "") -> None:
        """`redirect_ticket`."""
        kept = _kept(text)
        self._play(
            "redirect",
            by,
            now,
            facts={"reason": reason, "answer": text_hash(kept)},
            reason_code=reason,
            answer=kept,
            closed_at=now,
            **_NOT_HELD,
        )

    def supplement(self, *, by: User, now: datetime, text: str, place_text: str = "") -> None:
        """`supplement_ticket`."""
        kept = self._lift(text)
        changes: dict[str, Any] = {"body": f"{self.ticket.body}\n【补充】{kept}".strip()}
        if place_text.strip():
            changes["place_text"] = privacy.clean_text(place_text)[:255]
        played = self._play("supplement", by, now, facts={"words": text_hash(kept)}, **changes)
        self._note(played, "supplement", kept)

    def join_call(self, *, by: User, now: datetime, text: str, kind: str = "call") -> None:
        """`join_call`."""
        kept = self._lift(text)
        played = self._play("join_call", by, now, facts={"words": text_hash(kept), "kind": kind})
        self._note(played, kind, kept)

    def withdraw(self, *, by: User, now: datetime, reason: str, text: str = "") -> None:
        """`withdraw_ticket`."""
        asked = [request for request in self.requests if not request.decision]
        played = self._play(
            "withdraw",
            by,
            now,
            moves=self._ended(),
            facts=lambda: {"reason": reason, **_requests(asked)},
            reason_code=reason,
            closed_at=now,
            **_NOT_HELD,
        )
        with translation.override("zh-hans"):
            for request in asked:
                fill_in_decision(request, by, now, "moot", str(WITHDRAW_REASONS[reason]))
        self._note(played, "withdraw", _kept(text))

    # triage ---------------------------------------------------------------------------------------------

    def end_watch(self, *, by: User, now: datetime, closed_at: datetime | None = None) -> None:
        """`end_watch`."""
        self._play("end_watch", by, now, closed_at=closed_at or now)

    def ask_back(self, *, by: User, now: datetime, text: str) -> None:
        """`ask_back`."""
        kept = _kept(text, "text", _("请写明需要补充什么。"))
        played = self._play("ask_back", by, now, facts={"words": text_hash(kept)}, **_NOT_HELD)
        self._note(played, "ask_back", kept)

    def change_level(self, *, by: User, now: datetime, level: int) -> None:
        """`change_level`."""
        self._play("change_level", by, now, facts={"was": self.ticket.level}, level=level)

    def classify(
        self, *, by: User, now: datetime, category: Category | None = None, place: Place | None = None
    ) -> None:
        """`classify_ticket`."""
        changes: dict[str, Any] = {}
        if category is not None:
            changes["category"] = category
        if place is not None:
            changes |= {"place": place, "town": self.past._town(place.town or place.code)}
        facts = {"category": category.code if category else None, "place": place.code if place else None}
        self._play("classify", by, now, facts=facts, **changes)

    # dispatch -------------------------------------------------------------------------------------------

    def dispatch(
        self,
        *,
        by: User,
        now: datetime,
        lead: Unit,
        assist: Sequence[Unit] = (),
        level: int | None = None,
        category: Category | None = None,
        basis: str = "",
        word: str = "",
        chosen_rank: int | None = None,
    ) -> list[Assignment]:
        """`dispatch_ticket`."""
        level = level or self.ticket.level
        word = _kept(word)
        basis, said = self._by_list(lead, now, category or self.ticket.category, basis)
        helpers = [unit for unit in {unit.pk: unit for unit in assist}.values() if unit.pk != lead.pk]
        births = [
            Assignment(unit=unit, part=part, level=level, round=self.ticket.round, basis=basis, word=word)
            for unit, part in [(lead, "lead"), *((unit, "assist") for unit in helpers)]
        ]
        changes: dict[str, Any] = {"level": level, "dispatched_at": now, **_NOT_HELD}
        facts: dict[str, Any] = {"basis": basis, "rank": chosen_rank, "word": text_hash(word) if word else ""}
        facts |= said
        if category is not None:
            changes["category"] = category
            facts["category"] = category.code
        self._play(
            "dispatch",
            by,
            now,
            births=births,
            facts=facts,
            **changes,
        )
        return births

    def take_back(self, *, by: User, now: datetime) -> None:
        """`take_back`."""
        active = [i for i in self.assignments if i.round == self.ticket.round and i.state != "recalled"]
        self._play(
            "take_back",
            by,
            now,
            moves=[Move(item, "take_back") for item in active],
            own_deadline=None,
            lead_unit=None,
            dispatched_at=None,
        )

    def reopen(self, *, by: User, now: datetime, text: str) -> None:
        """`reopen_ticket`."""
        kept = _kept(text, "text", _("请写明重新启动的新情况。"))
        rounds = [item.round for item in self.assignments if item.state != "recalled"]
        played = self._play(
            "reopen",
            by,
            now,
            facts={"words": text_hash(kept)},
            round=max(rounds) + 1 if rounds else self.ticket.round,
            closed_at=None,
            reason_code="",
            own_deadline=None,
        )
        self._note(played, "reopen", kept)

    def undo(self, *, by: User, now: datetime) -> None:
        """`undo_desk_act` of an answer or a redirection."""
        self._play("undo", by, now, closed_at=None, reason_code="", answer="")

    # the unit -------------------------------------------------------------------------------------------

    def sign(self, assignment: Assignment, *, by: User, now: datetime) -> None:
        """`sign_assignment`."""
        self._play("sign", by, now, moves=[Move(assignment, "sign")], facts=_on_behalf(by))

    def note(self, assignment: Assignment, *, by: User, now: datetime, text: str) -> None:
        """`note_assignment`."""
        kept = _kept(text, "text", _("请写下备注内容。"))
        played = self._play(
            "note", by, now, facts=lambda: {"words": text_hash(kept), "assignment": assignment.pk}
        )
        self._note(played, "note", kept, assignment)

    def wait(self, assignment: Assignment, *, by: User, now: datetime, text: str) -> None:
        """`wait_for_caller`."""
        kept = _kept(text, "text", _("请写明在等诉求人做什么。"))
        played = self._play(
            "wait", by, now, moves=[Move(assignment, "wait")], facts={"words": text_hash(kept)}
        )
        self._note(played, "wait", kept, assignment)

    def resume(self, assignment: Assignment, *, by: User, now: datetime) -> None:
        """`resume_assignment`."""
        self._play("resume", by, now, moves=[Move(assignment, "resume")])

    def reply(self, assignment: Assignment, *, by: User, now: datetime, answered: Answered) -> Reply:
        """`submit_reply`."""
        internal = _kept(answered.internal_text, "internal_text", _("请写明做了什么。"))
        public = _kept(answered.public_text, "public_text", _("请写明告诉诉求人的话。"))
        self._play(
            "reply",
            by,
            now,
            moves=[Move(assignment, "reply")],
            facts={
                "words": text_hash(public + "\n" + internal),
                "contacted": answered.contacted,
                "solved_claim": answered.solved_claim,
                **_on_behalf(by),
            },
        )
        row = Reply(
            assignment=assignment,
            by=by,
            at=now,
            contacted=answered.contacted,
            contact_at=answered.contact_at,
            contact_how=_kept(answered.contact_how)[:64],
            is_true=answered.is_true,
            solved_claim=answered.solved_claim,
            unsolved_reason=_kept(answered.unsolved_reason)[:255],
            internal_text=internal,
            public_text=public,
        )
        self.replies.append(row)
        return row

    # review ---------------------------------------------------------------------------------------------

    def approve(self, assignment: Assignment, *, by: User, now: datetime) -> None:
        """`approve_reply`."""
        self._play("approve", by, now, moves=[Move(assignment, "approve")])
        self._judged(assignment, by, now, "approved", (), "")
        ticket = self.ticket
        if (
            assignment.part == "lead"
            and ticket.callback_due
            and not any(c.round == ticket.round for c in self.callbacks)
        ):
            self.callbacks.append(
                CallBack(
                    ticket=ticket,
                    round=ticket.round,
                    opened_at=now,
                    due_at=ticket.callback_due,
                    next_try_at=now,
                )
            )

    def send_back(
        self, assignment: Assignment, *, by: User, now: datetime, reasons: Sequence[str], text: str = ""
    ) -> None:
        """`send_back_reply`."""
        kept = _kept(text)
        played = self._play(
            "send_back",
            by,
            now,
            moves=[Move(assignment, "send_back")],
            facts={"reasons": list(reasons), "words": text_hash(kept)},
        )
        self._note(played, "send_back", kept, assignment)
        self._judged(assignment, by, now, "sent_back", reasons, kept)

    # call-back ------------------------------------------------------------------------------------------

    def miss(self, *, by: User, now: datetime, outcome: str, next_try_at: datetime | None = None) -> datetime:
        """`miss_call`; returns when the next try is due."""
        callback = self._open_callback()
        self._play("miss", by, now, facts=lambda: {"outcome": outcome, "callback": callback.pk})
        self.attempts.append(Attempt(callback=callback, at=now, by=by, outcome=outcome))
        due = next_try_at or proposed_try(callback, now)
        callback.next_try_at, callback.appointment = due, outcome == "appointment"
        return due

    def close(self, *, by: User, now: datetime, said: Said) -> None:
        """`close_ticket`."""
        check_said(said)
        callback = self._open_callback()
        self._play(
            "close",
            by,
            now,
            moves=self._ended(),
            facts=lambda: said_facts(said, callback),
            closed_at=now,
            final_solved=said.solved,
            final_satisfied=said.satisfied,
            **first_answers(self.ticket, said),
        )
        self._reached(callback, said, by, now, "closed")

    def close_unreached(self, *, by: User, now: datetime) -> None:
        """`close_unreached`."""
        callback = self._open_callback()
        tries = [a for a in self.attempts if a.callback is callback]
        days = {timezone.localtime(a.at).date() for a in tries}
        if len(tries) < self.past.tries or len(days) < self.past.days:
            raise NotOpen("ticket", "close_unreached", self.ticket.state, str(by.role))
        self._play(
            "close_unreached",
            by,
            now,
            moves=self._ended(),
            facts={"tries": len(tries)},
            closed_at=now,
        )
        callback.outcome, callback.done_at, callback.done_by = "unreached", now, by

    def rehandle(
        self,
        *,
        by: User,
        now: datetime,
        said: Said,
        level: int | None = None,
        unit: Unit | None = None,
        word: str = "",
    ) -> None:
        """`rehandle_ticket`."""
        check_said(said)
        ticket = self.ticket
        level = level or ticket.level
        callback = self._open_callback()
        leads = [i for i in self.assignments if i.part == "lead" and i.state not in {"recalled", "returned"}]
        last = max(enumerate(leads), key=lambda one: (one[1].round, one[0]))[1]
        lead = unit or last.unit
        basis, listed = (
            (last.basis, {}) if lead.pk == last.unit_id else self._by_list(lead, now, ticket.category)
        )
        birth = Assignment(
            unit=lead,
            part="lead",
            level=level,
            round=ticket.round + 1,
            basis=basis,
            word=_kept(word),
        )
        from_level = ticket.level
        self._play(
            "rehandle",
            by,
            now,
            births=[birth],
            moves=self._ended(),
            facts=lambda: {**said_facts(said, callback), "from_level": from_level, **listed},
            round=ticket.round + 1,
            level=level,
            place_now=_kept(said.place_now)[:255] or ticket.place_now,
            final_solved=said.solved,
            final_satisfied=said.satisfied,
            **first_answers(ticket, said),
        )
        self._reached(callback, said, by, now, "rehandled")

    # requests -------------------------------------------------------------------------------------------

    def ask_return(self, assignment: Assignment, *, by: User, now: datetime, asked: Asked) -> Request:
        """`ask_return`."""
        if self.ticket.designated and assignment.part == "lead":
            raise NotOpen("ticket", "ask_return", self.ticket.state, str(by.role))
        return self._ask("return", assignment, by, now, asked)

    def decide_return(self, request: Request, *, by: User, now: datetime, approve: bool, text: str) -> None:
        """`decide_return`."""
        assignment = self._open_request(request, text)
        if not approve:
            self._play("refuse_return", by, now, facts=lambda: decided_facts(request, text))
            fill_in_decision(request, by, now, "refused", text)
            return
        ticket = self.ticket
        is_last = ticket.returns + 1 >= self.past.allowed.most_returns
        if is_last and by.role != roles.Role.SECTION_CHIEF:
            raise NotYours
        moves = [Move(assignment, "approve_return")]
        changes: dict[str, Any] = {"returns": ticket.returns + 1}
        if assignment.part == "lead":
            moves += [move for move in self._ended() if move.assignment is not assignment]
            changes |= {"own_deadline": None, "lead_unit": None}
        others = self._asked_on(moves, request)
        self._play(
            "approve_return",
            by,
            now,
            moves=moves,
            facts=lambda: decided_facts(request, text) | _requests(others),
            **changes,
        )
        for other in others:
            fill_in_decision(other, by, now, "moot", _("工单已退回派单台"))
        fill_in_decision(request, by, now, "approved", text)
        if is_last and assignment.part == "lead":
            self.consult(by=by, now=now, text=_("第 %(n)s 次退回,转会商定责。") % {"n": ticket.returns})

    def ask_extension(self, assignment: Assignment, *, by: User, now: datetime, asked: Asked) -> Request:
        """`ask_extension`."""
        return self._ask("extension", assignment, by, now, asked)

    def decide_extension(
        self, request: Request, *, by: User, now: datetime, approve: bool, text: str
    ) -> None:
        """`decide_extension`."""
        assignment = self._open_request(request, text)
        if not approve:
            self._play("refuse_extension", by, now, facts=lambda: decided_facts(request, text))
            fill_in_decision(request, by, now, "refused", text)
            return
        ticket, end = self.ticket, request.until
        if end is None or end <= assignment.handle_due:
            raise Incomplete({"until": _("新的日期应晚于现在的时限。")})
        if assignment.round == 1 and ticket.city_deadline and end > ticket.city_deadline:
            raise Incomplete({"until": _("超过了市级时限;请先向市平台申请延期,批准后再改。")})
        changes: dict[str, Any] = {"extensions": ticket.extensions + 1} if assignment.part == "lead" else {}
        self._play(
            "extend",
            by,
            now,
            moves=[Move(assignment, "extend", until=end)],
            facts=lambda: decided_facts(request, text),
            **changes,
        )
        fill_in_decision(request, by, now, "approved", text)

    def consult(self, *, by: User, now: datetime, text: str) -> None:
        """`open_consultation`."""
        kept = _kept(text, "text", _("请写明争议在哪里、请哪些单位来商量。"))
        played = self._play("consult", by, now, facts={"words": text_hash(kept)}, **_NOT_HELD)
        self._note(played, "consult", kept)

    def settle(
        self, *, by: User, now: datetime, lead: Unit, text: str, assist: Sequence[Unit] = ()
    ) -> list[Assignment]:
        """`settle_consultation`."""
        kept = _kept(text, "text", _("请写明会商的结论和理由。"))
        facts = {"unit": lead.pk, "words": text_hash(kept)}
        played = self._play("settle", by, now, facts=facts, designated=True)
        self._note(played, "settle", kept)
        return self.dispatch(by=by, now=now, lead=lead, assist=assist, word=kept)

    def urge(self, *, by: User, now: datetime, text: str = "") -> None:
        """`urge_again`: the same person asks where it is."""
        kept = self._lift(text) if text else ""
        ticket = self.ticket
        facts = {"reason": urge_reason(ticket.urges), "words": text_hash(kept)}
        played = self._play("urge", by, now, facts=facts, urges=ticket.urges + 1)
        self._note(played, "urge", kept, empty=True)

    def take_over(self, *, by: User, now: datetime, text: str = "") -> None:
        """`take_over`."""
        kept = _kept(text)
        played = self._play("take_over", by, now, facts={"words": text_hash(kept)}, city_mode="district")
        self._note(played, "take_over", kept)

    def owe_city(self, n: int, fields: Mapping[str, Any], *, by: User, now: datetime) -> CityWord:
        """`owe_city` of the result that entry *n* brought; *fields* are cleaned."""
        facts = {"kind": "result", "words": text_hash(repr(sorted(fields.items())))}
        self._play("owe_city", by, now, facts=facts)
        word = CityWord(ticket=self.ticket, kind="result", fields=dict(fields), made_at=now, made_by=by)
        self.words.append((word, n))
        return word

    def tell_city(self, word: CityWord, *, by: User, now: datetime, batch: str) -> None:
        """`tell_city` in a file."""
        self._play(
            "tell_city",
            by,
            now,
            facts=lambda: {"word": word.pk, "kind": word.kind, "way": "file", "batch": batch},
        )
        word.told_at, word.told_by, word.way, word.batch = now, by, "file", batch

    # void -----------------------------------------------------------------------------------------------

    def ask_void(self, *, by: User, now: datetime, reason: str, text: str = "") -> Request:
        """`ask_void`."""
        kept = _kept(text)
        self._play("ask_void", by, now, facts={"reason": reason, "words": text_hash(kept)})
        request = Request(
            ticket=self.ticket, kind="void", applicant=by, asked_at=now, reason_code=reason, text=kept
        )
        self.requests.append(request)
        return request

    def decide_void(
        self, request: Request, *, by: User, now: datetime, approve: bool, text: str = ""
    ) -> None:
        """`decide_void`."""
        if request.applicant_id == by.pk:
            raise NotYours

        others = [r for r in self.requests if not r.decision and r is not request] if approve else []

        def facts() -> Mapping[str, Any]:
            return {
                "request": request.pk,
                "reason": request.reason_code,
                "asked_by": request.applicant_id,
                **_requests(others),
            }

        for other in others:
            fill_in_decision(other, by, now, "moot", _("工单已作废"))
        if approve:
            self._play(
                "void",
                by,
                now,
                moves=self._ended(),
                facts=facts,
                reason_code=request.reason_code,
                closed_at=now,
                **_NOT_HELD,
            )
        else:
            self._play("refuse_void", by, now, facts=facts)
        request.decided_by, request.decided_at = by, now
        request.decision = "approved" if approve else "refused"
        request.decision_text = _kept(text)

    # ----------------------------------------------------------------------------------------------------

    def _play(
        self,
        act: str,
        by: User,
        now: datetime,
        *,
        moves: Sequence[Move] = (),
        births: Sequence[Assignment] = (),
        facts: Facts = None,
        **changes: Any,
    ) -> Played:
        played = play(
            self.ticket,
            act,
            by=by,
            now=now,
            rules=self.past.rules,
            held=self.assignments,
            moves=moves,
            births=births,
            facts=facts,
            **changes,
        )
        self.assignments += births
        self.played.append(played)
        return played

    def _by_list(
        self, lead: Unit, now: datetime, category: Category | None, basis: str = ""
    ) -> tuple[str, dict[str, str]]:
        wrong: dict[str, str] = {}
        found = by_duty_list(
            self.ticket, lead, now=now, category=category, basis=basis, wrong=wrong, book=self.past.book
        )
        if wrong:
            raise Incomplete(wrong)
        return found

    def _ended(self) -> list[Move]:
        return [Move(item, "end") for item in self.assignments if item.state in ACTIVE]

    def _ask(self, kind: str, assignment: Assignment, by: User, now: datetime, asked: Asked) -> Request:
        rules = self.past.allowed
        wrong = (
            return_faults(asked, assignment, now, rules)
            if kind == "return"
            else extension_faults(asked, assignment, self.ticket.extensions, now, rules)
        )
        if any(r.assignment is assignment and r.kind == kind and not r.decision for r in self.requests):
            wrong["reason"] = _("已经申请过,正等待派单台答复。")
        if wrong:
            raise Incomplete(wrong)
        kept = kept_words(asked)
        self._play(f"ask_{kind}", by, now, facts=lambda: asked_facts(kept, assignment, by))
        request = file_request(assignment, kind, kept, by, now)
        self.requests.append(request)
        return request

    def _open_request(self, request: Request, text: str) -> Assignment:
        if request.decision:
            raise Incomplete({"decision": _("这项申请已经有人处理。")})
        _kept(text, "text", _("请写明同意或不同意的理由,单位会看到。"))
        assert request.assignment is not None
        return request.assignment

    def _asked_on(self, moves: Sequence[Move], but: Request | None = None) -> list[Request]:
        """What was asked on the shares that end."""
        shares = {id(move.assignment) for move in moves}
        return [r for r in self.requests if not r.decision and r is not but and id(r.assignment) in shares]

    def _note(
        self,
        played: Played,
        kind: str,
        text: str,
        assignment: Assignment | None = None,
        *,
        empty: bool = False,
    ) -> None:
        if text or empty:
            self.notes.append(
                Note(
                    ticket=self.ticket,
                    assignment=assignment,
                    n=played.n,
                    by=played.by,
                    at=played.at,
                    kind=kind,
                    text=text,
                )
            )

    def _lift(self, text: str) -> str:
        kept, lifted = lift_beside(
            _cleaned(text, "text", _("请写下补充的内容。")), {row.mark for row in self.sealed}
        )
        self.sealed += sealed_numbers(self.ticket, lifted)
        return kept

    def _judged(
        self,
        assignment: Assignment,
        by: User,
        now: datetime,
        verdict: str,
        reasons: Sequence[str],
        text: str,
    ) -> None:
        reply = next(r for r in reversed(self.replies) if r.assignment is assignment)
        reply.verdict, reply.verdict_reasons, reply.verdict_text = verdict, list(reasons), text
        reply.reviewed_by, reply.reviewed_at = by, now

    def _open_callback(self) -> CallBack:
        for row in self.callbacks:
            if row.round == self.ticket.round and not row.outcome:
                return row
        raise NotOpen("ticket", "call back", self.ticket.state)

    def _reached(self, callback: CallBack, said: Said, by: User, now: datetime, outcome: str) -> None:
        claim = next((r for r in reversed(self.replies) if r.assignment.part == "lead"), None)
        self.attempts.append(Attempt(callback=callback, at=now, by=by, outcome="reached"))
        fill_in(callback, said, by=by, now=now, outcome=outcome, claim=claim)


_NOT_HELD: dict[str, Any] = {"held_by": None, "held_until": None}


def _write(stories: Sequence[Story]) -> None:
    """Everything of some stories, each table by one statement or a few, ids before what names them."""
    numbers = next_numbers([story.put.received_at for story in stories])
    callers = callers_for([(story.put.known, story.begun) for story in stories])
    for story, number, caller in zip(stories, numbers, callers, strict=True):
        story.ticket.number, story.ticket.caller = number, caller
    tickets = [story.ticket for story in stories]
    # A ticket that goes on from another one of the same block needs the other's id first.
    fresh = {id(ticket) for ticket in tickets}
    waiting = [t for t in tickets if t.previous is not None and id(t.previous) in fresh]
    later = {id(ticket) for ticket in waiting}
    Ticket.objects.bulk_create([t for t in tickets if id(t) not in later])
    while waiting:
        ready = [t for t in waiting if t.previous is not None and t.previous.pk]
        Ticket.objects.bulk_create(ready)
        waiting = [t for t in waiting if not t.pk]
    Assignment.objects.bulk_create([row for story in stories for row in story.assignments])
    CallBack.objects.bulk_create([row for story in stories for row in story.callbacks])
    Request.objects.bulk_create([row for story in stories for row in story.requests])
    for story in stories:
        for word, n in story.words:
            word.once = f"{word.kind}:{story.ticket.pk}:{n}"
    CityWord.objects.bulk_create([word for story in stories for word, _n in story.words])
    Reply.objects.bulk_create([row for story in stories for row in story.replies])
    Note.objects.bulk_create([row for story in stories for row in story.notes])
    Attempt.objects.bulk_create([row for story in stories for row in story.attempts])
    SealedNumber.objects.bulk_create([row for story in stories for row in story.sealed])
    SearchText.objects.bulk_create(
        [SearchText(ticket=ticket, grams=search_grams(ticket)) for ticket in tickets]
    )
    write_played(played for story in stories for played in story.played)


def _cleaned(text: str, column: str = "", refusal: str = "") -> str:
    text = privacy.clean_text(text)
    if refusal and not text:
        raise Incomplete({column: refusal})
    return text


def _kept(text: str, column: str = "", refusal: str = "") -> str:
    return privacy.lift_numbers(_cleaned(text, column, refusal))[0]


def _requests(requests: Sequence[Request]) -> dict[str, Any]:
    return {"requests": [request.pk for request in requests]} if requests else {}


def _on_behalf(by: User) -> dict[str, bool]:
    return {} if by.role in roles.UNIT else {"on_behalf": True}


__all__ = ["Past", "Story"]
