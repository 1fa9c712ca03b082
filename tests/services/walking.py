"""A long walk: everything that can happen to a conversation, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from conversations.models import (
    Endpoint,
    Gateway,
    LanguageModel,
    Message,
    Price,
    SystemPrompt,
)
from conversations.services.branching.editing import edit_message
from conversations.services.branching.retrying import retry_reply
from conversations.services.branching.viewing import choose_branch
from conversations.services.epochs import ask_roll
from conversations.services.keys import set_key
from conversations.services.memory.facts import add_fact
from conversations.services.memory.pins import pin_message
from conversations.services.memory.summaries import edit_summary, list_summaries
from conversations.services.meter.metering import meter_message
from conversations.services.prompts import save_revision
from conversations.services.turns import continue_reply
from conversations.wire import Prices, Protocol, Rates
from tests.factories import make_conversation, make_prompt, make_user
from tests.gateway.caching import Policy
from tests.gateway.economy import Economy

if TYPE_CHECKING:
    from conversations.models import Conversation, User
    from tests.gateway import TestGateway
    from tests.services.conftest import Talk

WINDOW = 16_000
HIDDEN = 700
RATIO = 1.3
RATES = Rates(
    input=Decimal(3),
    cached_input=Decimal("0.3"),
    cache_write=Decimal("3.75"),
    cache_write_1h=Decimal(6),
    output=Decimal(15),
)
# The meter is looked at before one message of so many.
METER_TURNS = 8
WRITER = "notes"
WORDS = "What of alpha, bravo, charlie and delta? "
PIN = "My boat is called Karla."
FACT = "The boat lies in Hamburg."
EDITED = "They spoke of a boat and of her name."


@dataclass(frozen=True)
class Kind:
    """A gateway with two models, how they answer, and how it keeps prompts.

    Its tokenizer makes `ratio` times as many tokens as ours. No more than `cap` tokens
    are sent; `turns` is how far one walks.
    """

    preset: str
    protocol: Protocol
    models: tuple[str, str]
    answers: str
    cache: Policy
    ratio: float
    cap: int
    turns: int


KINDS = {
    "chat completions": Kind(
        "openai",
        Protocol.CHAT_COMPLETIONS,
        ("gpt-4o", "gpt-4.1"),
        "ok:20",
        Policy("automatic", lifetime=86_400),
        ratio=1.5,
        cap=3_000,
        turns=60,
    ),
    "responses": Kind(
        "openai",
        Protocol.RESPONSES,
        ("gpt-6-sol", "gpt-6-luna"),
        "reasoning:12",
        Policy("breakpoint", lookback=None, implicit="30m"),
        ratio=RATIO,
        cap=3_000,
        turns=60,
    ),
    "messages": Kind(
        "anthropic",
        Protocol.MESSAGES,
        ("claude-sonnet-4-6", "claude-sonnet-4-5"),
        "reasoning:12",
        Policy("breakpoint"),
        ratio=RATIO,
        cap=6_500,
        turns=300,
    ),
}


def make_economy(kind: Kind) -> Economy:
    """It counts, keeps and charges truly; the model that writes notes is free."""
    free = {WRITER: Prices(Rates())}
    return Economy(
        kind.cache, Prices(RATES), ratio=kind.ratio, hidden=HIDDEN, prices_of=free
    )


def make_place(kind: Kind, gateway: TestGateway, owner: User) -> Conversation:
    """A conversation with the first of two models of a gateway."""
    row = Gateway.objects.create(name="A gateway", preset=kind.preset)
    set_key(gateway=row, key="a-key-of-no-use")
    url = gateway.url_for(kind.preset, kind.protocol)
    Endpoint.objects.create(gateway=row, protocol=kind.protocol, base_url=url)
    for name in kind.models:
        gateway.alias(name, kind.answers)
        _make_model(row, name, kind.cap)
    first = LanguageModel.objects.get(name=kind.models[0])
    return make_conversation(owner, model=first, prompt=make_prompt())


def _make_model(gateway: Gateway, name: str, cap: int) -> None:
    model = LanguageModel.objects.create(
        gateway=gateway, name=name, window=WINDOW, context_cap=cap
    )
    Price.objects.create(
        model=model,
        input=RATES.input,
        cached_input=RATES.cached_input,
        cache_write=RATES.cache_write,
        cache_write_1h=RATES.cache_write_1h,
        output=RATES.output,
    )


@dataclass
class Walk:
    """A conversation under way. `foreseen` is what the meter said of each reply."""

    talk: Talk
    gateway: TestGateway
    kind: Kind
    foreseen: dict[UUID, int] = field(default_factory=dict)
    newest: Message | None = None
    turns: int = 0

    async def go(self, turns: int) -> Message:
        """Ask so many questions, none as long as the one before it."""
        for _ in range(turns):
            text = f"{self.turns}: {WORDS * (2 + self.turns * 7 % 9)}"
            await self.ask(text.strip())
        assert self.newest is not None
        return self.newest

    async def ask(self, text: str) -> Message:
        meter = None
        if self.turns % METER_TURNS == 0:
            meter = await self.talk.run(
                meter_message,
                conversation=self.talk.conversation,
                user=self.talk.author,
                content=text,
            )
        self.newest = await self.talk.ask(text)
        self.turns += 1
        if meter is not None:
            self.foreseen[self.newest.pk] = meter.tokens
        return self.newest

    async def use(self, number: int) -> None:
        """Let another model answer from now on."""
        name = self.kind.models[number]

        def choose() -> None:
            conversation = self.talk.conversation
            conversation.refresh_from_db()
            conversation.model = LanguageModel.objects.get(name=name)
            conversation.save(update_fields=["model"])

        await self.talk.run(choose)

    async def revise(self) -> None:
        """Let an admin say something else in the system prompt."""
        number = self.talk.conversation.prompt_id
        prompt = await self.talk.run(SystemPrompt.objects.get, pk=number)
        staff = await self.talk.run(make_user, "staff", is_staff=True)
        await self.talk.run(
            save_revision, prompt=prompt, text="Be brief.", note="", author=staff
        )

    async def overflow(self) -> Message:
        """Ask what the gateway finds too long although it was expected to fit."""
        assert self.newest is not None
        before = await self.talk.generation(self.newest)
        most = int((before.predicted or 0) * 0.8)
        scenario = f"window:{most}+{self.kind.answers}"
        self.gateway.script(self.kind.models[0], scenario, scenario)
        return await self.go(1)

    async def go_on(self) -> Message:
        """Continue an answer that ended before its end."""
        self.gateway.script(self.kind.models[0], "length:20")
        reply = await self.go(1)
        await self.talk.run(continue_reply, reply=reply, user=self.talk.author)
        await self.talk.idle()
        return reply

    async def retry(self) -> Message:
        reply = await self.go(1)
        again = await self.talk.run(retry_reply, reply=reply, user=self.talk.author)
        await self.talk.idle()
        self.newest = again
        return again

    async def pin(self) -> Message:
        reply = await self.ask(PIN)
        asked = await self.talk.run(Message.objects.get, pk=reply.parent_id)
        await self.talk.run(
            pin_message, message=asked, user=self.talk.author, pinned=True
        )
        return asked

    async def roll(self) -> Message:
        """Write down a fact, edit the summary, and have both used now."""
        run, conversation = self.talk.run, self.talk.conversation
        author = self.talk.author
        await run(
            add_fact, conversation=conversation, text=FACT, author=author, source=None
        )
        newest = await run(conversation.summaries.latest, "pk")
        rows = await run(
            list_summaries, conversation=conversation, until=newest.until_id
        )
        await run(
            edit_summary,
            conversation=conversation,
            summary=rows[0],
            text=EDITED,
            author=author,
        )
        await run(ask_roll, conversation=conversation)
        return await self.go(1)

    async def edit(self, reply: Message) -> Message:
        """Ask otherwise what `reply` answered: a branch of its own."""
        asked = await self.talk.run(Message.objects.get, pk=reply.parent_id)
        edited = await self.talk.run(
            edit_message,
            message=asked,
            author=self.talk.author,
            content=f"Once more, {asked.content}",
            client_id=uuid4(),
        )
        await self.talk.idle()
        self.newest = await self.talk.run(edited.children.get)
        self.turns += 1
        return self.newest

    async def look_at(self, message: Message) -> None:
        """Look at another branch, and go on there."""
        await self.talk.run(
            choose_branch,
            conversation=self.talk.conversation,
            user=self.talk.author,
            message=message.pk,
        )


async def walk(talk: Talk, gateway: TestGateway, kind: Kind) -> Walk:
    """Walk to the end, with everything on the way that can happen."""
    under_way = Walk(talk, gateway, kind)

    async def go(percent: int) -> Message:
        return await under_way.go(max(1, kind.turns * percent // 100))

    await go(3)
    await under_way.pin()
    await go(25)
    await under_way.use(1)
    await go(2)
    await under_way.use(0)
    await go(10)
    await under_way.revise()
    await go(10)
    await under_way.overflow()
    await go(5)
    await under_way.go_on()
    await go(2)
    await under_way.retry()
    await go(5)
    await under_way.roll()
    middle = await go(3)
    end = await go(8)
    await under_way.edit(middle)
    await go(12)
    await under_way.look_at(end)
    await under_way.go(kind.turns - under_way.turns)
    return under_way
