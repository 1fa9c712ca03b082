"""What a gateway says went wrong, wherever in its answer it says it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conversations.wire import Json

_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,1000})<", re.IGNORECASE)
# Letters of a sentence and of a code that are read: no error needs more, and all that
# is looked for in them takes its time.
_MOST_LETTERS = 8_000
_CODE_LETTERS = 200
# One gateway wraps the error of another, and that of a third.
_MOST_WRAPPINGS = 4
_CODES = ("code", "type", "error_type", "error_code", "status")
_MESSAGES = ("message", "detail", "msg")


@dataclass(frozen=True, slots=True)
class Report:
    """An error in the gateway's words.

    `codes` are its codes and types, as text in lower case. `places` are the objects
    it came in, the innermost first.
    """

    detail: str = ""
    codes: tuple[str, ...] = ()
    places: tuple[Json, ...] = ()

    @property
    def status(self) -> int | None:
        """The HTTP status among the codes, where there is one."""
        numbers = [code for code in self.codes if re.fullmatch("[45][0-9]{2}", code)]
        return int(numbers[0]) if numbers else None

    def find(self, name: str) -> list[object]:
        """Return what is called `name` in any of the places."""
        return [place[name] for place in self.places if name in place]


def read_body(body: bytes) -> Report:
    """Return what the body of a refused request says: JSON, a page, plain words."""
    text = body.decode("utf-8", "replace").strip()
    payload = _parse(text)
    if payload is None:
        return Report(plain_text(text)[:_MOST_LETTERS])
    return read_report(payload)


def read_report(payload: object) -> Report:
    """Return what an error object says, in whichever envelope."""
    error, places = _unwrap(payload)
    for name in ("metadata", "availability", "details"):
        places += [
            inner for place in places if isinstance(inner := place.get(name), dict)
        ]
    values = [place.get(name) for place in places for name in _CODES]
    codes = tuple(
        str(value)[:_CODE_LETTERS].lower()
        for value in values
        if isinstance(value, str | int) and value
    )
    return Report(_detail(error, places)[:_MOST_LETTERS], codes, tuple(places))


def plain_text(text: str) -> str:
    """Return the title of a proxy's page; anything else as it is."""
    text = text.strip()
    if not text.startswith("<"):
        return text
    title = _TITLE.search(text)
    return " ".join(title[1].split()) if title else ""


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unwrap(payload: object) -> tuple[object, list[Json]]:
    """Return the error itself and the objects around it, the innermost first."""
    places: list[Json] = []
    for _ in range(_MOST_WRAPPINGS):
        if isinstance(payload, list) and payload and not _is_complaint(payload[0]):
            payload = payload[0] if isinstance(payload[0], dict) else payload
        if not isinstance(payload, dict):
            break
        places.insert(0, payload)
        inner = _inner(payload)
        if inner is None:
            break
        payload = inner
    return payload, places


def _inner(payload: Json) -> object:
    """Return the error that an object carries, None where it is the error itself."""
    error = payload.get("error")
    if error and isinstance(error, dict | list | str):
        return error
    detail = payload.get("detail")
    if isinstance(detail, str) and detail.startswith("{"):
        detail = _parse(detail)
    return detail if isinstance(detail, dict) else None


def _detail(error: object, places: list[Json]) -> str:
    if not isinstance(error, dict):
        return _words(error)
    message = next((value for name in _MESSAGES if (value := error.get(name))), None)
    words = _words(error if message is None else message)
    raws = [raw for place in places if isinstance(raw := place.get("raw"), str) and raw]
    return "\n".join([words, *raws[:1]])


def _words(said: object) -> str:
    if isinstance(said, str):
        return said
    if isinstance(said, dict) and isinstance(said.get("detail"), list):
        said = said["detail"]
    if isinstance(said, list) and all(_is_complaint(each) for each in said):
        return "; ".join(_complaint(each) for each in said)
    return "" if said is None else json.dumps(said, ensure_ascii=False)


def _is_complaint(row: object) -> bool:
    """Tell whether it is what a validator says about one field, with its place."""
    return isinstance(row, dict) and isinstance(row.get("loc"), list) and "msg" in row


def _complaint(row: Json) -> str:
    path = row["loc"]
    names = [str(name) for name in path] if isinstance(path, list) else []
    return f"{'.'.join(names).removeprefix('body.')}: {row['msg']}"
