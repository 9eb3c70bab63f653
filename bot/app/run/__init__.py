"""The live bot: started, joined, run and reloaded."""
