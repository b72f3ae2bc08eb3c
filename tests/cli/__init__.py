"""The command line as its users meet it: real processes or the door itself, never the functions behind it."""
