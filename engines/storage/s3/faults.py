"""Translate S3 errors about a user's bucket. The server's messages are dropped, as they may name
accounts."""

from __future__ import annotations

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
)

from engines.errors import Forbidden, InferloopError, InvalidParameters, NotFound, StorageFailed
from engines.storage.s3.errors import code_of

S3_ERRORS = (ClientError, BotoCoreError, Boto3Error)
"""Everything that boto3 raises."""

_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    ProfileNotFound,
)
_WRONG_KEYS = frozenset(
    {
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "TokenRefreshRequired",
    }
)
_DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "AccountProblem", "403", "Forbidden"})
_NO_ACL = frozenset({"AccessControlListNotSupported", "InvalidBucketAclWithObjectOwnership"})
_WRONG_REGION = frozenset(
    {
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "301",
        "IncorrectEndpoint",
    }
)
_WRONG_OPTIONS = frozenset(
    {"InvalidStorageClass", "InvalidEncryptionAlgorithmError", "InvalidArgument"}
)


def reason_of(error: Exception) -> str:
    """A short reason for a list of failures: the message, the server's code or the class name."""
    if isinstance(error, InferloopError):
        return error.message
    if isinstance(error, ClientError):
        return code_of(error)
    cause = error.__cause__ or error.__context__
    if isinstance(error, Boto3Error) and isinstance(cause, ClientError):
        return code_of(cause)
    return type(error).__name__


def stops_all(
    error: Exception, bucket: str, public_read: bool = False, parameter: str = "bucket_name"
) -> InferloopError:
    """The error for a failure that concerns the whole bucket. `parameter` is the request's field
    that named the bucket; `public_read` whether the request asked for public files."""
    if isinstance(error, _NO_CREDENTIALS):
        return Forbidden("No usable S3 credentials were found")
    code = reason_of(error)
    if code == "NoSuchBucket":
        return NotFound("bucket", bucket)
    if code in _WRONG_KEYS:
        return Forbidden(f"The S3 credentials were refused ({code})")
    if code in _NO_ACL:
        return Forbidden(
            f"Bucket {bucket} does not allow ACLs, so public_read cannot be set per file; "
            "use a bucket policy"
        )
    if code in _DENIED:
        hint = "; public access may be blocked" if public_read else ""
        return Forbidden(f"Access to bucket {bucket} was denied{hint}")
    if code in _WRONG_REGION:
        reason = "is in another region than the configured one"
        return InvalidParameters.of(parameter, bucket, "a bucket of this region", reason)
    if code == "InvalidBucketName" or type(error).__name__ == "ParamValidationError":
        return InvalidParameters.of(parameter, bucket, "an S3 bucket", "is not valid")
    if code in _WRONG_OPTIONS:
        reason = f"was refused ({code})"
        return InvalidParameters.of(
            "storage_class", None, "options that the bucket accepts", reason
        )
    return StorageFailed(f"S3 cannot be used ({code})")


def refused_for_all(error: Exception) -> bool:
    """Whether the error is a permanent refusal of all requests, so that a retry is useless."""
    codes = _WRONG_KEYS | _NO_ACL | _DENIED | _WRONG_REGION | _WRONG_OPTIONS
    return (
        isinstance(error, _NO_CREDENTIALS)
        or type(error).__name__ == "ParamValidationError"
        or reason_of(error) in codes | {"NoSuchBucket", "InvalidBucketName"}
    )
