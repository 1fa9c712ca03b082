"""For how long what was deleted, ended or withdrawn can come back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from conversations import limits


def find_undo_start() -> datetime:
    """Return the moment since which what was done can still be undone."""
    return timezone.now() - timedelta(hours=limits.UNDO_HOURS)
