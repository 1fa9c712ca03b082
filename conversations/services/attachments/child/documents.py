"""The text of a PDF, page by page, for as long as there is time."""

from __future__ import annotations

import codecs
import contextlib
import importlib
import logging
import pkgutil
import time
from dataclasses import dataclass
from io import BytesIO

import pypdf
from pypdf import PageObject, PdfReader

from conversations.services.attachments.child.answering import Answer, Order, serve
from conversations.services.attachments.child.refusals import Refusal, UnreadableError

SHARE_OF_TIME = 0.7
# What pypdf decodes the fonts of the world with.
CODECS = (
    "ascii latin-1 cp1252 mac-roman charmap utf-8 utf-16 utf-16-be utf-16-le utf-32 "
    "gbk gb2312 gb18030 big5 cp950 cp932 shift-jis euc-jp cp949 euc-kr unicode-escape"
)


def _load() -> None:
    """Import whatever may be needed: later no file can be opened, nor a module."""
    for module in pkgutil.walk_packages(pypdf.__path__, "pypdf."):
        # Parts of it are for packages that are not here.
        with contextlib.suppress(ImportError):
            importlib.import_module(module.name)
    for name in CODECS.split():
        codecs.lookup(name)


_load()


@dataclass(frozen=True, slots=True)
class Document:
    text: str
    pages: int
    is_cut: bool


def read_document(
    data: bytes, *, most_pages: int, most_bytes: int, seconds: float
) -> Document:
    """Return a PDF's text: of `most_pages`, `most_bytes` as UTF-8, within `seconds`.

    What goes beyond is left out, and the document marked as cut. Raises
    `UnreadableError` where it is locked, and whatever pypdf raises.
    """
    until = time.monotonic() + seconds
    reader = PdfReader(BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableError(Refusal.LOCKED)
    count = len(reader.pages)
    parts: list[str] = []
    room = most_bytes
    for number in range(min(count, most_pages)):
        if time.monotonic() > until:
            return _document(parts, count, is_cut=True)
        part = _read_page(reader.pages[number]).encode(errors="replace")
        if len(part) > room:
            parts.append(part[:room].decode(errors="ignore"))
            return _document(parts, count, is_cut=True)
        parts.append(part.decode())
        room -= len(part) + 2
    return _document(parts, count, is_cut=count > most_pages)


def _document(parts: list[str], pages: int, *, is_cut: bool) -> Document:
    return Document("\n\n".join(parts).strip(), pages, is_cut)


def read(order: Order, data: bytes) -> Answer:
    """Read a document, as its order says."""
    found = read_document(
        data,
        most_pages=order["most_pages"],
        most_bytes=order["most_bytes"],
        # What it has by then is worth more than being ended.
        seconds=SHARE_OF_TIME * order["seconds"],
    )
    return {"text": found.text, "pages": found.pages, "is_cut": found.is_cut}, b""


def main() -> None:
    """Be the process that reads a document."""
    # pypdf says there what else is odd about a file, quoting it.
    logging.disable()
    serve(read)


def _read_page(page: PageObject) -> str:
    """Return the text of a page, empty where that one is broken."""
    try:
        return page.extract_text()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a page may raise anything
        return ""
