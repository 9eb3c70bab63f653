"""Parts of a summary, one a module: what is known in, blocks out."""
