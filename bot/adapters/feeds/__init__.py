"""News feeds over HTTP: everything that knows about RSS, Atom, HTTP and what goes wrong with them.

``reader.FeedReader`` polls a feed; ``check.check_feed`` describes one for a person; ``opml.read_opml`` imports a list.
Below them: ``fetch`` (HTTP, limited in time and size) uses ``inflate``; ``parser`` hands a body to ``worker``, a child
process that can be killed, which runs ``document`` (encoding, feed or not), ``parse`` (feedparser), ``text`` and
``date_text``; ``dates`` says which dates are plausible; ``identity`` tells new entries from repeats; ``pace`` decides
when to poll next.

The package itself imports nothing, so that the child process starts without the HTTP client.
"""
