"""The unit of a PromQL expression, from the names of its metrics, and whether it fits the unit of its panel.

A unit is a product of powers, such as ``{"token": 1, "s": -1}``. Numbers have none: they convert within a unit.
The sum of a histogram is a sum over requests; divided by their count, it is one request's.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

import promql_parser as promql

Dimension: TypeAlias = Mapping[str, int]

NAMES: Final[tuple[tuple[str, Dimension], ...]] = (
    (r"[_:](requests_total|errors_total|request_success_total|requests|verdicts)$", {"request": 1}),
    (r"_(seconds|k_retrieved)_count$", {"request": 1}),
    (r"_seconds_sum$", {"s": 1, "request": 1}),
    (r"_k_retrieved_sum$", {"chunk": 1, "request": 1}),
    (r"num_requests_(running|waiting)$|inflight_requests$", {"request": 1}),
    (r"tokens_per_second(_bucket)?$", {"token": 1, "s": -1}),
    (r"million_tokens_cost_usd$", {"usd": 1, "token": -1}),
    (r"tokens(_total|_bucket)?$|prefix_cache_(hits|queries)_total$", {"token": 1}),
    (r"num_preemptions_total$", {"preemption": 1}),
    (r"_seconds(_bucket|_total)?$", {"s": 1}),
    (r"_gbps$", {"gigabit": 1, "s": -1}),
    (r"_ms$", {"ms": 1}),
    (r"_percent$", {"percent": 1}),
    (r"_pairs$", {"pair": 1}),
    (r"_retransmits$", {"segment": 1}),
    (r"_bytes$", {"byte": 1}),
    (r"_usd$", {"usd": 1}),
    (r"[_:](ratio|ratio_rate\w+|perc|info|outcome)$", {}),
    (r"FB_(USED|FREE)$", {"mebibyte": 1}),
    (r"POWER_USAGE$", {"joule": 1, "s": -1}),
    (r"GPU_TEMP$", {"celsius": 1}),
    (r"GPU_UTIL$", {"percent": 1}),
)

PRICE: Final[Dimension] = {"usd": 1, "s": -1}

FITTING: Final[Mapping[str, tuple[Dimension, ...]]] = {
    "s": ({"s": 1},),
    "percentunit": ({},),
    "percent": ({"percent": 1},),
    "reqps": ({"request": 1, "s": -1},),
    "suffix:tok/s": ({"token": 1, "s": -1},),
    "cps": ({"preemption": 1, "s": -1},),
    "ms": ({"ms": 1},),
    "Gbits": ({"gigabit": 1, "s": -1},),
    "short": ({}, {"pair": 1}, {"request": 1}, {"token": 1}, {"chunk": 1}, {"segment": 1}),
    "mbytes": ({"mebibyte": 1},),
    "bytes": ({"byte": 1},),
    "watt": ({"joule": 1, "s": -1},),
    "joule": ({"joule": 1, "token": -1},),
    "celsius": ({"celsius": 1},),
    "currencyUSD": ({"usd": 1}, {"usd": 1, "s": -1}, {"usd": 1, "token": -1}, {"usd": 1, "request": -1}),
}
"""By Grafana's id of a unit; what an amount of money is for stands in the title of its panel."""

SAME: Final = frozenset({"avg_over_time", "max_over_time", "min_over_time", "sum_over_time"})
COMPARISONS: Final = frozenset({"==", "!=", ">", "<", ">=", "<="})


def fits(expr: str, unit: str) -> bool:
    return dimension_of(expr) in FITTING[unit]


def dimension_of(expr: str) -> Dimension:
    """ValueError for terms of different units in a sum or an alternative, and for names that tell no unit."""
    return _of(promql.parse(expr))


def of_metric(name: str) -> Dimension:
    for pattern, dimension in NAMES:
        if re.search(pattern, name):
            return dimension
    raise ValueError(f"{name}: its name tells no unit")


def _of(node: object) -> Dimension:
    match node:
        case promql.VectorSelector():
            return of_metric(str(node.name))
        case promql.MatrixSelector():
            return _of(node.vector_selector)
        case promql.NumberLiteral():
            return {}
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr() | promql.AggregateExpr():
            return _of(node.expr)
        case promql.BinaryExpr():
            return _binary(node)
        case promql.Call():
            return _call(node.func.name, node.args)
    raise ValueError(f"{node}: its unit is not known")


def _call(name: str, arguments: list[object]) -> Dimension:
    if name in {"rate", "irate"}:
        return _times(_of(arguments[0]), {"s": 1}, -1)
    if name == "histogram_quantile":
        return _of_buckets(_of(arguments[1]))
    if name in SAME:
        return _of(arguments[0])
    if name == "label_replace":
        return _of(arguments[0])
    if name == "vector":
        return PRICE
    if name == "time":
        return {"s": 1}
    raise ValueError(f"{name}(): the unit of its result is not known")


def _of_buckets(rate: Dimension) -> Dimension:
    """The quantile of a rate of buckets has the unit of what was observed."""
    return _times(rate, {"s": 1}, 1)


def _binary(node: promql.BinaryExpr) -> Dimension:
    operator, left, right = str(node.op), _of(node.lhs), _of(node.rhs)
    if operator in {"*", "/"}:
        return _times(left, right, 1 if operator == "*" else -1)
    if operator in {"and", "unless"}:
        return left
    if operator in COMPARISONS:
        return {} if node.modifier is not None and node.modifier.return_bool else left
    if left != right and not isinstance(node.lhs, promql.NumberLiteral):
        raise ValueError(f"{node.prettify()}: {dict(left)} {operator} {dict(right)}")
    return right


def _times(left: Dimension, right: Dimension, sign: int) -> Dimension:
    powers = {name: left.get(name, 0) + sign * right.get(name, 0) for name in {**left, **right}}
    return {name: power for name, power in powers.items() if power}


def selectors(expr: str) -> list[promql.VectorSelector]:
    found: list[promql.VectorSelector] = []

    def visit(node: object) -> None:
        if isinstance(node, promql.VectorSelector):
            found.append(node)
        elif isinstance(node, promql.MatrixSelector):
            found.append(node.vector_selector)

    promql.walk(promql.parse(expr), visit)
    return found


def metrics(expr: str) -> list[str]:
    """Names of the metrics of an expression, each once, in order."""
    return list(dict.fromkeys(str(selector.name) for selector in selectors(expr)))
