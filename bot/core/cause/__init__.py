"""Why a stock fell: the explanations that stories offer, ranked with the evidence of the market.

A group that falls together shows *that* there is one cause; only stories say *which*, by wording that ties the fall to
it, or by a release that affects the group's line of business. A company's own earnings, an outage, a trial or a
market-wide move compete. Every confidence comes from a sum that can be printed.
"""
