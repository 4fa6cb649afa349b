"""How is this process set up? Settings from the environment; the SOP itself is in its file.

Kept apart from the SOP: an address or a path belongs to a machine, the procedure to the organisation.
"""
