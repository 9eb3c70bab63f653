"""Text from outside and for people: invisible characters, web addresses, numbers and times in words."""
