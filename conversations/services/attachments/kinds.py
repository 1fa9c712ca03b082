"""What a file is: by its bytes, with which its name and claimed type must agree."""

from __future__ import annotations

from dataclasses import dataclass

from conversations.models import Attachment

Kind = Attachment.Kind

IMAGES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jfif": "JPEG",
    ".webp": "WEBP",
    ".gif": "GIF",
}
# Text, data and programs as people write them; all are kept and served as plain text.
_TEXTS = """
    txt text md markdown rst adoc org tex bib csv tsv log srt vtt diff patch
    json jsonl ndjson yaml yml toml ini cfg conf properties env xml xsl html htm css
    scss less js mjs cjs jsx ts tsx vue svelte py pyi ipynb rb go rs java kt kts swift
    scala groovy gradle c h cc cpp cxx hpp hh m mm cs fs vb php pl pm lua r jl dart ex
    exs erl hs elm clj lisp el ml sql graphql proto sh bash zsh fish ps1 bat cmd awk
    dockerfile makefile cmake tf hcl nix vim gitignore editorconfig
"""
TEXTS = frozenset(f".{suffix}" for suffix in _TEXTS.split())
# Types that browsers claim for text, against all appearances.
_TEXT_CLAIMS = {".ts": "video/", ".tsx": "video/", ".rs": "application/"}
_ANY_CLAIM = ("", "application/octet-stream", "binary/octet-stream")
_NO_TEXT_CLAIMS = ("image/", "audio/", "video/", "font/", "application/pdf")
_CLAIMS = {
    "PNG": ("image/png", "image/x-png"),
    "JPEG": ("image/jpeg", "image/jpg", "image/pjpeg"),
    "WEBP": ("image/webp",),
    "GIF": ("image/gif",),
    "PDF": ("application/pdf", "application/x-pdf"),
}
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"%PDF-", "PDF"),
)
# What people add that is none of these, said by its name.
_FOREIGN = (
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\x00asm", "a program"),
    (b"PK\x03\x04", "an archive or an office document"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"\x1f\x8b", "an archive"),
    (b"7z\xbc\xaf\x27\x1c", "an archive"),
    (b"Rar!", "an archive"),
    (b"BZh", "an archive"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"ID3", "a recording"),
    (b"OggS", "a recording"),
    (b"SQLite format 3\x00", "a database"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A kind of attachment, and the format it is read as."""

    kind: Attachment.Kind
    form: str


def name_format(data: bytes) -> str:
    """Return the format that the bytes of an image or PDF begin with, else nothing."""
    for beginning, form in _BEGINNINGS:
        if data.startswith(beginning):
            return form
    return "WEBP" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ""


def name_foreign(data: bytes) -> str:
    """Return in words what else the bytes begin like, nothing where unknown."""
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        return "a HEIC or AVIF picture"
    if data[4:8] == b"ftyp":
        return "a video"
    return next((name for head, name in _FOREIGN if data.startswith(head)), "")


def suffix_of(name: str) -> str:
    """Return how a name ends, with its dot; a name without one stands for itself."""
    stem, dot, suffix = name.lower().rpartition(".")
    return f".{suffix}" if dot else f".{stem or suffix}"


def find_kind(*, name: str, claimed: str, data: bytes) -> Found | None:
    """Return what a file is, None where bytes, name and claim do not agree."""
    suffix, form = suffix_of(name), name_format(data)
    claimed = claimed.partition(";")[0].strip().lower()
    if form:
        fits = IMAGES.get(suffix, "PDF" if suffix == ".pdf" else "") == form
        if not fits or claimed not in (*_ANY_CLAIM, *_CLAIMS[form]):
            return None
        return Found(Kind.PDF if form == "PDF" else Kind.IMAGE, form)
    is_text = suffix in TEXTS or "." not in name.strip(".")
    if not is_text or not _may_be_text(suffix, claimed):
        return None
    return Found(Kind.TEXT, "TEXT")


def _may_be_text(suffix: str, claimed: str) -> bool:
    expected = _TEXT_CLAIMS.get(suffix)
    if expected and claimed.startswith(expected):
        return True
    return not claimed.startswith(_NO_TEXT_CLAIMS)
