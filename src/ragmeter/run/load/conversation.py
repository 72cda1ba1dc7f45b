"""What is said in the sessions of a phase: kept apart from the sending, and made ready between sends."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ragmeter.clients.answers.dialects import Dialect
from ragmeter.clients.answers.marks import marked
from ragmeter.clients.connection.transport import HttpRequest
from ragmeter.core.inputs.cache import MarkBy
from ragmeter.core.inputs.talks import Talk
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.schedule.plan import PhasePlan

SESSION_BYTES = 6


@dataclass(slots=True)
class _Session:
    """questions: the turns that are still to be asked. history: what was said, as it was sent."""

    session_id: str
    questions: list[str]
    history: list[Mapping[str, str]] = field(default_factory=list)
    turn: int = 0


class Conversations:
    """The sessions of one phase. Ids of two loaders, and of two phases, differ."""

    def __init__(
        self,
        plan: PhasePlan,
        dialect: Dialect,
        question: Callable[[int], str],
        *,
        mark: str | None,
        mark_by: MarkBy,
    ) -> None:
        """question: the text of a prompt by its index. mark: that all requests of the run share."""
        self._dialect, self._mark, self._mark_by = dialect, mark, mark_by
        self._ready: dict[int, HttpRequest] = {}
        self._waiting: dict[int, asyncio.Future[RequestSample]] = {}
        self._sessions: dict[int, _Session] = {}
        key = secrets.token_hex(SESSION_BYTES)
        for talk in plan.talks or ():
            questions = [question(plan.prompt_order[place]) for place in talk.places]
            session_id = f"{key}-{plan.name}-{plan.trial}-{talk.number}"
            self._sessions[talk.number] = _Session(session_id=session_id, questions=questions)
            self._make(talk.number)

    def request(self, session: int) -> HttpRequest:
        """The next of a session, which was made when the answer before it was read."""
        return self._ready.pop(session)

    def wait(self, session: int) -> "asyncio.Future[RequestSample]":
        """For the sample of the request that is about to be sent."""
        self._waiting[session] = asyncio.get_running_loop().create_future()
        return self._waiting[session]

    def read(self, session: int, sample: RequestSample, answer: str) -> None:
        """Enter an answer, and make the request for the next turn."""
        at = self._sessions[session]
        if sample.ok and at.questions:
            asked, first = at.questions.pop(0), not at.history
            said = marked(asked, self._mark, self._mark_by) if first else asked
            at.history += [{"role": "user", "content": said}, {"role": "assistant", "content": answer}]
        if sample.ok and at.questions:
            self._make(session)
        else:
            del self._sessions[session]
        waiting = self._waiting.pop(session, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(sample)

    def _make(self, session: int) -> None:
        at = self._sessions[session]
        at.turn += 1
        talk = Talk(session_id=at.session_id, turn=at.turn, history=tuple(at.history))
        self._ready[session] = self._dialect.request(at.questions[0], mark=self._mark, talk=talk)
