"""The same conversation on every surface, and what is sent for it, byte for byte.

A surface is one protocol of one gateway. `python -m tests.contract` prints the table.
"""
