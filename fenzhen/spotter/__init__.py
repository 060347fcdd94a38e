"""Many messages, one event: links what arrives to what was there, and rings when many people mean the same.

>>> from datetime import datetime, timedelta
>>> spotter, alerts = Spotter(), []
>>> for at, words in enumerate(["晨光家园窗户缩水", "晨光家园的窗户比合同上小", "晨光家园窗户太小采光不好", "柳河镇路灯不亮"]):
...     made = spotter.add(Message(str(at), f"caller {at}", datetime(2026, 3, 2, 9) + timedelta(hours=at), words, ""))
...     alerts += made.alerts
"""

from fenzhen.spotter.alarms import Budget, level_of
from fenzhen.spotter.events import Spotter, Unknown
from fenzhen.spotter.message import Alert, Decision, EventView, Level, Likely, Message, Why
from fenzhen.spotter.settings import BadSettings, Rule, Settings
from fenzhen.spotter.weights import BadWeights, Weights

__all__ = [
    "Alert", "BadSettings", "BadWeights", "Budget", "Decision", "EventView", "Level", "Likely", "Message", "Rule", "Settings", "Spotter", "Unknown", "Weights", "Why",
    "level_of",
]  # fmt: skip
