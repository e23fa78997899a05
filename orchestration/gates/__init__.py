"""What the gates of a night are asked of, against what, and what waits in quarantine."""
