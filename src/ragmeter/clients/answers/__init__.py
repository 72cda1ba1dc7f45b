"""From bytes to one request sample: framing, dialects, decoding."""
