"""Adapters of the Encoder port, one module each; the registry loads them on first use."""
