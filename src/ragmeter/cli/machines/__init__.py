"""Commands of a load that several machines send together."""
