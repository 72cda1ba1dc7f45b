"""One load from several machines: its plan, its shards, and the record of all."""
