"""The table of contents of what is kept; Django looks for models here."""

from fenzhen.records.advice import (
    Advice,
    Audit,
    Automation,
    Certified,
    CertifiedPart,
    DayPlan,
    Decision,
    DriftAlarm,
    LearnedModel,
    Trial,
    Truth,
)
from fenzhen.records.attachments import Attachment
from fenzhen.records.callbacks import Attempt, CallBack
from fenzhen.records.city import CityWord
from fenzhen.records.couriers import ContactWay, Delivery
from fenzhen.records.directory import Category, Duty, Example
from fenzhen.records.district import CalendarDay, District, Level
from fenzhen.records.drafts import Draft
from fenzhen.records.duty_phones import DutyPhone
from fenzhen.records.errands import Errand
from fenzhen.records.events import (
    CaseMaterial,
    Event,
    EventAlert,
    EventTicket,
    EventWord,
    Household,
    Instruction,
    JointCase,
    JointDecision,
    JointMeeting,
    JointParty,
    SpecialReport,
    Wave,
    WavePerson,
)
from fenzhen.records.filters import SavedFilter
from fenzhen.records.handling import Assignment, Note, Reply
from fenzhen.records.imports import ImportBatch, ImportPart
from fenzhen.records.journal import Cursor, Entry, SealHead
from fenzhen.records.links import TicketLink
from fenzhen.records.lists import KeptLists
from fenzhen.records.notices import Notice
from fenzhen.records.once import OnceToken
from fenzhen.records.people import User
from fenzhen.records.places import Place
from fenzhen.records.requests import Request
from fenzhen.records.search import SearchText
from fenzhen.records.surges import Surge
from fenzhen.records.tickets import Caller, NumberSeries, SealedNumber, Ticket
from fenzhen.records.units import Unit
from fenzhen.records.unseen import UnseenMention, UnseenName

__all__ = [
    "Advice",
    "Assignment",
    "Attachment",
    "Attempt",
    "Audit",
    "Automation",
    "CalendarDay",
    "CallBack",
    "Caller",
    "CaseMaterial",
    "Category",
    "Certified",
    "CertifiedPart",
    "CityWord",
    "ContactWay",
    "Cursor",
    "DayPlan",
    "Decision",
    "Delivery",
    "District",
    "Draft",
    "DriftAlarm",
    "Duty",
    "DutyPhone",
    "Entry",
    "Errand",
    "Event",
    "EventAlert",
    "EventTicket",
    "EventWord",
    "Example",
    "Household",
    "ImportBatch",
    "ImportPart",
    "Instruction",
    "JointCase",
    "JointDecision",
    "JointMeeting",
    "JointParty",
    "KeptLists",
    "LearnedModel",
    "Level",
    "Note",
    "Notice",
    "NumberSeries",
    "OnceToken",
    "Place",
    "Reply",
    "Request",
    "SavedFilter",
    "SealHead",
    "SealedNumber",
    "SearchText",
    "SpecialReport",
    "Surge",
    "Ticket",
    "TicketLink",
    "Trial",
    "Truth",
    "Unit",
    "UnseenMention",
    "UnseenName",
    "User",
    "Wave",
    "WavePerson",
]
