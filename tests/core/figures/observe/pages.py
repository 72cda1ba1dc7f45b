"""Metrics pages, as servers write them: recorded ones, and short ones in the names of the others."""

from pathlib import Path

EXPOSITIONS = Path(__file__).parents[3] / "grafana" / "expositions"


def recorded(name: str) -> str:
    """A page of vLLM: ``vllm.txt`` in the names of today, ``vllm-old-names.txt`` in those before."""
    return (EXPOSITIONS / name).read_text(encoding="utf-8")


SGLANG = """# HELP sglang:num_running_reqs The number of running requests.
# TYPE sglang:num_running_reqs gauge
sglang:num_running_reqs{model_name="m",tp_rank="0"} 3.0
sglang:num_running_reqs{model_name="m",tp_rank="1"} 3.0
# TYPE sglang:num_queue_reqs gauge
sglang:num_queue_reqs{model_name="m",tp_rank="0"} 2.0
sglang:num_queue_reqs{model_name="m",tp_rank="1"} 2.0
# TYPE sglang:token_usage gauge
sglang:token_usage{model_name="m",tp_rank="0"} 0.28
# TYPE sglang:num_retracted_requests_total counter
sglang:num_retracted_requests_total{model_name="m",tp_rank="0"} 4.0
# HELP sglang:prompt_tokens_total Number of prefill tokens processed.
# TYPE sglang:prompt_tokens_total counter
sglang:prompt_tokens_total{model_name="m"} 1000.0
# HELP sglang:cached_tokens_total Number of cached prompt tokens.
# TYPE sglang:cached_tokens_total counter
sglang:cached_tokens_total{model_name="m"} 250.0
# TYPE sglang:generation_tokens_total counter
sglang:generation_tokens_total{model_name="m"} 90.0
# TYPE sglang:queue_time_seconds histogram
sglang:queue_time_seconds_bucket{le="0.1",model_name="m",tp_rank="0"} 8.0
sglang:queue_time_seconds_bucket{le="+Inf",model_name="m",tp_rank="0"} 10.0
sglang:queue_time_seconds_sum{model_name="m",tp_rank="0"} 1.5
sglang:queue_time_seconds_count{model_name="m",tp_rank="0"} 10.0
# TYPE sglang:time_to_first_token_seconds histogram
sglang:time_to_first_token_seconds_sum{model_name="m"} 4.0
sglang:time_to_first_token_seconds_count{model_name="m"} 10.0
"""
TGI = """# TYPE tgi_batch_current_size gauge
tgi_batch_current_size 5
# TYPE tgi_queue_size gauge
tgi_queue_size 7
# TYPE tgi_request_input_length histogram
tgi_request_input_length_bucket{le="100"} 4
tgi_request_input_length_bucket{le="+Inf"} 4
tgi_request_input_length_sum 300
tgi_request_input_length_count 4
# TYPE tgi_request_generated_tokens histogram
tgi_request_generated_tokens_sum 80
tgi_request_generated_tokens_count 4
# TYPE tgi_request_queue_duration histogram
tgi_request_queue_duration_bucket{le="0.001"} 1
tgi_request_queue_duration_bucket{le="+Inf"} 4
tgi_request_queue_duration_sum 0.2
tgi_request_queue_duration_count 4
"""
LLAMA = """# HELP llamacpp:prompt_tokens_total Number of prompt tokens processed.
# TYPE llamacpp:prompt_tokens_total counter
llamacpp:prompt_tokens_total 800
# HELP llamacpp:prompt_tokens_cached_total Number of prompt tokens reused.
# TYPE llamacpp:prompt_tokens_cached_total counter
llamacpp:prompt_tokens_cached_total 200
"""
LLAMA_GAUGES = """# TYPE llamacpp:requests_processing gauge
llamacpp:requests_processing 2
# TYPE llamacpp:requests_deferred gauge
llamacpp:requests_deferred 6
"""
LLAMA_MADE = "# TYPE llamacpp:tokens_predicted_total counter\nllamacpp:tokens_predicted_total 70\n"
TRITON = """# TYPE nv_trt_llm_request_metrics gauge
nv_trt_llm_request_metrics{model="tensorrt_llm",request_type="waiting",version="1"} 4
nv_trt_llm_request_metrics{model="tensorrt_llm",request_type="scheduled",version="1"} 8
nv_trt_llm_request_metrics{model="tensorrt_llm",request_type="max",version="1"} 64
# TYPE nv_trt_llm_kv_cache_block_metrics gauge
nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="fraction",model="tensorrt_llm",version="1"} 0.4
nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="tokens_per",model="tensorrt_llm",version="1"} 64
"""
TRTLLM_SERVE = """# TYPE trtllm_num_requests_running gauge
trtllm_num_requests_running{model_name="m"} 1.0
# TYPE trtllm_num_requests_waiting gauge
trtllm_num_requests_waiting{model_name="m"} 0.0
# TYPE trtllm_kv_cache_utilization gauge
trtllm_kv_cache_utilization{model_name="m"} 0.62
# TYPE trtllm_request_queue_time_seconds histogram
trtllm_request_queue_time_seconds_sum{model_name="m"} 2.0
trtllm_request_queue_time_seconds_count{model_name="m"} 4.0
# TYPE trtllm_time_to_first_token_seconds histogram
trtllm_time_to_first_token_seconds_sum{model_name="m"} 3.0
trtllm_time_to_first_token_seconds_count{model_name="m"} 4.0
"""
TWO_ENGINES = """# TYPE vllm:prefix_cache_queries_total counter
vllm:prefix_cache_queries_total{engine="0",model_name="a"} 100.0
vllm:prefix_cache_queries_total{engine="1",model_name="a"} 200.0
vllm:prefix_cache_queries_total{engine="0",model_name="b"} 1000.0
# TYPE vllm:prefix_cache_hits_total counter
vllm:prefix_cache_hits_total{engine="0",model_name="a"} 10.0
vllm:prefix_cache_hits_total{engine="1",model_name="a"} 20.0
vllm:prefix_cache_hits_total{engine="0",model_name="b"} 500.0
# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc{engine="0",model_name="a"} 0.2
vllm:kv_cache_usage_perc{engine="1",model_name="a"} 0.6
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a"} 3.0
vllm:num_requests_running{engine="1",model_name="a"} 4.0
# TYPE vllm:cache_config_info gauge
vllm:cache_config_info{block_size="128"} 1.0
"""
