"""Commands, and what a person sees of them in a terminal."""
