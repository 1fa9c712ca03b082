"""The exact request of an answer, to be read, copied and sent again by hand."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from conversations.gateways.base import Route
from conversations.gateways.files import shown_files
from conversations.gateways.protocols import CODECS
from conversations.gateways.transport.headers import auth_headers, extra_headers
from conversations.services.errors import RefusedError
from conversations.services.rebuilding import rebuild_request

if TYPE_CHECKING:
    from conversations.models import Endpoint, Generation
    from conversations.services.rebuilding import Rebuilt

KEY, ADDRESS = "$API_KEY", "$BASE_URL"
# So much of a request is shown; a copy has all of it.
SHOWN_LETTERS = 100_000
# And of a file in it; under these names the protocols have files.
SHOWN_OF_FILE = 60
FILE_FIELDS = frozenset({"url", "image_url", "file_data", "data"})
BODY_FILE = "request.json"


@dataclass(frozen=True, slots=True)
class ExactRequest:
    """A request as it was sent, where it could be made again; else why it could not.

    `readable` is the beginning of it with line breaks, `size` is bytes.
    """

    sha256: str
    matches: bool
    problem: str
    readable: str = ""
    is_cut: bool = False
    size: int = 0
    # Whether files are in it, of which only the beginning is shown.
    has_files: bool = False


def read_request(*, generation: Generation) -> ExactRequest:
    """Return a request made again from its rows and checked; slow for a long one."""
    rebuilt, sha256 = rebuild_request(generation=generation), generation.request_sha256
    if not rebuilt.matches:
        return ExactRequest(sha256, matches=False, problem=rebuilt.problem)
    has_files = holds_files(rebuilt)
    body = json.loads(rebuilt.body)
    readable = json.dumps(
        shorten_files(body) if has_files else body, ensure_ascii=False, indent=2
    )
    return ExactRequest(
        sha256,
        matches=True,
        problem="",
        readable=readable[:SHOWN_LETTERS],
        is_cut=len(readable) > SHOWN_LETTERS,
        size=len(rebuilt.body),
        has_files=has_files,
    )


def export_json(*, generation: Generation) -> bytes:
    """Return the body that was sent, byte for byte. Raises `RefusedError`."""
    return _rebuild(generation).body


def export_curl(*, generation: Generation, shows_address: bool) -> str:
    """Return a command for a shell that sends the same bytes again.

    The key is left out; the address too unless `shows_address`. With files in it the
    body is read from a file beside it. Raises `RefusedError`.
    """
    rebuilt = _rebuild(generation)
    route = _route(generation)
    path = CODECS[generation.protocol].path
    url = f'"{ADDRESS}{path}"'
    if shows_address and route.base_url:
        url = shlex.quote(f"{route.base_url.rstrip('/')}{path}")
    if holds_files(rebuilt):
        return _render_curl_of_file(url, _headers(route), len(rebuilt.body))
    return _render_curl(url, _headers(route), rebuilt.body.decode())


def _rebuild(generation: Generation) -> Rebuilt:
    rebuilt = rebuild_request(generation=generation)
    if not rebuilt.matches:
        raise RefusedError(f"This request cannot be made again. {rebuilt.problem}")
    return rebuilt


def _route(generation: Generation) -> Route:
    """Return where the request's gateway is reached now, with a name for the key."""
    protocol = generation.protocol
    if generation.model is None:
        return Route("", KEY, protocol)
    gateway = generation.model.gateway
    endpoint = _endpoint(generation)
    has_key = bool(gateway.key_encrypted or gateway.key_variable)
    base_url = endpoint.base_url if endpoint and not gateway.is_demo else ""
    auth = endpoint.auth if endpoint else "bearer"
    return Route(base_url, KEY if has_key else "", protocol, gateway.preset, auth)


def _endpoint(generation: Generation) -> Endpoint | None:
    assert generation.model is not None
    endpoints = generation.model.gateway.endpoints
    return endpoints.filter(protocol=generation.protocol).first()


def _headers(route: Route) -> list[str]:
    """Return headers for a shell: it puts the key in."""
    said = {"Content-Type": "application/json", **extra_headers(route)}
    said["Accept"] = "application/json, text/event-stream"
    plain = [shlex.quote(f"{name}: {value}") for name, value in said.items()]
    secret = [f'"{name}: {value}"' for name, value in auth_headers(route).items()]
    return [*secret, *plain]


def holds_files(rebuilt: Rebuilt) -> bool:
    """Tell whether a request holds images or PDFs as they are."""
    messages = rebuilt.context.messages if rebuilt.context else ()
    return any(shown_files(one, rebuilt.dialect) for one in messages)


def shorten_files(value: object) -> object:
    """Return the JSON of a request with the beginning of each file and its size."""
    if isinstance(value, dict):
        return {
            name: _shorten(inner)
            if name in FILE_FIELDS and isinstance(inner, str)
            else shorten_files(inner)
            for name, inner in value.items()
        }
    return [*map(shorten_files, value)] if isinstance(value, list) else value


def _shorten(text: str) -> str:
    if len(text) <= 2 * SHOWN_OF_FILE:
        return text
    left = len(text) - SHOWN_OF_FILE
    return f"{text[:SHOWN_OF_FILE]}… ({left:,} more letters of base64)"


def _render_curl_of_file(url: str, headers: list[str], size: int) -> str:
    """Send a body that is too long to be read in a command: it is downloaded first."""
    options = "".join(f"  -H {header} \\\n" for header in headers)
    return (
        f"# The body holds files and has {size:,} bytes. It is not in this command:\n"
        f"# download the JSON of this request beside it, and save it as {BODY_FILE}.\n"
        f"curl --silent --show-error --no-buffer {url} \\\n"
        f"{options}  --data-binary @{BODY_FILE}\n"
    )


def _render_curl(url: str, headers: list[str], body: str) -> str:
    """Pipe the body into curl: as an argument of its own it could be too long.

    Signs that a terminal obeys, or that nobody sees, are not in it as they are.
    """
    options = "".join(f"  -H {header} \\\n" for header in headers)
    pieces = groupby(body, str.isprintable)
    printed = "\n".join(
        _print("".join(signs), is_plain=is_plain) for is_plain, signs in pieces
    )
    return (
        f"{{\n{printed}\n}} | curl --silent --show-error --no-buffer {url} \\\n"
        f"{options}  --data-binary @-\n"
    )


def _print(piece: str, *, is_plain: bool) -> str:
    if is_plain:
        return f"  printf %s {shlex.quote(piece)}"
    octal = "".join(f"\\{byte:03o}" for byte in piece.encode())
    return f"  printf '{octal}'"
