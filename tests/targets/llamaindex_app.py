"""LlamaIndex Server with a workflow that answers always the same: python llamaindex_app.py PORT"""

import sys
from collections.abc import AsyncGenerator
from typing import Any

import uvicorn
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.workflow import Context, StartEvent, StopEvent, Workflow, step
from llama_index.server import LlamaIndexServer, UIConfig
from llama_index.server.models import SourceNodesEvent

PASSAGES = {"terms.md": "The notice is a month.", "forms.md": "It is in writing."}


class Rag(Workflow):  # type: ignore[misc]  # of a library without types here
    """Tells its passages, and then streams its words."""

    @step  # type: ignore[untyped-decorator]
    async def answer(self, ctx: Context, asked: StartEvent) -> StopEvent:
        nodes = [
            NodeWithScore(node=TextNode(text=text, metadata={"file_name": name}), score=0.9 - at / 10)
            for at, (name, text) in enumerate(PASSAGES.items())
        ]
        ctx.write_event_to_stream(SourceNodesEvent(nodes=nodes))
        if "fail" in asked.user_msg:
            raise ValueError("the engine died")

        async def words() -> AsyncGenerator[str, None]:
            for word in ("one", " two", " three", " four"):
                yield word

        return StopEvent(result=words())


def application() -> Any:
    return LlamaIndexServer(
        workflow_factory=Rag, ui_config=UIConfig(enabled=False), suggest_next_questions=False, env="prod"
    )


if __name__ == "__main__":
    uvicorn.run(application(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
