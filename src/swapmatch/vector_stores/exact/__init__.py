"""The exact index: everybody in memory, as arrays; the default, and the oracle of every other index.

dictionary   distinct skills: key <-> id, vectors
neighbours   which skills each of them meets
people       segments of people: skills a person, people a skill, facets
question     a seeker in the words of the dictionary
ranking      the best of a segment for a seeker
searching    the best of a segment for a query
index        ExactVectorStore: writes, snapshots for readers, and the two questions
background   merges, off everybody's way
"""

from swapmatch.vector_stores.exact.index import ExactVectorStore

__all__ = ["ExactVectorStore"]
