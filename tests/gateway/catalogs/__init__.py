"""Lists of models in every shape that gateways give them, and some in none."""

from __future__ import annotations

from tests.gateway.catalogs.pages import find_page

__all__ = ["find_page"]
