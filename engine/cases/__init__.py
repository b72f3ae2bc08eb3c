"""Case files: what a programme must do, written by the people who own it, and run against the real engine."""
