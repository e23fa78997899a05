"""Free text read: which themes a comment touches, and its tone.

Comes in: texts and what they are called. Goes out: the table `comment_readings`. A reader is learned from examples.yaml, which ships with
the code, never from a company's own data: what it says of a text is the same on every night, and known on each of them.
"""

from __future__ import annotations

from ml.comments.reading import Reader, read, shipped

__all__ = ["Reader", "read", "shipped"]
