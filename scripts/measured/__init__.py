"""Figures of one crate each; every module registers its own with `register(measure, …)`."""
