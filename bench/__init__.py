"""Measurements: the real server against a bare relay of the same tokens."""
