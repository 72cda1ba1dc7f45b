"""Pure: records, definitions, statistics, verdicts and money. No I/O, clock, environment or pytest in here."""
