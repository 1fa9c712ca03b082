"""What the responses protocol checks of the items it is given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gateway.checks.pieces import check_piece
from tests.gateway.problems import invalid

if TYPE_CHECKING:
    from conversations.wire import Json
    from tests.gateway.asked import Asked
    from tests.gateway.flavours import Flavour

INPUT_PARTS = {"input_text", "input_image", "input_file"}
OUTPUT_PARTS = {"output_text", "refusal"}
STATUSES = {"in_progress", "completed", "incomplete"}


def check(asked: Asked, flavour: Flavour) -> None:
    body = asked.body
    if body.get("store") is True:
        raise invalid("This gateway keeps nothing: 'store' must be false.", "store")
    if body.get("previous_response_id") is not None:
        name = "previous_response_id"
        raise invalid(f"'{name}' is not supported: send the whole input.", name)
    items = body.get("input")
    if isinstance(items, str) and items:
        return
    if not isinstance(items, list) or not items:
        raise invalid("Missing required parameter: 'input'.", "input")
    for number, item in enumerate(items):
        _check_item(item, f"input[{number}]", flavour)
    _check_thoughts_lead_somewhere(items)


def _check_item(item: object, place: str, flavour: Flavour) -> None:
    if not isinstance(item, dict) or not item.get("type"):
        name = f"{place}.type"
        code = "missing_required_parameter"
        raise invalid(f"Missing required parameter: '{name}'.", name, code)
    if item["type"] == "message":
        _check_message(item, place, flavour)
    elif item["type"] == "reasoning" and not item.get("encrypted_content"):
        message = f"Item with id '{item.get('id')}' not found. Items are not persisted"
        raise invalid(f"{message} when `store` is set to false.", place)


def _check_message(item: Json, place: str, flavour: Flavour) -> None:
    ours = item.get("role") == "assistant"
    if ours:
        _check_answer(item, place, flavour)
    content = item.get("content")
    if isinstance(content, str) and not ours:
        return
    if not isinstance(content, list) or not content:
        raise invalid(f"Invalid type for '{place}.content'.", f"{place}.content")
    for number, part in enumerate(content):
        _check_part(part, f"{place}.content[{number}]", ours=ours)
        check_piece(part, f"{place}.content[{number}]", role=str(item["role"]))


def _check_answer(item: Json, place: str, flavour: Flavour) -> None:
    for name in ("id", "status"):
        if not item.get(name):
            field = f"{place}.{name}"
            code = "missing_required_parameter"
            raise invalid(f"Missing required parameter: '{field}'.", field, code)
    if flavour.msg_ids and not str(item["id"]).startswith("msg_"):
        message = f"Invalid '{place}.id': '{item['id']}'. Expected an ID that begins"
        raise invalid(f"{message} with 'msg'.", f"{place}.id", "invalid_value")
    if item["status"] not in STATUSES:
        raise invalid(f"Invalid value: '{item['status']}'.", f"{place}.status")


def _check_part(part: object, place: str, *, ours: bool) -> None:
    kinds = OUTPUT_PARTS if ours else INPUT_PARTS
    kind = part.get("type") if isinstance(part, dict) else None
    if kind not in kinds:
        message = f"Invalid value: '{kind}'. Supported values are: {sorted(kinds)}."
        raise invalid(message, place, "invalid_value")
    assert isinstance(part, dict)
    if kind == "output_text" and not isinstance(part.get("annotations"), list):
        field = f"{place}.annotations"
        code = "missing_required_parameter"
        raise invalid(f"Missing required parameter: '{field}'.", field, code)


def _check_thoughts_lead_somewhere(items: list[Json]) -> None:
    for item, following in zip(items, [*items[1:], {}], strict=True):
        leads = following.get("role") == "assistant" or following.get("type") in (
            "reasoning",
            "function_call",
        )
        if item["type"] == "reasoning" and not leads:
            message = (
                f"Item '{item.get('id')}' of type 'reasoning' was provided without"
            )
            raise invalid(f"{message} its required following item.", "input")
