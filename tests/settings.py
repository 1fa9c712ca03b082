"""The project's settings, in a directory of their own and with nothing of yours.

`TEST_DATABASE_URL` names the database server to test on; without it, SQLite.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from pathlib import Path

from tests.environment import clear_configuration

_scratch = tempfile.TemporaryDirectory(prefix="roundtable-tests-")
atexit.register(_scratch.cleanup)

clear_configuration(os.environ)
os.environ["VAR_DIR"] = _scratch.name
if os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]

from chatsite.settings import *  # noqa: F403  reads the environment set above
from chatsite.settings import DATABASES, STATIC_ROOT, STORAGES

if "DATABASE_URL" not in os.environ:
    # A file, not memory: the journal's thread has a connection of its own.
    DATABASES["default"]["TEST"] = {"NAME": Path(_scratch.name) / "test.sqlite3"}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
# WhiteNoise warns where there is none.
STATIC_ROOT.mkdir(exist_ok=True)
