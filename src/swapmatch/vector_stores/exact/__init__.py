"""The exact index: everybody in memory, as arrays; the default, and the oracle of every other index.

dictionary   distinct skills: key <-> id, vectors, who is nearest to whom
segment      people as arrays: skills a person, people a skill, facets
ranking      the best of a segment for a seeker or a query
index        ExactVectorStore: writes, snapshots for readers, and the two questions
"""

from swapmatch.vector_stores.exact.index import ExactVectorStore

__all__ = ["ExactVectorStore"]
