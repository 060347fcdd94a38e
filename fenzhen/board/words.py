"""The screen's word for every code, for the faces (which do not meet the records)."""

from collections.abc import Mapping

from django.utils.functional import Promise

from fenzhen.records import words

_GROUPS: Mapping[str, Mapping[str, "str | Promise"]] = {
    "ticket_state": words.TICKET_STATES,
    "assignment_state": words.ASSIGNMENT_STATES,
    "act": words.ACTS,
    "clock": words.CLOCKS,
    "role": words.ROLES,
    "unit_kind": words.UNIT_KINDS,
    "line": words.LINES,
    "kind": words.KINDS,
    "channel": words.CHANNELS,
    "call_kind": words.CALL_KINDS,
    "part": words.PARTS,
    "solved": words.SOLVED,
    "satisfied": words.SATISFIED,
    "emotion": words.EMOTIONS,
    "risk": words.RISKS,
    "vulnerable": words.VULNERABLE,
    "attempt": words.ATTEMPTS,
    "request_kind": words.REQUEST_KINDS,
    "decision": words.DECISIONS,
    "time_unit": words.TIME_UNITS,
    "day_type": words.DAY_TYPES,
    "level": {str(k): v for k, v in words.LEVELS.items()},
    "redirect_reason": words.REDIRECT_REASONS,
    "void_reason": words.VOID_REASONS,
    "withdraw_reason": words.WITHDRAW_REASONS,
    "send_back_reason": words.SEND_BACK_REASONS,
    "unsolved_reason": words.UNSOLVED_REASONS,
    "import_field": words.IMPORT_FIELDS,
    "remark": words.REMARKS,
    "turn": words.TURNS,
    "return_reason": words.RETURN_REASONS,
    "extension_reason": words.EXTENSION_REASONS,
    "urge_reason": words.URGE_REASONS,
    "exclusion_reason": words.EXCLUSION_REASONS,
    "city_word": words.CITY_WORDS,
    "city_mode": words.CITY_MODES,
    "duty_time": words.DUTY_TIMES,
    "phone_outcome": words.PHONE_OUTCOMES,
    "attachment": words.ATTACHMENTS,
    "link": words.LINKS,
    "courier": words.COURIERS,
    "delivery": words.DELIVERIES,
    "notice": words.NOTICES,
    "truth": words.TRUTH_SOURCES,
    "audit_reason": words.AUDIT_REASONS,
    "unit_group": words.UNIT_GROUPS,
    "day_code": words.DAY_CODES,
    "model_end": words.MODEL_ENDS,
    "alarm_level": words.ALARM_LEVELS,
    "event_state": words.EVENT_STATES,
    "joined_how": words.JOINED_HOW,
    "whistle": words.WHISTLES,
    "party_part": words.PARTY_PARTS,
    "wave_way": words.WAVE_WAYS,
    "wave_state": words.WAVE_STATES,
    "sms_why_not": words.SMS_WHY_NOT,
    "unseen_state": words.UNSEEN_STATES,
    "door_step": words.DOOR_STEPS,
    "report_part": words.REPORT_PARTS,
    "why_not": words.WHY_NOT_AUTOMATIC,
}


def word(group: str, code: object) -> str:
    """The word for *code* in the language of the moment; the code itself where it has none, "" for nothing.

    Raises KeyError for an unknown group.
    """
    if code is None or code == "":
        return ""
    return str(_GROUPS[group].get(str(code), code))


def words_of(group: str) -> list[tuple[str, str]]:
    """All (code, word) of a group in their order, for choices. Raises KeyError for an unknown group."""
    return [(str(code), str(text)) for code, text in _GROUPS[group].items()]
