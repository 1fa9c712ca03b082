"""What endpoints teach us by refusing: kept, and heeded from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.models import LearnedFact

if TYPE_CHECKING:
    from collections.abc import Collection

VALUE_CHARACTERS = 80


def learn_rejected(*, endpoint_id: int, model_name: str, parameter: str) -> None:
    """Remember that a model does not take a parameter at an endpoint."""
    _learn(endpoint_id, model_name, LearnedFact.Kind.REJECTS, parameter)


def learn_window(*, endpoint_id: int, model_name: str, window: int) -> None:
    """Remember that a model reads at most `window` tokens at an endpoint."""
    _learn(endpoint_id, model_name, LearnedFact.Kind.WINDOW, str(window))


def read_rejected(facts: Collection[LearnedFact]) -> list[str]:
    """Return the parameters that are sent no more."""
    return [fact.value for fact in facts if fact.kind == LearnedFact.Kind.REJECTS]


def read_window(facts: Collection[LearnedFact]) -> int | None:
    """Return the smallest window learned, in tokens; None where there is none."""
    kind = LearnedFact.Kind.WINDOW
    sizes = [int(fact.value) for fact in facts if fact.kind == kind]
    return min(sizes, default=None)


def _learn(
    endpoint_id: int, model_name: str, kind: LearnedFact.Kind, value: str
) -> None:
    LearnedFact.objects.bulk_create(
        [
            LearnedFact(
                endpoint_id=endpoint_id,
                model_name=model_name,
                kind=kind,
                value=value[:VALUE_CHARACTERS],
            )
        ],
        ignore_conflicts=True,
    )
