"""The loops between memory and tools: read, decide, perform, tick."""
