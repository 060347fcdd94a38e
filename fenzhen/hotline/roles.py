"""Who works at, above and below a hotline's sub-centre (DOMAIN: people and levels)."""

from enum import StrEnum


class Role(StrEnum):
    """One person has one role; a person with two jobs has two accounts, so that the journal stays true."""

    AGENT = "agent"
    SHIFT_LEAD = "shift_lead"
    DISPATCHER = "dispatcher"
    REVIEWER = "reviewer"
    CALLBACK_AGENT = "callback_agent"
    SUPERVISOR = "supervisor"
    ANALYST = "analyst"
    SECTION_CHIEF = "section_chief"
    DISTRICT_LEADER = "district_leader"
    UNIT_LIAISON = "unit_liaison"
    UNIT_WORKER = "unit_worker"
    ADMIN = "admin"
    SYSTEM = "system"


#: Work inside the sub-centre on single tickets.
CENTRE = frozenset(
    {
        Role.AGENT,
        Role.SHIFT_LEAD,
        Role.DISPATCHER,
        Role.REVIEWER,
        Role.CALLBACK_AGENT,
        Role.SUPERVISOR,
        Role.SECTION_CHIEF,
    }
)
#: Take calls and write tickets. Call-back staff do so when the person called back asks for help.
INTAKE = frozenset(
    {Role.AGENT, Role.SHIFT_LEAD, Role.DISPATCHER, Role.CALLBACK_AGENT, Role.SECTION_CHIEF, Role.SYSTEM}
)
#: Send tickets to units.
DESK = frozenset({Role.DISPATCHER, Role.SHIFT_LEAD, Role.SECTION_CHIEF})
#: Check what units answered.
REVIEW = frozenset({Role.REVIEWER, Role.SHIFT_LEAD, Role.SECTION_CHIEF})
#: Phone afterwards. Units never call back about their own work (DOMAIN §8, anti-gaming).
CALLBACK = frozenset({Role.CALLBACK_AGENT, Role.SHIFT_LEAD, Role.SECTION_CHIEF})
#: Handle what they were given.
UNIT = frozenset({Role.UNIT_LIAISON, Role.UNIT_WORKER})
#: Decide what others proposed.
CHIEFS = frozenset({Role.SHIFT_LEAD, Role.SECTION_CHIEF})
#: Read figures and reports, never a caller's identity.
READERS = frozenset({Role.ANALYST, Role.DISTRICT_LEADER})
