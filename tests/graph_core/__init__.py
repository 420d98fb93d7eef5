"""The tests of graph_core."""
