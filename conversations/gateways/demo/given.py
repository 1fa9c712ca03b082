"""What the demo was given to look at, told from a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conversations.wire import Json

# About what an image takes; the demo looks at none.
FILE_TOKENS = 765
_COUNTED = {1: "one image", 0: ""}


def read_text(content: object) -> str:
    """Return the words of a message's content, in parts or not."""
    if not isinstance(content, list):
        return str(content)
    texts = [str(part.get("text", "")) for part in _parts(content)]
    return "\n\n".join(text for text in texts if text)


def list_files(content: object) -> tuple[str, ...]:
    """Return what a message holds beside words: `image`, or the name of a PDF."""
    found = [_name(part) for part in _parts(content)]
    return tuple(name for name in found if name)


def name_files(files: tuple[str, ...]) -> str:
    """Return what was given, in words: "one image and report.pdf"."""
    images = files.count("image")
    words = _COUNTED.get(images, f"{images} images")
    names = [f"“{name}”" for name in files if name != "image"]
    said = [word for word in (words, *names) if word]
    return " and ".join([", ".join(said[:-1]), said[-1]] if said[1:] else said)


def _name(part: Json) -> str:
    if part.get("type") == "image_url":
        return "image"
    file = part.get("file")
    if part.get("type") == "file" and isinstance(file, dict):
        return str(file.get("filename") or "a file")
    return ""


def _parts(content: object) -> Iterable[Json]:
    parts = content if isinstance(content, list) else []
    return [part for part in parts if isinstance(part, dict)]
