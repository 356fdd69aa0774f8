"""Profile stores: where the people are kept, and what every such store decides alike.

    memory    in this process, gone with it: for tests and small scripts
    sqlite    one file, the default

The adapters do not know each other; the functions here are what they share. A store of your own may
use them too, and proves itself by `swapmatch.testing.ProfileStoreContract`.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from swapmatch.errors import (
    ConflictError,
    EncoderMismatchError,
    InvalidQueryError,
    ProfileNotFoundError,
    StoreError,
)
from swapmatch.ports import Cursor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from swapmatch.models import Profile

MAX_DIGITS = 19  # of a rev


def now() -> datetime:
    """Return the time that a store writes into its profiles, in UTC."""
    return datetime.now(UTC)


def by_uid(profiles: Sequence[Profile], *, expected_rev: int | None) -> Mapping[str, Profile]:
    """Return the profiles to write: the last one of each uid.

    Raises:
        InvalidQueryError: A rev is expected of other than one profile.
    """
    if expected_rev is not None and len(profiles) != 1:
        message = f"expected_rev goes with exactly one profile, not with {len(profiles)}"
        raise InvalidQueryError(message, field="expected_rev")
    return {profile.uid: profile for profile in profiles}


def check_rev(uid: str, *, expected_rev: int | None, rev: int) -> None:
    """Let a write pass that expects this rev (0: nobody is there) or none. Raises ConflictError."""
    if expected_rev in {None, rev}:
        return
    if not rev:
        message = f"{uid} is not there, but was expected at rev {expected_rev}"
    elif not expected_rev:
        message = f"{uid} is there already, at rev {rev}"
    else:
        message = f"{uid} is at rev {rev}, not {expected_rev}: it changed since it was read"
    raise ConflictError(message)


def email_key(email: str) -> str:
    """Return the form under which two spellings are one e-mail: NFC, case-folded."""
    return unicodedata.normalize("NFC", email).casefold()


def uid_not_found(uid: str) -> ProfileNotFoundError:
    """Return the error for a uid that nobody has."""
    return ProfileNotFoundError(f"nobody has the uid {uid!r}")


def email_not_found() -> ProfileNotFoundError:
    """Return the error for an e-mail that nobody has, without the e-mail: messages get logged."""
    return ProfileNotFoundError("nobody has this e-mail")


def cursor_at(name: str, rev: int) -> Cursor:
    """Return the cursor behind a rev that a store knows by this name."""
    return Cursor(f"{name}:{rev}")


def rev_of(cursor: Cursor | None, *, name_at: Callable[[int], str], newest: int) -> int:
    """Return the rev behind which a cursor stands; None is the beginning.

    Args:
        cursor: What `cursor_at` gave.
        name_at: The name that a rev has in this store: never shared with another store, nor with another past of this
            one.
        newest: The store's newest rev.

    Raises:
        StoreError: The cursor is another store's, or ahead of this one.
    """
    if cursor is None:
        return 0
    name, _, digits = cursor.rpartition(":")
    rev = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS else None
    if rev is None or name != name_at(min(rev, newest)):
        message = (
            "this cursor is not one of this store's (was an older copy restored, and written to?): follow its "
            "changes from the beginning"
        )
        raise StoreError(message)
    if rev > newest:
        message = (
            f"this cursor is ahead of the store, which ends at rev {newest} (was an older copy "
            "restored?): follow its changes from the beginning"
        )
        raise StoreError(message)
    return rev


def check_encoder(kept: str | None, given: str) -> None:
    """Let vectors pass that the kept ones may meet. Raises EncoderMismatchError."""
    if kept is not None and kept != given:
        message = (
            f"the vectors kept here were made by the encoder {kept!r}, these by {given!r}: they "
            f"cannot be compared. Go on with {kept!r}, or embed everybody anew: swapmatch reindex"
        )
        raise EncoderMismatchError(message)
