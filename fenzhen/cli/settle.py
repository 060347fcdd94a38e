"""After a past was generated or filed: seal it, tell nobody of it, and give what waits its advice."""

from pathlib import Path


def settle(folder: Path | None = None) -> None:
    """Seal the journal, let the worker begin behind it; a demo of *folder* gets its events."""
    from django.utils import timezone

    from fenzhen.board.district import district_of
    from fenzhen.jobs.reactions import READER
    from fenzhen.office.accounts import system_account
    from fenzhen.office.demo_events import make_events
    from fenzhen.office.seal import skip_to_head
    from fenzhen.office.spotting import READER as SPOTTER
    from fenzhen.papers.special import draft

    system = system_account()
    skip_to_head(READER, by=system, now=timezone.now())
    district = district_of(system)
    if district is not None and district.is_demo:
        make_events(by=system, now=timezone.now(), folder=folder, draft=draft)
        skip_to_head(READER, by=system, now=timezone.now())
    skip_to_head(SPOTTER, by=system, now=timezone.now())


def advise_now(most: int = 200) -> int:
    """Advice for the tickets that wait, here and now: a demo's first page shows it without waiting for a worker."""
    from django.utils import timezone

    from fenzhen.office.accounts import system_account
    from fenzhen.office.advise import advise_waiting
    from fenzhen.office.seal import seal_everything

    done = advise_waiting(by=system_account(), now=timezone.now(), limit=most)
    seal_everything(by=system_account(), now=timezone.now())
    return done
