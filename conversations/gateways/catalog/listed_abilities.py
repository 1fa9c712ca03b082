"""What a list says its models can do, and which of them are no models for chat."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from conversations.gateways.decoding import read_object
from conversations.wire import Abilities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conversations.wire import Json

ABILITY_NAMES = tuple(field.name for field in fields(Abilities))
# Least first.
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
THINKING = ("adaptive", "enabled")

# LiteLLM's `mode`, and what others call `type`.
_CHAT_KINDS = frozenset({"chat", "completion", "responses", "language", "llm", "vlm"})
_OTHER_KINDS = re.compile("embed|image|audio|speech|transcri|rerank|moderat|video|ocr")
# A well-known name tells where the list does not.
_OTHER_NAMES = re.compile(
    r"embed|(^|[-_/])(whisper|tts|stt|asr|sora|veo|flux|bge|ocr)([-_.\d]|$)|dall-e|imagen"
    r"|(gpt|chatgpt)-image|stable-diffusion|moderation|transcribe|rerank"
    r"|gpt-(4o-(mini-)?)?(audio|realtime)|^(davinci|babbage)-002$|turbo-instruct"
    r"|text-to-speech|speech-to-text"
)
_REASONING = frozenset({"reasoning", "include_reasoning", "reasoning_effort"})
_FLAGS = {
    "reasoning": ("supports_reasoning", "reasoning", "thinking"),
    "vision": ("supports_vision", "vision", "image_input"),
    "files": ("supports_pdf_input", "pdf_input", "pdf"),
    "tools": ("supports_function_calling", "function_calling", "tools", "tool_use"),
}


def is_chat_model(name: str, places: list[Json]) -> bool:
    """Tell whether a model is one to chat with: by its list, else by its name."""
    for place in places:
        is_chat = _says_chat(place)
        if is_chat is not None:
            return is_chat
    return not _OTHER_NAMES.search(name.lower().rsplit("/", 1)[-1])


def read_abilities(places: list[Json]) -> Abilities:
    """Return what a model can do; where the list is silent, that is unknown."""
    found = [_read(place) for place in places]
    values: dict[str, Any] = {}
    for name in ABILITY_NAMES:
        said = (getattr(each, name) for each in found)
        known = [value for value in said if value not in (None, ())]
        values |= {name: known[0]} if known else {}
    return Abilities(**values)


def load_abilities(row: Mapping[str, Any]) -> Abilities:
    """Return the abilities that JSON of ours keeps; other names in it are left out."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in row.items()
        if name in ABILITY_NAMES
    }
    return Abilities(**values)


def _says_chat(place: Json) -> bool | None:
    for key in ("mode", "type"):
        kind = place.get(key)
        if isinstance(kind, str) and kind.lower() in _CHAT_KINDS:
            return True
        if isinstance(kind, str) and _OTHER_KINDS.search(kind.lower()):
            return False
    outputs = _words(read_object(place, "architecture").get("output_modalities"))
    outputs = outputs or _words(place.get("output_modalities"))
    if outputs:
        return "text" in outputs
    capabilities = place.get("capabilities")
    if isinstance(capabilities, dict) and "completion_chat" in capabilities:
        return capabilities["completion_chat"] is True
    if place.get("lifecycle") == "retired":
        return False
    return None


def _read(place: Json) -> Abilities:
    parameters = place.get("supported_parameters")
    if isinstance(parameters, list):
        return _read_openrouter(place, set(_words(parameters)))
    capabilities = place.get("capabilities")
    if isinstance(capabilities, list):
        words = _words(capabilities)
        capabilities = dict.fromkeys(words, True) if words else {}
    flags = capabilities if isinstance(capabilities, dict) else {}
    return Abilities(
        reasoning=_flag("reasoning", place, flags),
        vision=_flag("vision", place, flags) or _takes(place, "image"),
        files=_flag("files", place, flags) or _takes(place, "file", "pdf"),
        tools=_flag("tools", place, flags),
        efforts=_supported(flags.get("effort"), EFFORTS),
        thinking=_supported(
            read_object(read_object(flags, "thinking"), "types"), THINKING
        ),
    )


def _read_openrouter(place: Json, parameters: set[str]) -> Abilities:
    reasons = not parameters.isdisjoint(_REASONING)
    efforts = _words(read_object(place, "reasoning").get("supported_efforts"))
    return Abilities(
        reasoning=reasons,
        vision=_takes(place, "image"),
        files=_takes(place, "file"),
        tools="tools" in parameters,
        efforts=tuple(each for each in EFFORTS if reasons and each in efforts),
    )


def _takes(place: Json, *kinds: str) -> bool | None:
    """Whether a list names one of `kinds` among what a model can be given."""
    for holder in (read_object(place, "architecture"), place):
        if inputs := _words(holder.get("input_modalities")):
            return not set(kinds).isdisjoint(inputs)
        modality = holder.get("modality")
        if isinstance(modality, str) and "->" in modality and "image" in kinds:
            # Older lists speak of nothing but images.
            return "image" in modality.partition("->")[0]
    return True if place.get("type") == "vlm" and "image" in kinds else None


def _flag(name: str, *places: Json) -> bool | None:
    """Return what the first of a flag's names says, as a boolean or as an object."""
    for place in places:
        for key in _FLAGS[name]:
            value = place.get(key)
            if isinstance(value, dict):
                value = value.get("supported")
            if isinstance(value, bool):
                return value
    return None


def _supported(support: object, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of `names` that an object of supports names as supported."""
    if not isinstance(support, dict):
        return ()
    return tuple(
        name for name in names if read_object(support, name).get("supported") is True
    )


def _words(value: object) -> list[str]:
    if not isinstance(value, list):
        return []
    return [each for each in value if isinstance(each, str)]
