"""Text for people and from outside: unseen characters, web addresses, numbers and times in words."""
