"""Stand-ins for vendors on loopback: for the example company served by vendors, and for the tests that ask sources to read them."""
