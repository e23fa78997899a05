"""What is to be erased has landed without dlt."""

from tests.landing_by_copy import loads_are_copied as loads_are_copied
