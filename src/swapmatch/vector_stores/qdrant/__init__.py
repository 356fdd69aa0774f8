"""The Qdrant index: everybody in a Qdrant server, cluster or cloud, for communities that outgrow one process.

breaker      no calls to a server that does not answer
connection   every call to Qdrant: its deadline, its retries, its errors
collections  the two collections: made, and held against what they should be
points       people and skills <-> points
skills       the distinct skills: the nearest of them, kept and forgotten
people       the people: written, forgotten and found
question     a seeker in the words of the skills, and what nobody left out can exceed
searching    the best people for a query
store        QdrantVectorStore
"""

from swapmatch._extras import require

for package in ("qdrant_client", "stamina"):
    require(package, adapter="the Qdrant index", extra="qdrant")

from swapmatch.vector_stores.qdrant.store import QdrantVectorStore  # noqa: E402 - a clear word first

__all__ = ["QdrantVectorStore"]
