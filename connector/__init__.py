"""The core of the Kanban connector: what happens, what follows from it, and the loops that carry it out."""
