"""Tests that take a minute or more run where they are asked for: RAPPORT_LONG_TESTS=1 make test-all."""

import os

import pytest

ARE_WANTED = bool(os.environ.get("RAPPORT_LONG_TESTS"))
long_test = pytest.mark.skipif(not ARE_WANTED, reason="takes a minute or more; set RAPPORT_LONG_TESTS=1")
