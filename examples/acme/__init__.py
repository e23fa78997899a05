"""Acme: a generated subscription business whose true hazards, values and effects are known."""
