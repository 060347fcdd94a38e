"""分诊: the triage desk of a 12345 hotline."""

__version__ = "0.1.0"
