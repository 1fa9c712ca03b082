"""Random conversations over many turns, with the state that services would carry."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from conversations.context.assembly import assemble
from conversations.context.epochs import leaving
from conversations.wire import (
    Context,
    ContextSettings,
    ContextState,
    Epoch,
    Fact,
    History,
    HistoryMessage,
    Json,
    Memory,
    ModelFacts,
    Native,
    Pin,
    Refusal,
    Role,
    Sample,
    Summary,
    Turn,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# Most of a conversation is talk.
DEEDS = (
    *("say",) * 12,
    *("fail", "too_long", "continue", "edit", "model", "prompt", "roll"),
    *("pin", "pin", "unpin", "note", "note", "forget"),
    *("summarise", "summarise", "summarise_early"),
)
SIZES = st.sampled_from([0, 3, 20, 40, 60, 80, 100, 120, 150, 400])


@dataclass(frozen=True)
class Step:
    """Something that happens; what of it is used depends on `deed`."""

    deed: str
    asked: tuple[int, ...]
    replied: int
    native: int | None
    number: int


@dataclass(frozen=True)
class Answered:
    """A turn of a branch, and how it was answered if it was."""

    turn: Turn
    context: Context | None = None
    epoch: Epoch | None = None
    model: ModelFacts | None = None
    sample: Sample | None = None


@dataclass(frozen=True)
class Shown:
    """What `assemble` was given and what it made of it, after what came `before`."""

    history: History
    settings: ContextSettings
    model: ModelFacts
    state: ContextState
    context: Context
    before: Answered | None


@dataclass
class Story:
    """A conversation as it goes on.

    `offset`, `ratio` and the share of thoughts that is counted are the gateway's own.
    """

    models: Sequence[ModelFacts]
    settings: ContextSettings
    offset: int
    ratio: float
    replayed: float
    reads_all: bool
    steps: list[Step] = field(default_factory=list)
    branch: list[Answered] = field(default_factory=list, repr=False)
    shown: list[Shown] = field(default_factory=list, repr=False)
    pinned: dict[str, Pin] = field(default_factory=dict, repr=False)
    facts: list[Fact] = field(default_factory=list, repr=False)
    summary: Summary | None = field(default=None, repr=False)
    must_roll: bool = field(default=False, repr=False)
    model: int = field(default=0, repr=False)
    names: int = field(default=0, repr=False)

    def take(self, step: Step) -> None:
        """Let one thing happen."""
        self.steps.append(step)
        match step.deed:
            case "say" | "fail" | "too_long" | "continue":
                self._turn(step)
            case "edit":
                del self.branch[step.number % (len(self.branch) + 1) :]
            case "model":
                self.model = (self.model + 1) % len(self.models)
            case "prompt":
                self._prompt(step)
            case "roll":
                self.must_roll = True
            case "summarise" | "summarise_early":
                self._summarise(step)
            case _:
                self._remember(step)

    def _turn(self, step: Step) -> None:
        asking = tuple(self._message(Role.USER, size) for size in step.asked)
        context = self._show(asking)
        if step.deed == "too_long":
            context = self._show(asking, refused=self._refusal(step, context))
        if step.deed == "continue":
            partial = self._message(Role.ASSISTANT, step.replied)
            context = self._show(asking, partial=partial)
        if context.over_budget:
            # The question is withdrawn.
            return
        if step.deed == "fail" or not any(step.asked):
            failed = replace(self._message(Role.ASSISTANT, 0), content="")
            self.branch.append(Answered(Turn(asking, failed)))
            return
        self._answer(step, asking, context)

    def _show(
        self,
        asking: tuple[HistoryMessage, ...],
        partial: HistoryMessage | None = None,
        refused: Refusal | None = None,
    ) -> Context:
        history = self._history(asking, partial)
        state = replace(self._state(), refused=refused)
        settings, model = self.settings, self.models[self.model]
        context = assemble(history, settings, model, state)
        before = next((one for one in reversed(self.branch) if one.epoch), None)
        self.shown.append(Shown(history, settings, model, state, context, before))
        return context

    def _refusal(self, step: Step, context: Context) -> Refusal:
        """Refuse a request, with or without a word of why."""
        refused = Refusal(context.tokens, context.sealed)
        if step.number % 2:
            return refused
        counted = self._count(context)
        return replace(refused, counted=counted, window=int(counted * 0.9))

    def _count(self, context: Context) -> int:
        text = context.tokens - context.sealed
        return self.offset + int(self.ratio * text + self.replayed * context.sealed)

    def _answer(
        self, step: Step, asking: tuple[HistoryMessage, ...], context: Context
    ) -> None:
        epoch = context.epoch
        if context.is_new:
            epoch = replace(epoch, id=self._name("epoch"))
            self.must_roll = False
        reply = self._message(Role.ASSISTANT, step.replied)
        if step.native is not None:
            items: tuple[Json, ...] = ({"type": "reasoning", "id": reply.id},)
            reply = replace(reply, native=Native(epoch.id, items, step.native))
        self.branch.append(
            Answered(
                Turn(asking, reply),
                context,
                epoch,
                self.models[self.model],
                Sample(context.tokens, self._count(context), context.sealed),
            )
        )

    def _history(
        self,
        asking: tuple[HistoryMessage, ...] = (),
        partial: HistoryMessage | None = None,
    ) -> History:
        turns = tuple(one.turn for one in self.branch)
        epoch = self._state().epoch
        first = epoch.first_message if epoch else ""
        read = [any(one.id == first for one in turn.messages) for turn in turns]
        start = 0 if self.reads_all or True not in read else read.index(True)
        return History(turns[start:], asking, partial, start, self._memory(asking))

    def _memory(self, asking: tuple[HistoryMessage, ...]) -> Memory:
        here = {one.id for one in (*self._messages(), *asking)}
        summary = self.summary
        return Memory(
            pins=tuple(pin for name, pin in self.pinned.items() if name in here),
            facts=tuple(self.facts),
            summary=summary if summary and summary.until in here else None,
        )

    def _state(self) -> ContextState:
        answered = [one for one in self.branch if one.epoch]
        samples = tuple(
            one.sample
            for one in answered
            if one.sample and one.model == self.models[self.model]
        )
        epoch = answered[-1].epoch if answered else None
        return ContextState(epoch, samples, self.must_roll)

    def _messages(self) -> list[HistoryMessage]:
        turns = [one.turn for one in self.branch]
        return [
            one
            for turn in turns
            for one in (*turn.messages, *([turn.reply] if turn.reply else []))
        ]

    def _prompt(self, step: Step) -> None:
        name = self._name("prompt")
        self.settings = replace(
            self.settings,
            system_prompt=f"Be {name}.",
            system_prompt_ref=name,
            system_prompt_tokens=step.number,
        )

    def _summarise(self, step: Step) -> None:
        turns = [one.turn for one in self.branch]
        if step.deed == "summarise":
            model = self.models[self.model]
            history, state = self._history(), self._state()
            turns = list(leaving(history, self.settings, model, state))
        else:
            turns = turns[: step.number % (len(turns) + 1)]
        if turns and turns[-1].reply:
            name = f"In short: {self._name('summary')}."
            until = turns[-1].reply.id
            self.summary = Summary(self.names, name, step.replied, until)

    def _remember(self, step: Step) -> None:
        messages = self._messages()
        if step.deed == "pin" and messages:
            message = messages[step.number % len(messages)]
            self.pinned[message.id] = Pin(message, step.number)
        elif step.deed == "unpin" and self.pinned:
            del self.pinned[list(self.pinned)[step.number % len(self.pinned)]]
        elif step.deed == "note":
            text, pinned = self._name("fact"), step.number % 2 == 0
            self.facts.append(Fact(self.names, text, step.replied, "", pinned))
        elif step.deed == "forget" and self.facts:
            del self.facts[step.number % len(self.facts)]

    def _message(self, role: Role, tokens: int) -> HistoryMessage:
        name = self._name(role.value)
        # A size of nothing is a message of nothing.
        return HistoryMessage(name, role, f"Says {name}." if tokens else " ", tokens)

    def _name(self, kind: str) -> str:
        self.names += 1
        return f"{kind}{self.names}"


STEPS = st.builds(
    Step,
    st.sampled_from(DEEDS),
    st.lists(SIZES, min_size=1, max_size=2).map(tuple),
    SIZES,
    st.none() | st.integers(0, 100),
    st.integers(0, 30),
)
MODELS = st.builds(
    ModelFacts,
    st.sampled_from(["one", "other"]),
    st.sampled_from([700, 2_000, 4_000, 8_000, 20_000]),
    max_output=st.sampled_from([None, 100, 2_000]),
    endpoint=st.sampled_from(["here", "there"]),
    dearer_above=st.sampled_from([None, None, 900, 2_500]),
)
SETTINGS = st.builds(
    ContextSettings,
    system_prompt=st.sampled_from(["", "Be kind."]),
    system_prompt_ref=st.just("prompt"),
    system_prompt_tokens=st.integers(0, 60),
    window_share=st.sampled_from([0.5, 0.8, 1.0]),
    keep_share=st.sampled_from([0.3, 0.5, 0.8]),
    cap=st.sampled_from([None, None, 800, 1_500, 3_000]),
    last_turns=st.sampled_from([None, None, None, 0, 4]),
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw a conversation that has been going on for some turns."""
    story = Story(
        models=draw(st.lists(MODELS, min_size=2, max_size=2)),
        settings=draw(SETTINGS),
        offset=draw(st.sampled_from([0, 0, 300, 1_000])),
        ratio=draw(st.sampled_from([0.8, 1.0, 1.5])),
        replayed=draw(st.sampled_from([0.0, 0.7, 1.0])),
        reads_all=draw(st.booleans()),
    )
    for step in draw(st.lists(STEPS, min_size=8, max_size=24)):
        story.take(step)
    return story
