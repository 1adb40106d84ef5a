"""The commands of `connector`, one room per kind of question; `cli.py` gathers them."""
