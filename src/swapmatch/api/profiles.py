"""Routes under /profiles: people in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path
from pydantic import AfterValidator
from starlette.responses import Response

from swapmatch.api import examples
from swapmatch.api.answers import StoredProfile, profile_answer
from swapmatch.api.bodies import ProfileBody, ProfileChanges
from swapmatch.api.documents import BODY_ERRORS, errors
from swapmatch.api.workers import Core
from swapmatch.errors import ProfileNotFoundError
from swapmatch.fields import Uid
from swapmatch.matcher import Matcher
from swapmatch.models import Profile
from swapmatch.skills import clean

MAX_EMAIL_LENGTH = 320  # RFC 3696, erratum 1690: 64 before the @, 255 behind it

UidInPath = Annotated[Uid, Path(description="Their id")]
EmailInPath = Annotated[
    str,
    Path(max_length=MAX_EMAIL_LENGTH, description="In upper or lower case", examples=["ana@example.org"]),
    AfterValidator(clean),
]

router = APIRouter(prefix="/profiles", tags=["profiles"])


@router.post(
    "/upsert",
    operation_id="upsert_profile",
    summary="Store a person",
    response_model=StoredProfile,
    response_description="The person as stored",
    responses=errors(*BODY_ERRORS, 503),
)
async def upsert_profile(body: Annotated[ProfileBody, Body(examples=[examples.ANA])], core: Core) -> Response:
    """Store a person, new or in place of what was known of their uid; the next search and match see it."""
    profile = Profile.parse(body.model_dump())
    return await core.encode(lambda matcher: profile_answer(matcher.put(profile)))


# Any path behind /email/: an address may hold a slash.
@router.get(
    "/email/{email:path}",
    operation_id="find_profile_by_email",
    summary="Find a person by e-mail",
    response_model=StoredProfile,
    response_description="The person as stored",
    responses=errors(404, 422, 503),
)
async def find_profile_by_email(email: EmailInPath, core: Core) -> Response:
    """Return the person with this e-mail, whatever its case."""
    return await core.read(lambda matcher: profile_answer(matcher.find_by_email(email)))


@router.get(
    "/{uid}",
    operation_id="get_profile",
    summary="Get a person",
    response_model=StoredProfile,
    response_description="The person as stored",
    responses=errors(404, 422, 503),
)
async def get_profile(uid: UidInPath, core: Core) -> Response:
    """Return a person with everything that they said of themselves."""
    return await core.read(lambda matcher: profile_answer(matcher.get(uid)))


@router.patch(
    "/{uid}",
    operation_id="update_profile",
    summary="Change a person",
    response_model=StoredProfile,
    response_description="The person as stored now",
    responses=errors(*BODY_ERRORS, 404, 409, 503),
)
async def update_profile(
    uid: UidInPath, body: Annotated[ProfileChanges, Body(examples=[examples.CHANGES])], core: Core
) -> Response:
    """Change only the fields that are sent; an empty object changes nothing."""
    changes = body.model_dump(exclude_unset=True)
    return await core.encode(lambda matcher: profile_answer(matcher.update(uid, changes)))


@router.delete(
    "/{uid}",
    operation_id="delete_profile",
    summary="Forget a person",
    status_code=204,
    response_class=Response,
    response_description="They are forgotten",
    responses=errors(404, 422, 503),
)
async def delete_profile(uid: UidInPath, core: Core) -> Response:
    """Forget a person in the store and in the index."""

    def delete(matcher: Matcher) -> None:
        if not matcher.delete(uid):
            message = f"nobody has the uid {uid!r}"
            raise ProfileNotFoundError(message)

    await core.read(delete)
    return Response(status_code=204)
