"""Stand-ins for the tools the connector speaks to, served over real HTTP and sharing no code with it."""
