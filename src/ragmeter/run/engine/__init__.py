"""The measuring engine: campaigns from plans to results, told as events. It knows no pytest and writes no report."""
