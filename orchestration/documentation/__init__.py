"""The generated pages under docs/, from the code that enforces them."""
