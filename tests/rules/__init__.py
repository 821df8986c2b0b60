"""Which answers the Engine may give, and a watch that checks each one in every test.

* ``published.json`` is derived from Arcade's published description, by ``derive.py``.
* ``recorded.py`` is what recorded answers and the sandbox's own choices add to it.
* ``checking.py`` judges one answer by both.
* ``watching.py`` puts that around every Engine that a test starts, here or in a child.
"""
