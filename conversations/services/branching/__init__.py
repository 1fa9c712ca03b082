"""Branches: the paths of a conversation, edits and retries."""
