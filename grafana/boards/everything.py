"""All dashboards."""

from collections.abc import Sequence

from grafana.boards.bench import bench_board
from grafana.boards.board import Board
from grafana.boards.comparison import comparison
from grafana.boards.gpu import gpu_board
from grafana.boards.network import network_board
from grafana.boards.overview import overview
from grafana.boards.vllm import vllm_board
from grafana.prices import HourlyPrice


def boards(prices: Sequence[HourlyPrice]) -> tuple[Board, ...]:
    return (overview(), vllm_board(), gpu_board(), comparison(prices), network_board(), bench_board())
