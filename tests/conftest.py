"""What every test may ask for."""

import os
import tempfile
from pathlib import Path

import pytest

# Before Django reads its settings: tests keep their keys and data to themselves.
_HOME = Path(tempfile.mkdtemp(prefix="fenzhen-test-"))
os.environ["FENZHEN_DATA_DIR"] = str(_HOME)
os.environ.setdefault("FENZHEN_KEYS", "test:" + "A" * 43)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fenzhen.settings")

from django.conf import settings  # noqa: E402 - the environment must be set first

if settings.configured:
    # pytest-django has read them before any conftest: two runs at once would share one database file.
    settings.FENZHEN_DATA_DIR = _HOME
    settings.FENZHEN_KEYS = os.environ["FENZHEN_KEYS"]
    settings.DATABASES["default"].get("TEST", {})["NAME"] = str(_HOME / "test.sqlite3")

from tests import cast as _cast  # noqa: E402 - the environment must be set first
from tests.browser import browser, browser_page, new_page, shot, sign_in  # noqa: E402, F401 - fixtures

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def cast(db: None) -> "_cast.Cast":
    """The whole cast, in the test's database."""
    return _cast.build()


@pytest.fixture
def shared_data() -> Path:
    """Real messages to measure on; never part of the repository."""
    if not SHARED.exists():
        pytest.skip(f"no data in {SHARED}")
    return SHARED
