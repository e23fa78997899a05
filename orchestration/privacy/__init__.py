"""A person's rights, carried out: erasing and exporting everything that is held on one person.

Comes in: the settings, the home and an id. Goes out: orders to the packages that own the files (only landing writes landing, only releases
writes releases …), and receipts in `state/erasures/`. What is decided here is in docs/decisions/0017-*.md.
"""
