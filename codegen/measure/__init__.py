"""Figures of a network as other tools give them. Loads no torch."""
