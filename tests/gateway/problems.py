"""What a gateway complains of, before it is put into one of its envelopes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """A refusal, or an error in the middle of an answer. `type` "" goes by status."""

    status: int
    message: str
    type: str = ""
    code: object = None
    param: str | None = None
    extra: dict[str, object] = field(default_factory=dict)


class RefusedError(Exception):
    """The gateway does not answer this request. `envelope` "" is its usual one."""

    def __init__(self, problem: Problem, envelope: str = "") -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.envelope = envelope


def invalid(
    message: str, param: str | None = None, code: str | None = None
) -> RefusedError:
    """Return the error for a request that is not as it should be."""
    return RefusedError(Problem(400, message, "invalid_request_error", code, param))
