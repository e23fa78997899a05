"""What tells a person in text, and its removal: from SQL and from bytes by the same rules (needles), thousands at once (spotting)."""

from orchestration.redaction.needles import INSTEAD, Needles, is_telling

__all__ = ["INSTEAD", "Needles", "is_telling"]
