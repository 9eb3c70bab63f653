"""Why did it fall? The explanations that stories offer for a move, ranked by what the market says with them.

A group that falls together says *that* one thing happened; only stories say *what*, by wording that ties the fall to a
cause, or by a trigger whose abilities meet what the group is paid for. A stock's own earnings, an outage, a trial or a
market-wide move compete. Every confidence is a sum that can be printed.
"""
