"""What the commands run: the live bot, its chat and monitoring, replays and tests of rules, episodes, setup.

``project`` reads what the files say, ``wiring`` joins all parts into a running bot; each folder is one subject.
"""
