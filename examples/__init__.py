"""Worked examples: a generated company with known truth, and real purchase histories."""
