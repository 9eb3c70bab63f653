"""News feeds over HTTP: everything that knows what RSS, Atom, HTTP and their failings are lives here.

``reader.FeedReader`` polls one feed; ``check.check_feed`` looks one over for a person; ``opml.read_opml`` imports a
list. Below them: ``fetch`` (HTTP, bounded in time and size) over ``inflate``; ``parser`` hands a body to ``worker``, a
child process that can be stopped, which runs ``document`` (the body's encoding and kind), ``parse`` (feedparser),
``text`` and ``dates``; ``pace`` decides when to poll next.

The package itself imports nothing, so that the child process starts without the HTTP client.
"""
