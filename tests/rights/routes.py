"""Every address of the project, as its own resolver knows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RegexPattern


@dataclass(frozen=True)
class Route:
    """A pattern with its name, and the names of its arguments with their kinds."""

    name: str
    kinds: tuple[tuple[str, str], ...]

    @property
    def is_of_admin(self) -> bool:
        return self.name.startswith("admin:")

    @property
    def arguments(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.kinds)

    def path(self, ids: Mapping[str, object]) -> str:
        return reverse(self.name, kwargs={name: ids[name] for name in self.arguments})


@cache
def all_routes() -> tuple[Route, ...]:
    """Every route; the names of those of Django admin begin with `admin:`."""
    return tuple(_walk(get_resolver().url_patterns))


@cache
def our_routes() -> dict[str, Route]:
    """Every route that is not Django admin's, by its name."""
    found = [route for route in all_routes() if not route.is_of_admin]
    named = {route.name: route for route in found}
    assert len(named) == len(found), "Two routes have one name."
    return named


def _walk(
    patterns: Sequence[object],
    prefix: str = "",
    kinds: tuple[tuple[str, str], ...] = (),
) -> Iterator[Route]:
    for one in patterns:
        assert isinstance(one, URLPattern | URLResolver)
        inner = kinds + tuple(_kinds(one.pattern))
        if isinstance(one, URLResolver):
            space = f"{prefix}{one.namespace}:" if one.namespace else prefix
            yield from _walk(one.url_patterns, space, inner)
        else:
            yield Route(f"{prefix}{one.name}", inner)


def _kinds(pattern: object) -> Iterator[tuple[str, str]]:
    if isinstance(pattern, RegexPattern):
        yield from ((name, "group") for name in pattern.regex.groupindex)
    else:
        found = getattr(pattern, "converters", {})
        yield from ((name, type(one).__name__) for name, one in found.items())
