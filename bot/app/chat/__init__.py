"""What the bot answers in a chat, by what is asked.

- ``commands``: every command, with who may give it.
- ``desk``: the audience Telegram asks; hands each question to one of the others.
- ``looking``, ``stories``: alerts, incidents, prices, news, rules; they change nothing.
- ``preferences``: what a chat wants to hear.
- ``admin``: what only admins may do.
- ``held``: what was held back in quiet hours, told once they are over.
"""
