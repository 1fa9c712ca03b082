"""Files of text: what they say, in whichever of the usual ways they are written."""

from __future__ import annotations

import codecs

from conversations.text import clean_text

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(*, data: bytes, most_bytes: int) -> tuple[str, bool] | None:
    """Return the beginning of a text that fits, and whether there is more.

    As UTF-8, or as UTF-16 that says so; None for what is no text.
    """
    encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)()
    is_cut = len(data) > most_bytes
    try:
        text = decoder.decode(data[:most_bytes], final=not is_cut)
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    encoded = clean_text(text).encode()
    kept = encoded[:most_bytes].decode(errors="ignore")
    return kept, is_cut or len(encoded) > most_bytes
