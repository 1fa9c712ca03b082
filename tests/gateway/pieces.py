"""Images and PDFs in a request: where each protocol has them, and what is in them."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from math import ceil
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError

if TYPE_CHECKING:
    from conversations.wire import Json

IMAGES = frozenset({"image_url", "input_image", "image"})
PDFS = frozenset({"file", "input_file", "document"})
MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
PDF = "application/pdf"
# Of an image's tiles and a PDF's pages, in tokens.
TILE, PAGE, LEAST = 170, 1_600, 85
_DATA_URL = re.compile(r"data:([a-z/+.-]+);base64,([A-Za-z0-9+/]+={0,2})")


class NotThatError(Exception):
    """A part does not hold what it should; the message says why."""


@dataclass(frozen=True)
class Piece:
    """What is in a part. Sizes are pixels, or pages; `name` is that of a PDF."""

    media_type: str
    width: int = 0
    height: int = 0
    pages: int = 0
    name: str = ""

    @property
    def tokens(self) -> int:
        if self.pages:
            return self.pages * PAGE
        return LEAST + TILE * ceil(self.width / 512) * ceil(self.height / 512)

    @property
    def words(self) -> str:
        if self.pages:
            return f"{self.name} {self.pages} pages"
        return f"{self.media_type} {self.width}x{self.height}"


def is_piece(part: Json) -> bool:
    return part.get("type") in IMAGES | PDFS


def read_piece(part: Json) -> Piece:
    """Return what a part holds. Raises `NotThatError` as a strict gateway would."""
    kind = str(part["type"])
    if kind in ("image", "document"):
        claimed, encoded, name = _read_source(part)
    else:
        claimed, encoded, name = _read_url(part, kind)
    piece = _open(encoded)
    if piece.media_type != claimed:
        message = f"specified using the {claimed} media type, but it appears to be"
        raise NotThatError(f"The file was {message} {piece.media_type}.")
    if (kind in PDFS) != (claimed == PDF):
        raise NotThatError(f"A part of type '{kind}' cannot hold {claimed}.")
    return Piece(claimed, piece.width, piece.height, piece.pages, name)


def _read_source(part: Json) -> tuple[str, str, str]:
    source = part.get("source")
    if not isinstance(source, dict) or source.get("type") != "base64":
        raise NotThatError("source.type: Input should be 'base64'")
    if set(source) != {"type", "media_type", "data"}:
        raise NotThatError("source: Extra inputs are not permitted")
    return str(source["media_type"]), str(source["data"]), str(part.get("title", ""))


def _read_url(part: Json, kind: str) -> tuple[str, str, str]:
    place = {
        "image_url": lambda: _inner(part, "image_url")["url"],
        "input_image": lambda: part["image_url"],
        "file": lambda: _inner(part, "file")["file_data"],
        "input_file": lambda: part["file_data"],
    }[kind]
    name = _inner(part, "file").get("filename") if kind == "file" else ""
    name = part.get("filename") if kind == "input_file" else name
    try:
        url = place()
    except KeyError as error:
        raise NotThatError(f"Missing required parameter: {error}.") from None
    if kind in PDFS and not name:
        raise NotThatError("Missing required parameter: 'filename'.")
    if kind == "input_image" and part.get("detail") not in ("auto", "low", "high"):
        raise NotThatError("Invalid value for 'detail'.")
    found = _DATA_URL.fullmatch(str(url))
    if found is None:
        raise NotThatError("Expected a base64-encoded data URL.")
    return found[1], found[2], str(name or "")


def _inner(part: Json, name: str) -> Json:
    inner = part.get(name)
    if not isinstance(inner, dict):
        raise NotThatError(f"Invalid type for '{name}': expected an object.")
    return inner


@lru_cache(maxsize=64)
def _open(encoded: str) -> Piece:
    try:
        data = b64decode(encoded, validate=True)
        if data.startswith(b"%PDF-"):
            return Piece(PDF, pages=len(PdfReader(BytesIO(data)).pages))
        with Image.open(BytesIO(data)) as image:
            return Piece(MEDIA_TYPES[str(image.format)], *image.size)
    except (binascii.Error, UnidentifiedImageError, PyPdfError, KeyError) as error:
        raise NotThatError("Could not process the file.") from error
