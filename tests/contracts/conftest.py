"""What sources tell is landed without dlt."""

from tests.landing_by_copy import loads_are_copied as loads_are_copied
