"""The exact index: everybody in memory, as arrays; the default, and the oracle of every other index.

rows         many short rows in one flat array
texts        distinct texts in one flat array, found by hash
dictionary   distinct skills: key <-> id, vectors
graph        nearly all of the nearest skills, where they are too many to look at each
neighbours   which skills each skill meets
marks        who stands in which list of people
people       segments of people: skills a person, people a skill, facets
question     a seeker in the words of the dictionary
ranking      the best of a segment for a seeker
searching    the best of a segment for a query
snapshot     what readers see, and the two questions answered from it
arrays       a file of arrays
saving       a snapshot <-> a file of arrays
memory       whether everybody will fit
index        ExactVectorStore: writes, and the snapshots that they leave
merging      which segments should become one
background   work, off everybody's way
"""

from swapmatch.vector_stores.exact.index import ExactVectorStore

__all__ = ["ExactVectorStore"]
