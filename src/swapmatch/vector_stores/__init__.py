"""Adapters of the VectorStore port, one module or package each; the registry loads them on first use."""
