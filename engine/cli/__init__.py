"""The command line: one small module for each group of commands. Nothing heavy is imported before a command runs."""
