"""Static files as they are served: hashed, compressed, without comments, one stylesheet."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from whitenoise.storage import (  # type: ignore[import-untyped]  # ships no types
    CompressedManifestStaticFilesStorage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.files.storage import Storage

    Paths = dict[str, tuple[Storage, str]]
    Processed = tuple[str, str | None, bool | Exception]

STYLESHEET = "css/roundtable.css"
_IMPORT = re.compile(r'@import "(?P<name>[\w.-]+)" layer\((?P<layer>\w+)\);')

_STYLE_COMMENT = re.compile(r"/\*.*?\*/\n?", re.DOTALL)
# Those that have lines of their own: what else looks like one may be in a string.
_SCRIPT_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)

# Our modules import each other by name: the names must become the hashed ones.
# Django's own switch for this also reads comments in other packages' scripts.
_MODULES = (
    "js/*.js",
    ((r"""(?P<matched>from "(?P<url>\./[\w.-]+)";)""", 'from "%(url)s";'),),
)


class JoinedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Joins the stylesheet's layers into one file, so that a page loads one, and leaves
    out the comments of it and of our modules, a seventh of what they are.

    With DEBUG the browser follows the imports itself.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, _MODULES)

    def post_process(
        self, paths: Paths, dry_run: bool = False, **options: object
    ) -> Iterator[Processed]:
        """Join and shorten, then hash and compress what `collectstatic` has found."""
        if not dry_run:
            shorter = {name: _shorten(paths, name) for name in paths if _is_own(name)}
            for name, text in shorter.items():
                self.delete(name)
                self._save(name, ContentFile(text.encode()))
            paths = {**paths, **{name: (self, name) for name in shorter}}
        yield from super().post_process(paths, dry_run=dry_run, **options)


def _is_own(name: str) -> bool:
    is_module = name.startswith("js/") and name.endswith(".js")
    return is_module or name == STYLESHEET


def _shorten(paths: Paths, name: str) -> str:
    """What people read in the sources, a page need not load."""
    if name == STYLESHEET:
        return _STYLE_COMMENT.sub("", _join(paths))
    return _SCRIPT_COMMENT.sub("", _read(paths, name))


def _join(paths: Paths) -> str:
    folder = PurePosixPath(STYLESHEET).parent

    def layer(found: re.Match[str]) -> str:
        part = _read(paths, str(folder / found["name"]))
        return f"@layer {found['layer']} {{\n{part}}}"

    return _IMPORT.sub(layer, _read(paths, STYLESHEET))


def _read(paths: Paths, name: str) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return bytes(file.read()).decode()
