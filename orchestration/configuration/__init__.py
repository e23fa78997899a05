"""What the configuration file may say, part by part; `orchestration/settings.py` is the only reader of it."""
