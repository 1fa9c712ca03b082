"""Files that people add: what is taken, what becomes of it, and what is refused."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from conversations import limits
from conversations.models import Attachment, File, User
from conversations.services.attachments import extraction
from conversations.services.attachments.adding import (
    add_file,
    clean_name,
    make_attachment,
)
from conversations.services.attachments.child import documents, pictures
from conversations.services.attachments.child.answering import answer_for
from conversations.services.attachments.texts import read_text
from conversations.services.errors import RefusedError
from tests import making_files

READABLE = "Images (PNG, JPEG, WebP, GIF), PDF and text can be added."
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00"
ARCHIVE = b"PK\x03\x04\x14\x00\x00\x00\x08\x00"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

# Name, claimed type, bytes, and the one sentence.
REFUSED: list[tuple[str, str, Callable[[], bytes], str]] = [
    (
        "report.pdf",
        "application/pdf",
        lambda: PROGRAM,
        f"“report.pdf” is a program. {READABLE}",
    ),
    (
        "notes.txt",
        "text/plain",
        lambda: PROGRAM,
        f"“notes.txt” is a program. {READABLE}",
    ),
    ("run.exe", "", lambda: PROGRAM, f"“run.exe” is a program. {READABLE}"),
    (
        "logo.svg",
        "image/svg+xml",
        lambda: SVG,
        "“logo.svg” is a drawing that may hold programs. Save it as PNG, and add that.",
    ),
    (
        "logo.png",
        "image/png",
        lambda: SVG,
        f"“logo.png” is not a PNG, whatever its name says. {READABLE}",
    ),
    (
        "a.png",
        "image/png",
        lambda: making_files.picture("JPEG"),
        "“a.png” holds a JPEG, which is not what it is said to be. "
        "Give it the right name, and add it once more.",
    ),
    (
        "a.jpg",
        "image/png",
        lambda: making_files.picture("JPEG"),
        "“a.jpg” holds a JPEG, which is not what it is said to be. "
        "Give it the right name, and add it once more.",
    ),
    (
        "page.html",
        "text/html",
        lambda: making_files.document("x"),
        "“page.html” holds a PDF, which is not what it is said to be. "
        "Give it the right name, and add it once more.",
    ),
    (
        "letter.docx",
        "",
        lambda: ARCHIVE,
        f"“letter.docx” is an archive or an office document. {READABLE}",
    ),
    (
        "bomb.txt",
        "text/plain",
        lambda: ARCHIVE,
        f"“bomb.txt” is an archive or an office document. {READABLE}",
    ),
    (
        "clip.xyz",
        "",
        lambda: b"something",
        f"“clip.xyz” is of a kind that can’t be read here. {READABLE}",
    ),
    ("empty.txt", "text/plain", bytes, "“empty.txt” is empty. Choose another file."),
    (
        "latin.txt",
        "text/plain",
        lambda: "Grüße".encode("latin-1"),
        "“latin.txt” is not text as UTF-8. Save it as that, and add it once more.",
    ),
    (
        "half.txt",
        "text/plain",
        lambda: b"\xff\xfe\x00\xd8",
        "“half.txt” is not text as UTF-8. Save it as that, and add it once more.",
    ),
    (
        "huge.png",
        "image/png",
        lambda: making_files.claims_to_be_large(20_000, 20_000),
        "“huge.png” has 400 megapixels, and 40 fit. "
        "Make it smaller, and add it once more.",
    ),
    (
        "wide.png",
        "image/png",
        lambda: making_files.claims_to_be_large(8_000, 5_001),
        "“wide.png” has 41 megapixels, and 40 fit. "
        "Make it smaller, and add it once more.",
    ),
    (
        "torn.png",
        "image/png",
        lambda: making_files.picture("PNG")[:50],
        "“torn.png” is damaged and could not be read. "
        "Save it anew, and add it once more.",
    ),
    (
        "torn.pdf",
        "application/pdf",
        lambda: b"%PDF-1.7 and nothing else",
        "“torn.pdf” is damaged and could not be read. "
        "Save it anew, and add it once more.",
    ),
]


def add(user: User, data: bytes, name: str, claimed: str = "") -> Attachment:
    return add_file(
        user=user, conversation=None, file=BytesIO(data), name=name, claimed=claimed
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "claimed", "make", "sentence"), REFUSED)
def test_a_file_that_is_not_taken_is_refused_in_one_sentence(
    alice: User, name: str, claimed: str, make: Callable[[], bytes], sentence: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        add(alice, make(), name, claimed)

    assert str(refused.value) == sentence
    assert not File.objects.exists()


@pytest.mark.django_db
def test_a_file_that_is_too_large_is_not_even_looked_at(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FILE_BYTES", 2_000_000)
    with pytest.raises(RefusedError, match=r"is 3 MB large, and 2 MB fit\."):
        add(alice, bytes(3_000_000), "large.png")


def test_a_photograph_is_upright_and_says_nothing_of_where_it_was_taken() -> None:
    row, file = make_attachment(
        name="IMG.jpg", claimed="image/jpeg", data=making_files.photograph()
    )

    kept = Image.open(BytesIO(file.data))
    assert (row.kind, row.media_type) == ("image", "image/jpeg")
    assert (row.width, row.height) == kept.size == (20, 40)
    assert len(kept.getexif()) == 0
    assert b"Secret camera" not in file.data


def test_a_moving_picture_becomes_its_first_frame() -> None:
    row, file = make_attachment(
        name="a.gif", claimed="image/gif", data=making_files.moving_picture()
    )

    kept = Image.open(BytesIO(file.data))
    assert row.media_type == "image/png"
    assert kept.format == "PNG"
    assert kept.convert("RGB").getpixel((3, 3)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("PNG", "1"),
        ("PNG", "P"),
        ("PNG", "LA"),
        ("PNG", "I;16"),
        ("PNG", "RGBA"),
        ("JPEG", "CMYK"),
        ("JPEG", "L"),
        ("WEBP", "RGBA"),
        ("WEBP", "RGB"),
        ("GIF", "P"),
    ],
)
def test_pictures_of_every_make_are_made_anew_within_the_size_that_is_kept(
    form: str, mode: str
) -> None:
    data = making_files.picture(form, (3_000, 30), mode=mode)

    made = pictures.make_picture(data, form=form, most_pixels=10**6, side=300)

    assert (made.width, made.height) == (300, 3)
    assert Image.open(BytesIO(made.data)).size == (300, 3)


def test_a_picture_of_noise_is_kept_small_whatever_can_be_seen_through_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pixels, data = random.Random(1).randbytes(720 * 720 * 4), BytesIO()
    Image.frombytes("RGBA", (720, 720), pixels).save(data, "PNG", compress_level=1)
    assert len(data.getvalue()) > pictures.MOST_PNG_BYTES

    def make() -> pictures.Picture:
        return pictures.make_picture(
            data.getvalue(), form="PNG", most_pixels=10**6, side=2_048
        )

    kept = make()
    monkeypatch.setattr(pictures, "MOST_BYTES", len(kept.data) - 1)
    smaller = make()

    assert (kept.media_type, kept.width) == ("image/webp", 720)
    assert Image.open(BytesIO(kept.data)).mode == "RGBA"
    assert smaller.width < kept.width
    assert len(smaller.data) < len(kept.data)


def test_a_pdf_stays_as_it_is_and_its_text_is_read() -> None:
    data = making_files.document("Dear all,", "Yours")

    row, kept = make_attachment(name="a.pdf", claimed="application/pdf", data=data)

    assert kept.data == data
    assert (row.kind, row.pages, row.is_cut) == ("pdf", 2, False)
    assert kept.text == "Dear all,\n\nYours"
    assert (row.size, row.text_size) == (len(data), len(kept.text))


def test_of_a_long_pdf_the_first_pages_are_read() -> None:
    data = making_files.document("one", "two", "three")

    fewer = documents.read_document(data, most_pages=2, most_bytes=99, seconds=9)
    shorter = documents.read_document(data, most_pages=9, most_bytes=5, seconds=9)
    late = documents.read_document(data, most_pages=9, most_bytes=99, seconds=-1)

    assert (fewer.text, fewer.pages, fewer.is_cut) == ("one\n\ntwo", 3, True)
    assert (shorter.text, shorter.is_cut) == ("one", True)
    assert (late.text, late.is_cut) == ("", True)


def test_whatever_takes_too_long_to_read_is_ended_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "EXTRACTION_SECONDS", 1.0)
    with pytest.raises(RefusedError) as refused:
        make_attachment(name="a.pdf", claimed="", data=making_files.bomb())

    assert str(refused.value) == (
        "“a.pdf” takes too long to read. Make it smaller, and add it once more."
    )


def test_whatever_takes_too_much_memory_is_ended_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "EXTRACTION_MEMORY_BYTES", 150_000_000)
    data = making_files.picture("PNG", (5_000, 5_000))
    with pytest.raises(RefusedError, match=r"“a\.png” takes too much memory to read"):
        make_attachment(name="a.png", claimed="", data=data)


def test_what_reads_a_file_has_no_network_no_disk_and_no_keys_of_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setattr(
        extraction,
        "_CHILD",
        """
import os, socket, sys
sys.path.insert(0, {root!r})
from conversations.services.attachments.child import answering

def tried(attempt):
    try:
        attempt()
    except OSError:
        return "refused"
    return "done"

def read(order, data):
    found = [tried(socket.socket), tried(lambda: open("/etc/hostname"))]
    # Nor in the place of what it was given.
    os.close(0)
    found.append(tried(lambda: open("/etc/hostname")))
    return {{"reader": {reader!r}, "found": found, "environ": dict(os.environ)}}, b""

answering.serve(read)
""",
    )
    answer, _ = extraction.extract_document(data=b"x")

    assert answer["found"] == ["refused", "refused", "refused"]
    assert "sk-secret" not in str(answer["environ"])


@pytest.mark.parametrize(
    "data",
    [
        "Größe\r\n中文".encode(),
        "\ufeffGröße\n中文".encode(),
        "Größe\n中文".encode("utf-16"),
    ],
)
def test_text_is_read_in_the_usual_ways_of_writing_it(data: bytes) -> None:
    row, kept = make_attachment(name="a.md", claimed="text/markdown", data=data)

    assert kept.text == bytes(kept.data).decode() == data_text(data)
    assert row.text_size == len(kept.data)
    assert (row.kind, row.media_type) == ("text", "text/plain")


def data_text(data: bytes) -> str:
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data.decode("utf-16" if wide else "utf-8-sig")
    return text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("name", "claimed"),
    [
        ("main.ts", "video/mp2t"),
        ("lib.rs", "application/rls-services+xml"),
        ("Makefile", ""),
        (".gitignore", "application/octet-stream"),
        ("data.json", "application/json; charset=utf-8"),
        ("page.html", "text/html"),
    ],
)
def test_programs_are_text_whatever_browsers_call_them(name: str, claimed: str) -> None:
    row, _ = make_attachment(name=name, claimed=claimed, data=b"words")

    assert row.media_type == "text/plain"


def test_of_a_long_text_the_beginning_is_read_and_all_of_it_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "FILE_TEXT_BYTES", 5)
    row, kept = make_attachment(name="a.txt", claimed="", data="äöü".encode())

    assert (kept.text, row.text_size, row.is_cut) == ("äö", 4, True)
    assert bytes(kept.data).decode() == "äöü"


def test_of_a_long_text_nothing_is_looked_at_but_its_beginning() -> None:
    data = "äöü".encode() + b"\xff\0"

    assert read_text(data=data, most_bytes=5) == ("äö", True)
    assert read_text(data=data, most_bytes=9) is None


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.png", "a.png"),
        ("a\x00\u202egnp.exe", "a�gnp.exe"),
        ("/", "file"),
        ("x" * 300 + ".jpeg", "x" * 194 + "….jpeg"),
    ],
)
def test_a_name_is_one_line_without_folders(given: str, name: str) -> None:
    assert clean_name(given) == name


SIGNATURES = st.sampled_from(
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF89a",
        b"%PDF-1.4\n",
        b"PK\x03\x04",
    ]
)
NAMES = st.sampled_from(["a.png", "a.jpg", "a.gif", "a.pdf", "a.txt", "a", ""])


@given(beginning=SIGNATURES, rest=st.binary(max_size=400), name=NAMES)
@example(beginning=b"", rest=b"\xff\xfe", name="a.txt")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_bytes_are_nothing_but_a_refusal_comes_of_them(
    monkeypatch: pytest.MonkeyPatch, beginning: bytes, rest: bytes, name: str
) -> None:
    """The readers run here, within this process: there are many files."""
    monkeypatch.setattr(extraction, "_run", run_here)
    with suppress(RefusedError):
        row, kept = make_attachment(
            name=clean_name(name), claimed="", data=beginning + rest
        )
        assert (row.size, row.text_size) == (len(kept.data), len(kept.text.encode()))


def run_here(reader: str, data: bytes, **order: object) -> extraction.Answer:
    read = {"pictures": pictures.read, "documents": documents.read}[reader]
    answer, out = answer_for(read, {**order, "seconds": 5}, data)
    return extraction._parse(json.dumps(answer).encode()), out
