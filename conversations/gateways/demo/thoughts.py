"""What the demo gateway thinks, and what it says then."""

from __future__ import annotations

THOUGHT = """\
I am asked to think, so let me think of something small: how many handshakes are there \
when six people meet, and everyone shakes hands with everyone?

Each of the six has five others to greet. That makes **6 × 5 = 30**, but then I have \
counted every handshake twice, once from either side. Half of it is 15.

Let me check that by counting up:

1. The first to arrive finds nobody.
2. The second shakes one hand, the third two, the fourth three.
3. The fifth shakes four, and the sixth five.

0 + 1 + 2 + 3 + 4 + 5 = 15. Both ways agree, so I can say it.
"""

THOUGHTFUL = """\
When six people meet and everyone shakes hands with everyone, there are **15 \
handshakes**.

Each of them greets five others, which makes 30, and every handshake was counted twice.
"""
