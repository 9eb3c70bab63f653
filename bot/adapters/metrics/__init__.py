"""Numbers about the running bot in Prometheus' text form, the small server that gives them out, and the heartbeat."""

from bot.adapters.metrics.exposition import CONTENT_TYPE, Family, Histogram, Kind, Sample, exposition

__all__ = ["CONTENT_TYPE", "Family", "Histogram", "Kind", "Sample", "exposition"]
