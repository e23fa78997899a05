"""Which release readers see now, as commands, alerts and sensors say it.

Comes in: the home. Goes out: the release behind the pointer, or words about it.
"""

from __future__ import annotations

from orchestration import releases
from orchestration.home import Home
from orchestration.plain_words import in_plain_words
from orchestration.releases import Release


def release(home: Home) -> Release | None:
    """The release that is served, None before the first. Raises ReleaseError when it is damaged."""
    return None if releases.current_id(home.root) is None else releases.current(home.root)


def is_of(home: Home, run_id: str) -> bool:
    """Whether what readers see came from this run; a run may well stop after it has published."""
    try:
        found = release(home)
    except releases.ReleaseError:
        return False
    return found is not None and found.manifest["run_id"] == run_id


def in_words(home: Home) -> str:
    """Which release readers see, as the end of a night that published none."""
    try:
        found = release(home)
    except (releases.ReleaseError, OSError) as error:  # told with the reason why a night failed, which may be the same
        return in_plain_words(str(error))
    return f"Release {found.id} (as of {found.as_of}) is served" if found else "Nothing was published before either"
