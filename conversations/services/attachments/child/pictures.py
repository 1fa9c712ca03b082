"""A picture made anew: its pixels, and nothing else that was in the file."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps
from PIL.Image import Resampling

from conversations.services.attachments.child.answering import Answer, Order, serve
from conversations.services.attachments.child.refusals import Refusal, UnreadableError

# No file can be opened later, nor a module.
Image.init()

PLAIN = ("L", "RGB", "RGBA")
JPEG_QUALITY = 88
# Beyond, it is a photograph in the wrong format.
MOST_PNG_BYTES = 2_000_000
# Some gateways take 5 MB as base64. Each further request carries it.
MOST_BYTES = 3_500_000


@dataclass(frozen=True, slots=True)
class Picture:
    data: bytes
    media_type: str
    width: int
    height: int


def make_picture(data: bytes, *, form: str, most_pixels: int, side: int) -> Picture:
    """Return a picture as it is kept: upright, at most `side` pixels long.

    `form` is the only format that is tried: "PNG", "JPEG", "WEBP" or "GIF". Of a moving
    picture it is the first frame. Raises `UnreadableError`, before anything is
    decoded where it has more than `most_pixels`.
    """
    # Our own bound is smaller, and refuses where Pillow's only warns.
    Image.MAX_IMAGE_PIXELS = None
    image: Image.Image = Image.open(BytesIO(data), formats=(form,))
    width, height = image.size
    if width * height > most_pixels:
        raise UnreadableError(Refusal.PIXELS, width * height)
    # Only JPEG can be decoded smaller than it is.
    image.draft("RGB", (side, side))
    image.load()
    image = _plain(image)
    image.thumbnail((side, side), Resampling.LANCZOS, reducing_gap=2.0)
    image = _plain(ImageOps.exif_transpose(image))
    image.info = {}
    picture = _encode(image, form)
    while len(picture.data) > MOST_BYTES:
        side = max(image.size) * 3 // 4
        image.thumbnail((side, side))
        picture = _encode(image, form)
    return picture


def _plain(image: Image.Image) -> Image.Image:
    """Return the picture in colours that every format has."""
    if image.mode in PLAIN:
        return image
    if image.mode.startswith(("I", "F")):
        # Of 16 bits, the upper eight.
        return image.point(lambda value: value * (1 / 256)).convert("L")
    has_alpha = "A" in image.mode or "transparency" in image.info
    plain = image.convert("RGBA" if has_alpha else "RGB")
    # Which side is up is said there.
    plain.info = image.info
    return plain


def _encode(image: Image.Image, form: str) -> Picture:
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    if form in ("JPEG", "WEBP") and image.mode != "RGBA":
        return _save(image, "JPEG")
    if form == "WEBP":
        return _save(image, "WEBP")
    picture = _save(image, "PNG")
    if len(picture.data) > MOST_PNG_BYTES:
        return _save(image, "WEBP" if image.mode == "RGBA" else "JPEG")
    return picture


def _save(image: Image.Image, form: str) -> Picture:
    data = BytesIO()
    options = {} if form == "PNG" else {"quality": JPEG_QUALITY}
    image.save(data, form, **options)
    media_type = f"image/{form.lower()}"
    return Picture(data.getvalue(), media_type, image.width, image.height)


def read(order: Order, data: bytes) -> Answer:
    """Make a picture anew, as its order says."""
    made = make_picture(
        data,
        form=order["form"],
        most_pixels=order["most_pixels"],
        side=order["side"],
    )
    answer = {
        "media_type": made.media_type,
        "width": made.width,
        "height": made.height,
    }
    return answer, made.data


def main() -> None:
    """Be the process that reads a picture."""
    serve(read)
