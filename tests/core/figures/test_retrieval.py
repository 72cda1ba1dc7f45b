import math

import pytest

from ragmeter.core.figures.retrieval import (
    caveat_of_retrieval,
    gone_from,
    is_labelled,
    ndcg,
    recall,
    reciprocal_rank,
    retrieval_of,
    retrieval_rates,
    why_no_retrieval,
)
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from tests.core.samples import sample


@pytest.mark.parametrize(
    ("passage", "label", "found"),
    [
        ("guide.md#install:3", "guide.md#install:3", True),
        ("guide.md#install:3", "guide.md#install", True),
        ("guide.md#install:3", "guide.md", True),
        ("guide.md#7", "guide.md", True),
        ("guide.md#7", "guide.md#7", True),
        ("guide.md#70", "guide.md#7", False),
        ("guide.md#installed:0", "guide.md#install", False),
        ("guide.md.old#install:3", "guide.md", False),
        ("guide.md", "guide.md#install", False),
        ("other.md#install:3", "guide.md", False),
    ],
)
def test_a_label_means_its_passage_and_all_inside_it(passage: str, label: str, found: bool) -> None:
    assert is_labelled(passage, label) is found


def test_recall_is_the_share_of_labels_found() -> None:
    assert recall(("a#1", "b#2", "a#3"), ("a", "b#2", "c", "b#3")) == 0.5


@pytest.mark.parametrize(
    ("documents", "labels", "rank", "gain"),
    [
        ((), ("a",), 0.0, 0.0),
        (("x", "y"), ("a",), 0.0, 0.0),
        (("a#1", "x"), ("a",), 1.0, 1.0),
        (("x", "a#1"), ("a",), 1 / 2, 1 / math.log2(3)),
        (("a#1", "a#2"), ("a",), 1.0, 1.0),  # a label gains once
        (("a#1", "b#1"), ("a", "b"), 1.0, 1.0),
        (("a#1", "x", "b#1"), ("a", "b"), 1.0, 1.5 / (1 + 1 / math.log2(3))),
        (("a#1", "b#1", "c#1"), ("a", "b", "c", "d"), 1.0, 1.0),  # more labels than k
    ],
)
def test_ranks_count(documents: tuple[str, ...], labels: tuple[str, ...], rank: float, gain: float) -> None:
    assert reciprocal_rank(documents, labels) == pytest.approx(rank)
    assert ndcg(documents, labels, k=3) == pytest.approx(gain)


def test_questions_whose_label_is_gone_are_left_out_and_their_share_is_told() -> None:
    many = {index: (f"d{index}",) for index in range(20)}
    found = retrieval_of([asked(index, f"d{index}#1") for index in range(20)], many, k=5, gone=["d3"])
    assert found is not None
    assert (found.n, found.recall_at_k.value, found.labels, found.gone) == (19, 1.0, 20, 1)
    assert "1 of 20 labels (5%) name a document that the service does not have" in str(caveat_of_retrieval(found))
    assert why_no_retrieval(found) is None


@pytest.mark.parametrize("gone", [("a", "b", "c"), ("c",)])
def test_with_many_labels_gone_recall_is_unknown_and_never_0(gone: tuple[str, ...]) -> None:
    found = retrieval_of([asked(0, "x#1"), asked(1, "x#1")], LABELS, k=5, gone=gone)
    assert found is not None
    assert (found.n, found.gone, [rate.value for rate in retrieval_rates(found).values()]) == (0, len(gone), [None] * 4)
    assert f"{len(gone)} of 3 labels" in str(why_no_retrieval(found))
    assert "recall is unknown" in str(caveat_of_retrieval(found))


@pytest.mark.parametrize(
    ("label", "gone"),
    [
        ("guide.md", False),
        ("guide.md#6", False),
        ("guide.md#7", True),
        ("guide.md#install", False),
        ("guide.md:7", True),
        ("guide", True),
        ("old.md", True),
        ("old.md#0", True),
        ("untold.md#99", False),
        ("a#b.md#1", False),
        ("https://docs.example.com/guide#3", False),
    ],
)
def test_a_label_is_gone_where_the_corpus_has_nothing_that_it_means(label: str, gone: bool) -> None:
    documents = {"guide.md": 7, "untold.md": None, "a#b.md": 2, "https://docs.example.com/guide": 4}
    assert gone_from([label], documents) == ((label,) if gone else ())
    assert gone_from([label], {}) == (label,)


def test_a_part_of_a_run_without_passages_has_recall_0_where_others_have_some() -> None:
    dropped = [asked(0), asked(1)]
    found = retrieval_of(dropped, LABELS, k=5, run=[*dropped, asked(1, "c#0")])
    assert found is not None
    assert (found.foreign, found.n, found.recall_at_k.value) == (False, 2, 0.0)


def asked(prompt: int, *documents: str, **fields: object) -> RequestSample:
    return sample(prompt_index=prompt, documents=documents, **fields)  # type: ignore[arg-type]


LABELS = {0: ("a", "b"), 1: ("c",), 2: ()}


def test_recall_and_hits_are_means_over_labelled_requests() -> None:
    result = retrieval_of([asked(0, "a#1", "x#1"), asked(1, "x#1"), asked(2, "x#2")], LABELS, k=5)
    assert result is not None
    assert (result.k, result.n) == (5, 2)
    assert result.recall_at_k.value == pytest.approx(0.25)
    assert result.hit_ratio.value == pytest.approx(0.5)
    assert list(retrieval_rates(result)) == ["recall_at_k", "hit_ratio", "mrr", "ndcg_at_k"]


def test_passages_beyond_k_do_not_count() -> None:
    result = retrieval_of([asked(1, "x", "y", "c")], LABELS, k=2)
    assert result is not None
    assert result.recall_at_k.value == 0.0


def test_a_success_without_passages_found_nothing() -> None:
    result = retrieval_of([asked(1), asked(1, "c")], LABELS, k=5)
    assert result is not None
    assert result.recall_at_k.value == 0.5


def test_failures_and_warm_up_are_not_judged() -> None:
    others = [asked(1, error=ErrorClass.TIMEOUT), asked(1, phase=Phase.WARMUP)]
    result = retrieval_of([*others, asked(1, "c")], LABELS, k=5)
    assert result is not None
    assert (result.n, result.recall_at_k.value) == (1, 1.0)


def test_asking_again_does_not_narrow_the_interval() -> None:
    once = retrieval_of([asked(i, "c") for i in range(20)], dict.fromkeys(range(20), ("c",)), k=5)
    often = retrieval_of([asked(i, "c") for i in range(20)] * 10, dict.fromkeys(range(20), ("c",)), k=5)
    assert once is not None
    assert often is not None
    assert (once.n, often.n) == (20, 200)
    assert once.recall_at_k == often.recall_at_k
    assert often.recall_at_k.low == pytest.approx(0.83887, abs=1e-5)


def test_a_label_given_twice_counts_once() -> None:
    result = retrieval_of([asked(0, "a")], {0: ("a", "a", "b")}, k=5)
    assert result is not None
    assert result.recall_at_k.value == 0.5


def test_no_labels_is_no_retrieval_and_no_answers_is_no_value() -> None:
    assert retrieval_of([asked(2, "x")], {2: ()}, k=5) is None
    silent = retrieval_of([asked(1, error=ErrorClass.CONNECT)], LABELS, k=5)
    assert silent is not None
    assert (silent.n, silent.recall_at_k.value, silent.recall_at_k.enough) == (0, None, False)


FOREIGN = {
    "other documents alone": ([asked(0, "x#1", "y#2"), asked(1, "z:3")], True),
    "one of a labelled document, beyond k": ([asked(0, "x", "y", "z", "c#4")], False),
    "one of a document that another question is about": ([asked(0, "c#1")], False),
    "no passage at all": ([asked(0), asked(1)], True),
    "one answer with passages": ([asked(0), asked(1, "c#1")], False),
    "no request that succeeded": ([asked(0, "x#1", error=ErrorClass.TIMEOUT)], False),
    "questions without labels alone": ([asked(2, "x#1")], False),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_service_that_searches_other_documents_has_no_recall(case: str) -> None:
    """Wrong passages of the right documents are a recall of 0; a service that tells of none has an unknown one."""
    samples, foreign = FOREIGN[case]
    result = retrieval_of(samples, LABELS, k=2)
    assert result is not None
    assert result.foreign is foreign
    assert (caveat_of_retrieval(result) is not None) is foreign
    if foreign:
        assert (result.n, result.recall_at_k.value, result.hit_ratio.value) == (0, None, None)


def test_labels_of_passages_name_their_documents() -> None:
    result = retrieval_of([asked(0, "guide.md#9")], {0: ("guide.md#install:3",)}, k=5)
    assert result is not None
    assert (result.foreign, result.recall_at_k.value) == (False, 0.0)


def test_documents_that_are_urls_of_another_site_are_other_documents() -> None:
    labels = {0: ("https://ours.example.com/guide",)}
    theirs = retrieval_of([asked(0, "https://theirs.example.com/guide#1")], labels, k=5)
    ours = retrieval_of([asked(0, "https://ours.example.com/guide#1")], labels, k=5)
    assert theirs is not None
    assert ours is not None
    assert (theirs.foreign, ours.foreign, ours.recall_at_k.value) == (True, False, 1.0)


def test_without_labelled_prompts_there_is_no_caveat() -> None:
    assert caveat_of_retrieval(None) is None
