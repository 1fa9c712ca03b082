"""Reading files in processes of their own, each ended at its deadline.

There are as few at a time as threads for uploads.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from conversations import limits
from conversations.services.attachments.child.refusals import Refusal, UnreadableError

ROOT = Path(__file__).resolve().parents[3]
_CHILD = """
import sys
sys.path.insert(0, {root!r})
from conversations.services.attachments.child.{reader} import main
main()
"""

Answer = tuple[dict[str, Any], bytes]


def extract_picture(*, data: bytes, form: str) -> Answer:
    """Return a picture made anew: its media type, width and height, and its bytes.

    Raises `UnreadableError`.
    """
    return _run(
        "pictures",
        data,
        form=form,
        most_pixels=limits.IMAGE_PIXELS,
        side=limits.IMAGE_SIDE_PIXELS,
    )


def extract_document(*, data: bytes) -> Answer:
    """Return the text of a PDF, its pages, and whether there is more.

    Raises `UnreadableError`.
    """
    return _run(
        "documents",
        data,
        most_pages=limits.PDF_PAGES,
        most_bytes=limits.FILE_TEXT_BYTES,
    )


def _run(reader: str, data: bytes, **order: object) -> Answer:
    order["seconds"] = limits.EXTRACTION_SECONDS
    order["memory_bytes"] = limits.EXTRACTION_MEMORY_BYTES
    whole = json.dumps(order).encode() + b"\n" + data
    # Bounded by what a process may write to a file; a pipe would not be.
    with tempfile.TemporaryFile() as output:
        _wait_for(reader, whole, output.fileno())
        output.seek(0)
        answer = _parse(output.readline())
        return answer, output.read()


def _wait_for(reader: str, given: bytes, output: int) -> None:
    program = _CHILD.format(root=str(ROOT), reader=reader)
    try:
        subprocess.run(  # noqa: S603 - our own program; what people sent is its input
            [sys.executable, "-I", "-c", program],
            input=given,
            stdout=output,
            stderr=subprocess.DEVNULL,
            # Keys and passwords of ours are not for it.
            env={},
            cwd="/",
            timeout=limits.EXTRACTION_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnreadableError(Refusal.TIME) from None


def _parse(line: bytes) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(line)
    except ValueError:
        # It was ended by the system, in the middle of something.
        raise UnreadableError(Refusal.DAMAGED) from None
    if "refusal" in answer:
        refusal = Refusal(answer["refusal"])
        raise UnreadableError(refusal, int(answer.get("figure", 0)))
    return answer
