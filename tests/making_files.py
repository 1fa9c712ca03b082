"""Files of every kind, made where they are needed: good ones, and others."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image
from PIL.Image import Exif

ORIENTATION = 0x0112
GPS = 0x8825


def picture(
    form: str = "PNG",
    size: tuple[int, int] = (40, 20),
    *,
    mode: str = "RGB",
    exif: Exif | None = None,
    color: str | None = None,
) -> bytes:
    """A picture of one colour."""
    data = BytesIO()
    options = {} if exif is None else {"exif": exif}
    Image.new(mode, size, color).save(data, form, **options)
    return data.getvalue()


def photograph() -> bytes:
    """A picture that a phone held upright has taken, and where."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010F] = "Secret camera"
    exif.get_ifd(GPS)[1] = "N"
    return picture("JPEG", (40, 20), exif=exif)


def moving_picture() -> bytes:
    """Two frames: red, then blue."""
    data = BytesIO()
    red, blue = (Image.new("RGB", (20, 20), name) for name in ("red", "blue"))
    red.save(data, "GIF", save_all=True, append_images=[blue])
    return data.getvalue()


def claims_to_be_large(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels, and has none."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    whole = kind + data
    return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))


def document(*pages: str, stream: bytes | None = None) -> bytes:
    """A PDF that says a line on each page; or that draws `stream` on its only one."""
    streams = [f"BT /F1 12 Tf 20 20 Td ({page}) Tj ET".encode() for page in pages]
    if stream is not None:
        streams = [stream]
    kids = b" ".join(b"%d 0 R" % (4 + 2 * at) for at in range(len(streams)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(streams)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for at, drawn in enumerate(streams):
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Resources "
            b"<< /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % (5 + 2 * at),
            _compressed(drawn),
        ]
    return _numbered(objects)


def bomb() -> bytes:
    """A PDF of 27 kB with a page that takes many seconds to read."""
    return document(stream=b"BT /F1 1 Tf " + b"[] TJ " * 3_000_000)


def _compressed(data: bytes) -> bytes:
    packed = zlib.compress(data)
    head = b"<< /Length %d /Filter /FlateDecode >>" % len(packed)
    return head + b"\nstream\n" + packed + b"\nendstream"


def _numbered(objects: list[bytes]) -> bytes:
    out, places = BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, data in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, data))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(
        b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (len(objects) + 1, start)
    )
    return out.getvalue()
