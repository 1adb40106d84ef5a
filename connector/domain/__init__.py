"""The pure heart: words, events, effects and the decision that turns the one into the other."""
