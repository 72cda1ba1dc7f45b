"""LangServe with chains that answer always the same: python langserve_app.py PORT"""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from langchain_core.documents import Document
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnableParallel, RunnablePassthrough
from langserve import add_routes

PASSAGES = {"terms.md": "The notice is a month.", "forms.md": "It is in writing."}


def retrieved(_question: str) -> list[Document]:
    return [Document(page_content=text, metadata={"source": name}) for name, text in PASSAGES.items()]


def failing(_question: str) -> str:
    raise ValueError("the engine died")


def application() -> FastAPI:
    prompt = ChatPromptTemplate.from_template("{context} {question}")
    model = GenericFakeChatModel(messages=(AIMessage(content="one two three four") for _ in iter(int, 1)))
    asked: Any = RunnableParallel(context=RunnableLambda(retrieved), question=RunnablePassthrough())
    chains = {
        "rag": asked.assign(answer=prompt | model | StrOutputParser()),
        "text": asked | prompt | model | StrOutputParser(),
        "chat": asked | prompt | model,
        "failing": RunnableLambda(failing),
    }
    app = FastAPI()
    for name, chain in chains.items():
        add_routes(app, chain.with_types(input_type=str), path=f"/{name}")
    return app


if __name__ == "__main__":
    uvicorn.run(application(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
