"""From a request to its answer: who asks, what is wrong with it, what it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways.demo import wire as demo_wire
from conversations.wire import Protocol
from tests.gateway import seals
from tests.gateway.answer import Answer
from tests.gateway.asked import Asked
from tests.gateway.catalogs.entries import REAL
from tests.gateway.checks import check_request
from tests.gateway.checks.keys import accepted_ways, check_key
from tests.gateway.economy import Economy
from tests.gateway.flavours import FLAVOURS
from tests.gateway.gates import GATES
from tests.gateway.modifiers import DEFAULTS, MODIFIERS
from tests.gateway.naming import Part, read_name
from tests.gateway.problems import Problem, RefusedError
from tests.gateway.scenarios import SCENARIOS
from tests.gateway.style import Style
from tests.gateway.surfaces.chat import ChatWriter
from tests.gateway.surfaces.messages import MessagesWriter
from tests.gateway.surfaces.responses import ResponsesWriter

if TYPE_CHECKING:
    from tests.gateway.exchange import Exchange
    from tests.gateway.flavours import Address, Flavour
    from tests.gateway.scenarios import Scenario
    from tests.gateway.state import State
    from tests.gateway.surfaces.writer import Writer

WRITERS: dict[Protocol, type[Writer]] = {
    Protocol.CHAT_COMPLETIONS: ChatWriter,
    Protocol.RESPONSES: ResponsesWriter,
    Protocol.MESSAGES: MessagesWriter,
}


def count(exchange: Exchange, address: Address, state: State) -> None:
    """Say how many tokens a prompt has, as the free counters do."""
    assert address.counts is not None
    request = exchange.request
    asked = Asked(address.counts, request.model, request.json)
    tokens = (state.economy or Economy()).count(asked)
    exchange.answer(200, demo_wire.to_bytes({"input_tokens": tokens}))


async def play(exchange: Exchange, address: Address, state: State) -> None:
    """Answer as the model's name says; an unknown name is an unknown model."""
    flavour, protocol = FLAVOURS[address.flavour], address.protocol
    assert protocol is not None
    request = exchange.request
    asked = request.asked = Asked(protocol, request.model, request.json)
    parts = read_name(_scenario_of(exchange, asked, state))
    answer = _prepare(exchange, asked, flavour, parts)
    request.writer = answer.writer
    answer.economy = state.economy
    try:
        _check(answer, flavour, state)
        scenario, part = _choose(parts, asked.model, flavour)
        for gate in parts:
            if gate.name in GATES:
                await GATES[gate.name](answer, gate, state)
        if not exchange.started and not exchange.over:
            answer.charge(_semantics(asked, flavour))
            await scenario(answer, part)
    except RefusedError as error:
        answer.refuse(error.problem, error.envelope)
    finally:
        if request.status == 200:
            request.usage = answer.count()
    await answer.end()


def _check(answer: Answer, flavour: Flavour, state: State) -> None:
    request, protocol = answer.exchange.request, answer.asked.protocol
    if protocol not in flavour.prefixes:
        raise RefusedError(Problem(404, f"Invalid URL (POST {request.path})"))
    if state.auth:
        ways = accepted_ways(state.auth, flavour, protocol)
        check_key(request.headers, ways, state.key)
    if state.checks:
        check_request(answer.asked, request, flavour)


def _scenario_of(exchange: Exchange, asked: Asked, state: State) -> str:
    """Return what to do: as scripted, as a header says, as the name says."""
    scripted = state.take_script(asked.model)
    named = exchange.request.headers.get("x-scenario", "")
    if scripted or named:
        return scripted or named
    short = asked.model.rpartition("/")[2]
    aliases = REAL | state.aliases
    return aliases.get(asked.model, aliases.get(short, short))


def _prepare(
    exchange: Exchange, asked: Asked, flavour: Flavour, parts: list[Part]
) -> Answer:
    style = Style(**flavour.style)  # type: ignore[arg-type]
    style.headers = dict(style.headers)
    streams = asked.streams or flavour.always_streams
    style.form = "stream" if streams else "json"
    for part in parts:
        if part.name in MODIFIERS:
            MODIFIERS[part.name](style, part)
    if style.asks_for_usage and not asked.wants_usage and _is_chat(asked):
        style.usage = "never"
    exchange.headers |= style.headers
    if style.closes:
        exchange.headers["connection"] = "close"
    sealed: list[str] = []

    def seal() -> str:
        sealed.append(seals.sign(asked.model, asked.prefixes[-1]))
        return sealed[-1]

    writer = WRITERS[asked.protocol](asked.model, style, seal)
    return Answer(exchange, writer, asked, style, sealed)


def _semantics(asked: Asked, flavour: Flavour) -> str:
    """Return how prompts are cached: by marks where the protocol is made for them."""
    if flavour.caches == "none":
        return "none"
    marked = any(block.marker for block in asked.blocks)
    messages = asked.protocol is Protocol.MESSAGES
    return "breakpoint" if marked or messages else flavour.caches


def _is_chat(asked: Asked) -> bool:
    return asked.protocol is Protocol.CHAT_COMPLETIONS


def _choose(parts: list[Part], model: str, flavour: Flavour) -> tuple[Scenario, Part]:
    """Return the scenario that the parts name, else what their first one implies."""
    if not all(_is_known(part) for part in parts):
        message = f"The model `{model}` does not exist."
        status = flavour.unknown_model
        code = "model_not_found" if status == 404 else "access_denied"
        raise RefusedError(Problem(status, message, "", code))
    for part in parts:
        if scenario := find_scenario(part.name):
            return scenario, part
    first = parts[0]
    implied = DEFAULTS.get(first.name)
    if implied is None:
        return SCENARIOS["ok"], Part("ok")
    part = read_name(implied)[0]
    return SCENARIOS[part.name], part


def find_scenario(name: str) -> Scenario | None:
    if name.startswith("finish-"):
        return SCENARIOS["finish-"]
    return SCENARIOS.get(name)


def _is_known(part: Part) -> bool:
    known = part.name in MODIFIERS or part.name in GATES
    return known or find_scenario(part.name) is not None
